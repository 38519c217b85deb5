"""The simulated Partner API 3.0 as a stranger's client sees it."""

from __future__ import annotations

import base64
import http.client
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from ka_plugins.simulator.running import RunningSimulator

if TYPE_CHECKING:
    from pathlib import Path

PRO, HOST, PACKS = "PLESK-12-WEB-PRO-1M", "PLESK-12-WEB-HOST-1M", "FT-PLESK-5-LANGUAGE-PACKS-1M"
SHORT, LONG = "/30/keys", "/jsonrest/business-partner/30/keys"


class Stranger:
    """The standard library's client, which knows nothing of ours."""

    def __init__(self, vendor: RunningSimulator) -> None:
        self.vendor = vendor

    def ask(self, method: str, path: str = "", body: Any = None, *, base: str = SHORT, login: str = "demo:demo") -> Any:
        place = urlsplit(self.vendor.http)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=10)
        headers = {"Authorization": "Basic " + base64.b64encode(login.encode()).decode()}
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        connection.request(method, base + path, content, headers)
        answer = connection.getresponse()
        self.headers, raw = dict(answer.getheaders()), answer.read()
        connection.close()
        return answer.status, json.loads(raw) if raw[:1] in {b"{", b"["} else raw

    def buy(self, *codes: str, **more: Any) -> dict[str, Any]:
        body = {"items": [{"item": code} for code in codes or (PRO,)], **more}
        status, full = self.ask("POST", "?return-key-state=yes", body)
        assert status == 201
        return dict(full)


@pytest.fixture
def stranger(vendor: RunningSimulator) -> Stranger:
    vendor.heal()
    return Stranger(vendor)


def test_a_key_is_made_found_by_its_nickname_and_read_below_both_paths(stranger: Stranger) -> None:
    status, body = stranger.ask("POST", "", {"items": [{"item": PRO, "externalId": "98765"}], "nickname": "order-7"})
    assert (status, body) == (201, b"")
    base, _, key_id = stranger.headers["Location"].rpartition("/")
    assert base == stranger.vendor.http + SHORT  # where it was asked for
    for base in (SHORT, LONG):
        assert [one["keyId"] for one in stranger.ask("GET", "?nickname=order-7", base=base)[1]] == [int(key_id)]
        full = stranger.ask("GET", f"/{key_id}", base=base)[1]
        assert full["items"][0] == {"item": PRO, "externalId": "98765", "quantity": 1}
    assert stranger.ask("GET", f"/{full['keyIdentifiers']['activationCode']}")[1] == full
    assert stranger.headers["X-Simulated"] == "not-a-license"


def test_what_some_clients_cannot_do_without_is_never_null(stranger: Stranger) -> None:
    full = stranger.buy()
    names = [full["keyIdentifiers"][name] for name in ("keyId", "keyNumber", "activationCode", "activationLink")]
    assert None not in [*names, full["activationInfo"]["uid"], full["activationInfo"]["activated"]]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "not JSON"),
        ([], "not a JSON object"),
        ({}, "items"),
        ({"items": [{"item": "NO-SUCH"}]}, "NO-SUCH"),
        ({"items": [{"item": PRO}, {"item": HOST}]}, "exactly one"),
        ({"items": [{"item": PRO}], "ownerId": None}, "ownerId"),
        ({"items": [{"item": PRO}], "ownerId": "7"}, "Owner 7"),
        ({"items": [{"item": PRO}], "keyIdentifiers": {"keyId": 1}}, "keyIdentifiers"),
        ({"items": [{"item": PRO}], "ipAddressBinding": "x"}, "IP address"),
        ({"items": [{"item": PRO}], "parentKeyIdentifiers": {"keyId": 1}}, "not found"),
        ({"items": [{"item": "360-MON-PRO-1M"}, {"item": PACKS}]}, "not applicable"),
        ({"items": 5}, "items"),
    ],
)
def test_an_order_that_makes_no_sense_sells_nothing(stranger: Stranger, body: Any, words: str) -> None:
    before = stranger.vendor.sold()
    status, told = stranger.ask("POST", "", body)
    assert status in {400, 404}
    assert words in told["message"]
    assert told["code"] == str(status)
    assert stranger.vendor.sold() == before


