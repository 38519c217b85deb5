from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ka_plugins.contract import MisconfiguredError, OutcomeUnknownError, RefusedError, Reply, UnavailableError
from ka_plugins.statuses import retry_after, status_error

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "asking", "spending"),
    [
        (200, None, None),
        (204, None, None),
        (302, MisconfiguredError, MisconfiguredError),
        (400, RefusedError, RefusedError),
        (401, MisconfiguredError, MisconfiguredError),
        (403, MisconfiguredError, MisconfiguredError),
        (404, MisconfiguredError, MisconfiguredError),
        (408, UnavailableError, OutcomeUnknownError),
        (422, RefusedError, RefusedError),
        (429, UnavailableError, UnavailableError),
        (500, UnavailableError, OutcomeUnknownError),
        (502, UnavailableError, OutcomeUnknownError),
        (503, UnavailableError, OutcomeUnknownError),
    ],
)
def test_a_status_says_what_follows(status: int, asking: type | None, spending: type | None) -> None:
    reply = Reply(status, {}, b"")
    for spends, kind in ((False, asking), (True, spending)):
        error = status_error(reply, "ka.example:7050", spends=spends)
        assert (type(error) if error else None) is kind
        assert error is None or ("ka.example:7050" in str(error) and error.code == str(status))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        (" 120 ", 120.0),
        ("99999999999", 86400.0),
        ("Tue, 24 Nov 2026 12:00:30 GMT", 30.0),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0.0),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("٣", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(text: str, seconds: float | None) -> None:
    assert retry_after(Reply(503, {"retry-after": text}, b""), now=NOW) == seconds


def test_a_wish_to_wait_travels_with_the_error() -> None:
    for status in (429, 503):
        error = status_error(Reply(status, {"retry-after": "7"}, b""), "ka.example:7050")
        assert isinstance(error, UnavailableError)
        assert error.retry_after == 7.0
