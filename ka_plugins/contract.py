"""What a vendor's plug-in and an installer promise, and what the panel promises them. Contract version 1.

Plain Python on purpose: no Django, no Celery. Values in and out are frozen; every verb is a coroutine that is
called outside any database transaction. The panel gives each call at most `Plugin.timeout` seconds.
"""

from __future__ import annotations

import dataclasses
import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from datetime import datetime

CONTRACT_VERSION = 1
LONGEST_KEY = 200  # characters


# --- errors: which one is raised decides what the panel does next ---------------------------------------------


class PluginError(Exception):
    """Something went wrong at the vendor or on the way; the subclass says what follows.

    `message` is for a person and never holds a secret. `vendor_says` quotes the vendor, `code` is his error number.
    """

    fault: ClassVar[str] = "plug-in"

    def __init__(self, message: str, *, vendor_says: str = "", code: str = "") -> None:
        super().__init__(message)
        self.message, self.vendor_says, self.code = message, vendor_says, code


class UnavailableError(PluginError):
    """Nothing was sold; the vendor or the network is at fault for now. The panel tries again by itself.

    `retry_after` (seconds) is the vendor's own wish and is obeyed by the whole fleet.
    """

    fault = "vendor or network"

    def __init__(
        self, message: str, *, vendor_says: str = "", code: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(message, vendor_says=vendor_says, code=code)
        self.retry_after = retry_after


class RefusedError(PluginError):
    """The vendor understood and said no; asking again will not help. A person decides."""

    fault = "order or vendor account"


class MisconfiguredError(PluginError):
    """The configuration is wrong (login, host, certificate): nothing of it can work until it is saved anew."""

    fault = "plug-in configuration"


class OutcomeUnknownError(PluginError):
    """A call that spends money got no readable answer. It may have been sold: the panel settles it by asking."""

    fault = "vendor or network"


class InstallError(Exception):
    """The license could not be put into its target, or was not found there.

    `temporary` errors are tried again by the panel; others wait for a person. Never calls the vendor again.
    """

    fault: ClassVar[str] = "install target"

    def __init__(self, message: str, *, temporary: bool = False) -> None:
        super().__init__(message)
        self.message, self.temporary = message, temporary


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


def setting(
    label: str,
    *,
    default: Any = dataclasses.MISSING,
    secret: bool = False,
    help_text: str = "",
    choices: tuple[str, ...] = (),
    minimum: int | None = None,
    maximum: int | None = None,
) -> Any:
    """Declare one field of a plug-in's `Settings` dataclass: how the form shows it and whether it is a secret.

    A field without a default is required; one whose default is "" may stay empty. What the fields alone cannot say,
    `__post_init__` checks: it raises ValueError with `field: reason for a person`.
    """
    metadata = {
        "label": label,
        "secret": secret,
        "help_text": help_text,
        "choices": choices,
        "minimum": minimum,
        "maximum": maximum,
    }
    if default is dataclasses.MISSING:
        return field(metadata=metadata, repr=not secret)
    return field(default=default, metadata=metadata, repr=not secret)


@dataclass(frozen=True, slots=True)
class NoSettings:
    """The settings of a plug-in that needs none."""


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
        """Bring a license to the wanted features and additional keys. May spend money; safe to repeat."""
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


# --- installers -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Target:
    """Where the licenses of a subscription go. What `address` and `credentials` mean is the installer's matter."""

    kind: str
    address: str
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Parcel:
    """All that one license puts into a target: its key, its code, its files. Additional keys are parcels too."""

    key: str
    activation_code: str = field(default="", repr=False)
    files: tuple[KeyFile, ...] = ()
    additional: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """One thing read back from a target: its path there and the digest of its bytes."""

    path: str
    sha256: str
    size: int


class Installer:
    """Puts parcels into targets of one kind. All three verbs are safe to repeat; twice is a no-op."""

    kind: ClassVar[str]
    label: ClassVar[str]

    async def install(self, target: Target, parcels: tuple[Parcel, ...]) -> None:
        """Put everything there; all of a file or nothing of it. Raises InstallError."""
        raise NotImplementedError

    async def read_back(self, target: Target, parcels: tuple[Parcel, ...]) -> tuple[Found, ...]:
        """What the target really holds of these parcels now, in their order. Raises InstallError if it is absent."""
        raise NotImplementedError

    async def remove(self, target: Target, parcels: tuple[Parcel, ...]) -> None:
        """Take the parcels out; absent counts as done. Raises InstallError."""
        raise NotImplementedError
