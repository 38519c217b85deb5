"""What a vendor says stands in the story without what is secret."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from ka_plugins.contract import Plugin, RefusedError, setting
from licenses.claimed import Claimed, Desk, KeyInHand
from licenses.landings import after_error, clear_secrets
from licenses.moves import Trouble


@dataclass(frozen=True)
class _Settings:
    login: str = setting("Login", default="demo-login")
    password: str = setting("Password", default="s3cret-password", secret=True)


@pytest.mark.parametrize("is_secret", [True, False])
def test_words_of_a_vendor_lose_passwords_codes_and_keys_that_are_secrets(*, is_secret: bool) -> None:
    class Sayer(Plugin):
        secret_keys = is_secret

    desk = Desk(Sayer(_Settings(), None), "Vendor", 1, 0, None)  # type: ignore[arg-type]
    nothing: Any = {"order_number": "", "options": {}, "tries": 0, "intent_at": None, "intent_age": 0.0}
    keys = [KeyInHand(1, "KEY-1234-ABCD", "CODE-9981")]
    request = Claimed(
        *(1, 1, "files", "issue", uuid4(), 1, 1, 1, 1), **nothing, overdue=False, intended=False, keys=keys
    )
    said = "demo-login/s3cret-password may not see KEY-1234-ABCD with CODE-9981."
    told = after_error(request, desk, RefusedError("No.", vendor_says=said))
    clear_secrets(told, desk)
    expected = f"demo-login/••• may not see {'••••ABCD' if is_secret else 'KEY-1234-ABCD'} with •••."
    assert [line.detail for line in told.lines] == [expected]
    assert isinstance(told.move.trouble, Trouble)
    assert told.move.trouble.vendor_says == expected
