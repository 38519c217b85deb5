"""Manage2's functions that deal with licenses: each checks all, then does it, unless it is a dry run."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any, Final

from ka_plugins.cpanel_manage2.simulator.sold import GROUPS, PACKAGES, RefusalError, Shop, SoldLicense
from ka_plugins.cpanel_manage2.simulator.writing import listed, raw

if TYPE_CHECKING:
    from collections.abc import Callable

Query = dict[str, str]
LONGEST_NOTE: Final = 64
YES: Final = {"1", "true"}


def _flag(query: Query, name: str) -> bool:
    return query.get(name, "").lower() in YES


def _number(query: Query, name: str) -> int:
    """An identifier with or without the letter that the vendor lists it by."""
    digits = query.get(name, "").lstrip("GLP")
    if not digits.isdecimal():
        raise RefusalError(f"The parameter {name} is missing or no number")
    return int(digits)


def _address(query: Query, name: str) -> str:
    try:
        return str(ipaddress.IPv4Address(query.get(name, "")))
    except ValueError:
        raise RefusalError(f"{query.get(name, '')!r} is not a valid IP address") from None


def _package(query: Query, name: str) -> int:
    package = _number(query, name)
    if package not in PACKAGES:
        raise RefusalError(f"Package {package} does not exist or is not yours")
    return package


def _license(shop: Shop, query: Query) -> SoldLicense:
    found = shop.known(_number(query, "liscid"))
    if found is None:
        raise RefusalError(f"License {query['liscid']} was not found")
    return found


def _living_at(shop: Shop, ip: str, package: int) -> SoldLicense:
    found = next((one for one in shop.at(ip) if one.package == package and not one.expired), None)
    if found is None:
        raise RefusalError(f"There is no active license of package {package} on {ip}")
    return found


def _prices(license_: SoldLicense) -> dict[str, Any]:
    return {"licenseid": str(license_.id), "price": license_.ware.price, "monthly_price": license_.ware.price}


def add(shop: Shop, query: Query) -> dict[str, Any]:
    """XMLlicenseAdd: sell a license for an address."""
    ip, package, group = _address(query, "ip"), _package(query, "packageid"), _number(query, "groupid")
    notes = query.get("external_notes", "")
    if group not in GROUPS:
        raise RefusalError(f"Group {group} does not exist or is not yours")
    if len(notes) > LONGEST_NOTE:
        raise RefusalError("external_notes: at most 64 characters")
    shop.check_free(ip, PACKAGES[package].product, may_return=_flag(query, "reactivateok") or _flag(query, "force"))
    license_ = shop.add(ip, package, group)
    license_.notes = notes
    license_.most_users = int(query["maxusers"]) if query.get("maxusers", "").isdecimal() else 0
    if _flag(query, "dryrun"):
        return {**_prices(license_), "licenseid": None, "reason": f"Would activate {license_.ware.name} on {ip}."}
    shop.keep(license_)
    return {**_prices(license_), "reason": f"Activated {license_.ware.name} license {license_.id} on {ip}."}


def raw_lookup(shop: Shop, query: Query) -> dict[str, Any]:
    """XMLRawlookup: the living licenses of an address, with `all` more than the first."""
    wanted = _number(query, "packageid") if query.get("packageid") else 0
    found = [one for one in shop.at(_address(query, "ip")) if not one.expired and wanted in {0, one.package}]
    if not found:
        raise RefusalError(f"No valid license was found for {query['ip']}")
    return {"license": [raw(one) for one in (found if _flag(query, "all") else found[:1])]}


def lookup(shop: Shop, query: Query) -> dict[str, Any]:
    """XMLlookup: the number of the license of an address."""
    return {"licenseid": raw_lookup(shop, query)["license"][0]["licenseid"]}


def info(shop: Shop, query: Query) -> dict[str, Any]:
    """XMLlicenseInfo: the living licenses of the account, or those that have ended."""
    found = [one for one in shop.all() if bool(one.expired) == _flag(query, "expired")]
    for name, of in (("liscid", "id"), ("packageid", "package"), ("groupid", "group")):
        if name in query:
            found = [one for one in found if getattr(one, of) == _number(query, name)]
    return {"version": 0.7, "licenses": {f"L{one.id}": listed(one) for one in found}}


def expire(shop: Shop, query: Query) -> dict[str, Any]:
    """XMLlicenseExpire: end a license."""
    license_ = _license(shop, query)
    if not query.get("reason") or not query.get("expcode"):
        raise RefusalError("The parameters reason and expcode are needed")
    if license_.expired:
        raise RefusalError(f"License {license_.id} is already expired")
    license_.expired, license_.why_expired = shop.seconds(), query["reason"]
    shop.keep(license_)
    reason = f"Expired {license_.ware.name} license {license_.id} on {license_.ip} for reason: {query['reason']}."
    return {"licenseid": str(license_.id), "result": "OK", "reason": reason}


def reactivate(shop: Shop, query: Query) -> dict[str, Any]:
    """XMLlicenseReActivate: bring an ended license back."""
    license_ = _license(shop, query)
    if not license_.expired:
        raise RefusalError(f"License {license_.id} is not expired")
    shop.check_free(license_.ip, license_.ware.product, may_return=True)
    if not _flag(query, "dryrun"):
        license_.expired, license_.why_expired = 0, ""
        shop.keep(license_)
    return {**_prices(license_), "reason": f"Reactivated {license_.ware.name} license on {license_.ip}."}


def update_package(shop: Shop, query: Query) -> dict[str, Any]:
    """XMLpackageUpdate: another package of the same product."""
    ip, old, new = _address(query, "ip"), _package(query, "oldpackageid"), _package(query, "newpackageid")
    license_ = _living_at(shop, ip, old)
    if PACKAGES[old].product != PACKAGES[new].product:
        raise RefusalError(f"{PACKAGES[old].name} cannot become {PACKAGES[new].name}")
    license_.package = new
    shop.keep(license_)
    return {"reason": f"Updated package on {ip} from {PACKAGES[old].name} to {PACKAGES[new].name}."}


def transfer(shop: Shop, query: Query) -> dict[str, Any]:
    """XMLtransfer: another address."""
    old, new = _address(query, "oldip"), _address(query, "newip")
    license_ = _living_at(shop, old, _package(query, "packageid"))
    shop.check_free(new, license_.ware.product, may_return=_flag(query, "force"))
    if not _flag(query, "dryrun"):
        license_.ip = new
        shop.keep(license_)
    return {"licenseid": str(license_.id), "reason": f"Transferred license {license_.id} from {old} to {new}."}


def packages(_shop: Shop, _query: Query) -> dict[str, Any]:
    """XMLpackageInfo: what this account may sell."""
    return {"packages": {f"P{number}": package.name for number, package in PACKAGES.items()}}


def groups(_shop: Shop, _query: Query) -> dict[str, Any]:
    """XMLgroupInfo: the account's groups."""
    return {"groups": {f"G{number}": name for number, name in GROUPS.items()}}


FUNCTIONS: Final[dict[str, Callable[[Shop, Query], dict[str, Any]]]] = {
    "XMLlicenseAdd": add,
    "XMLRawlookup": raw_lookup,
    "XMLlookup": lookup,
    "XMLlicenseInfo": info,
    "XMLlicenseExpire": expire,
    "XMLlicenseReActivate": reactivate,
    "XMLpackageUpdate": update_package,
    "XMLtransfer": transfer,
    "XMLpackageInfo": packages,
    "XMLgroupInfo": groups,
}
READING: Final = {"XMLRawlookup", "XMLlookup", "XMLlicenseInfo", "XMLpackageInfo", "XMLgroupInfo"}
