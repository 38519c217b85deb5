"""What becomes of each way in which a Key Administrator can fail to answer: for a sale, and for a question."""

from __future__ import annotations

import asyncio
import time
import traceback
from typing import TYPE_CHECKING

import pytest

from ka_plugins.addresses import Reach
from ka_plugins.contract import (
    LicenseOrder,
    MisconfiguredError,
    OutcomeUnknownError,
    PluginError,
    RefusedError,
    Reply,
    UnavailableError,
)
from ka_plugins.http import VendorClient
from ka_plugins.plesk_ka import connection
from ka_plugins.plesk_ka.plugin import PleskKaPlugin
from ka_plugins.plesk_ka.settings import PleskKaSettings
from ka_plugins.simulator.running import RunningSimulator

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ORDER = LicenseOrder("R-1", "PLESK_10_AND_LATER", address="192.0.2.1")
UNKNOWN, UNAVAILABLE, MISCONFIGURED = OutcomeUnknownError, UnavailableError, MisconfiguredError
# The fault; what createKey ends with; whether it was sold; what getKeyInfo ends with.
ROWS: list[tuple[str, type[PluginError], bool, type[PluginError]]] = [
    ("login", MISCONFIGURED, False, MISCONFIGURED),
    ("role", MISCONFIGURED, False, MISCONFIGURED),
    ("fault", UNKNOWN, False, UNAVAILABLE),
    ("fault_after", UNKNOWN, True, UNAVAILABLE),
    ("300_once", UNKNOWN, False, UNAVAILABLE),
    ("300_after", UNKNOWN, True, UNAVAILABLE),
    ("287", UNKNOWN, False, UNAVAILABLE),
    ("287_after", UNKNOWN, True, UNAVAILABLE),
    ("html_502", UNKNOWN, False, UNAVAILABLE),
    ("html_502_after", UNKNOWN, True, UNAVAILABLE),
    ("500_before", UNKNOWN, False, UNAVAILABLE),
    ("500_after", UNKNOWN, True, UNAVAILABLE),
    ("503", UNKNOWN, False, UNAVAILABLE),
    ("429", UNAVAILABLE, False, UNAVAILABLE),
    ("half_body", UNKNOWN, True, UNAVAILABLE),
    ("garbage", UNKNOWN, True, UNAVAILABLE),
    ("huge_body", UNKNOWN, True, UNAVAILABLE),
    ("drop_before", UNKNOWN, False, UNAVAILABLE),
    ("drop_after", UNKNOWN, True, UNAVAILABLE),
    ("late", UNKNOWN, True, UNAVAILABLE),
    ("late_sale", UNKNOWN, True, UNAVAILABLE),
]


@pytest.fixture(scope="module")
def vendor() -> Iterator[RunningSimulator]:
    with RunningSimulator() as running:
        yield running


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "PATIENT", 0.6)
    monkeypatch.setattr(connection, "BRISK", 0.6)


def ask(vendor: RunningSimulator, *, spend: bool, tls: bool = False) -> PluginError | None:
    settings = PleskKaSettings(login="demo", password="demo", client="1", **vendor.settings(tls=tls))

    async def whole() -> PluginError | None:
        async with VendorClient(reach=Reach.PRIVATE) as http:
            plugin = PleskKaPlugin(settings, http)
            try:
                await (plugin.issue_key(ORDER) if spend else plugin.describe("PLSK.00000003"))
            except PluginError as error:
                return error
            return None

    return asyncio.run(whole())


@pytest.mark.parametrize(("fault", "on_sale", "sold", "on_question"), ROWS, ids=[row[0] for row in ROWS])
def test_a_failed_answer_ends_as_it_must_and_is_never_asked_twice(
    vendor: RunningSimulator, fault: str, on_sale: type, *, sold: bool, on_question: type
) -> None:
    vendor.heal()
    before, asked = vendor.sold(), vendor.ledger()["calls"].get("createKey", 0)
    vendor.fault("createKey", fault, seconds=1.0)
    assert type(ask(vendor, spend=True)) is on_sale
    if fault == "late_sale":
        assert vendor.sold() == before, "asking too soon proves nothing"
        time.sleep(0.8)
    assert vendor.sold() - before == int(sold)
    assert vendor.ledger()["calls"]["createKey"] == asked + 1
    vendor.fault("getKeyInfo", fault, seconds=1.0)
    assert type(ask(vendor, spend=False)) is on_question


@pytest.mark.parametrize("fault", ["drop_after", "half_body", "huge_body", "html_502", "late"])
def test_the_same_holds_over_tls(vendor: RunningSimulator, fault: str) -> None:
    vendor.heal()
    vendor.fault("createKey", fault, seconds=1.0)
    assert type(ask(vendor, spend=True, tls=True)) is UNKNOWN


