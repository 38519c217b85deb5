"""Where a step leads: the landings of what worked, and which error decides what comes next."""

import dataclasses
from dataclasses import replace

from ka_plugins.contract import (
    LONGEST_KEY,
    Delivers,
    Key,
    MisconfiguredError,
    OutcomeUnknownError,
    PluginError,
    RefusedError,
    UnavailableError,
)
from ka_plugins.installing import InstallError, NotProvenError
from licenses.claimed import Claimed, Desk, KeyInHand, Landing, Parking, living
from licenses.models import LicenseRequest
from licenses.moves import Line, Trouble
from licenses.retry import wait_after

State, Kind = LicenseRequest.State, LicenseRequest.Kind

LONGEST_PARKING = 86_400.0  # seconds; a vendor who asks for more is asked once a day whether he means it
HIDDEN = "•••"
SHORTEST_SECRET = 4  # characters; hiding shorter ones would hide words
ASKS_VENDOR = frozenset({State.KEY, State.BUYING, State.IN_DOUBT, State.FILES})


def with_key(request: Claimed, desk: Desk, key: Key, line: Line) -> Landing:
    """A key is here: from now on nothing says failed. Next is what the vendor still has to say or give, if anything."""
    if request.kind == Kind.ISSUE and len(living(key)) < len(key.additional):
        key = replace(key, additional=living(key))
    if not all(_is_readable(one.number) for one in (key, *living(key))):
        text = f"{desk.name} answered with a key that nobody can read: it has control characters, or is no key at all."
        return attention(request, "not_kept", text, fault="vendor")
    request.keys = [
        KeyInHand(None, one.number, one.activation_code, additional=one is not key) for one in (key, *living(key))
    ]
    to = State.FILES if desk.plugin.delivers & (Delivers.FILES | Delivers.ADDRESS_BINDING) else State.INSTALL
    return Landing(request, request.move(to, leased=True), (line,), key=key)


def _is_readable(number: object) -> bool:
    return isinstance(number, str) and 0 < len(number) <= LONGEST_KEY and number.isprintable()


def attention(
    request: Claimed, kind: str, text: str, *, fault: str = "vendor or network", vendor_says: str = ""
) -> Landing:
    """A person's turn, with the reason. Where nothing was sold yet, trying again starts before the purchase."""
    trouble = Trouble(kind, text, fault, vendor_says)
    line = Line("needs_attention", text, vendor_says)
    unsold = request.intended or kind in {"refused", "deadline"}
    back = State.KEY if unsold and request.state == State.BUYING else ""
    return Landing(request, request.move(State.ATTENTION, trouble=trouble, stopped_in=back), (line,))


def doubtful(request: Claimed, trouble: Trouble, *, wait: float, parking: Parking | None = None) -> Landing:
    """The outcome of a purchase is unknown; it will be settled by asking."""
    line = Line("in_doubt", trouble.text, trouble.vendor_says)
    return Landing(request, request.move(State.IN_DOUBT, wait=wait, trouble=trouble), (line,), parking=parking)


def not_kept(request: Claimed, desk: Desk, key: Key | None, error: Exception) -> Landing:
    """What a step brought cannot be kept: mostly a key that another license has. It was paid for: a person decides."""
    what, why = f"What {desk.name} answered", ""
    if key is not None:
        what, why = (
            f"{desk.name} sold {desk.shown(key)}, which",
            " Another license may have it: find out whose it is.",
        )
    text = f"{what} could not be kept ({type(error).__name__}).{why}"
    return attention(request, "not_kept", text, fault="vendor")


