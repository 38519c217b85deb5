"""How a plug-in declares its settings, and an installer its credentials: a frozen dataclass of `setting()` fields."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any


def setting(
    label: str,
    *,
    default: Any = dataclasses.MISSING,
    secret: bool = False,
    help_text: str = "",
    choices: tuple[str, ...] = (),
    lines: int = 1,
    minimum: int | None = None,
    maximum: int | None = None,
) -> Any:
    """Declare one field of a plug-in's `Settings`, or of an installer's `Credentials`: how the form shows it.

    A field without a default is required; one whose default is "" may stay empty. A secret is never shown again. Where
    `lines` is more than one, an installer's form has a text area of that height. What the fields alone cannot say,
    `__post_init__` checks: it raises ValueError with `field: reason for a person`.
    """
    metadata = {
        "label": label,
        "secret": secret,
        "help_text": help_text,
        "choices": choices,
        "lines": lines,
        "minimum": minimum,
        "maximum": maximum,
    }
    if default is dataclasses.MISSING:
        return field(metadata=metadata, repr=not secret)
    return field(default=default, metadata=metadata, repr=not secret)


@dataclass(frozen=True, slots=True)
class NoSettings:
    """The settings of a plug-in that needs none."""
