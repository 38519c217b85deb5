"""The simulated Manage2 as a stranger's client sees it."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, fromstring

import pytest
import requests

from ka_plugins.simulator.running import RunningSimulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NUMBERS = itertools.count(1)


class Stranger:
    """A client that knows nothing of ours."""

    def __init__(self, vendor: RunningSimulator) -> None:
        self.vendor = vendor

    def text(self, function: str, *, login: str = "demo", **query: Any) -> str:
        url = f"{self.vendor.http}/{function}.cgi"
        answer = requests.get(url, params=query, auth=(login, login), timeout=10)
        assert answer.status_code == 200
        return answer.text

    def ask(self, function: str, **query: Any) -> dict[str, Any]:
        return dict(json.loads(self.text(function, output="json", **query)))

    def xml(self, function: str, **query: Any) -> Element:
        return fromstring(self.text(function, **query))  # noqa: S314 - our own simulator's

    def buy(self, **query: Any) -> tuple[str, str]:
        ip = f"10.9.{next(NUMBERS)}.1"
        return ip, self.ask("XMLlicenseAdd", **{"ip": ip, "packageid": "P21159", "groupid": "G1", **query})["licenseid"]


@pytest.fixture(scope="module")
def vendor() -> Iterator[RunningSimulator]:
    with RunningSimulator() as running:
        yield running


@pytest.fixture
def stranger(vendor: RunningSimulator) -> Stranger:
    vendor.heal()
    return Stranger(vendor)


def test_answers_come_as_xml_unless_wished_otherwise(stranger: Stranger) -> None:
    ip, number = stranger.buy(external_notes="order-7")
    looked = stranger.xml("XMLRawlookup", ip=ip, all=1)
    assert (looked.tag, looked.get("status"), looked.get("reason")) == ("XMLRawlookup", "1", "OK")
    (license_,) = looked
    assert (license_.tag, license_.get("licenseid"), license_.get("external_notes")) == ("license", number, "order-7")
    listed = stranger.xml("XMLlicenseInfo", liscid=number)
    assert [(one.get("name"), one.get("package_name")) for one in listed] == [(f"L{number}", "cPanel Admin Cloud")]
    assert {one.get("name") for one in stranger.xml("XMLpackageInfo")} >= {"P21159", "P6140"}
    assert stranger.text("XMLlookup", ip=ip, output="yaml").startswith("---\n")


def test_a_form_is_taken_as_a_query_is(stranger: Stranger) -> None:
    form = {"ip": "10.8.0.1", "packageid": "21159", "groupid": "1", "output": "json"}
    url = f"{stranger.vendor.http}/XMLlicenseAdd.cgi"
    assert requests.post(url, data=form, auth=("demo", "demo"), timeout=10).json()["status"] == 1


def test_a_dry_run_tells_the_price_and_sells_nothing(stranger: Stranger) -> None:
    before = stranger.vendor.sold()
    told = stranger.ask("XMLlicenseAdd", ip="10.8.0.2", packageid="21159", groupid="1", dryrun=1)
    assert (told["status"], told["price"], told["licenseid"]) == (1, "20.00", None)
    assert stranger.vendor.sold() == before


@pytest.mark.parametrize(
    ("function", "query"),
    [
        ("XMLlicenseAdd", {"ip": "x", "packageid": 21159, "groupid": 1}),
        ("XMLlicenseAdd", {"ip": "10.8.0.3", "packageid": 5, "groupid": 1}),
        ("XMLlicenseAdd", {"ip": "10.8.0.3", "packageid": "x", "groupid": 1}),
        ("XMLlicenseAdd", {"ip": "10.8.0.3", "packageid": 21159, "groupid": 9}),
        ("XMLlicenseAdd", {"ip": "10.8.0.3", "packageid": 21159}),
        ("XMLlicenseAdd", {"ip": "10.8.0.3", "packageid": 21159, "groupid": 1, "external_notes": "x" * 65}),
        ("XMLRawlookup", {"ip": "10.8.0.3"}),
        ("XMLlookup", {"ip": "x"}),
        ("XMLlicenseExpire", {"liscid": 1, "reason": "r", "expcode": "normal"}),
        ("XMLlicenseReActivate", {"liscid": "x"}),
        ("XMLpackageUpdate", {"ip": "10.8.0.3", "oldpackageid": 21159, "newpackageid": 21163}),
        ("XMLtransfer", {"oldip": "10.8.0.3", "newip": "10.8.0.4", "packageid": 21159}),
    ],
)
def test_a_failure_is_status_0_and_prose(stranger: Stranger, function: str, query: dict[str, Any]) -> None:
    before = stranger.vendor.sold()
    told = stranger.ask(function, **query)
    assert told["status"] == 0
    assert told["reason"]
    assert stranger.vendor.sold() == before


def test_an_ended_license_is_listed_apart_and_comes_back(stranger: Stranger) -> None:
    ip, number = stranger.buy()
    end = {"liscid": number, "reason": "Normal", "expcode": "normal"}
    assert stranger.ask("XMLlicenseExpire", liscid=number)["status"] == 0
    assert [stranger.ask("XMLlicenseExpire", **end)["status"] for _ in range(2)] == [1, 0]
    assert stranger.ask("XMLRawlookup", ip=ip, all=1)["status"] == 0
    assert stranger.ask("XMLlicenseInfo", liscid=number)["licenses"] == {}
    ended = stranger.ask("XMLlicenseInfo", liscid=number, expired=1)["licenses"][f"L{number}"]
    assert (ended["status"], ended["expirereason"]) == (0, "Normal")
    again = {"liscid": number}
    tries = [stranger.ask("XMLlicenseReActivate", **again, **dry)["status"] for dry in ({"dryrun": 1}, {}, {})]
    assert tries == [1, 1, 0]
    assert stranger.ask("XMLlookup", ip=ip)["licenseid"] == number


def test_logins_and_functions_are_checked(stranger: Stranger) -> None:
    url = stranger.vendor.http
    assert requests.get(f"{url}/XMLgroupInfo.cgi", timeout=10).status_code == 401
    assert requests.get(f"{url}/XMLgroupInfo.cgi", auth=("demo", "x"), timeout=10).status_code == 401
    assert requests.get(f"{url}/XMLnothing.cgi", auth=("demo", "demo"), timeout=10).status_code == 404
    assert requests.put(f"{url}/XMLgroupInfo.cgi", auth=("demo", "demo"), timeout=10).status_code == 405
    looked = json.loads(stranger.text("XMLgroupInfo", login="limited", output="json"))
    assert looked["groups"]["G1"] == "Demo"
    bought = json.loads(stranger.text("XMLlicenseAdd", login="limited", output="json"))
    assert bought["status"] == 0


def test_a_killed_vendor_comes_back_with_what_he_sold(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with RunningSimulator(state=state) as running:
        ip, number = Stranger(running).buy()
        _, ended = Stranger(running).buy()
        running.mark(ended, terminated=True)
        running.kill()
    with RunningSimulator(state=state) as running:
        assert Stranger(running).ask("XMLlookup", ip=ip)["licenseid"] == number
        assert f"L{ended}" in Stranger(running).ask("XMLlicenseInfo", expired=1)["licenses"]
