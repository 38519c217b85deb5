"""What a service says when it will not do what it was asked. Pages show it at its field, the API as RFC 9457."""

from typing import ClassVar

from django.conf import settings
from django.utils.translation import get_language, gettext, override


class Problem(Exception):  # noqa: N818 (RFC 9457's own word)
    """Bad input: nothing was changed. The text tells a person what is wrong and what he can do; `field` where.

    The text is English with %(named)s places for `words`; script/translations collects it. Whoever shows a problem
    takes its `message`, in the reader's language; whoever records it takes `str()` of it, which is English.
    """

    status: ClassVar[int] = 422
    title: ClassVar[str] = "That cannot be done"

    def __init__(self, text: str, /, *, field: str = "", **words: object) -> None:
        super().__init__(text)
        self.text, self.words, self.field = text, words, field

    def __str__(self) -> str:
        with in_english():
            return self.message

    @property
    def message(self) -> str:
        """What is wrong, in the language of who reads it now."""
        text = gettext(self.text)
        return text % self.words if self.words else text


class ConflictProblem(Problem):
    """It was right once, but the object has moved on meanwhile."""

    status = 409
    title = "It has changed meanwhile"


class UnknownProblem(Problem):
    """What is named does not exist."""

    status = 404
    title = "Not found"


def in_english() -> override:
    """For texts that are recorded: the story is kept in one language, whoever acts."""
    return override(settings.LANGUAGE_CODE)


def inside(label: object) -> str:
    """A label in the middle of a sentence: English writes it small there, other languages as it is."""
    return str(label).lower() if get_language() == settings.LANGUAGE_CODE else str(label)
