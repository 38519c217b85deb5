"""Open failures as a list, and what may be decided for a whole group: each row only while it is still in the group."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.http import QueryDict  # noqa: TID251 (the query string of a run)
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from licenses.bulk import REQUEST_ACTIONS
from licenses.failing.groups import failing, step_of
from licenses.list_columns import REQUEST_COLUMNS
from licenses.models import LicenseRequest
from licenses.selectors import configurations
from pbas.core.lists.actions import Action, Decision
from pbas.core.lists.listing import PanelList
from pbas.core.problems import ConflictProblem

if TYPE_CHECKING:
    from django.db.models import QuerySet


@dataclass(frozen=True, slots=True)
class _StillInGroup:
    """An action of one request, made only while it still fails where the decision saw it fail."""

    do: Callable[[LicenseRequest, Decision], Any]

    def __call__(self, request: LicenseRequest, decision: Decision) -> None:
        """Raises ConflictProblem with what happened meanwhile."""
        wanted = QueryDict(decision.query)
        now = {"plugin": str(request.configuration_id), "step": step_of(request), "cause": request.cause or ""}
        if not request.cause or any(wanted.get(name, value) != value for name, value in now.items()):
            raise ConflictProblem(_left(request))
        self.do(request, decision)


def _left(request: LicenseRequest) -> str:
    state = str(request.get_state_display())
    if not request.cause:
        return _("It does not fail any more: %(state)s. It was left as it is.") % {"state": state}
    words = {"state": state, "problem": request.problem_text}
    return _("It fails for another cause by now (%(state)s): %(problem)s It was left as it is.") % words


DECISIONS = ("retry", "hold", "release", "cancel")
GROUP_ACTIONS: Sequence[Action] = tuple(
    replace(one, do=_StillInGroup(one.do)) for one in REQUEST_ACTIONS if one.name in DECISIONS
)


class FailureList(PanelList):
    """The requests that fail, or those of one group: a configuration, a step and a cause."""

    name, label, address = "failures", gettext_lazy("Failures"), "failures"
    model = LicenseRequest
    columns = REQUEST_COLUMNS
    actions = GROUP_ACTIONS
    always = ("id", "state", "held", "due_at", "license_class__name", "subscription__name")

    def filters(self) -> Mapping[str, Sequence[str]]:
        """The three that name a group."""
        tabs = [str(pk) for pk in self.plugins]
        return {"plugin": tabs or ["none"], "step": LicenseRequest.State.values, "cause": []}

    @cached_property
    def plugins(self) -> dict[int, str]:
        """The names of the configurations. One statement."""
        return {one.pk: one.name for one in configurations()}

    @property
    def state_labels(self) -> dict[str, Any]:
        """The states in words."""
        return dict(LicenseRequest.State.choices)

    @property
    def only(self) -> dict[str, Any]:
        """The filters that are set, as the database knows them."""
        names = {"configuration": "plugin", "step": "step", "cause": "cause"}
        return {column: self.query[name] for column, name in names.items() if self.query[name]}

    @property
    def is_group(self) -> bool:
        """Whether all three filters are set."""
        return len(self.only) == 3  # noqa: PLR2004 (configuration, step and cause)

    def filtered(self) -> "QuerySet[Any]":
        """The failing requests that the filters leave."""
        return failing().filter(**self.only)
