"""One look at a target: does it hold what the panel has? Asks installers and plug-ins, never the database."""

import asyncio
import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePosixPath

from ka_plugins import registry
from ka_plugins.contract import Delivers, HttpClient, KeyFile, KeyStatus, PluginError
from ka_plugins.installers.contents import contents_of
from ka_plugins.installing import Found as Thing
from ka_plugins.installing import Installer, InstallError, NotThereError, Parcel, Target
from licenses.claimed import Claimed
from licenses.models import License, PluginConfiguration
from licenses.plugins import make_plugin, plugin_class
from licenses.proving import clearing
from licenses.proving.outcome import Outcome
from pbas.core.problems import Problem

Found = License.Found

LONGEST_LOOK = 60.0  # seconds


@dataclass(slots=True)
class Look:
    """A license to be looked at, or to be put there again, with all that this needs."""

    license: License
    claimed: Claimed
    older: frozenset[str] = frozenset()  # digests of all versions of its files
    former: tuple[KeyFile, ...] = ()  # files of it that are over and may still be there
    former_ids: tuple[int, ...] = ()
    is_bound: bool = False  # nothing is installed: the vendor's own word is the proof

    @property
    def parcels(self) -> tuple[Parcel, ...]:
        """The license as an installer takes it, and its additional keys."""
        return tuple(key.parcel() for key in self.claimed.keys)

    @property
    def place(self) -> str:
        """What only one look at a time may go to: a server, or a vendor."""
        if self.is_bound:
            return f"vendor {self.license.configuration_id}"
        target = self.claimed.target
        if target is None:
            return ""
        host = target.address.partition("://")[2] or target.address
        return f"{target.kind} {target.address if host.startswith('/') else host.partition('/')[0]}"


def is_bound(license_: License) -> bool:
    """Whether the vendor binds such a license to an address: nothing is installed, and his word is the proof."""
    try:
        delivers = plugin_class(license_.configuration.template).delivers
    except Problem:
        return False
    binds = Delivers.FILES not in delivers and Delivers.ADDRESS_BINDING in delivers
    return binds and license_.configuration.is_online


async def look(what: Look, http: HttpClient) -> Outcome:
    """Read a license back, or put it there again where that was asked for; take it out where it has ended.

    Raises nothing.
    """
    try:
        async with asyncio.timeout(LONGEST_LOOK):
            return await _look(what, http)
    except NotThereError as error:
        return Outcome(Found.OLDER if error.older else Found.MISSING, error.message)
    except InstallError as error:
        return Outcome(Found.UNKNOWN, error.message, temporary=error.temporary)
    except PluginError as error:
        return Outcome(Found.UNKNOWN, f"{error.message} {error.vendor_says}".strip(), temporary=True)
    except TimeoutError:
        return Outcome(Found.UNKNOWN, f"No answer within {LONGEST_LOOK:.0f} s.", temporary=True)
    except Exception as error:  # noqa: BLE001 (whatever a plug-in or installer raises must not end the round)
        return Outcome(Found.UNKNOWN, f"The program that reads it back failed with {type(error).__name__}.")


async def _look(what: Look, http: HttpClient) -> Outcome:
    if what.claimed.unreadable:
        return Outcome(Found.UNKNOWN, f"A stored secret cannot be read: {what.claimed.unreadable}")
    has_ended, target = what.license.state == License.State.TERMINATED, what.claimed.target
    if has_ended and (what.is_bound or target is None):
        return Outcome(None)  # nothing was put anywhere
    if what.is_bound:
        return await _ask_vendor(what, http)
    if target is None:
        return Outcome(Found.UNKNOWN, "The subscription has no install target.")
    return await (_take_out if has_ended else _read)(what, _installer(target), target)


def _installer(target: Target) -> Installer:
    try:
        return registry.installer(target.kind)
    except LookupError as error:
        raise InstallError(str(error)) from error


async def _take_out(what: Look, installer: Installer, target: Target) -> Outcome:
    return await clearing.take_out(installer, target, what.parcels, what.former)


async def _read(what: Look, installer: Installer, target: Target) -> Outcome:
    again = what.license.found == Found.REINSTALL
    things = await (installer.deliver if again else installer.read_back)(target, what.parcels)
    outcome = compared(what.parcels, things, what.older)
    if outcome.found is None and what.former:
        return await clearing.clear(installer, target, what.former, outcome)
    return outcome


async def _ask_vendor(what: Look, http: HttpClient) -> Outcome:
    configuration, claimed = what.license.configuration, what.claimed
    if configuration.status != PluginConfiguration.Status.CONFIGURED or configuration.parkings:
        return Outcome(Found.UNKNOWN, f"{configuration.name} does not work just now.", temporary=True)
    known = await make_plugin(configuration, http).describe(claimed.keys[0].number)
    wanted = claimed.order().address
    says = f"The vendor says: {known.status}, for {known.address or 'no address'}."
    if known.status is KeyStatus.PROBLEM:
        return Outcome(Found.UNKNOWN, says)
    if known.status is not KeyStatus.ACTIVE:
        return Outcome(Found.MISSING, says)
    if known.address != wanted:
        return Outcome(Found.DIFFERENT, f"{says} It should be for {wanted or 'an IP address'}.")
    return Outcome(None, says)


def compared(parcels: tuple[Parcel, ...], things: tuple[Thing, ...], older: Collection[str]) -> Outcome:
    """What was read back against our newest files; by name where the target keeps files, by digest anywhere."""
    if not things:
        return Outcome(Found.MISSING, "Nothing of it is there.")
    names = {name: hashlib.sha256(body).hexdigest() for name, body in contents_of(parcels).items()}
    there = {PurePosixPath(one.path).name: one for one in things}
    wrong = [one for name, one in there.items() if name in names and one.sha256 != names[name]]
    if wrong:
        paths = ", ".join(one.path for one in wrong)
        if all(one.sha256 in older for one in wrong):
            return Outcome(Found.OLDER, f"An older version of ours is there: {paths}.")
        return Outcome(Found.DIFFERENT, f"Something else is there: {paths}.")
    digests = {one.sha256 for one in things}
    bodies = [file for parcel in parcels for file in parcel.files]
    missing = [file.name for file in bodies if hashlib.sha256(file.body).hexdigest() not in digests]
    if missing:
        return Outcome(Found.MISSING, f"Not there: {', '.join(missing)}.")
    return Outcome(None, f"Read back: {', '.join(one.path for one in things)}.")
