"""What a vendor's plug-in promises, and what the panel promises it. Contract version 1.

Plain Python on purpose: no Django, no Celery. Values in and out are frozen; every verb is a coroutine that is
called outside any database transaction. The panel gives each call at most `Plugin.timeout` seconds.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from ka_plugins.errors import MisconfiguredError as MisconfiguredError
from ka_plugins.errors import OutcomeUnknownError as OutcomeUnknownError
from ka_plugins.errors import PluginError as PluginError
from ka_plugins.errors import RefusedError as RefusedError
from ka_plugins.errors import UnavailableError as UnavailableError
from ka_plugins.settings import NoSettings as NoSettings
from ka_plugins.settings import setting as setting

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from datetime import datetime

CONTRACT_VERSION = 1
LONGEST_KEY = 200  # characters


# --- what is ordered and what comes back ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AdditionalOrder:
    """An additional key ordered with a license: its class code and its own features."""

    code: str
    features: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LicenseOrder:
    """One license to be bought. The same order always carries the same `reference`, however often it is sent.

    `intent_at` (UTC) is when the panel committed that it is about to buy: nothing of this order is older.
    """

    reference: str
    class_code: str
    features: tuple[str, ...] = ()
    additional: tuple[AdditionalOrder, ...] = ()
    address: str = ""
    note: str = ""
    intent_at: datetime | None = None


class KeyStatus(enum.StrEnum):
    """What the vendor says of a key."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    TERMINATED = "terminated"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Key:
    """A key as the vendor knows it. All times are UTC; None where the vendor gives none."""

    number: str
    class_code: str = ""
    activation_code: str = field(default="", repr=False)
    created_at: datetime | None = None
    expires_at: datetime | None = None
    renew_at: datetime | None = None
    features: tuple[str, ...] = ()
    address: str = ""
    parent: str = ""
    status: KeyStatus = KeyStatus.ACTIVE
    additional: tuple[Key, ...] = ()
    to_end: tuple[str, ...] = ()  # of `additional` those that `change` leaves alive though they are not wanted any more


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A license file: the vendor's bytes, exactly, and a name without any path."""

    name: str
    body: bytes = field(repr=False)


# --- license classes ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing that can be added to a license."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class FeatureGroup:
    """Features of which at most one is chosen; exactly one where `required`."""

    name: str
    options: tuple[Feature, ...]
    required: bool = False
    default: str = ""


@dataclass(frozen=True, slots=True)
class AdditionalClass:
    """A kind of additional key that can be ordered with a license."""

    code: str
    name: str
    groups: tuple[FeatureGroup, ...] = ()
    features: tuple[Feature, ...] = ()


@dataclass(frozen=True, slots=True)
class ClassInfo:
    """One license class that the vendor may issue to this account, with all that can be chosen in it."""

    code: str
    name: str
    groups: tuple[FeatureGroup, ...] = ()
    features: tuple[Feature, ...] = ()
    additional: tuple[AdditionalClass, ...] = ()


# --- what a plug-in declares ----------------------------------------------------------------------------------


class Delivers(enum.Flag):
    """What a bought license consists of."""

    KEY = enum.auto()
    ACTIVATION_CODE = enum.auto()
    FILES = enum.auto()
    ADDRESS_BINDING = enum.auto()


class Verb(enum.StrEnum):
    """What a plug-in can be asked for; the name of its method."""

    CHECK = "check"
    LIST_CLASSES = "list_classes"
    ISSUE_KEY = "issue_key"
    FIND_ISSUED = "find_issued"
    FETCH_FILES = "fetch_files"
    RENEW = "renew"
    CHANGE = "change"
    SUSPEND = "suspend"
    RESUME = "resume"
    TERMINATE = "terminate"
    LIST_KEYS = "list_keys"
    DESCRIBE = "describe"


class Settles(enum.StrEnum):
    """How a lost answer to `issue_key` is settled."""

    IDEMPOTENT = "idempotent"  # the same reference sent again answers with the first sale
    BY_REFERENCE = "by_reference"  # find_issued finds our reference, and not found means not sold
    BY_TRAITS = "by_traits"  # find_issued finds what looks alike; not finding proves nothing
    CANNOT = "cannot"  # a person has to ask the vendor


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole HTTP answer; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpClient(Protocol):
    """The panel's own HTTP client: time-outs, body limit, TLS, address guard, no redirects, nothing sent twice."""

    async def send(
        self,
        method: str,
        url: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        spends: bool = False,
        timeout: float | None = None,  # noqa: ASYNC109 - seconds for this request; the client does the timing
        ca_file: str = "",
    ) -> Reply:
        """Send one request once and read the whole answer, whatever its status.

        Raises UnavailableError where nothing can have reached the vendor; MisconfiguredError where his name or his
        certificate is wrong; once the request is on its way, a lost, cut or oversized answer is OutcomeUnknownError
        if `spends`, else UnavailableError.
        """
        ...


