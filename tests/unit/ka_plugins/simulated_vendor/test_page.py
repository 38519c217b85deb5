"""The simulator's page for a browser."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .asking import buy

if TYPE_CHECKING:
    from ka_plugins.simulator.running import RunningSimulator


def page(vendor: RunningSimulator, accept: str = "text/html,application/xhtml+xml") -> http.client.HTTPResponse:
    place = urlsplit(vendor.http)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=10)
    connection.request("GET", "/", headers={"Accept": accept, "Connection": "close"})
    return connection.getresponse()


def test_it_shows_what_was_sold_and_which_faults_wait_and_says_that_nothing_is_real(vendor: RunningSimulator) -> None:
    number = buy(vendor)
    vendor.fault("<retrieveKey>", "429", times=3, seconds=20)
    answer = page(vendor)
    text = answer.read().decode()
    vendor.heal()
    assert answer.getheader("Content-Type") == "text/html; charset=utf-8"
    assert answer.getheader("X-Simulated") == "not-a-license"
    assert "Nothing here is a real license" in text
    assert 'name="viewport"' in text  # it is read on a phone, too, and in the dark
    assert "prefers-color-scheme: dark" in text
    assert f"<td>{number}</td>" in text
    assert "<td>&lt;retrieveKey&gt;</td><td>429</td><td>3</td><td>20</td>" in text
    assert f"curl -X POST {vendor.http}/_simulator/faults" in text
    assert "drop_after" in text
    assert "<td>createKey</td>" in text


def test_who_does_not_ask_for_html_is_a_vendors_client(vendor: RunningSimulator) -> None:
    assert page(vendor, accept="text/xml").status == 405
