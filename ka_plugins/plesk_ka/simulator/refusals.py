"""Answers of the business: result codes in the vendor's words (KA Partner API 1.0, result codes)."""

from __future__ import annotations

from typing import Final

WORDS: Final[dict[int, str]] = {
    200: "Client authorization failed",
    201: "Access to this method is denied",
    202: "Access to this object is denied",
    220: "Key {0} is not found",
    221: "License key {0} is marked as problem",
    222: "License key {0} is terminated",
    223: "License key {0} is not activated",
    226: "Another license is already active with the same HWID",
    227: "License key {0} cannot be exported for the previous version",
    228: "License key {0} is expired",
    232: "License key {0} cannot be terminated",
    233: "No usage information for key {0}",
    244: "Feature {0} is not applicable",
    245: "Additional keytype {0} is not applicable to keytype {1}",
    250: "Client {0} is not found",
    251: "Login {0} already exists",
    255: "Key of this type is already attached to {0}",
    256: "Key {0} is not an additional key",
    259: "Key {0} cannot be attached to itself",
    260: "{0} is not in the price list of the client",
    266: "Upgrade or downgrade {0} is not acceptable",
    272: "Another license is bound to {0}",
    280: "Operation is not available for this account type",
    285: "Key {0} cannot be renewed",
    287: "Remote operation with the product family failed",
    300: "Internal error, please try again later",
    400: "Malformed authorization structure",
    401: "Malformed server address structure",
    405: "Malformed IP address {0}",
    406: "Malformed MAC address {0}",
    410: "Malformed key number {0}",
    416: "Unknown feature {0}",
    **dict.fromkeys(range(431, 445), "Malformed field {0}"),
    447: "First name is too long",
    448: "Last name is too long",
    449: "Company name is too long",
    450: "E-mail is too long",
    451: "No search parameter is given",
    452: "License key {0} is not of the right type for this operation",
}


class RefusalError(Exception):
    """A result code other than success; the call changes nothing."""

    def __init__(self, code: int, *names: str) -> None:
        text = WORDS[code].format(*names)
        super().__init__(text)
        self.code, self.text = code, text


class NoSuchMethodError(Exception):
    """An XML-RPC fault: no method of that name, or none that takes these parameters."""
