"""What passes between the engine's loop and its ledger: claimed requests one way, landings the other."""

import ipaddress
import json
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

from ka_plugins.contract import AdditionalOrder, Key, KeyFile, KeyStatus, LicenseOrder, Plugin
from ka_plugins.installing import Parcel, Target
from licenses.intake import current_files, masked
from licenses.models import InstallTarget, License, LicenseClass, LicenseFile, LicenseRequest
from licenses.moves import Line, Move
from licenses.plugins import plugin_class
from pbas.core.crypto import CannotDecryptError
from pbas.core.problems import Problem

State = LicenseRequest.State


@dataclass(slots=True)
class KeyInHand:
    """A license's key (or an additional one's) with its files, as the steps need them."""

    license: int | None
    number: str
    activation_code: str = field(default="", repr=False)
    additional: bool = False
    files: tuple[KeyFile, ...] = field(default=(), repr=False)
    is_bare: bool = False  # its number is all that is known of it: a person adopted it
    expires_at: datetime | None = None  # as we know it: a renewal that was made moves it

    def parcel(self) -> Parcel:
        """As an installer takes it."""
        return Parcel(self.number, self.activation_code, self.files, self.additional)


@dataclass(slots=True)
class Claimed:
    """A request that this engine has under lease, with all that its steps need; steps never ask the database."""

    id: int
    attempt: int
    state: str
    kind: str
    uid: UUID
    configuration: int
    license_class: int
    subscription: int | None
    license: int | None
    order_number: str
    options: dict[str, Any]
    tries: int
    intent_at: datetime | None
    intent_age: float  # seconds since the intent, by the database's clock
    overdue: bool
    intended: bool  # the intent to buy was committed by this very claim, so the call is still ours to make
    unreadable: str = ""  # why a stored secret of it could not be read
    template: str = ""
    class_code: str = ""
    target: Target | None = None
    keys: list[KeyInHand] = field(default_factory=list)  # the license's own first, then its additional ones

    def order(self) -> LicenseOrder:
        """As a plug-in takes it."""
        return order_of(self, class_code=self.class_code, target=self.target)

    def move(self, to: str, *, wait: float | None = None, leased: bool = False, **more: Any) -> Move:
        """A move of this request from where it is."""
        return Move(self.id, self.attempt, self.state, to, wait=wait, leased=leased, **more)


def order_of(request: Claimed | LicenseRequest, *, class_code: str, target: Target | None) -> LicenseOrder:
    """A request as a plug-in takes it; the same request is always the same order."""
    return LicenseOrder(
        reference=request.uid.hex,
        class_code=class_code,
        features=tuple(request.options.get("features", ())),
        additional=tuple(
            AdditionalOrder(one["code"], tuple(one.get("features", ())))
            for one in request.options.get("additional", ())
        ),
        address=_ip_of(target),
        note=request.order_number,
        intent_at=request.intent_at,
    )


@dataclass(frozen=True, slots=True)
class Parking:
    """News about a configuration's vendor: not to be asked for `seconds` (None: until it is saved); or well again."""

    configuration: int
    version: int  # of the configuration that was used: what an older one came to says nothing of a newer
    parkings: int  # as the engine knew it: only the first of many failures counts
    seconds: float | None = None
    why: str = ""
    well: bool = False


@dataclass(slots=True)
class Landing:
    """What a step came to: the move, what it tells, and what it brought to be kept in the same commit."""

    claimed: Claimed
    move: Move
    lines: tuple[Line, ...] = ()
    key: Key | None = None
    files: tuple[tuple[KeyInHand, KeyFile], ...] = ()
    license_state: str = ""  # installed, suspended, terminated: what the license now is
    candidates: tuple[Key, ...] = ()  # among which a person has to choose
    parking: Parking | None = None
    milliseconds: int | None = None  # how long the attempt took; its first line tells it

    @property
    def sold(self) -> bool:
        """Whether its key is a new license's, not news of one that the request has already."""
        bought = self.move.state in {State.BUYING, State.IN_DOUBT}
        return self.key is not None and bought and self.claimed.kind == LicenseRequest.Kind.ISSUE


@dataclass(frozen=True, slots=True)
class Desk:
    """Whom a step asks: the configuration's plug-in, and how its vendor stood when the request was claimed.

    `ours` tells which of some keys no license has yet.
    """

    plugin: Plugin
    name: str
    version: int
    parkings: int
    ours: Callable[[tuple[Key, ...]], Awaitable[tuple[Key, ...]]]

    def shown(self, key: Key) -> str:
        """A key as the story may tell it."""
        return f"key {masked(key.number) if self.plugin.secret_keys else key.number}"

    def public(self, request: Claimed, text: str) -> str:
        """Text as the story may tell it: names and paths may hold keys, which are secrets with some plug-ins."""
        return hidden(text, {key.number for key in request.keys}) if self.plugin.secret_keys else text


def hidden(text: str, numbers: Iterable[str]) -> str:
    """Text in which these keys are masked, also where they are written as in an address."""
    for number in numbers:
        text = text.replace(number, masked(number)).replace(quote(number, safe=""), masked(number))
    return text


