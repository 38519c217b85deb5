"""The heart, read top to bottom: what is done with a request in each state.

A step asks the plug-in or the installer, never the database, and answers with a landing: where the request goes and
what it brought.
"""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import timedelta

from ka_plugins import registry
from ka_plugins.contract import (
    Delivers,
    Key,
    KeyFile,
    KeyStatus,
    RefusedError,
    Settles,
    Verb,
)
from ka_plugins.installing import Found, Installer, InstallError
from licenses.claimed import Claimed, Desk, KeyInHand, Landing, living
from licenses.landings import attention, doubtful, with_key
from licenses.models import License, LicenseRequest
from licenses.moves import Line, Trouble
from licenses.points import point
from licenses.retry import SETTLE_MARGIN, wait_after

State, Kind = LicenseRequest.State, LicenseRequest.Kind

SAME_TERM = timedelta(hours=1)  # by which a vendor may tell one date differently
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
    """Make the one call that spends, as the claim intended. What an older claim left here may have been sold."""
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
        return _again(request, "The vendor answers the same order with the same sale, so it is sent again.")
    if request.kind == Kind.CHANGE:
        return _again(request, "A change looks first at what the license has, so it is safely asked for again.")
    if request.kind == Kind.RENEW:
        return await _renewed(request, desk)
    if desk.plugin.settles == Settles.CANNOT:
        return _cannot_be_asked(request)
    return await _looked_up(request, desk)


async def _looked_up(request: Claimed, desk: Desk) -> Landing:
    """What the vendor finds of an order that no license has yet is what it bought, if it is one key."""
    found = await desk.ours(await desk.plugin.find_issued(request.order()))
    point("after_look_up")
    if len(found) == 1:
        line = Line("adopted", f"The vendor had sold {desk.shown(found[0])} for this order; it was adopted.")
        return with_key(request, desk, found[0], line)
    if found:
        numbers = ", ".join(desk.shown(key) for key in found)
        landing = attention(request, "unknown", f"{len(found)} keys could be the one of this order: {numbers}.")
        landing.candidates = found
        return landing
    proof = "The vendor does not know our reference: nothing was sold."
    return _not_found(request, desk, proof if desk.plugin.settles == Settles.BY_REFERENCE else "")


def _cannot_be_asked(request: Claimed) -> Landing:
    return attention(request, "unknown", "Whether the vendor did it cannot be asked. Look at his own pages.")


async def _renewed(request: Claimed, desk: Desk) -> Landing:
    """A renewal whose answer was lost is settled by the license's term: it has moved on, or it has not."""
    key = request.keys[0]
    if Verb.DESCRIBE not in desk.plugin.verbs or key.expires_at is None:
        return _cannot_be_asked(request)
    known = await desk.plugin.describe(key.number)
    if known.expires_at is None or known.status is not KeyStatus.ACTIVE:
        text = f"{desk.name} has {desk.shown(known)} as {known.status}; that does not tell whether it was renewed."
        return attention(request, "unknown", text)
    if known.expires_at - key.expires_at > SAME_TERM:
        until = f"{known.expires_at:%Y-%m-%d}"
        line = Line("settled", f"The vendor had renewed {desk.shown(known)}: it runs until {until}.")
        return with_key(request, desk, known, line)
    return _not_found(request, desk, "The license runs as long as before: it was not renewed.")


def _again(request: Claimed, why: str) -> Landing:
    """Send a purchase again that cannot be made twice, until the request's deadline."""
    if request.overdue:
        return attention(request, "unknown", "It was sent again until its deadline, and no answer was clear.")
    return Landing(request, request.move(State.KEY, wait=0), (Line("settled", why),))


def _not_found(request: Claimed, desk: Desk, proof: str = "") -> Landing:
    """Absence counts only where the vendor can prove it, and only once a late sale cannot land any more."""
    left = desk.plugin.timeout + SETTLE_MARGIN - request.intent_age
    if left > 0 or request.tries + 1 < SETTLE_TRIES:
        wait = max(1.0, left) if request.tries + 1 >= SETTLE_TRIES else wait_after(request.tries + 1)
        trouble = Trouble("unknown", "The vendor was asked and knows nothing of it yet; he is asked again.")
        return Landing(request, request.move(State.IN_DOUBT, wait=wait, tries=request.tries + 1, trouble=trouble))
    if proof:
        return Landing(request, request.move(State.KEY, wait=0), (Line("settled", f"{proof} It is ordered again."),))
    return attention(request, "unknown", "No key of this order was found, but that does not prove that none was sold.")


async def fetch_files(request: Claimed, desk: Desk) -> Landing:
    """Fetch the file(s) of the key and of its additional keys; may be asked any number of times."""
    if Delivers.FILES not in desk.plugin.delivers:
        return await _bound(request, desk)
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


async def _bound(request: Claimed, desk: Desk) -> Landing:
    """A license that the vendor binds to an address has nothing to install: his own word for it is the proof."""
    key, wanted = request.keys[0], request.order().address
    known = await desk.plugin.describe(key.number)
    if known.status is not KeyStatus.ACTIVE or known.address != wanted:
        found = f"{known.status} for {known.address or 'no address'}"
        text = f"{desk.name} has {desk.shown(known)} as {found}; it should be active for {wanted or 'an IP address'}."
        return attention(request, "install_failed", text, fault="vendor")
    point("after_binding")
    line = Line("proven", f"{desk.name} says that {desk.shown(known)} is active for {wanted}.")
    return Landing(request, request.move(State.DONE), (line,), key=known, license_state=License.State.INSTALLED)


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
    if request.subscription is None:  # in stock: whoever assigns it to a subscription sends it on
        line = Line("in_stock", "The license is in stock until it is assigned to a subscription.")
        return Landing(request, request.move(State.INSTALL), (line,))
    if request.target is None:
        text = "The subscription has no install target. Give one, then install."
        return attention(request, "no_target", text, fault="subscription")
    found = await _installer(request).deliver(request.target, tuple(key.parcel() for key in request.keys))
    point("after_install")
    line = Line("installed", f"Installed into {request.target.kind} {request.target.address}.")
    landing = _proven(request, desk, found)
    landing.lines = (line, *landing.lines)
    return landing


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


def _installer(request: Claimed) -> Installer:
    kind = request.target.kind if request.target else ""
    try:
        return registry.installer(kind)
    except LookupError as error:
        raise InstallError(str(error)) from error


def _digest(file: KeyFile) -> str:
    return hashlib.sha256(file.body).hexdigest()
