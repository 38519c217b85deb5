"""What is not to stay in a target: an ended license, and files of ours that newer ones have replaced.

Only after the license was ended at the vendor, or what replaced the files was read back. Asks installers only.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from ka_plugins.contract import KeyFile
from ka_plugins.installers.contents import written
from ka_plugins.installing import Installer, InstallError, NotRemovableError, NotThereError, Parcel, Target
from licenses.models import License
from licenses.moves import Line
from licenses.proving.outcome import Outcome

Found = License.Found


async def take_out(
    installer: Installer, target: Target, parcels: tuple[Parcel, ...], former: tuple[KeyFile, ...]
) -> Outcome:
    """Remove an ended license with all files that it ever had, and see that it is gone. Raises InstallError."""
    where = f"{target.kind} {target.address}"
    try:
        await installer.remove(target, parcels)
    except NotRemovableError as error:
        return Outcome(None, line=Line("left_there", "It stays in its install target.", error.message))
    await installer.clear(target, former)
    if still := await _what_is_left(installer, target, parcels):
        return Outcome(Found.LEFT, f"It was removed and is there still: {still}.")
    line = Line("taken_out", f"It has ended and was taken out of {where}.")
    return Outcome(None, line=line, cleared=True)


async def clear(installer: Installer, target: Target, former: tuple[KeyFile, ...], outcome: Outcome) -> Outcome:
    """Take out what newer files have replaced, beside what a look came to. That it fails spoils nothing of that."""
    try:
        await installer.clear(target, former)
    except InstallError:
        return outcome  # the next look tries again
    names = ", ".join(sorted({file.name for file in former}))
    line = Line("files_cleared", f"Taken out of the install target, as newer files are proven: {names}.")
    return replace(outcome, line=line, cleared=True)


async def _what_is_left(installer: Installer, target: Target, parcels: tuple[Parcel, ...]) -> str:
    """What of ours the target still shows; other bytes under our names are somebody else's."""
    try:
        things = await installer.read_back(target, parcels)
    except NotThereError:
        return ""
    ours = _digests(parcels)
    return ", ".join(one.path for one in things if one.sha256 in ours)


def _digests(parcels: Iterable[Parcel]) -> set[str]:
    return {hashlib.sha256(body).hexdigest() for _, body in written(tuple(parcels))}