@pytest.mark.parametrize(
    ("login", "method", "status"),
    [("demo:x", "GET", 401), ("x", "GET", 401), ("limited:limited", "GET", 200), ("limited:limited", "POST", 403)],
)
def test_a_login_is_asked_for_what_it_may(stranger: Stranger, login: str, method: str, status: int) -> None:
    assert stranger.ask(method, "", {"items": [{"item": PRO}]}, login=login)[0] == status


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"suspended": "true"}, 200),
        ({"suspended": True, "nickname": "other", "autoRenew": False}, 200),
        ({"suspended": True, "ipAddressBinding": "192.0.2.7"}, 400),
        ({"suspended": True, "items": [{"item": HOST}]}, 400),
        ({"ownerId": "7", "suspended": True}, 400),
        ({"items": [{"item": HOST}], "ipAddressBinding": "192.0.2.7"}, 200),
        ({"keyIdentifiers": None, "nickname": "x"}, 400),
        ({"keyIdentifiers": {}, "nickname": "x"}, 400),
        ({"keyIdentifiers": {"keyId": 1}, "nickname": "x"}, 400),
        ({"activationInfo": 7}, 400),
    ],
)
def test_one_request_may_do_several_things_unless_they_conflict(
    stranger: Stranger, change: dict[str, Any], status: int
) -> None:
    key_id = stranger.buy()["keyIdentifiers"]["keyId"]
    before = stranger.ask("GET", f"/{key_id}")[1]
    assert stranger.ask("PUT", f"/{key_id}", change)[0] == status
    assert (stranger.ask("GET", f"/{key_id}")[1] == before) == (status == 400)


def test_an_ended_key_says_so_by_its_documented_type(stranger: Stranger) -> None:
    key_id = stranger.buy()["keyIdentifiers"]["keyId"]
    assert stranger.ask("DELETE", f"/{key_id}")[0] == 200
    for method, action in (("DELETE", ""), ("PUT", ""), ("GET", "/retrieve"), ("GET", "/renew")):
        assert stranger.ask(method, f"/{key_id}{action}", {})[1]["type"] == "24204"
    assert stranger.ask("GET", f"/{key_id}")[1]["terminated"] is True


def test_children_live_on_when_their_key_ends(stranger: Stranger) -> None:
    parent = stranger.buy()["keyIdentifiers"]
    child = stranger.buy("360-MON-PRO-1M", parentKeyIdentifiers={"keyNumber": parent["keyNumber"]})
    assert child["parentKeyIdentifiers"]["keyId"] == parent["keyId"]
    stranger.ask("DELETE", f"/{parent['keyId']}")
    assert stranger.ask("GET", f"/{child['keyIdentifiers']['keyId']}")[1]["status"] == "ACTIVE"
    twice = {"items": [{"item": "360-MON-PRO-1M"}], "parentKeyIdentifiers": parent}
    assert stranger.ask("POST", "", twice)[0] == 400


def test_the_smaller_operations_are_there(stranger: Stranger) -> None:
    names = stranger.buy()["keyIdentifiers"]
    key_id, state = names["keyId"], "return-key-state=true"
    converted = stranger.ask("POST", f"/{key_id}/convert-to-edition?edition=web-host&{state}")[1]
    assert converted["items"][0]["item"] == HOST
    assert converted["keyIdentifiers"]["keyNumber"].endswith(".0002")
    assert stranger.ask("POST", f"/{key_id}/convert-to-edition?edition=x")[0] == 400
    assert stranger.ask("POST", f"/{key_id}/renew-sus")[0] == 200
    assert stranger.ask("POST", f"/{key_id}/remaining-activations?remaining-activations=0")[0] == 202
    assert stranger.ask("GET", f"/{key_id}/remaining-activations")[1][0]["remainingActivations"] == 0
    assert stranger.ask("GET", f"/{key_id}/retrieve?previous-version=yes")[0] == 200
    assert (stranger.ask("PATCH", f"/{key_id}")[0], stranger.ask("GET", f"/{key_id}/x")[0]) == (405, 404)


def test_lists_filter_by_status_address_and_product(stranger: Stranger) -> None:
    bound = stranger.buy(ipAddressBinding="192.0.2.44")["keyIdentifiers"]["keyId"]
    assert [one["keyId"] for one in stranger.ask("GET", "?ip-address-binding=192.0.2.44&type=lease1m")[1]] == [bound]
    stranger.ask("PUT", f"/{bound}", {"suspended": True})
    assert bound in [one["keyId"] for one in stranger.ask("GET", "?status=suspended&product=plesk")[1]]
    assert stranger.ask("GET", "?type=purchased")[1] == []


def test_a_killed_vendor_comes_back_with_what_he_sold(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with RunningSimulator(state=state) as running:
        sold = Stranger(running).buy(nickname="kept", ipAddressBinding="192.0.2.9")
        running.mark(sold["keyIdentifiers"]["keyNumber"], expired=True)
        running.kill()
    with RunningSimulator(state=state) as running:
        stranger = Stranger(running)
        (found,) = stranger.ask("GET", "?nickname=kept")[1]
        assert stranger.ask("GET", f"/{found['keyId']}")[1]["status"] == "EXPIRED"
