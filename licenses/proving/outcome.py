"""What a look at a target came to."""

from dataclasses import dataclass

from licenses.moves import Line


@dataclass(frozen=True, slots=True)
class Outcome:
    """`found` is None where all is as it should be; `text` says what was seen, for a person."""

    found: str | None
    text: str = ""
    temporary: bool = False  # nobody could look, or put it there, or take it out, and it may pass by itself
    line: Line | None = None  # what was done beside looking, to be told
    cleared: bool = False  # files that are over are not there any more
