"""The contract, kept by the HTTP issuer's plug-in over HTTP and over TLS, against the reference implementation."""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING

import pytest
import requests

from ka_plugins.contract import AdditionalOrder, LicenseOrder, Verb
from ka_plugins.http_issuer.plugin import HttpIssuerPlugin
from ka_plugins.http_issuer.settings import HttpIssuerSettings
from ka_plugins.http_issuer.signing import signed_headers
from ka_plugins.simulator.running import RunningSimulator
from ka_plugins.testing import PluginContract, Workbench
from ka_plugins.workbench import BundledSimulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

METHODS = {
    Verb.CHECK: "getAccount",
    Verb.ISSUE_KEY: "putOrder",
    Verb.FETCH_FILES: "getFiles",
    Verb.RENEW: "putRenewal",
    Verb.CHANGE: "putContents",
}


def files_of(issuer: BundledSimulator) -> Callable[[str], Sequence[bytes]]:
    """Reads a license's files with the standard library's client, which knows nothing of the plug-in."""

    def read(number: str) -> Sequence[bytes]:
        path = f"/issuer/v1/licenses/{number}/files"
        headers = signed_headers("demo", "demo", "GET", path, b"", now=time.time())
        answer = requests.get(issuer.running.http + path, headers=headers, timeout=10).json()
        return [base64.b64decode(file["content"]) for file in answer["files"]]

    return read


@pytest.fixture(scope="module")
def issuer() -> Iterator[BundledSimulator]:
    with RunningSimulator() as running:
        yield BundledSimulator(running, METHODS)


@pytest.fixture(params=[False, True], ids=["http", "tls"])
def workbench(issuer: BundledSimulator, request: pytest.FixtureRequest) -> Workbench:
    issuer.running.heal()
    place = issuer.running.settings(tls=request.param)
    return Workbench(
        plugin=HttpIssuerPlugin,
        settings=HttpIssuerSettings(client="demo", secret="demo", **place),
        wrong_settings=HttpIssuerSettings(client="demo", secret="wrong-Sesame", **place),
        unreachable_settings=HttpIssuerSettings(client="demo", secret="demo", **{**place, "port": 1}),
        order=LicenseOrder(
            "one of many",
            "PANEL",
            features=("SITES_30", "BACKUP"),
            additional=(AdditionalOrder("MAIL_SCANNER", ("MAIL_100",)),),
        ),
        changed_order=LicenseOrder("changed", "PANEL", features=("SITES_ANY", "SITE_BUILDER")),
        refused_order=LicenseOrder("refused", "PANEL", features=("NO_SUCH_FEATURE",)),
        simulator=issuer,
        secrets=("wrong-Sesame",),
        vendor_files=files_of(issuer),
        spoils=frozenset(METHODS),
    )


class TestHttpIssuer(PluginContract):
    """Every promise, twice."""
