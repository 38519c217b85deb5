"""The plug-in for cPanel's Manage2."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Final

from ka_plugins.contract import (
    ClassInfo,
    Delivers,
    HttpClient,
    Key,
    KeyStatus,
    LicenseOrder,
    MisconfiguredError,
    OutcomeUnknownError,
    Plugin,
    RefusedError,
    Settles,
    UnavailableError,
    Verb,
)
from ka_plugins.cpanel_manage2 import answers
from ka_plugins.cpanel_manage2.connection import Connection
from ka_plugins.cpanel_manage2.settings import CpanelManage2Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CLOCK_SKEW: Final = timedelta(minutes=1)  # how far the vendor's clock may be behind ours
OUR_NOTE: Final = re.compile(r"[0-9a-f]{32}")  # a reference of ours, on whichever license
WHY_ENDED: Final = "Ended by the hosting panel"
NORMAL: Final = "normal"  # the vendor's code for an end that is no security risk


class CpanelManage2Plugin(Plugin):
    """Buys, changes and ends licenses in one group of a Manage2 account."""

    name = "cpanel_manage2"
    label = "cPanel (Manage2)"
    Settings = CpanelManage2Settings
    delivers = Delivers.ADDRESS_BINDING
    verbs: ClassVar[frozenset[Verb]] = frozenset(Verb) - {Verb.FETCH_FILES, Verb.RENEW, Verb.SUSPEND, Verb.RESUME}
    settles = Settles.BY_TRAITS
    secret_keys = False
    key_hint = answers.HINT
    timeout = 60.0

    def __init__(self, settings: CpanelManage2Settings, http: HttpClient) -> None:
        super().__init__(settings, http)
        self._manage2 = Connection(settings, http)

    @classmethod
    def clean_key(cls, text: str) -> str:
        """The digits of a license's number; ValueError with a reason for a person."""
        return answers.clean_key(text)

    @classmethod
    def key_identity(cls, key: str) -> str:
        """The number itself: package and address may change, it stays."""
        return answers.number_of(key) or key

    # -- what costs nothing

    async def check(self) -> str:
        """Prove login and group with XMLgroupInfo."""
        group, name = await self._group()
        return f"{self._manage2.place} accepts the login {self.settings.login}; licenses go into {name or group}."

    async def _group(self) -> tuple[str, str]:
        """Number and name of the group that licenses go into. MisconfiguredError where that is not clear."""
        groups = answers.names_of((await self._manage2.ask("XMLgroupInfo")).get("groups"))
        wanted = answers.number_of(self.settings.group)
        if not wanted and len(groups) == 1:
            return next(iter(groups.items()))
        if not wanted:
            raise MisconfiguredError(f"The Manage2 account has {len(groups)} groups; the settings have to name one.")
        if wanted not in groups:
            raise MisconfiguredError(f"The Manage2 account has no group {wanted}, or this login does not see it.")
        return wanted, groups[wanted]

    async def list_classes(self) -> tuple[ClassInfo, ...]:
        """XMLpackageInfo: one class for each package."""
        packages = answers.names_of((await self._manage2.ask("XMLpackageInfo", patient=True)).get("packages"))
        return tuple(ClassInfo(code, name or code) for code, name in packages.items())

    async def find_issued(self, order: LicenseOrder) -> tuple[Key, ...]:
        """Licenses of the order's package at its address that are not older than its intent (XMLRawlookup).

        Of these the one with our reference in its notes, if there is one; never one with another reference of ours.
        """
        if order.intent_at is None:
            raise RefusedError("When this order was sent is not known. Look at the address in Manage2.")
        since = order.intent_at - CLOCK_SKEW
        query = {"ip": _address_of(order), "packageid": order.class_code, "all": "1"}
        fields = await self._manage2.look_up("XMLRawlookup", query)
        ours: list[Key] = []
        nobodys: list[Key] = []
        for one in answers.licenses_of(fields.get("license")):
            key, note = answers.read_key(one), answers.text_of(one.get("external_notes"))
            if key.class_code != order.class_code or key.status is not KeyStatus.ACTIVE:
                continue
            if note == order.reference and (key.created_at or since) >= since:  # some answers have no date
                ours.append(key)
            elif key.created_at and key.created_at >= since and not OUR_NOTE.fullmatch(note):
                nobodys.append(key)
        return tuple(ours or nobodys)

    async def describe(self, key: str) -> Key:
        """The license by its number (XMLlicenseInfo), also among those that have ended."""
        for expired in ("0", "1"):
            fields = await self._manage2.look_up("XMLlicenseInfo", {"liscid": key, "expired": expired})
            for found in map(answers.read_key, answers.licenses_of(fields.get("licenses"))):
                if found.number == key:
                    return found
        raise RefusedError(f"Manage2 knows no license {key} of this account.")

    async def list_keys(self) -> AsyncIterator[Key]:
        """All licenses of the account (XMLlicenseInfo), the living and then those that have ended."""
        seen: set[str] = set()
        for expired in ("0", "1"):
            fields = await self._manage2.ask("XMLlicenseInfo", {"expired": expired}, patient=True)
            if "licenses" not in fields:
                raise UnavailableError(f"XMLlicenseInfo at {self._manage2.place}: the answer holds no licenses.")
            for key in map(answers.read_key, answers.licenses_of(fields["licenses"])):
                if key.number not in seen:  # one that ends between the two questions is in both answers
                    seen.add(key.number)
                    yield key

    # -- what makes, changes and ends

    async def issue_key(self, order: LicenseOrder) -> Key:
        """XMLlicenseAdd, first as a dry run: what the vendor would refuse, he refuses where nothing can be sold."""
        address = _address_of(order)
        if order.features or order.additional:
            raise RefusedError("A cPanel license has neither features nor additional keys: order another package.")
        query = {
            "ip": address,
            "packageid": order.class_code,
            "groupid": answers.number_of(self.settings.group) or (await self._group())[0],
            "external_notes": order.reference,
            "legal": "1",
        }
        if self.settings.reactivate == "yes":
            query |= {"force": "1", "reactivateok": "1"}
        await self._manage2.ask("XMLlicenseAdd", {**query, "dryrun": "1"})
        fields = await self._manage2.ask("XMLlicenseAdd", {**query, "dryrun": "0"}, spends=True)
        number = answers.number_of(fields.get("licenseid"))
        if not number:
            raise OutcomeUnknownError("XMLlicenseAdd: the vendor reports a sale, but no license number.")
        return Key(number, class_code=order.class_code, address=address)

    async def change(self, key: str, wanted: LicenseOrder) -> Key:
        """XMLpackageUpdate for another package, XMLtransfer for another address; looks first, so safe to repeat."""
        if wanted.features or wanted.additional:
            raise RefusedError("A cPanel license has neither features nor additional keys: order another package.")
        present = await self.describe(key)
        if present.status is KeyStatus.TERMINATED:
            raise RefusedError(f"The cPanel license {key} has ended; it cannot be changed.")
        package = wanted.class_code or present.class_code
        if package != present.class_code:
            query = {"ip": present.address, "oldpackageid": present.class_code, "newpackageid": package}
            await self._manage2.ask("XMLpackageUpdate", query, patient=True)
        if wanted.address not in {"", present.address}:
            query = {"oldip": present.address, "newip": wanted.address, "packageid": package}
            await self._manage2.ask("XMLtransfer", {**query, "dryrun": "1"})
            await self._manage2.ask("XMLtransfer", {**query, "dryrun": "0"}, patient=True)
        return await self.describe(key)

    async def terminate(self, key: str) -> None:
        """XMLlicenseExpire; looks first, as the vendor has only prose for what has ended already."""
        if (await self.describe(key)).status is not KeyStatus.TERMINATED:
            query = {"liscid": key, "reason": WHY_ENDED, "expcode": NORMAL}
            await self._manage2.ask("XMLlicenseExpire", query, patient=True)


def _address_of(order: LicenseOrder) -> str:
    """The address that the license is for; RefusedError without one."""
    if not order.address:
        raise RefusedError("cPanel licenses are bound to an IP address, and this order's install target has none.")
    return order.address
