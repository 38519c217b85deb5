"""Reading the story of one object: its newest events, or all of one part."""

from datetime import datetime
from functools import cached_property

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from pbas.core.models import PROBLEMS, Event

NEWEST, WHOLE = 100, 10_000  # events shown at first, and where all of them or of one part are asked for

_ORDER = (
    "order_placed order_paid order_cancelled service_ready subscription_active requested services_ready held released"
    " cancelled assigned in_stock"
)
_VENDOR = (
    "intent key_issued key_served files_fetched waits handed_over late_answer in_doubt settled adopted ordered_again"
    " license_changed taken_over orphan_end_asked orphan_ended orphan_not_ended reconciliation_asked reconciled"
    " reconciliation_failed configuration_configured configuration_failed connection_works connection_failed"
    " classes_asked classes_received classes_not_received"
)
_TARGET = (
    "target_set install_asked installed install_failed proven proof_lost proof_unknown proof_back reinstall_asked"
    " reinstalled reinstall_failed files_cleared taken_out left_there not_taken_out"
)

PARTS: dict[str, tuple[Promise, Q]] = {
    "problems": (_("Problems"), Q(kind__in=[*PROBLEMS, "waits", "late_answer"])),
    "order": (_("Order"), Q(kind__in=_ORDER.split())),
    "vendor": (_("Vendor"), Q(kind__in=_VENDOR.split())),
    "target": (pgettext_lazy("a step", "Install"), Q(kind__in=_TARGET.split())),
    "people": (_("People"), Q(actor_kind__in=[Event.Actor.STAFF, Event.Actor.CUSTOMER])),
}


class Story:
    """What a page shows of its object's events, newest first. `given` is `?story=` of its address: a part, or `all`."""

    def __init__(self, rows: QuerySet[Event], given: str = "", newest: int = NEWEST) -> None:
        self._rows = rows
        self.part = given if given in PARTS else ""
        self.given = given if given == "all" else self.part
        self._most = WHOLE if self.given else newest

    @cached_property
    def events(self) -> list[Event]:
        """The events shown. One statement."""
        rows = self._rows.filter(PARTS[self.part][1]) if self.part else self._rows
        return list(rows[: self._most])

    @cached_property
    def newest(self) -> int:
        """The number of the object's last event, whatever is shown; 0 before the first."""
        shown = self._rows[:1] if self.part else self.events
        return next((event.pk for event in shown), 0)

    @cached_property
    def times(self) -> dict[str, datetime]:
        """When the newest event of each kind was told. One more statement where a part alone is shown."""
        rows = self._rows[:NEWEST] if self.part else self.events
        return {event.kind: event.at for event in reversed(rows)}

    @property
    def is_cut(self) -> bool:
        """Whether there may be more than is shown."""
        return len(self.events) == self._most

    @property
    def parts(self) -> list[tuple[str, str, bool]]:
        """The choices: name in the address, label, whether it is the one shown."""
        labels = {"": str(_("All")), **{name: str(label) for name, (label, _where) in PARTS.items()}}
        return [(name, label, name == self.part) for name, label in labels.items()]
