"""The vendor's result codes and what leads to them (KA Partner API 1.0)."""

from __future__ import annotations

import xmlrpc.client
from typing import TYPE_CHECKING, Any

import pytest

from .asking import SERVER, buy, call, code

if TYPE_CHECKING:
    from ka_plugins.simulator.running import RunningSimulator


@pytest.mark.parametrize(
    ("method", "parameters", "expected"),
    [
        ("createKey", (SERVER, "1", "NO_SUCH", []), 260),
        ("createKey", (SERVER, "7", "PLESK_8", []), 250),
        ("createKey", ({"ips": ["x"]}, "1", "PLESK_8", []), 405),
        ("createKey", ({"macs": ["x"]}, "1", "PLESK_8", []), 406),
        ("createKey", ({"ips": "x"}, "1", "PLESK_8", []), 401),
        ("createKey", (SERVER, "1", "PLESK_8", ["NO_SUCH"]), 416),
        ("createKey", (SERVER, "1", "PLESK_8", ["10_DOMAINS_FOR_VZ"]), 244),
        ("createKey", (SERVER, "1", "PLESK_8", [], {}, ["VIRTUOZZO_TOOLS"], {}), 245),
        ("createKey", (SERVER, "1", "PLESK_8", [], "for free"), 280),
        ("getKeyInfo", ("PLSK.99999999",), 220),
        ("getKeyInfo", ("PLSK.00000002",), 202),
        ("getKeyInfo", ("12345",), 410),
        ("getKeysInfoByIP", ("192.0.2.300",), 405),
        ("getKeysInfoByIP", ("192.0.2.200",), 101),
        ("getKeyNumbers", ({"ips": ["192.0.2.200"]},), 101),
        ("getAvailableKeyTypesAndFeatures", ("demo",), 100),
        ("getAvailableKeyTypesAndFeatures", ("nobody",), 250),
    ],
)
def test_a_call_has_the_vendors_code(
    vendor: RunningSimulator, method: str, parameters: tuple[Any, ...], expected: int
) -> None:
    assert code(vendor, method, *parameters) == expected


def test_a_login_without_password_or_with_a_wrong_one_is_refused(vendor: RunningSimulator) -> None:
    with xmlrpc.client.ServerProxy(vendor.http) as proxy:
        for auth, expected in (({"login": "demo"}, 400), ({"login": "demo", "password": "x"}, 200), ("demo", 400)):
            answer: Any = proxy.partner10.validateLogin(auth)
            assert answer["resultCode"] == expected


def test_a_limited_role_may_look_but_not_buy(vendor: RunningSimulator) -> None:
    limited = {"login": "limited", "password": "limited"}
    with xmlrpc.client.ServerProxy(vendor.http) as proxy:
        looked: Any = proxy.partner10.validateLogin(limited)
        bought: Any = proxy.partner10.createKey(limited, SERVER, "1", "PLESK_8", [])
    assert (looked["resultCode"], bought["resultCode"]) == (100, 201)


def test_a_key_ends_once_and_for_all(vendor: RunningSimulator) -> None:
    number = buy(vendor)
    assert [code(vendor, "terminateKey", number) for _ in range(2)] == [100, 110]
    for method, parameters in (("retrieveKey", ()), ("renewKey", ()), ("upgradeKey", ("10_DOMAINS",))):
        assert code(vendor, method, number, *parameters) == 222
    assert call(vendor, "getKeyInfo", number)["keyInfo"]["terminated"] is True


def test_what_was_purchased_cannot_be_ended_or_renewed(vendor: RunningSimulator) -> None:
    number = call(vendor, "createKey", SERVER, "1", "PLESK_8", [], "purchase")["mainKeyNumber"]
    assert (code(vendor, "terminateKey", number), code(vendor, "renewKey", number)) == (232, 285)


