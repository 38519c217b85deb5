"""Features are entitlements: codes that are attached to a license beside those of its policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ka_plugins.contract import RefusedError
from ka_plugins.keygen.wire import linkage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ka_plugins.keygen.connection import Connection


async def known_features(keygen: Connection, codes: Iterable[str]) -> dict[str, str]:
    """The entitlement IDs of these codes; nothing is asked where there are none. RefusedError for an unknown code."""
    wanted = tuple(dict.fromkeys(codes))
    if not wanted:
        return {}
    known = {one.text("code"): one.id async for one in keygen.pages("/entitlements")}
    unknown = [code for code in wanted if code not in known]
    if unknown:
        message = f"{keygen.place}: the account has no entitlement {', '.join(unknown)}."
        raise RefusedError(message, code="ENTITLEMENT_NOT_FOUND")
    return {code: known[code] for code in wanted}


async def features_of(keygen: Connection, key: str) -> dict[str, str]:
    """Code and ID of all that a license is entitled to, its policy's entitlements among them."""
    return {one.text("code"): one.id async for one in keygen.pages("/licenses/{key}/entitlements", key=key)}


async def add_features(keygen: Connection, key: str, wanted: dict[str, str]) -> None:
    """Attach what is missing. Looks first, as the vendor refuses what is there already."""
    if not wanted:
        return
    present = await features_of(keygen, key)
    await _move(keygen, "POST", key, [wanted[code] for code in wanted if code not in present])


async def drop_features(keygen: Connection, key: str, policy: str, wanted: Iterable[str]) -> None:
    """Detach what is not wanted; what the policy brings along cannot be taken away and stays."""
    extra = {code: one for code, one in (await features_of(keygen, key)).items() if code not in set(wanted)}
    if extra:
        inherited = {one.id async for one in keygen.pages(f"/policies/{policy}/entitlements")}
        await _move(keygen, "DELETE", key, [one for one in extra.values() if one not in inherited])


async def _move(keygen: Connection, method: str, key: str, identities: list[str]) -> None:
    if identities:
        content = {"data": [linkage("entitlements", one) for one in identities]}
        await keygen.call(method, "/licenses/{key}/entitlements", content, key=key)
