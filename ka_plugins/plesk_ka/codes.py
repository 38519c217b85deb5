"""The vendor's result codes and what each means for the panel (KA Partner API 1.0, result codes)."""

from __future__ import annotations

import enum
from typing import Final, NamedTuple

from ka_plugins.contract import (
    MisconfiguredError,
    OutcomeUnknownError,
    PluginError,
    RefusedError,
    UnavailableError,
)

DONE = 100
DONE_VARIANT = 101
NOTHING_TO_DO = 110
KEY_NOT_FOUND = 220
KEY_TERMINATED = 222
NOT_ACTIVATED = 223
NOT_EXPORTABLE = 224
NOT_TERMINABLE = 232
ALREADY_ATTACHED = 255
NOT_BELOW_DEFAULT = 263
NOT_ACCEPTABLE = 266


class Kind(enum.Enum):
    """What a code says about the future."""

    DONE = "done"
    SETTINGS = "settings"  # no call of this configuration will work until it is changed
    REFUSED = "refused"
    FOR_NOW = "for now"  # the same call may work later


class Meaning(NamedTuple):
    """One row of the vendor's table."""

    kind: Kind
    text: str


CODES: Final[dict[int, Meaning]] = {
    100: Meaning(Kind.DONE, "done"),
    101: Meaning(Kind.DONE, "done; nothing found, already so, replaced, or an additional key was attached"),
    110: Meaning(Kind.DONE, "nothing to do; already terminated, or the feature is already there or not there"),
    200: Meaning(Kind.SETTINGS, "the login or the password is wrong"),
    201: Meaning(Kind.SETTINGS, "this login's role does not allow the operation"),
    202: Meaning(Kind.REFUSED, "the key belongs to somebody else"),
    203: Meaning(Kind.REFUSED, "no permission for feature keys"),
    220: Meaning(Kind.REFUSED, "the key was not found"),
    221: Meaning(Kind.REFUSED, "the key is marked as problem"),
    222: Meaning(Kind.REFUSED, "the key is terminated"),
    223: Meaning(Kind.REFUSED, "the key is not activated"),
    224: Meaning(Kind.REFUSED, "keys of this type are not handed out as files"),
    226: Meaning(Kind.REFUSED, "another license is active on this hardware"),
    227: Meaning(Kind.REFUSED, "the key is not handed out for the previous version"),
    228: Meaning(Kind.REFUSED, "the key is expired"),
    232: Meaning(Kind.REFUSED, "keys of this type cannot be terminated"),
    233: Meaning(Kind.REFUSED, "the product has not reported its usage yet"),
    244: Meaning(Kind.REFUSED, "a feature does not fit the key type"),
    245: Meaning(Kind.REFUSED, "an additional key type does not fit the key type"),
    246: Meaning(Kind.REFUSED, "the key type conflicts with another key"),
    250: Meaning(Kind.SETTINGS, "the client was not found"),
    251: Meaning(Kind.REFUSED, "the login exists already"),
    253: Meaning(Kind.REFUSED, "the customer's account is not confirmed"),
    255: Meaning(Kind.REFUSED, "a key of this type is attached already"),
    256: Meaning(Kind.REFUSED, "the key is not an additional key"),
    257: Meaning(Kind.REFUSED, "the parent is a master key"),
    259: Meaning(Kind.REFUSED, "a key cannot be attached to itself"),
    260: Meaning(Kind.REFUSED, "this is not in the client's price list"),
    263: Meaning(Kind.REFUSED, "the key cannot go below its default feature"),
    266: Meaning(Kind.REFUSED, "this upgrade or downgrade is not possible for the key"),
    268: Meaning(Kind.REFUSED, "the key has no upgrade and support service"),
    272: Meaning(Kind.REFUSED, "another license is bound to the address"),
    277: Meaning(Kind.REFUSED, "the key conflicts with another key"),
    280: Meaning(Kind.REFUSED, "the operation is not for this type of account"),
    283: Meaning(Kind.REFUSED, "the note was not accepted"),
    284: Meaning(Kind.REFUSED, "this has no price for the client"),
    285: Meaning(Kind.REFUSED, "the key cannot be renewed"),
    286: Meaning(Kind.REFUSED, "the renewal failed"),
    287: Meaning(Kind.FOR_NOW, "the product's own vendor did not answer"),
    289: Meaning(Kind.REFUSED, "keys of this base type cannot be downgraded"),
    300: Meaning(Kind.FOR_NOW, "internal error of the Key Administrator"),
    400: Meaning(Kind.SETTINGS, "login and password are malformed"),
    401: Meaning(Kind.REFUSED, "the server's address is malformed"),
    405: Meaning(Kind.REFUSED, "the IP address is malformed"),
    406: Meaning(Kind.REFUSED, "the MAC address is malformed"),
    410: Meaning(Kind.REFUSED, "the key number is malformed"),
    416: Meaning(Kind.REFUSED, "a feature is unknown to the Key Administrator"),
    431: Meaning(Kind.REFUSED, "the client's login is malformed"),
    432: Meaning(Kind.REFUSED, "the client's password is malformed"),
    433: Meaning(Kind.REFUSED, "the client's first name is malformed"),
    434: Meaning(Kind.REFUSED, "the client's last name is malformed"),
    435: Meaning(Kind.REFUSED, "the client's company is malformed"),
    436: Meaning(Kind.REFUSED, "the client's address is malformed"),
    437: Meaning(Kind.REFUSED, "the e-mail address is malformed"),
    438: Meaning(Kind.REFUSED, "the client's phone number is malformed"),
    439: Meaning(Kind.REFUSED, "the client's fax number is malformed"),
    440: Meaning(Kind.REFUSED, "the client's city is malformed"),
    441: Meaning(Kind.REFUSED, "the client's ZIP code is malformed"),
    442: Meaning(Kind.REFUSED, "the client's state is malformed"),
    443: Meaning(Kind.REFUSED, "the client's country is malformed"),
    444: Meaning(Kind.REFUSED, "the client's language is malformed"),
    447: Meaning(Kind.REFUSED, "the first name that was searched for is too long"),
    448: Meaning(Kind.REFUSED, "the last name that was searched for is too long"),
    449: Meaning(Kind.REFUSED, "the company that was searched for is too long"),
    450: Meaning(Kind.REFUSED, "the e-mail address that was searched for is too long"),
    451: Meaning(Kind.REFUSED, "nothing was given to search for"),
    452: Meaning(Kind.REFUSED, "the operation is not for this type of key"),
}
# The first digit decides for codes that the vendor's incomplete tables leave out.
CLASSES: Final = {1: Kind.DONE, 3: Kind.FOR_NOW}


def meaning(code: int) -> Meaning:
    """The row of a code, for an unlisted one by its class."""
    return CODES.get(code) or Meaning(CLASSES.get(code // 100, Kind.REFUSED), "a reason that is not documented")


def code_error(code: int, vendor_says: str, host: str, *, spends: bool) -> PluginError | None:
    """The error that a result code stands for; None where the goal is reached (all of 1xx).

    A code that is only "for now" leaves open whether a spending call was carried out before KA stumbled.
    """
    kind, text = meaning(code)
    if kind is Kind.DONE:
        return None
    message, said = f"{host}: {text} (result code {code}).", vendor_says
    if kind is Kind.SETTINGS:
        return MisconfiguredError(message, vendor_says=said, code=str(code))
    if kind is Kind.REFUSED:
        return RefusedError(message, vendor_says=said, code=str(code))
    if spends:
        return OutcomeUnknownError(message, vendor_says=said, code=str(code))
    return UnavailableError(message, vendor_says=said, code=str(code))