def test_upgrades_replace_their_siblings_and_raise_the_revision(vendor: RunningSimulator) -> None:
    number = buy(vendor, "PLESK_10_AND_LATER", "10_DOMAINS")
    assert "10_DOMAINS" not in call(vendor, "getAvailableUpgrades", number)["upgradePlans"]
    assert call(vendor, "upgradeKey", number, "100_DOMAINS")["keyNumber"].endswith(".0002")
    assert code(vendor, "upgradeKey", number, ["100_DOMAINS"], "billing") == 110
    assert code(vendor, "upgradeKey", number, "10_DOMAINS_FOR_VZ") == 266
    assert code(vendor, "downgradeKey", number, "10_DOMAINS") == 110
    assert code(vendor, "downgradeKey", number, "100_DOMAINS") == 100
    assert call(vendor, "getKeyInfo", number)["keyInfo"]["features"] == []


def test_additional_keys_are_attached_and_detached(vendor: RunningSimulator) -> None:
    main, kav = buy(vendor), buy(vendor, "PLESK_ANTIVIRUS_BY_KAV")
    assert code(vendor, "attachKey", main, main) == 259
    assert code(vendor, "attachKey", main, buy(vendor)) == 256
    assert code(vendor, "attachKey", main, buy(vendor, "VIRTUOZZO_TOOLS")) == 245
    assert code(vendor, "attachKey", main, kav) == 100
    assert code(vendor, "attachKey", main, buy(vendor, "PLESK_ANTIVIRUS_BY_KAV")) == 255
    (child,) = call(vendor, "getKeyInfo", main)["keyInfo"]["additionalKeys"]
    assert (child["keyNumber"], child["parentKeyNumber"]) == (kav, main)
    assert [code(vendor, "detachKey", kav) for _ in range(2)] == [100, 101]
    assert code(vendor, "detachKey", main) == 256


def test_an_additional_key_can_be_made_for_its_parent(vendor: RunningSimulator) -> None:
    main = buy(vendor)
    order: tuple[Any, ...] = (SERVER, "1", "PLESK_ANTIVIRUS_BY_KAV", [], {"parentKeyNumber": main}, [], {}, "billing")
    assert code(vendor, "createKey", *order) == 101
    assert code(vendor, "createKey", *order) == 255


def test_one_hardware_carries_one_license(vendor: RunningSimulator) -> None:
    order: tuple[Any, ...] = (SERVER, "1", "VIRTUOZZO_CONTAINERS_4", [], {"hwid": "1111.2222"}, [], {})
    assert [code(vendor, "createKey", *order) for _ in range(2)] == [100, 226]


def test_a_key_is_bound_to_an_address_until_another_takes_it(vendor: RunningSimulator) -> None:
    one, two = buy(vendor), buy(vendor)
    assert code(vendor, "bindKey", one, "198.51.100.9") == 100
    assert call(vendor, "getKeysInfoByIP", "198.51.100.9")["keysInfo"][0]["keyNumber"] == one
    assert code(vendor, "bindKey", two, "198.51.100.9") == 101
    assert call(vendor, "getKeysInfoByIP", "198.51.100.9")["keysInfo"][0]["keyNumber"] == two
    assert [code(vendor, "unbindKey", two) for _ in range(2)] == [100, 101]
    assert code(vendor, "getKeysInfoByIP", "198.51.100.9") == 101


def test_an_activation_code_finds_its_key(vendor: RunningSimulator) -> None:
    made = call(vendor, "createKey", SERVER, "1", "PLESK_8", [])
    assert call(vendor, "getKeyInfo", made["productKey"])["keyNumber"] == made["mainKeyNumber"]


def test_notes_resets_and_usage_are_answered(vendor: RunningSimulator) -> None:
    number = buy(vendor)
    assert code(vendor, "addNoteToKey", number, "order 7") == 100
    assert code(vendor, "resetKey", number) == 100
    assert code(vendor, "getLastPleskUsageInfo", number) == 233
    assert next(one for one in vendor.ledger()["sales"] if one["number"] == number)["notes"] == ["order 7"]
