"""What was written down in English when it happened, as a reader of another language reads it.

A sentence that is always the same stands in the catalogue. One that names a key, a file or a number is known by its
form, `%(plugin)s issued key %(key)s.`, which stands there too. Apps name their forms when they start; what has none
is shown as it was written.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from django.conf import settings
from django.utils.translation import gettext, gettext_noop

_PLACE = re.compile(r"%\((\w+)\)s")
_forms: list[tuple[str, re.Pattern[str], str]] = []  # the longest part without a name in it, the whole, the form

FORMS = (
    gettext_noop("A link was made by which %(user)s chooses a password."),
    gettext_noop("%(user)s is %(role)s now; before: %(before)s."),
    gettext_noop("%(user)s was switched off; all sessions are ended."),
    gettext_noop("%(user)s was switched on again."),
    gettext_noop("%(user)s was signed out everywhere (%(n)s sessions)."),
    gettext_noop("The second factor of %(user)s was removed."),
    gettext_noop("An API token was made for %(user)s."),
    gettext_noop("An API token of %(user)s was withdrawn."),
    gettext_noop("%(user)s was invited as %(role)s."),
    gettext_noop("The list “%(list_word)s” was exported."),
    gettext_noop("%(action_word)s: %(n)s row of “%(list_word)s”."),
    gettext_noop("%(action_word)s: %(n)s rows of “%(list_word)s”."),
)


def know(forms: Iterable[str]) -> None:
    """These sentences are written down with something in the place of each `%(name)s`."""
    for form in forms:
        parts = _PLACE.split(form)
        whole = "".join(f"(?P<{one}>.+?)" if n % 2 else re.escape(one) for n, one in enumerate(parts))
        _forms.append((max(parts[::2], key=len), re.compile(whole, re.DOTALL), form))
    _forms.sort(key=lambda one: -len(one[0]))  # what says most is meant


@lru_cache(maxsize=5000)
def said(text: str, language: str) -> str:
    """A recorded text in the language that is active now; as it was written where none of its words are ours."""
    if language == settings.LANGUAGE_CODE or not text:
        return text
    if (whole := gettext(text)) != text:
        return whole
    for part, form, sentence in _forms:
        if part in text and (found := form.fullmatch(text)):
            return gettext(sentence) % {name: _inside(name, one, language) for name, one in found.groupdict().items()}
    return text


def _inside(name: str, text: str, language: str) -> str:
    """What stands in a place: a name as it is, a whole sentence or a word of ours (`%(list_word)s`) as any other."""
    if name.endswith(("_word", "state")) or text.endswith("."):
        for one in (text, text[:1].upper() + text[1:]):  # English writes labels small in the middle of a sentence
            if (found := said(one, language)) != one:
                return found
    return text
