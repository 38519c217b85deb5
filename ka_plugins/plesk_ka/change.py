"""From what a key has to what it shall have, in single steps that the vendor takes twice without harm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ka_plugins.contract import Key, LicenseOrder, RefusedError
from ka_plugins.plesk_ka import codes
from ka_plugins.plesk_ka.keys import read_key

if TYPE_CHECKING:
    from ka_plugins.plesk_ka.connection import Connection

BILLING: Final = "billing"
# The feature is the least that the key type has, or belongs to the key type itself: it stays, and that is right.
STAYS: Final = (codes.NOT_BELOW_DEFAULT, codes.NOT_ACCEPTABLE)
# A sale whose answer was lost has arrived since the key was looked at: the key is there.
HAVE: Final = (codes.ALREADY_ATTACHED,)


class Change:
    """One change of one key. RefusedError at once where the vendor knows no way there."""

    def __init__(self, key: str, wanted: LicenseOrder, present: Key) -> None:
        if present.class_code and wanted.class_code not in {"", present.class_code}:
            raise RefusedError(f"A key of type {present.class_code} cannot become one of type {wanted.class_code}.")
        if any(one.features for one in wanted.additional):
            raise RefusedError("Features of an additional key are changed on that key itself.")
        self._key, self._wanted, self._present = key, wanted, present

    @property
    def to_end(self) -> tuple[str, ...]:
        """The additional keys that are not wanted any more. Those without a class a feature pack made: they stay."""
        wanted = {"", *(one.code for one in self._wanted.additional)}
        return tuple(child.number for child in self._living() if child.class_code not in wanted)

    async def run(self, ka: Connection, client: str) -> None:
        """Take all steps that are missing and end no key; those that add come before those that take away."""
        await self._add_features(ka)
        await self._drop_features(ka)
        await self._add_additional(ka, client)

    async def _add_features(self, ka: Connection) -> None:
        missing = [code for code in self._wanted.features if code not in self._present.features]
        if missing:  # safe to repeat (110), so a lost answer is no open sale
            await ka.call("upgradeKey", self._key, missing, BILLING, patient=True)

    async def _drop_features(self, ka: Connection) -> None:
        present = read_key((await ka.call("getKeyInfo", self._key)).struct("keyInfo"))
        for code in present.features:  # read anew: an upgrade replaces its smaller sibling by itself
            if code not in self._wanted.features:
                await ka.call("downgradeKey", self._key, code, patient=True, accept=STAYS)

    async def _add_additional(self, ka: Connection, client: str) -> None:
        have = {child.class_code for child in self._living()}
        for one in self._wanted.additional:
            if one.code not in have:
                server = {"ips": [self._wanted.address] if self._wanted.address else [], "macs": []}
                parent = {"parentKeyNumber": self._key}
                order: tuple[Any, ...] = (server, client, one.code, [], parent, [], {}, BILLING)
                await ka.call("createKey", *order, spends=True, accept=HAVE)

    def _living(self) -> tuple[Key, ...]:
        return tuple(one for one in self._present.additional if one.status is not one.status.TERMINATED)
