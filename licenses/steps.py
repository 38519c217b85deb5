"""The heart, read top to bottom: what is done with a request in each state.

A step asks the plug-in or the installer, never the database, and answers with a landing: where the request goes and
what it brought.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import replace

from ka_plugins import registry
from ka_plugins.contract import (
    Delivers,
    Key,
    KeyFile,
    MisconfiguredError,
    OutcomeUnknownError,
    PluginError,
    RefusedError,
    Settles,
    UnavailableError,
    Verb,
)
from ka_plugins.installing import Found, Installer, InstallError, NotProvenError
from licenses.claimed import Claimed, Desk, KeyInHand, Landing, Parking, living
from licenses.models import License, LicenseRequest
from licenses.moves import Line, Trouble
from licenses.points import point
from licenses.retry import wait_after

State, Kind = LicenseRequest.State, LicenseRequest.Kind

SETTLE_MARGIN = 10.0  # seconds beyond a call's time-out before "not found" can mean "not sold"
LONGEST_PARKING = 86_400.0  # seconds; a vendor who asks for more is asked once a day whether he means it
SETTLE_TRIES = 3  # look-ups before a doubt that cannot be disproved comes to a person


async def set_at_vendor(request: Claimed, desk: Desk) -> Landing:
    """End, suspend or resume a license at the vendor: what costs nothing is asked for without an intent."""
    number = request.keys[0].number
    if request.kind == Kind.TERMINATE:
        await desk.plugin.terminate(number)
        after = License.State.TERMINATED
    elif request.kind == Kind.SUSPEND:
        await desk.plugin.suspend(number)
        after = License.State.SUSPENDED
    else:
        await desk.plugin.resume(number)
        after = License.State.INSTALLED
    line = Line("license_changed", desk.public(request, f"{desk.name} says of {number}: {after.label}."))
    return Landing(request, request.move(State.DONE), (line,), license_state=after)


async def buy(request: Claimed, desk: Desk) -> Landing:
    """Make the one call that spends, as the claim intended. What an older claim left here may be sold: it is in doubt."""
    if not request.intended:
        text = "The worker that was ordering this key stopped. Whether it was sold is not known yet."
        return doubtful(request, Trouble("unknown", text, "this panel"), wait=0)
    request.intended = False
    point("before_purchase")
    if request.kind == Kind.ISSUE:
        key = await desk.plugin.issue_key(request.order())
    elif request.kind == Kind.RENEW:
        key = await desk.plugin.renew(request.keys[0].number, request.uid.hex)
    else:
        key = await desk.plugin.change(request.keys[0].number, request.order())
    point("after_purchase")
    return with_key(request, desk, key, Line("key_issued", f"{desk.name} issued {desk.shown(key)}."))


async def settle(request: Claimed, desk: Desk) -> Landing:
    """The outcome of a purchase is unknown: find out by asking, adopt what was bought, and never buy on a guess."""
    if desk.plugin.settles == Settles.IDEMPOTENT:
        line = Line("settled", "The vendor answers the same order with the same sale, so it is sent again.")
        return Landing(request, request.move(State.KEY, wait=0), (line,))
    if request.kind == Kind.CHANGE:
        line = Line("settled", "A change looks first at what the license has, so it is safely asked for again.")
        return Landing(request, request.move(State.KEY, wait=0), (line,))
    if request.kind != Kind.ISSUE or desk.plugin.settles == Settles.CANNOT:
        return attention(request, "unknown", "Whether the vendor did it cannot be asked. Look at his own pages.")
    found = await desk.ours(await desk.plugin.find_issued(request.order()))
    point("after_look_up")
    if len(found) == 1:
        line = Line("adopted", f"The vendor had sold {desk.shown(found[0])} for this order; it was adopted.")
        return with_key(request, desk, found[0], line)
    if found:
        numbers = ", ".join(desk.shown(key) for key in found)
        return attention(request, "unknown", f"{len(found)} keys could be the one of this order: {numbers}.")
    return _not_found(request, desk)


def _not_found(request: Claimed, desk: Desk) -> Landing:
    """Absence counts only where the plug-in can prove it, and only once a late sale cannot land any more."""
    left = desk.plugin.timeout + SETTLE_MARGIN - request.intent_age
    if left > 0 or request.tries + 1 < SETTLE_TRIES:
        wait = max(1.0, left) if request.tries + 1 >= SETTLE_TRIES else wait_after(request.tries + 1)
        trouble = Trouble("unknown", "The vendor was asked and knows nothing of it yet; he is asked again.")
        return Landing(request, request.move(State.IN_DOUBT, wait=wait, tries=request.tries + 1, trouble=trouble))
    if desk.plugin.settles == Settles.BY_REFERENCE:
        line = Line("settled", "The vendor does not know our reference: nothing was sold, the key is ordered again.")
        return Landing(request, request.move(State.KEY, wait=0), (line,))
    return attention(request, "unknown", "No key of this order was found, but that does not prove that none was sold.")


async def fetch_files(request: Claimed, desk: Desk) -> Landing:
    """Fetch the file(s) of the key and of its additional keys; may be asked any number of times."""
    known = await _known_of(request, desk)
    brought: list[tuple[KeyInHand, KeyFile]] = []
    for key in request.keys:
        files = await desk.plugin.fetch_files(key.number)
        key.files = files
        brought += [(key, file) for file in files]
    point("after_files")
    if not brought and not request.keys[0].activation_code:
        raise RefusedError("The vendor has neither a license file nor an activation code for this key.")
    names = ", ".join(file.name for _, file in brought) or "no file: the activation code is all there is"
    line = Line("files_fetched", desk.public(request, f"{desk.name} delivered {names}."))
    return Landing(request, request.move(State.INSTALL, leased=True), (line,), key=known, files=tuple(brought))


async def _known_of(request: Claimed, desk: Desk) -> Key | None:
    """Dates, code and additional keys of an adopted key, of which a person gave the number only."""
    main = request.keys[0]
    if not main.is_bare or Verb.DESCRIBE not in desk.plugin.verbs:
        return None
    known = await desk.plugin.describe(main.number)
    main.activation_code = known.activation_code
    numbers = {key.number for key in request.keys}
    request.keys += [
        KeyInHand(None, one.number, one.activation_code, additional=True)
        for one in living(known)
        if one.number not in numbers
    ]
    return known


async def install(request: Claimed, desk: Desk) -> Landing:
    """Put everything into the subscription's target and read it back; retries never call the vendor again."""
    if request.target is None:
        text = "The subscription has no install target. Give one, then install."
        return attention(request, "no_target", text, fault="subscription")
    found = await _installer(request).deliver(request.target, tuple(key.parcel() for key in request.keys))
    point("after_install")
    line = Line("installed", f"Installed into {request.target.kind} {request.target.address}.")
    landing = _proven(request, desk, found)
    return replace(landing, lines=(line, *landing.lines))


