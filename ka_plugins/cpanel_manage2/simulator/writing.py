"""Manage2's answers as XML, which is its default, JSON or YAML; and licenses as each of its functions lists them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from xml.etree.ElementTree import Element, SubElement, tostring

from ka_plugins.simulator.dialect import Sale
from ka_plugins.simulator.messages import Response

if TYPE_CHECKING:
    from ka_plugins.cpanel_manage2.simulator.sold import SoldLicense

TYPES: Final = {"json": "application/json", "yaml": "text/yaml", "xml": "text/xml; charset=utf-8"}


def write(function: str, fields: dict[str, Any], output: str) -> Response:
    """One answer in the wished form; an unknown wish gets XML."""
    if output not in TYPES or output == "xml":
        return Response(tostring(_element(function, fields), encoding="utf-8"), 200, TYPES["xml"])
    content = json.dumps(fields)
    if output == "yaml":
        content = f"---\n{content}\n"  # JSON is YAML in its flow style
    return Response(content.encode(), 200, TYPES[output])


def _element(name: str, fields: dict[str, Any]) -> Element:
    """Plain values are attributes, lists and objects child elements of their name."""
    element = Element(name, {key: _text(value) for key, value in fields.items() if not isinstance(value, dict | list)})
    for key, value in fields.items():
        if isinstance(value, list):
            for one in value:
                element.append(_element(key, one))
        elif isinstance(value, dict):
            for child, content in value.items():
                inner = content if isinstance(content, dict) else {"value": content}
                SubElement(element, key, {"name": child, **_element(key, inner).attrib})
    return element


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def raw(license_: SoldLicense) -> dict[str, Any]:
    """As XMLRawlookup lists it: all numbers are strings."""
    return {
        "status": "1",
        "valid": "1",
        "licenseid": str(license_.id),
        "ip": license_.ip,
        "package": str(license_.package),
        "packageid": str(license_.package),
        "packageqty": "1",
        "groupid": str(license_.group),
        "adddate": str(license_.added),
        "maxusers": str(license_.most_users) if license_.most_users else None,
        "expiredon": None,
        "expirereason": None,
        "hostname": None,
        "updateexpiretime": None,
        "external_notes": license_.notes or None,
    }


def listed(license_: SoldLicense) -> dict[str, Any]:
    """As XMLlicenseInfo lists it: numbers are numbers."""
    return {
        **raw(license_),
        "status": int(not license_.expired),
        "licenseid": license_.id,
        "packageid": license_.package,
        "package_name": license_.ware.name,
        "packageqty": 1,
        "groupid": license_.group,
        "adddate": license_.added,
        "producttype": license_.ware.product,
        "expiredon": license_.expired or None,
        "expirereason": license_.why_expired or None,
        "termexpires_months": None,
        "termexpires_unixtime": None,
    }


def for_ledger(license_: SoldLicense) -> Sale:
    """One line of the simulator's own ledger."""
    return Sale(
        vendor="cpanel_manage2",
        number=str(license_.id),
        type=str(license_.package),
        client=str(license_.group),
        time=datetime.fromtimestamp(license_.added, UTC).isoformat(),
        addresses=[license_.ip],
        bound=license_.ip,
        notes=[license_.notes] if license_.notes else [],
        terminated=bool(license_.expired),
    )