def test_a_vendor_who_wants_less_is_obeyed(vendor: RunningSimulator) -> None:
    vendor.heal()
    vendor.fault("createKey", "429", seconds=17)
    error = ask(vendor, spend=True)
    assert isinstance(error, UnavailableError)
    assert error.retry_after == 17.0


class CannedHttp:
    """An HTTP client whose vendor says one thing only."""

    def __init__(self, body: str, status: int = 200) -> None:
        self.reply = Reply(status, {}, body.encode())
        self.sent: list[tuple[str, str, bytes, bool]] = []

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
        del headers, timeout, ca_file
        self.sent.append((method, url, body, spends))
        return self.reply


def canned(body: str, *, spend: bool = True, status: int = 200, **settings: str) -> PluginError:
    login = {"login": "demo", "password": "Sesame-7", "client": "1", **settings}
    plugin = PleskKaPlugin(PleskKaSettings(**login), CannedHttp(body, status))  # type: ignore[arg-type]
    with pytest.raises(PluginError) as caught:
        asyncio.run(plugin.issue_key(ORDER) if spend else plugin.check())
    shown = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value))
    assert "Sesame-7" not in shown
    return caught.value


def fault(code: int, text: str) -> str:
    return (
        "<methodResponse><fault><value><struct>"
        f"<member><name>faultCode</name><value><int>{code}</int></value></member>"
        f"<member><name>faultString</name><value>{text}</value></member>"
        "</struct></value></fault></methodResponse>"
    )


def result(code: str, text: str = "") -> str:
    return (
        "<methodResponse><params><param><value><struct>"
        f"<member><name>resultCode</name><value>{code}</value></member>"
        f"<member><name>resultDesc</name><value>{text}</value></member>"
        "</struct></value></param></params></methodResponse>"
    )


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (-32601, "whatever"),
        (-32602, "whatever"),
        (0, "No such handler: partner10.createKey"),
        (0, "No method matching arguments: java.util.Hashtable"),
        (7, "bad signature"),
    ],
)
def test_a_call_that_was_not_understood_sold_nothing(code: int, text: str) -> None:
    assert type(canned(fault(code, text))) is RefusedError


def test_any_other_fault_may_have_sold() -> None:
    assert type(canned(fault(1, "java.lang.NullPointerException"))) is UNKNOWN
    assert type(canned(fault(1, "java.lang.NullPointerException"), spend=False)) is UNAVAILABLE


def test_a_sale_without_a_key_number_is_in_doubt() -> None:
    assert type(canned(result("100"))) is UNKNOWN


def test_a_key_of_a_type_without_files_has_none() -> None:
    plugin = PleskKaPlugin(PleskKaSettings(login="d", password="p", client="1"), CannedHttp(result("224")))
    assert asyncio.run(plugin.fetch_files("APS.12345678")) == ()


@pytest.mark.parametrize("code", ["", "0", "yes", "99"])
def test_an_answer_without_a_result_code_is_no_answer(code: str) -> None:
    assert type(canned(result(code))) is UNKNOWN
    assert type(canned(result(code), spend=False)) is UNAVAILABLE


def test_a_vendor_who_echoes_the_password_is_not_quoted_with_it() -> None:
    error = canned(result("260", "No price for login demo, password Sesame-7."))
    assert error.vendor_says == "No price for login demo, password ***."
    assert "***" in canned(fault(0, "No method matching arguments: demo, Sesame-7")).vendor_says


def test_the_vendors_prose_is_cut_to_a_sentence_or_two() -> None:
    assert len(canned(result("260", "long " * 1000)).vendor_says) <= 500


@pytest.mark.parametrize(
    ("status", "kind"), [(302, MISCONFIGURED), (401, MISCONFIGURED), (404, MISCONFIGURED), (204, UNKNOWN)]
)
def test_a_status_that_is_not_the_vendors_says_what_to_mend(status: int, kind: type) -> None:
    assert type(canned("<html/>", status=status)) is kind


def test_calls_go_to_the_root_of_the_host_and_only_sales_are_marked_as_such() -> None:
    for host, url in (("ka.example", "https://ka.example:7050/"), ("2001:db8::7", "https://[2001:db8::7]:7050/")):
        http = CannedHttp(result("100"))
        plugin = PleskKaPlugin(PleskKaSettings(login="d", password="p", client="1", host=host), http)
        asyncio.run(plugin.check())
        with pytest.raises(OutcomeUnknownError):
            asyncio.run(plugin.issue_key(ORDER))
        assert [(method, where, spends) for method, where, _, spends in http.sent] == [
            ("POST", url, False),
            ("POST", url, True),
        ]
