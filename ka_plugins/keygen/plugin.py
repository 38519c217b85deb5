"""The plug-in for vendors who keep their licenses at Keygen."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from ka_plugins.contract import (
    ClassInfo,
    Delivers,
    Feature,
    HttpClient,
    Key,
    KeyFile,
    KeyStatus,
    LicenseOrder,
    MisconfiguredError,
    OutcomeUnknownError,
    Plugin,
    PluginError,
    RefusedError,
    Settles,
    UnavailableError,
    Verb,
)
from ka_plugins.keygen import features, licenses, wire
from ka_plugins.keygen.certificate import ForgedError, open_certificate
from ka_plugins.keygen.connection import Connection, NoSuchLicenseError
from ka_plugins.keygen.settings import KeygenSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TAKEN = "KEY_TAKEN"
UNFIT_FOR_NAMES = re.compile(r"[^A-Za-z0-9_-]")
RENEWAL = "renewal"  # the metadata field that says which renewal a license has had last


def _license(attributes: dict[str, Any], **relationships: dict[str, str]) -> dict[str, Any]:
    related = {name: {"data": one} for name, one in relationships.items()}
    return {"data": {"type": "licenses", "attributes": attributes, **({"relationships": related} if related else {})}}


class KeygenPlugin(Plugin):
    """Creates, checks out, renews, changes and deletes licenses of a Keygen account."""

    name = "keygen"
    label = "Keygen"
    Settings = KeygenSettings
    delivers = Delivers.KEY | Delivers.FILES
    verbs: ClassVar[frozenset[Verb]] = frozenset(Verb)
    settles = Settles.IDEMPOTENT
    key_hint = licenses.HINT
    timeout = 60.0

    def __init__(self, settings: KeygenSettings, http: HttpClient) -> None:
        super().__init__(settings, http)
        self._keygen = Connection(settings, http)
        self._proven: set[str] = set()  # policies that give licenses the key that we choose

    @classmethod
    def key_identity(cls, key: str) -> str:
        """The key as it is: the vendor tells upper and lower case apart, and never changes a license's key."""
        return key

    async def check(self) -> str:
        """GET me: whom the token belongs to."""
        await self._keygen.call("GET", "/me")
        return f"{self._keygen.place} accepts the token for the account {self.settings.account}."

    async def list_classes(self) -> tuple[ClassInfo, ...]:
        """Policies are the classes, entitlements their features; policies whose keys we cannot choose are left out."""
        entitlements = [one async for one in self._keygen.pages("/entitlements")]
        offered = tuple(Feature(one.text("code"), one.text("name") or one.text("code")) for one in entitlements)
        policies = [one async for one in self._keygen.pages("/policies")]
        return tuple(
            ClassInfo(one.id, one.text("name") or one.id, features=offered)
            for one in policies
            if licenses.can_settle(one)
        )

    async def issue_key(self, order: LicenseOrder) -> Key:
        """POST licenses with the key that belongs to the reference; a key that is taken is this order's own.

        Features are attached afterwards. Whatever fails then leaves a license behind, which the same order sent again
        finds and goes on with: by itself after trouble, by a person's word after a refusal.
        """
        _no_additional(order)
        await self._prove(order.class_code)
        wanted = await features.known_features(self._keygen, order.features)
        license_ = await self._create(order)
        key = license_.text("key")
        try:
            await features.add_features(self._keygen, key, wanted)
        except PluginError as error:
            kind = type(error) if isinstance(error, RefusedError | MisconfiguredError) else OutcomeUnknownError
            message = f"The license was created, but its features were not added. {error.message}"
            raise kind(message, vendor_says=error.vendor_says, code=error.code) from None
        return licenses.read_license(license_, order.features)

    async def _prove(self, policy: str) -> None:
        """Refuse a policy with which a lost answer would mean a second license. It never changes, so ask once."""
        if policy in self._proven:
            return
        if not licenses.can_settle(await self._policy(policy)):
            raise RefusedError("Licenses of this policy do not get the key that they are ordered with.", code="SCHEME")
        self._proven.add(policy)

    async def _policy(self, policy: str) -> wire.Resource:
        return await self._keygen.one("GET", "/policies/{key}", key=policy)

    async def _create(self, order: LicenseOrder) -> wire.Resource:
        key = self._key(order)
        content = _license(
            {"key": key, "name": order.note or order.reference},
            policy=wire.linkage("policies", order.class_code),
        )
        try:
            return await self._keygen.one("POST", "/licenses", content, spends=True)
        except RefusedError as error:
            if error.code != TAKEN:
                raise
            return await self._taken(key)

    async def _taken(self, key: str) -> wire.Resource:
        try:
            return await self._retrieve(key)
        except PluginError as error:
            message = f"The license was created before, but cannot be looked up. {error.message}"
            raise OutcomeUnknownError(message, vendor_says=error.vendor_says, code=error.code) from None

    def _key(self, order: LicenseOrder) -> str:
        return licenses.key_for(order.reference, self.settings.key_secret)

    async def _retrieve(self, key: str) -> wire.Resource:
        return await self._keygen.one("GET", "/licenses/{key}", key=key)

    async def find_issued(self, order: LicenseOrder) -> tuple[Key, ...]:
        """The license with the order's own key, if there is one."""
        try:
            return (await self._read(self._key(order)),)
        except NoSuchLicenseError:
            return ()

    async def fetch_files(self, key: str) -> tuple[KeyFile, ...]:
        """Check a license file out and prove that the account signed it and that it is for this license."""
        seconds = int(timedelta(days=self.settings.file_days).total_seconds()) or None
        content = {"meta": {"ttl": seconds, "include": ["entitlements"]}}
        file = await self._keygen.one("POST", "/licenses/{key}/actions/check-out", content, key=key)
        text = file.text("certificate")
        try:
            license_ = open_certificate(text, self.settings.public_key)
        except ForgedError:
            message = f"{self._keygen.place}: the license file is not signed by the public key of this configuration."
            raise MisconfiguredError(f"{message} Check account and public key.") from None
        except wire.UnreadableError:
            raise UnavailableError(f"{self._keygen.place}: the answer holds no license file.") from None
        if license_.text("key") != key:
            raise UnavailableError(f"{self._keygen.place}: the license file is that of another license.")
        return (
            KeyFile("".join(sign for sign in license_.id if sign.isalnum() or sign in "-_") + ".lic", text.encode()),
        )

    async def describe(self, key: str) -> Key:
        """The license and its entitlements. One that is not there is terminated: the vendor deletes what has ended."""
        try:
            return await self._read(key)
        except NoSuchLicenseError:
            return Key(key, status=KeyStatus.TERMINATED)

    async def _read(self, key: str) -> Key:
        license_ = await self._retrieve(key)
        return licenses.read_license(license_, tuple(await features.features_of(self._keygen, key)))

    async def renew(self, key: str, reference: str) -> Key:
        """Write the new expiry and the renewal's reference in one PATCH, so that twice is once.

        The vendor's own action adds a term each time that it arrives, so it is not used.
        """
        license_ = await self._retrieve(key)
        metadata = license_.object("metadata")
        if metadata.get(RENEWAL) == reference:
            return licenses.read_license(license_)
        policy = await self._policy(license_.related("policy"))
        expiry = licenses.renewed_expiry(license_, policy)
        content = _license({"expiry": expiry.isoformat(), "metadata": {**metadata, RENEWAL: reference}})
        return licenses.read_license(
            await self._keygen.one("PATCH", "/licenses/{key}", content, key=key, spends=True),
        )

    async def change(self, key: str, wanted: LicenseOrder) -> Key:
        """Move the license to the wanted policy, attach entitlements that are missing, detach those of its own."""
        _no_additional(wanted)
        known = await features.known_features(self._keygen, wanted.features)
        license_ = await self._retrieve(key)
        policy = license_.related("policy")
        if wanted.class_code not in {"", policy}:
            policy = wanted.class_code
            content = {"data": wire.linkage("policies", policy)}
            await self._keygen.call("PUT", "/licenses/{key}/policy", content, key=key)
        await features.add_features(self._keygen, key, known)
        await features.drop_features(self._keygen, key, policy, wanted.features)
        return await self._read(key)

    async def suspend(self, key: str) -> Key:
        """The action of that name."""
        return await self._bring(key, "suspend", suspended=True)

    async def resume(self, key: str) -> Key:
        """The action `reinstate`."""
        return await self._bring(key, "reinstate", suspended=False)

    async def _bring(self, key: str, action: str, *, suspended: bool) -> Key:
        """Take an action; the vendor refuses it where it was taken already, so a refusal is looked into."""
        try:
            license_ = await self._keygen.one("POST", f"/licenses/{{key}}/actions/{action}", key=key)
        except NoSuchLicenseError:
            raise
        except RefusedError:
            license_ = await self._retrieve(key)
            if license_.flag("suspended") != suspended:
                raise
        return licenses.read_license(license_)

    async def terminate(self, key: str) -> None:
        """DELETE: the license is gone for good, and its files end at their own time."""
        try:
            await self._keygen.call("DELETE", "/licenses/{key}", key=key)
        except NoSuchLicenseError:
            return

    async def list_keys(self) -> AsyncIterator[Key]:
        """All licenses of the account, or of the product whose token this is; their features only by `describe`."""
        async for license_ in self._keygen.pages("/licenses"):
            yield licenses.read_license(license_)


def _no_additional(order: LicenseOrder) -> None:
    if order.additional:
        raise RefusedError("Keygen has no additional keys; order features or a license of their own.")