class Plugin:
    """One vendor's protocol. Subclasses declare the attributes and override the verbs that they have.

    An instance belongs to one configuration and one event loop and keeps nothing that must survive it. Verbs raise
    only PluginError; whatever else escapes counts as an error of the plug-in and goes to a person.
    """

    name: ClassVar[str]  # the template's identifier, as in the entry point
    label: ClassVar[str]  # the template's name for people
    contract_version: ClassVar[int] = CONTRACT_VERSION
    Settings: ClassVar[type[Any]] = NoSettings  # a frozen dataclass of `setting()` fields
    delivers: ClassVar[Delivers] = Delivers.KEY | Delivers.FILES
    verbs: ClassVar[frozenset[Verb]] = frozenset()  # none: such a template is for offline configurations only
    settles: ClassVar[Settles] = Settles.CANNOT
    secret_keys: ClassVar[bool] = True  # False where the key is a mere number that may be shown
    key_hint: ClassVar[str] = ""  # an example of a well-formed key
    timeout: ClassVar[float] = 30.0  # seconds for one call; the engine's lease is longer

    def __init__(self, settings: Any, http: HttpClient) -> None:
        self.settings, self.http = settings, http

    # -- without I/O

    @classmethod
    def clean_key(cls, text: str) -> str:
        """The key in its one written form; ValueError with a reason for a person where it cannot be one."""
        key = text.strip()
        if not key or len(key) > LONGEST_KEY or not key.isprintable():
            message = "A key has 1 to 200 printable characters."
            raise ValueError(message)
        return key

    @classmethod
    def key_identity(cls, key: str) -> str:
        """What stays the same when the vendor changes the license: two keys of one identity are one license."""
        return key.upper()

    @classmethod
    def check_file(cls, file: KeyFile) -> None:
        """Look at a file that a person brings for this vendor; ValueError with a reason where it cannot be one."""

    # -- verbs

    async def check(self) -> str:
        """Prove that host, login and password work; answers with one line for a person. Costs nothing."""
        raise NotImplementedError

    async def list_classes(self) -> tuple[ClassInfo, ...]:
        """All license classes that this account may buy."""
        raise NotImplementedError

    async def issue_key(self, order: LicenseOrder) -> Key:
        """Buy one license. Spends money: OutcomeUnknownError whenever it may have been sold and is not known."""
        raise NotImplementedError

    async def find_issued(self, order: LicenseOrder) -> tuple[Key, ...]:
        """The keys that may come from this order, after its answer was lost (see `settles`). Costs nothing."""
        raise NotImplementedError

    async def fetch_files(self, key: str) -> tuple[KeyFile, ...]:
        """The license file(s) of one key, () where keys of its type have none; may be asked any number of times."""
        raise NotImplementedError

    async def renew(self, key: str, reference: str) -> Key:
        """Extend a license by its term. Spends money."""
        raise NotImplementedError

    async def change(self, key: str, wanted: LicenseOrder) -> Key:
        """Bring a license to the wanted features and additional keys. May spend money; safe to repeat.

        It ends nothing: additional keys that are not wanted any more stay alive and are named in `Key.to_end`. The
        panel ends them by `terminate` once what the change brought is installed and proven.
        """
        raise NotImplementedError

    async def suspend(self, key: str) -> Key:
        """Stop a license for a time; safe to repeat."""
        raise NotImplementedError

    async def resume(self, key: str) -> Key:
        """End a suspension; safe to repeat."""
        raise NotImplementedError

    async def terminate(self, key: str) -> None:
        """End a license for good; safe to repeat: already ended counts as done."""
        raise NotImplementedError

    def list_keys(self) -> AsyncIterator[Key]:
        """Every key of the account, for reconciliation."""
        raise NotImplementedError

    async def describe(self, key: str) -> Key:
        """What the vendor knows of one key now."""
        raise NotImplementedError