def after_error(request: Claimed, desk: Desk, error: BaseException) -> Landing:
    """Which error decides what comes next; the table of design section 4, "Errors decide the retry"."""
    if isinstance(error, InstallError):
        return _install_failed(request, desk, error)
    if not isinstance(error, PluginError):
        return _plugin_failed(request, desk, error)
    trouble = Trouble(_kind_of(error), error.message, error.fault, error.vendor_says)
    if isinstance(error, RefusedError):
        kind, fault = "refused", error.fault
        if request.state == State.IN_DOUBT:  # that he cannot tell is the lost answer's fault, not the order's
            kind, fault = "unknown", OutcomeUnknownError.fault
        return attention(request, kind, error.message, fault=fault, vendor_says=error.vendor_says)
    seconds = _parking_seconds(error, desk)
    parking = Parking(request.configuration, desk.version, desk.parkings, seconds, error.message)
    if request.state == State.BUYING and not isinstance(error, UnavailableError | MisconfiguredError):
        return doubtful(request, trouble, wait=wait_after(1), parking=parking)
    if request.overdue:
        text = f"It was tried until its deadline. {error.message}"
        landing = attention(request, "deadline", text, fault=error.fault, vendor_says=error.vendor_says)
        landing.parking = parking
        return landing
    # nothing was sold: the request waits with its configuration, and waiting uses nothing up
    to = State.KEY if request.state == State.BUYING else request.state
    line = Line("waits", error.message, error.vendor_says)
    return Landing(request, request.move(to, wait=0, trouble=trouble), (line,), parking=parking)


def _plugin_failed(request: Claimed, desk: Desk, error: BaseException) -> Landing:
    if isinstance(error, NotImplementedError) and request.state == State.KEY:
        text = f"{desk.name} has no call for this: it is arranged with the vendor."
        return attention(request, "refused", text, fault="plug-in")
    text = f"The plug-in failed with {type(error).__name__}. Its author has to look at it."
    return attention(request, "plugin_error", text, fault="plug-in")


def too_late(request: Claimed, desk: Desk) -> Exception:
    """The error of a step that got no answer in its time."""
    if request.state not in ASKS_VENDOR:
        return InstallError(f"The install target did not answer within {desk.plugin.timeout:.0f} s.", temporary=True)
    text = f"{desk.name} did not answer within {desk.plugin.timeout:.0f} s."
    return OutcomeUnknownError(text) if request.state == State.BUYING else UnavailableError(text)


def _install_failed(request: Claimed, desk: Desk, error: InstallError) -> Landing:
    """Key and files stay; temporary trouble is tried again, anything else is for a person to mend."""
    text = desk.public(request, error.message)
    if not error.temporary or request.overdue:
        return attention(request, "install_failed", text, fault=error.fault)
    wait = wait_after(request.tries + 1)
    trouble = Trouble("install_failed", text, error.fault)
    line = Line("install_failed", f"{text} Tried again in {wait:.0f} s.")
    to = State.PROOF if isinstance(error, NotProvenError) else State.INSTALL
    return Landing(request, request.move(to, wait=wait, tries=request.tries + 1, trouble=trouble), (line,))


def _parking_seconds(error: PluginError, desk: Desk) -> float | None:
    if isinstance(error, MisconfiguredError):
        return None
    if isinstance(error, UnavailableError) and error.retry_after is not None:
        return min(max(1.0, error.retry_after), LONGEST_PARKING)
    return wait_after(desk.parkings + 1)


def _kind_of(error: PluginError) -> str:
    kinds = {UnavailableError: "unavailable", MisconfiguredError: "misconfigured", OutcomeUnknownError: "unknown"}
    return next((kind for cls, kind in kinds.items() if isinstance(error, cls)), "plugin_error")


def clear_secrets(landing: Landing, desk: Desk) -> None:
    """Take codes, secret keys and our passwords out of what a step tells, as the vendor's own words may hold them."""
    trouble = landing.move.trouble
    if trouble is None and not any(line.detail for line in landing.lines):
        return  # only our own words: they hold none
    secrets = _secrets(landing.claimed, desk)

    def cleared(text: str) -> str:
        for secret in secrets:
            text = text.replace(secret, HIDDEN)
        return desk.public(landing.claimed, text)

    landing.lines = tuple(Line(line.kind, cleared(line.text), cleared(line.detail)) for line in landing.lines)
    if trouble is not None:
        told = replace(trouble, text=cleared(trouble.text), vendor_says=cleared(trouble.vendor_says))
        landing.move = replace(landing.move, trouble=told)


def _secrets(request: Claimed, desk: Desk) -> list[str]:
    """Codes and passwords that somebody's answer may quote, the longest first."""
    settings = desk.plugin.settings
    fields = dataclasses.fields(settings) if dataclasses.is_dataclass(settings) else ()
    ours = [str(getattr(settings, field.name)) for field in fields if field.metadata.get("secret")]
    found = {*ours, *(key.activation_code for key in request.keys)}
    return sorted((one for one in found if len(one) >= SHORTEST_SECRET), key=len, reverse=True)