def living(key: Key) -> tuple[Key, ...]:
    """Of a key's additional keys those that are still there."""
    return tuple(one for one in key.additional if one.status is not KeyStatus.TERMINATED)


def given_back(request: Claimed) -> Landing:
    """The request as it was, due at once for whoever comes next; an intent that was not acted on is taken back."""
    lines: tuple[Line, ...] = ()
    to = request.state
    if request.intended:
        to = State.KEY
        lines = (Line("handed_over", "The worker stops before the key was asked for. Another one goes on."),)
    return Landing(request, request.move(to, wait=0, tries=request.tries), lines)


def _ip_of(target: Target | None) -> str:
    """The target's IP address, by which some vendors find a key again: given with it, or its address if it is one."""
    if target is None:
        return ""
    text = target.credentials.get("ip", target.address)
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""


Classes = dict[int, tuple[str, str]]  # of a class its code, and its configuration's template: neither ever changes


def load(claimed: list[Claimed], known: Classes) -> None:
    """Give requests just claimed their classes, targets, keys and files. `known` grows by the classes met."""
    if claimed:
        _load_classes(claimed, known)
        _load_targets(claimed)
        if licensed := [one for one in claimed if one.license]:
            _load_keys(licensed)


def from_row(row: tuple[Any, ...]) -> Claimed:
    """A request from what `statements.claim` answers; `load` brings the rest."""
    pk, attempt, state, kind, uid, configuration, class_, subscription, license_, order, options, *rest = row
    tries, intent_at, intent_age, overdue, intended = rest
    return Claimed(
        *(pk, attempt, state, kind, UUID(str(uid)), configuration, class_, subscription, license_, order),
        options=json.loads(options) if isinstance(options, str) else options,
        tries=tries,
        intent_at=_in_utc(intent_at),
        intent_age=intent_age or 0.0,
        overdue=bool(overdue),
        intended=bool(intended),
    )


def _in_utc(moment: datetime | None) -> datetime | None:
    """With its zone, which SQLite does not keep."""
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _load_classes(claimed: list[Claimed], known: Classes) -> None:
    unknown = {one.license_class for one in claimed} - known.keys()
    if unknown:
        rows = LicenseClass.objects.filter(pk__in=unknown).values_list("pk", "code", "configuration__template")
        known.update({pk: (code, template) for pk, code, template in rows})
    for one in claimed:
        one.class_code, one.template = known[one.license_class]


@contextmanager
def _reading_secrets(request: Claimed) -> Iterator[None]:
    """What cannot be read stops its own request only."""
    try:
        yield
    except CannotDecryptError as error:
        request.unreadable = str(error)
    except Exception as error:  # noqa: BLE001 (a secret that was cut short or is no JSON; one row must not end the engine)
        request.unreadable = f"{type(error).__name__}."


def _load_targets(claimed: list[Claimed]) -> None:
    ids = {one.subscription for one in claimed if one.subscription}
    rows = {row.subscription_id: row for row in InstallTarget.objects.filter(subscription_id__in=ids)}
    for one in claimed:
        with _reading_secrets(one):
            if one.subscription and (row := rows.get(one.subscription)):
                one.target = Target(row.kind, row.address, row.credentials)


def _load_keys(claimed: list[Claimed]) -> None:
    """Keys with their newest files; one query for each of the three tables, however many requests."""
    ids = {one.license for one in claimed if one.license}
    licenses = License.objects.in_bulk(ids)
    children = defaultdict(list)
    for child in License.objects.filter(parent__in=ids).exclude(state=License.State.TERMINATED).order_by("pk"):
        children[child.parent_id].append(child)
    wants_files = {
        one.license for one in claimed if one.state in {State.INSTALL, State.PROOF} and one.license is not None
    }
    files = files_of([*wants_files, *(child.pk for pk in wants_files for child in children[pk])])
    for one in claimed:
        if main := licenses.get(one.license or 0):
            with _reading_secrets(one):
                one.keys = [_in_hand(row, files[row.pk], one.template) for row in (main, *children[main.pk])]


def files_of(licenses: Collection[int]) -> dict[int, list[LicenseFile]]:
    """All files that these licenses ever had; one query, and each is deciphered only when its bytes are asked for."""
    found: dict[int, list[LicenseFile]] = defaultdict(list)
    for row in LicenseFile.objects.filter(license__in=licenses):
        found[row.license_id or 0].append(row)
    return found


def _in_hand(row: License, files: list[LicenseFile], template: str) -> KeyInHand:
    try:
        plugin = plugin_class(template)
    except Problem:  # not installed here; what is kept goes on
        plugin = Plugin
    bodies = tuple(KeyFile(file.name, file.body) for file in current_files(files, plugin))
    additional = row.parent_id is not None
    is_bare = not (additional or row.expires_at or row.renew_at or row.activation_code)
    return KeyInHand(row.pk, row.full_key, row.activation_code, additional, bodies, is_bare, row.expires_at)
