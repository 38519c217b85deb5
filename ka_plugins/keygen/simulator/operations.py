"""The operations of the API, each a function of the shop, what its path names, and the request's document."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from ka_plugins.keygen.simulator.describing import (
    check_out,
    describe_entitlement,
    describe_license,
    describe_policy,
)
from ka_plugins.keygen.simulator.refusals import RefusalError, not_found
from ka_plugins.keygen.simulator.wares import ENTITLEMENTS, IDS_OF_CODES, POLICIES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ka_plugins.keygen.simulator.sold import Shop, SoldLicense

Content = dict[str, Any]
SHORTEST_TTL: Final = 3600  # seconds


def _part(content: Any, *names: str) -> Any:
    for name in names:
        content = content.get(name) if isinstance(content, dict) else None
    return content


def _policy_named(content: Mapping[str, Any], *names: str) -> str:
    identity = str(_part(content, *names) or "")
    if identity not in POLICIES:
        raise RefusalError(422, "POLICY_NOT_FOUND", "must exist", "/data/relationships/policy")
    return identity


def who_am_i(_shop: Shop, _name: str, _content: Content) -> Content:
    """The bearer of the token."""
    return {"id": "00000003-0000-4000-8000-000000000001", "type": "products", "attributes": {"name": "Simulated"}}


def list_policies(_shop: Shop, _name: str, _content: Content) -> list[Content]:
    """All policies."""
    return [describe_policy(one) for one in POLICIES.values()]


def retrieve_policy(_shop: Shop, name: str, _content: Content) -> Content:
    """One policy; 404."""
    if name not in POLICIES:
        raise not_found("policy", name)
    return describe_policy(POLICIES[name])


def list_policy_entitlements(shop: Shop, name: str, content: Content) -> list[Content]:
    """What a policy brings along; 404."""
    retrieve_policy(shop, name, content)
    return [describe_entitlement(ENTITLEMENTS[IDS_OF_CODES[code]]) for code in POLICIES[name].entitlements]


def list_entitlements(_shop: Shop, _name: str, _content: Content) -> list[Content]:
    """All entitlements."""
    return [describe_entitlement(one) for one in ENTITLEMENTS.values()]


def create_license(shop: Shop, _name: str, content: Content) -> Content:
    """Sell."""
    policy = POLICIES[_policy_named(content, "data", "relationships", "policy", "data", "id")]
    attributes = _part(content, "data", "attributes")
    key, name = str(_part(attributes, "key") or ""), str(_part(attributes, "name") or "")
    return _described(shop, shop.add(policy, key, name))


def list_licenses(shop: Shop, _name: str, _content: Content) -> list[Content]:
    """All licenses, the newest first."""
    return [_described(shop, one) for one in shop.all()]


def retrieve_license(shop: Shop, name: str, _content: Content) -> Content:
    """One license."""
    return _described(shop, shop.find(name))


def update_license(shop: Shop, name: str, content: Content) -> Content:
    """Expiry, name and metadata; whatever is given replaces what was there."""
    license_, attributes = shop.find(name), _part(content, "data", "attributes") or {}
    try:
        if "expiry" in attributes:
            given = attributes["expiry"]
            license_.expiry = None if given is None else datetime.fromisoformat(given)
    except (TypeError, ValueError):
        raise RefusalError(400, "", "type mismatch (expected time)", "/data/attributes/expiry") from None
    license_.metadata = dict(attributes.get("metadata", license_.metadata))
    license_.name = str(attributes.get("name", license_.name))
    return _kept(shop, license_)


def delete_license(shop: Shop, name: str, _content: Content) -> None:
    """Gone for good."""
    license_ = shop.find(name)
    license_.deleted = True
    shop.keep(license_)


def suspend(shop: Shop, name: str, _content: Content) -> Content:
    """422 where it is suspended."""
    license_ = shop.find(name)
    if license_.suspended:
        raise RefusalError(422, "LICENSE_SUSPENDED", "is already suspended", "/data/attributes/suspended")
    license_.suspended = True
    return _kept(shop, license_)


def reinstate(shop: Shop, name: str, _content: Content) -> Content:
    """422 where it is not suspended."""
    license_ = shop.find(name)
    if not license_.suspended:
        raise RefusalError(422, "LICENSE_NOT_SUSPENDED", "is not suspended", "/data/attributes/suspended")
    license_.suspended = False
    return _kept(shop, license_)


def renew(shop: Shop, name: str, _content: Content) -> Content:
    """One more term, each time that it arrives."""
    license_ = shop.find(name)
    policy = POLICIES[license_.policy]
    if license_.expiry is None or policy.duration is None:
        raise RefusalError(422, "", "cannot be renewed because it does not expire", "/data/attributes/expiry")
    expired = license_.expiry <= shop.now() and policy.renewal_basis != "FROM_EXPIRY"
    license_.expiry = (shop.now() if expired else license_.expiry) + timedelta(seconds=policy.duration)
    return _kept(shop, license_)


def check_out_license(shop: Shop, name: str, content: Content) -> Content:
    """A signed license file, for expired and suspended licenses too: the file says what they are."""
    ttl = _part(content, "meta", "ttl")
    if ttl is not None and (not isinstance(ttl, int) or ttl < SHORTEST_TTL):
        raise RefusalError(400, "CHECKOUT_TTL_INVALID", "must be greater than or equal to 3600 (1 hour)")
    return check_out(shop.find(name), shop.now(), ttl)


def change_policy(shop: Shop, name: str, content: Content) -> Content:
    """Move a license to another policy; only between such that have keys of one kind."""
    license_, policy = shop.find(name), _policy_named(content, "data", "id")
    old, new = POLICIES[license_.policy], POLICIES[policy]
    if (old.scheme, old.use_pool) != (new.scheme, new.use_pool):
        detail = "cannot change to a policy with a different scheme"
        raise RefusalError(422, "POLICY_NOT_COMPATIBLE", detail, "/data/relationships/policy")
    license_.policy = policy
    return _kept(shop, license_)


def list_license_entitlements(shop: Shop, name: str, _content: Content) -> list[Content]:
    """The license's own and its policy's."""
    return [describe_entitlement(ENTITLEMENTS[one]) for one in shop.find(name).all_entitlements()]


def attach(shop: Shop, name: str, content: Content) -> list[Content]:
    """All of them or none; 422 for one that is there already."""
    license_, wanted = shop.find(name), _entitlements(content)
    present, pointer = license_.all_entitlements(), "/data/relationships/entitlement"
    if not set(wanted) <= ENTITLEMENTS.keys():
        raise RefusalError(422, "ENTITLEMENT_NOT_FOUND", "must exist", pointer)
    if set(wanted) & set(present):
        raise RefusalError(422, "ENTITLEMENT_TAKEN", "already exists", pointer)
    license_.entitlements += wanted
    shop.keep(license_)
    return [describe_entitlement(ENTITLEMENTS[one]) for one in wanted]


def detach(shop: Shop, name: str, content: Content) -> None:
    """422 for one that is not the license's own."""
    license_, unwanted = shop.find(name), _entitlements(content)
    if not set(unwanted) <= set(license_.entitlements):
        detail = "cannot detach entitlement (entitlement is attached through policy or not at all)"
        raise RefusalError(422, "ENTITLEMENT_NOT_ATTACHED", detail, "/data")
    license_.entitlements = [one for one in license_.entitlements if one not in unwanted]
    shop.keep(license_)


