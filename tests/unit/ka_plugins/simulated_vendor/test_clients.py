"""The account's clients, its password and its roles (KA Partner API 1.0)."""

from __future__ import annotations

import xmlrpc.client
from typing import TYPE_CHECKING, Any

import pytest

from ka_plugins.simulator.running import RunningSimulator

from .asking import SERVER, call, code

if TYPE_CHECKING:
    from pathlib import Path

INFO = {
    "firstName": "Ada",
    "lastName": "Byron",
    "company": "Engines",
    "address": "1 Mill Lane",
    "email": "ada@engines.example",
    "phone": "+44 20 7946 0000",
    "city": "London",
    "zip": "W1",
    "state": "-",
    "country": "GB",
}
BAD: list[tuple[str, Any, int]] = [
    ("login", "x" * 33, 431),
    ("password", "x" * 33, 432),
    ("firstName", "", 433),
    ("lastName", "x" * 65, 434),
    ("company", "", 435),
    ("address", "x" * 257, 436),
    ("email", "nobody", 437),
    ("phone", "", 438),
    ("fax", "x" * 129, 439),
    ("city", "", 440),
    ("zip", "x" * 17, 441),
    ("state", "x" * 33, 442),
    ("country", "Britain", 443),
    ("language", "english", 444),
    ("email_language", "e1", 444),
]


@pytest.mark.parametrize(("name", "value", "expected"), BAD)
def test_each_bad_field_of_a_client_has_its_own_code(
    vendor: RunningSimulator, name: str, value: str, expected: int
) -> None:
    assert code(vendor, "createClient", {**INFO, name: value}) == expected


@pytest.mark.parametrize(("written", "expected"), [("1234", 441), ("12345-67", 441), (12345, 100), ("12345-6789", 100)])
def test_zip_codes_of_the_united_states_have_their_form(
    vendor: RunningSimulator, written: str | int, expected: int
) -> None:
    assert code(vendor, "createClient", {**INFO, "country": "US", "zip": written}) == expected


def test_a_client_is_made_and_keys_are_bought_for_him_by_number_and_by_login(vendor: RunningSimulator) -> None:
    made = call(vendor, "createClient", INFO)
    assert isinstance(made["clientId"], str)
    assert made["password"]
    for name in (made["clientId"], made["login"]):
        number = call(vendor, "createKey", SERVER, name, "PLESK_8", [])["mainKeyNumber"]
        assert str(call(vendor, "getKeyInfo", number)["keyInfo"]["clientId"]) == made["clientId"]
        assert code(vendor, "retrieveKey", number) == 100
    assert call(vendor, "sendKeyByEmail", number)["emailAddress"] == INFO["email"]


def test_a_chosen_login_is_taken_once_and_without_one_a_repeated_call_makes_another_client(
    vendor: RunningSimulator,
) -> None:
    chosen = {**INFO, "login": "chosen", "password": "sesame"}
    made = call(vendor, "createClient", chosen)
    assert (made["login"], made["password"]) == ("chosen", "sesame")
    assert code(vendor, "createClient", chosen) == 251
    assert call(vendor, "createClient", INFO)["clientId"] != call(vendor, "createClient", INFO)["clientId"]


def test_clients_are_found_by_name_company_mail_and_key_and_never_with_their_password(
    vendor: RunningSimulator,
) -> None:
    info = {**INFO, "firstName": "Grace", "lastName": "Hopper", "company": "Cobol", "email": "grace@cobol.example"}
    made = call(vendor, "createClient", info)
    number = call(vendor, "createKey", SERVER, made["clientId"], "PLESK_8", [])["mainKeyNumber"]
    for wanted in (
        {"firstName": "grace"},
        {"lastName": "Hopp", "companyName": "cobol"},
        {"email": "grace@cobol.example"},
        {"keyNumber": number},
    ):
        (found,) = call(vendor, "searchClients", wanted)["clientInfos"]
        assert (found["clientId"], found["companyName"]) == (made["clientId"], "Cobol")
        assert made["password"] not in found.values()


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, 451),
        ([], 451),
        ({"firstName": ""}, 451),
        ({"firstName": "x" * 65}, 447),
        ({"lastName": "x" * 65}, 448),
        ({"companyName": "x" * 65}, 449),
        ({"email": "x" * 257}, 450),
        ({"keyNumber": "nonsense"}, 410),
        ({"keyNumber": "PLSK.00000002"}, 202),
        ({"firstName": "Nobody at all"}, 101),
        ({"email": "stranger@elsewhere.example"}, 101),
    ],
)
def test_a_search_has_the_vendors_code(vendor: RunningSimulator, wanted: Any, expected: int) -> None:
    assert code(vendor, "searchClients", wanted) == expected


def ask(vendor: RunningSimulator, login: str, password: str, method: str, *given: Any) -> dict[str, Any]:
    with xmlrpc.client.ServerProxy(vendor.http) as proxy:
        answer: Any = getattr(proxy.partner10, method)({"login": login, "password": password}, *given)
    return dict(answer)


def test_what_a_role_leaves_out_is_denied(vendor: RunningSimulator) -> None:
    number = call(vendor, "createKey", SERVER, "1", "PLESK_8", ["10_DOMAINS"])["mainKeyNumber"]
    for role, method, given, expected in (
        ("standard", "upgradeKey", (number, "30_DOMAINS"), 100),
        ("standard", "downgradeKey", (number, "30_DOMAINS"), 201),
        ("limited", "searchClients", ({"email": "demo"},), 100),
        ("limited", "getKeyInfo", (number,), 100),
        ("limited", "createClient", (INFO,), 201),
        ("limited", "generateNewPassword", (), 201),
    ):
        assert ask(vendor, role, role, method, *given)["resultCode"] == expected, (role, method)


def test_a_new_password_takes_the_place_of_the_old_one_and_outlives_the_program_as_clients_do(tmp_path: Path) -> None:
    with RunningSimulator(state=tmp_path / "state") as vendor:
        password = ask(vendor, "demo", "demo", "generateNewPassword")["newPassword"]
        assert ask(vendor, "demo", "demo", "validateLogin")["resultCode"] == 200
        made = ask(vendor, "demo", password, "createClient", INFO)
    with RunningSimulator(state=tmp_path / "state") as vendor:
        assert ask(vendor, "demo", "demo", "validateLogin")["resultCode"] == 200
        sold = ask(vendor, "demo", password, "createKey", SERVER, made["login"], "PLESK_8", [])
        assert sold["resultCode"] == 100
        assert ask(vendor, "demo", password, "createClient", INFO)["clientId"] != made["clientId"]
