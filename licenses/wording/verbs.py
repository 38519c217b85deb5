"""What a person reads before he decides about a license."""

from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext_lazy

from licenses.models import LicenseRequest, PluginConfiguration

Kind = LicenseRequest.Kind


@dataclass(frozen=True, slots=True)
class Question:
    """A decision about a license: what is asked, what follows, and the buttons."""

    title: Any
    heading: Any
    text: Any
    button: Any
    picture: str
    ends: bool = False  # it takes something away: the safe button comes first, and a reason is asked for


QUESTIONS: dict[str, Question] = {
    Kind.RENEW: Question(
        gettext_lazy("Renew %(key)s"),
        gettext_lazy("Renew this license?"),
        gettext_lazy("%(plugin)s is asked to extend %(key)s by its term. The vendor bills it."),
        gettext_lazy("Renew"),
        "refresh",
    ),
    Kind.SUSPEND: Question(
        gettext_lazy("Suspend %(key)s"),
        gettext_lazy("Suspend this license?"),
        gettext_lazy("%(plugin)s stops %(key)s until it is resumed. The server that uses it may stop working."),
        gettext_lazy("Suspend"),
        "player-pause",
        ends=True,
    ),
    Kind.RESUME: Question(
        gettext_lazy("Resume %(key)s"),
        gettext_lazy("Resume this license?"),
        gettext_lazy("%(plugin)s lets %(key)s work again."),
        gettext_lazy("Resume"),
        "player-play",
    ),
    Kind.TERMINATE: Question(
        gettext_lazy("Terminate %(key)s"),
        gettext_lazy("Terminate this license?"),
        gettext_lazy(
            "%(plugin)s ends %(key)s for good. The server that uses it loses its license; this cannot be undone."
        ),
        gettext_lazy("Terminate"),
        "ban",
        ends=True,
    ),
}
_ENDED_BY_HAND = gettext_lazy(
    "%(plugin)s is offline, so the vendor is not asked: end %(key)s with him first. Here it is written down as ended "
    "and taken out of its install target; this cannot be undone."
)


def question_of(kind: str, configuration: PluginConfiguration) -> Question:
    """What is asked before a decision about a license of this configuration."""
    question = QUESTIONS[kind]
    if kind == Kind.TERMINATE and not configuration.is_online:
        return replace(question, text=_ENDED_BY_HAND)
    return question