async def prove(request: Claimed, desk: Desk) -> Landing:
    """Read back alone what the target took and could not show then."""
    if request.target is None:
        raise InstallError("The install target was taken away before the install could be proven.")
    found = await _installer(request).read_back(request.target, tuple(key.parcel() for key in request.keys))
    return _proven(request, desk, found)


def _proven(request: Claimed, desk: Desk, found: tuple[Found, ...]) -> Landing:
    """Only what is really there counts as delivered."""
    there = {one.sha256 for one in found}
    missing = [file.name for key in request.keys for file in key.files if _digest(file) not in there]
    if missing or not found:
        names = ", ".join(missing) or "nothing there"
        raise InstallError(f"The target took the license but does not hold it: {names}.")
    point("after_proof")
    paths = ", ".join(one.path for one in found)
    line = Line("proven", desk.public(request, f"Read back and proven: {paths}."))
    return Landing(request, request.move(State.DONE), (line,), license_state=License.State.INSTALLED)


async def unreadable(request: Claimed, _desk: Desk) -> Landing:
    """Instead of any step: a stored secret of the request cannot be read, so nothing can be done with it."""
    text = f"A stored secret cannot be read: {request.unreadable} Give the field key back or enter the secret anew."
    return attention(request, "unreadable", text, fault="this panel")


Step = Callable[[Claimed, Desk], Awaitable[Landing]]
STEPS: dict[str, Step] = {
    State.KEY: set_at_vendor,
    State.BUYING: buy,
    State.IN_DOUBT: settle,
    State.FILES: fetch_files,
    State.INSTALL: install,
    State.PROOF: prove,
}
ASKS_VENDOR = frozenset({State.KEY, State.BUYING, State.IN_DOUBT, State.FILES})


# --- landings ---------------------------------------------------------------------------------------------------


def with_key(request: Claimed, desk: Desk, key: Key, line: Line) -> Landing:
    """A key is here: from now on nothing says failed. Next are its files, if the vendor has any."""
    if request.kind == Kind.ISSUE:
        key = replace(key, additional=living(key))
    request.keys = [
        KeyInHand(None, one.number, one.activation_code, additional=one is not key) for one in (key, *living(key))
    ]
    to = State.FILES if Delivers.FILES in desk.plugin.delivers else State.INSTALL
    return Landing(request, request.move(to, leased=True), (line,), key=key)


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


def after_error(request: Claimed, desk: Desk, error: Exception) -> Landing:
    """Which error decides what comes next; the table of design section 4, "Errors decide the retry"."""
    if isinstance(error, InstallError):
        return _install_failed(request, desk, error)
    if not isinstance(error, PluginError):
        text = f"The plug-in failed with {type(error).__name__}. Its author has to look at it."
        return attention(request, "plugin_error", text, fault="plug-in")
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
        return replace(landing, parking=parking)
    # nothing was sold: the request waits with its configuration, and waiting uses nothing up
    to = State.KEY if request.state == State.BUYING else request.state
    line = Line("waits", error.message, error.vendor_says)
    return Landing(request, request.move(to, wait=0, trouble=trouble), (line,), parking=parking)


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


def _installer(request: Claimed) -> Installer:
    kind = request.target.kind if request.target else ""
    try:
        return registry.installer(kind)
    except LookupError as error:
        raise InstallError(str(error)) from error


def _digest(file: KeyFile) -> str:
    return hashlib.sha256(file.body).hexdigest()
