"""What was ordered, and the text for the vendor's sales desk."""

from typing import Any

from django.utils.translation import gettext as _

from licenses.models import InstallTarget, LicenseClass, LicenseRequest


def ordered(request: LicenseRequest) -> list[tuple[str, str]]:
    """Everything that was ordered, with the vendor's names where the class knows them."""
    names = names_of(request.license_class)
    options: dict[str, Any] = request.options or {}
    found = [(_("Class"), request.class_name)]
    features = [names.get(code, code) for code in options.get("features", [])]
    if features:
        found.append((_("Features"), ", ".join(features)))
    for one in options.get("additional", []):
        code, own = (one.get("code", ""), one.get("features", [])) if isinstance(one, dict) else (str(one), [])
        text = ", ".join([names.get(code, code), *(names.get(feature, feature) for feature in own)])
        found.append((_("Additional key"), text))
    return found


def names_of(license_class: LicenseClass) -> dict[str, str]:
    """The vendor's names of all codes in a class."""
    return _names(license_class.properties)


def _names(properties: Any) -> dict[str, str]:
    """The names of all codes in a class, however deep they stand."""
    if isinstance(properties, dict):
        own = {str(properties["code"]): str(properties["name"])} if {"code", "name"} <= properties.keys() else {}
        parts = list(properties.values())
    elif isinstance(properties, list):
        own, parts = {}, properties
    else:
        return {}
    for part in parts:
        own |= _names(part)
    return own


def text_for_vendor(request: LicenseRequest, target: InstallTarget | None) -> str:
    """The request as plain text for the vendor's sales desk; holds no secret."""
    lines = [(_("Request"), f"{request.pk} ({request.get_kind_display()})")]
    if request.order_number:
        lines.append((_("Order"), request.order_number))
    lines += ordered(request)
    lines.append((_("Class code"), request.license_class.code))
    if request.license is not None:
        lines.append((_("License key"), request.license.key))
    if request.subscription is not None:
        lines.append((_("For"), f"{request.subscription.name}, {request.subscription.account.name}"))
    if target is not None:
        lines.append((_("Server"), target.address))
    lines.append((_("Our reference"), request.uid.hex))
    width = max(len(label) for label, _text in lines) + 2
    return "\n".join(f"{label + ':':<{width}}{text}" for label, text in lines)
