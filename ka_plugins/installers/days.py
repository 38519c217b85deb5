"""Days as servers write them."""

from __future__ import annotations

import contextlib
from datetime import date, datetime
from typing import Final

FORMS: Final = ("%Y%m%d", "%Y-%m-%d", "%m/%d/%Y")


def day_of(text: str) -> date | None:
    """20271231, 2027-12-31 or 12/31/2027, a time after it left out; None where it is none of them."""
    for form in FORMS:
        with contextlib.suppress(ValueError):
            return datetime.strptime(text.strip().partition(" ")[0], form).date()  # noqa: DTZ007 - a day has no zone
    return None
