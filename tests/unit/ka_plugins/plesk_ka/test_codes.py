"""Every result code of the Partner API 1.0 and what it becomes, for calls that buy and calls that read."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import pytest

from ka_plugins.contract import (
    Key,
    LicenseOrder,
    MisconfiguredError,
    OutcomeUnknownError,
    PluginError,
    RefusedError,
    Reply,
    UnavailableError,
)
from ka_plugins.plesk_ka.codes import CODES
from ka_plugins.plesk_ka.plugin import PleskKaPlugin
from ka_plugins.plesk_ka.settings import PleskKaSettings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    Act = Callable[[PleskKaPlugin], Awaitable[object]]

ORDER: Final = LicenseOrder("R-1", "PLESK_10_AND_LATER")
NUMBER: Final = "PLSK.12345678.0001"
# The documentation's table: each code with words that a person must find in the message.
SUCCESS: Final = {100: "done", 101: "done", 110: "nothing to do"}
SETTINGS: Final = {200: "password", 201: "role", 250: "client", 400: "login"}
FOR_NOW: Final = {287: "own vendor", 300: "internal error"}
REFUSED: Final = {
    202: "somebody else",
    203: "feature keys",
    220: "not found",
    221: "problem",
    222: "terminated",
    223: "not activated",
    224: "not handed out as files",
    226: "hardware",
    227: "previous version",
    228: "expired",
    232: "cannot be terminated",
    233: "usage",
    244: "feature does not fit",
    245: "additional key type does not fit",
    246: "conflicts",
    251: "login exists",
    253: "not confirmed",
    255: "attached already",
    256: "not an additional key",
    257: "master",
    259: "itself",
    260: "price list",
    263: "default feature",
    266: "not possible",
    268: "upgrade and support",
    272: "bound",
    277: "conflicts",
    280: "type of account",
    283: "note",
    284: "no price",
    285: "cannot be renewed",
    286: "renewal failed",
    289: "downgraded",
    401: "server's address",
    405: "IP address",
    406: "MAC address",
    410: "key number",
    416: "feature is unknown",
    431: "login",
    432: "password",
    433: "first name",
    434: "last name",
    435: "company",
    436: "address",
    437: "e-mail",
    438: "phone",
    439: "fax",
    440: "city",
    441: "ZIP",
    442: "state",
    443: "country",
    444: "language",
    447: "first name",
    448: "last name",
    449: "company",
    450: "e-mail",
    451: "nothing was given",
    452: "type of key",
}
FAILURES: Final = {**SETTINGS, **FOR_NOW, **REFUSED}
BUYING: Final[dict[str, Act]] = {
    "createKey": lambda plugin: plugin.issue_key(ORDER),
    "renewKey": lambda plugin: plugin.renew(NUMBER, "R-1"),
}
READING: Final[dict[str, Act]] = {
    "getKeyInfo": lambda plugin: plugin.describe(NUMBER),
    "validateLogin": lambda plugin: plugin.check(),
}


class OneAnswer:
    """An HTTP client whose vendor answers every call with one result code."""

    def __init__(self, code: int) -> None:
        member = "<member><name>{}</name><value>{}</value></member>".format
        told = member("resultCode", f"<int>{code}</int>") + member("resultDesc", "His words.")
        told += member("mainKeyNumber", NUMBER) + member("keyNumber", NUMBER)
        text = (
            f"<methodResponse><params><param><value><struct>{told}</struct></value></param></params></methodResponse>"
        )
        self._reply = Reply(200, {}, text.encode())

    async def send(
        self,
        method: str,
        url: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        spends: bool = False,
        timeout: float | None = None,  # noqa: ASYNC109 - as the contract has it
        ca_file: str = "",
    ) -> Reply:
        del method, url, body, headers, spends, timeout, ca_file
        return self._reply


def outcome(code: int, act: Act) -> object:
    """What the plug-in answers, or the error that it raises."""
    settings = PleskKaSettings(login="demo", password="Sesame-7", client="1", host="ka.example")

    async def whole() -> object:
        try:
            return await act(PleskKaPlugin(settings, OneAnswer(code)))
        except PluginError as error:
            return error

    return asyncio.run(whole())


def expected_of(code: int, *, buys: bool) -> tuple[type[PluginError], str]:
    """The error's class and whose fault it is."""
    if code in SETTINGS:
        return MisconfiguredError, "plug-in configuration"
    if code in REFUSED:
        return RefusedError, "order or vendor account"
    return (OutcomeUnknownError if buys else UnavailableError), "vendor or network"


def test_the_table_is_the_whole_documentation() -> None:
    assert set(CODES) == {*SUCCESS, *FAILURES}


@pytest.mark.parametrize("method", [*BUYING, *READING])
@pytest.mark.parametrize("code", FAILURES)
def test_each_code_says_what_follows_whose_fault_it_is_and_why(method: str, code: int) -> None:
    error = outcome(code, {**BUYING, **READING}[method])
    assert isinstance(error, PluginError)
    assert (type(error), error.fault) == expected_of(code, buys=method in BUYING)
    assert FAILURES[code] in error.message
    assert f"{method} at ka.example:7050" in error.message
    assert (error.code, error.vendor_says) == (str(code), "His words.")


@pytest.mark.parametrize("code", [*SUCCESS, 102, 199])
def test_all_of_the_first_class_is_success(code: int) -> None:
    for act in BUYING.values():
        sold = outcome(code, act)
        assert isinstance(sold, Key)
        assert sold.number == NUMBER
    for act in READING.values():
        assert not isinstance(outcome(code, act), PluginError)


@pytest.mark.parametrize("code", [110, 222])
def test_what_has_ended_already_is_ended(code: int) -> None:
    assert outcome(code, lambda plugin: plugin._end(NUMBER)) is None


@pytest.mark.parametrize("code", [223, 224])
def test_a_key_without_a_file_of_its_own_has_none(code: int) -> None:
    assert outcome(code, lambda plugin: plugin.fetch_files(NUMBER)) == ()


@pytest.mark.parametrize(("code", "kind"), [(299, RefusedError), (499, RefusedError), (399, OutcomeUnknownError)])
def test_a_code_that_is_not_documented_goes_by_its_first_digit(code: int, kind: type) -> None:
    error = outcome(code, BUYING["createKey"])
    assert type(error) is kind
    assert "not documented" in str(error)