def _entitlements(content: Content) -> list[str]:
    data = content.get("data")
    identities = [str(_part(one, "id")) for one in data] if isinstance(data, list) else []
    if not identities:
        raise RefusalError(400, "", "length must be greater than or equal to 1", "/data")
    return identities


def _described(shop: Shop, license_: SoldLicense) -> Content:
    return describe_license(license_, shop.now())


def _kept(shop: Shop, license_: SoldLicense) -> Content:
    shop.keep(license_)
    return _described(shop, license_)


# Method and path below the account, with * for the one name in it; the operation, and the status of its success.
OPERATIONS: Final[dict[tuple[str, str], tuple[Callable[[Shop, str, Content], Any], int]]] = {
    ("GET", "me"): (who_am_i, 200),
    ("GET", "policies"): (list_policies, 200),
    ("GET", "policies/*"): (retrieve_policy, 200),
    ("GET", "policies/*/entitlements"): (list_policy_entitlements, 200),
    ("GET", "entitlements"): (list_entitlements, 200),
    ("POST", "licenses"): (create_license, 201),
    ("GET", "licenses"): (list_licenses, 200),
    ("GET", "licenses/*"): (retrieve_license, 200),
    ("PATCH", "licenses/*"): (update_license, 200),
    ("DELETE", "licenses/*"): (delete_license, 204),
    ("POST", "licenses/*/actions/suspend"): (suspend, 200),
    ("POST", "licenses/*/actions/reinstate"): (reinstate, 200),
    ("POST", "licenses/*/actions/renew"): (renew, 200),
    ("POST", "licenses/*/actions/check-out"): (check_out_license, 200),
    ("PUT", "licenses/*/policy"): (change_policy, 200),
    ("GET", "licenses/*/entitlements"): (list_license_entitlements, 200),
    ("POST", "licenses/*/entitlements"): (attach, 200),
    ("DELETE", "licenses/*/entitlements"): (detach, 204),
}
