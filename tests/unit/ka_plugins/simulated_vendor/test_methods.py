"""Every method of the Partner API 1.0, with each of its documented forms (KA Partner API 1.0, methods)."""

from __future__ import annotations

import base64
import xmlrpc.client
from typing import TYPE_CHECKING, Any

import pytest

from .asking import SERVER, buy, call, code

if TYPE_CHECKING:
    from ka_plugins.simulator.running import RunningSimulator

# The documented methods, and how many parameters each takes after the login.
METHODS: dict[str, set[int]] = {
    "createKey": {4, 5, 7, 8},
    "retrieveKey": {1, 2},
    "activateKey": {1, 2},
    "resetKey": {1},
    "transferKey": {2},
    "terminateKey": {1},
    "renewKey": {1},
    "upgradeKey": {2, 3},
    "downgradeKey": {2},
    "getKeyInfo": {1},
    "getKeysInfoByIP": {1},
    "getKeyNumbers": {1},
    "getAvailableKeyTypesAndFeatures": {1},
    "getAvailableUpgrades": {1},
    "attachKey": {2},
    "detachKey": {1},
    "bindKey": {2},
    "unbindKey": {1},
    "addNoteToKey": {2},
    "sendKeyByEmail": {1, 2, 3},
    "getLastPleskUsageInfo": {1},
    "validateLogin": {0},
    "generateNewPassword": {0},
    "createClient": {1},
    "searchClients": {1},
}
VZ = "VIRTUOZZO_CONTAINERS_4"


@pytest.mark.parametrize(("method", "counts"), METHODS.items())
def test_each_method_is_there_and_takes_its_documented_forms_only(
    vendor: RunningSimulator, method: str, counts: set[int]
) -> None:
    for count in set(range(10)) - counts:
        with pytest.raises(xmlrpc.client.Fault, match="No method matching arguments"):
            call(vendor, method, *["x"] * count)


def test_all_four_forms_of_a_sale_sell(vendor: RunningSimulator) -> None:
    short: tuple[Any, ...] = (SERVER, "1", "PLESK_8", [])
    long: tuple[Any, ...] = (*short, {"guid": "G-1"}, ["PLESK_ANTIVIRUS_BY_KAV"], {})
    for order in (short, (*short, "billing"), long, (*long, "purchase")):
        sold = call(vendor, "createKey", *order)
        assert (sold["resultCode"], len(sold["additionalKeysNumbers"])) == (100, int(len(order) > 5))
    assert call(vendor, "getKeyInfo", sold["mainKeyNumber"])["keyInfo"]["guid"] == "G-1"
    assert {"susDate"} <= sold.keys()
    assert "updateDate" not in sold, "what was purchased is not renewed"


def test_all_forms_of_an_upgrade_upgrade(vendor: RunningSimulator) -> None:
    for given in (("10_DOMAINS",), ("10_DOMAINS", "billing"), (["10_DOMAINS"],), (["10_DOMAINS"], "billing")):
        assert [
            code(vendor, "upgradeKey", number := buy(vendor), *given),
            code(vendor, "upgradeKey", number, *given),
        ] == [
            100,
            110,
        ]


def test_a_key_answers_to_number_base_and_activation_code(vendor: RunningSimulator) -> None:
    sold = call(vendor, "createKey", SERVER, "1", "PLESK_8", [])
    number = sold["mainKeyNumber"]
    for name in (number, number.rpartition(".")[0], sold["productKey"], number.lower()):
        assert call(vendor, "getKeyInfo", name)["keyNumber"] == number
        assert call(vendor, "activateKey", name)["keyNumber"] == number


def test_a_file_for_the_previous_version_is_there_where_the_product_has_one(vendor: RunningSimulator) -> None:
    plesk, virtuozzo = buy(vendor), buy(vendor, VZ)
    assert [code(vendor, "retrieveKey", plesk, older) for older in (True, False, 1)] == [100] * 3
    assert [code(vendor, "retrieveKey", virtuozzo, older) for older in (True, False)] == [227, 100]
    neither: Any
    for neither in ("maybe", [], {}):
        with pytest.raises(xmlrpc.client.Fault, match="arguments"):
            call(vendor, "retrieveKey", plesk, neither)


def test_a_key_is_activated_reset_and_moved_with_its_hardware(vendor: RunningSimulator) -> None:
    one, two = buy(vendor, VZ), buy(vendor, VZ)
    assert code(vendor, "activateKey", one) == 452, "this type needs the hardware's id"
    assert [code(vendor, "activateKey", key, "AAAA.0001") for key in (one, one, two)] == [100, 100, 226]
    assert code(vendor, "createKey", SERVER, "1", VZ, [], {"hwid": "AAAA.0001"}, [], {}) == 226
    assert [code(vendor, "transferKey", key, "AAAA.0002") for key in (one, two)] == [100, 226]
    assert code(vendor, "activateKey", two, "AAAA.0001") == 100, "it is free again"
    assert code(vendor, "resetKey", one) == 100
    assert call(vendor, "getKeyInfo", one)["keyInfo"]["activated"] is False
    assert [code(vendor, method, one, *rest) for method, *rest in (("retrieveKey",), ("transferKey", "A"))] == [223] * 2
    assert [code(vendor, method, one, *rest) for method, *rest in (("activateKey", "B"), ("retrieveKey",))] == [100] * 2
    assert code(vendor, "transferKey", buy(vendor), "AAAA.0003") == 452


def test_an_ended_key_frees_its_hardware_and_can_be_neither_activated_nor_moved(vendor: RunningSimulator) -> None:
    one, two = buy(vendor, VZ), buy(vendor, VZ)
    assert code(vendor, "activateKey", one, "BBBB.0001") == 100
    assert code(vendor, "terminateKey", one) == 100
    assert code(vendor, "activateKey", two, "BBBB.0001") == 100
    for method in ("activateKey", "transferKey"):
        assert code(vendor, method, one, "BBBB.0002") == 222
    for method in ("resetKey", "sendKeyByEmail"):
        assert code(vendor, method, one) == 222


def test_a_key_goes_by_mail_to_its_client_or_to_whom_is_named(vendor: RunningSimulator) -> None:
    number = buy(vendor)
    own = call(vendor, "sendKeyByEmail", number)["emailAddress"]
    assert own.endswith(".example")
    assert call(vendor, "sendKeyByEmail", number, "a@b.example")["emailAddress"] == "a@b.example"
    assert call(vendor, "sendKeyByEmail", number, "c@b.example", True)["emailAddress"] == "c@b.example"
    assert code(vendor, "sendKeyByEmail", number, "nobody") == 437
    (sale,) = (one for one in vendor.ledger()["sales"] if one["number"] == number)
    assert sale["mailed"] == [own, "a@b.example", "c@b.example"]


def test_an_address_with_a_strangers_key_is_not_given_away(vendor: RunningSimulator) -> None:
    assert code(vendor, "bindKey", buy(vendor), "203.0.113.2") == 272
    assert code(vendor, "getKeysInfoByIP", "203.0.113.2") == 101


def test_a_key_file_is_base64_of_xml(vendor: RunningSimulator) -> None:
    body = call(vendor, "retrieveKey", buy(vendor))["key"]
    assert base64.b64decode(base64.b64encode(body)).startswith(b"<?xml")
