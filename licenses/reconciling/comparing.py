"""Where a license and the vendor's word for its key differ. Pure functions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ka_plugins.contract import Key, KeyStatus
from licenses.models import License

State = License.State

SAME_TIME = timedelta(minutes=1)  # vendors round
LIVING = frozenset({KeyStatus.ACTIVE, KeyStatus.SUSPENDED, KeyStatus.PROBLEM})
ENDED = frozenset({KeyStatus.EXPIRED, KeyStatus.TERMINATED})
OURS_ENDED = frozenset({State.EXPIRED, State.TERMINATED})

_AS_EXPECTED: dict[str, frozenset[KeyStatus]] = {
    State.ISSUED: frozenset({KeyStatus.ACTIVE}),
    State.INSTALLED: frozenset({KeyStatus.ACTIVE}),
    State.SUSPENDED: frozenset({KeyStatus.SUSPENDED}),
    State.EXPIRED: ENDED,
    State.TERMINATED: ENDED,
}

Difference = dict[str, str]  # what (number, status, features, expires), ours, theirs


@dataclass(frozen=True, slots=True)
class Ours:
    """What is compared of a license. `busy` means that a request of it is open: it will differ for a while."""

    pk: int
    configuration: int
    license_class: int
    fingerprint: str
    state: str
    key: str
    features: Sequence[str]
    expires_at: datetime | None
    is_additional: bool
    busy: bool


COLUMNS = (
    *("pk", "configuration", "license_class", "fingerprint", "state", "key", "features", "expires_at"),
    *("is_additional", "busy"),
)  # of a license's row, in the order of `Ours`


def differences(ours: Ours, key: Key, shown: str, *, tells_features: bool) -> list[Difference]:
    """What the vendor says otherwise, in words for people; () where both agree.

    `shown` is his number as people may see it. Vendors whose lists tell no features are not taken at their silence.
    An additional key follows its license: its term and suspension are the license's, whatever is written with it.
    """
    found: list[Difference] = []
    if key.status not in _expected(ours):
        found.append(_difference("status", State(ours.state).value, key.status.value))
    if ours.state in OURS_ENDED or key.status in ENDED:
        return found  # what has ended may differ in all else
    if shown != ours.key:
        found.append(_difference("number", ours.key, shown))
    if (tells_features or key.features) and set(theirs := _features(key, ours)) != set(ours.features):
        found.append(_difference("features", ", ".join(sorted(ours.features)), ", ".join(sorted(theirs))))
    if key.expires_at is not None and not ours.is_additional and not _is_same(ours.expires_at, key.expires_at):
        found.append(_difference("expires", _moment(ours.expires_at), _moment(key.expires_at)))
    return found


def _expected(ours: Ours) -> frozenset[KeyStatus]:
    if ours.is_additional and ours.state not in OURS_ENDED:
        return frozenset({KeyStatus.ACTIVE, KeyStatus.SUSPENDED})
    return _AS_EXPECTED[ours.state]


def is_billed_for_nothing(ours: Ours, key: Key) -> bool:
    """Whether we ended a license that the vendor still keeps alive."""
    return ours.state == State.TERMINATED and key.status in LIVING


def _features(key: Key, ours: Ours) -> tuple[str, ...]:
    """As a license keeps them; with an additional key its own type is the first."""
    return (key.class_code, *key.features) if ours.is_additional and key.class_code else key.features


def _is_same(ours: datetime | None, theirs: datetime) -> bool:
    return ours is not None and abs(ours - theirs) <= SAME_TIME


def _moment(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if moment else "never"


def _difference(what: str, ours: str, theirs: str) -> Difference:
    return {"what": what, "ours": ours, "theirs": theirs}
