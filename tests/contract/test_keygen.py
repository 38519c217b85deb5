"""The contract, kept by Keygen's plug-in over HTTP and over TLS, against its simulator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from ka_plugins.contract import LicenseOrder, Verb
from ka_plugins.keygen.plugin import KeygenPlugin
from ka_plugins.keygen.settings import KeygenSettings
from ka_plugins.keygen.simulator.describing import PUBLIC_KEY
from ka_plugins.keygen.simulator.wares import POLICIES
from ka_plugins.simulator.running import RunningSimulator
from ka_plugins.testing import PluginContract, Workbench
from ka_plugins.workbench import BundledSimulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

METHODS = {
    Verb.CHECK: "whoAmI",
    Verb.ISSUE_KEY: "createLicense",
    Verb.FETCH_FILES: "checkOutLicense",
    Verb.RENEW: "updateLicense",
    Verb.CHANGE: "changePolicy",
}
KEY_SECRET = "a secret of the tests that makes keys"


def files_of(keygen: BundledSimulator) -> Callable[[str], Sequence[bytes]]:
    """Checks a license out with the standard library's client, which knows nothing of the plug-in."""

    def read(key: str) -> Sequence[bytes]:
        url = f"{keygen.running.http}/v1/accounts/demo/licenses/{key}/actions/check-out"
        answer = requests.post(url, "{}", headers={"Authorization": "Bearer demo"}, timeout=10).json()
        return (answer["data"]["attributes"]["certificate"].encode(),)

    return read


@pytest.fixture(scope="module")
def keygen() -> Iterator[BundledSimulator]:
    with RunningSimulator() as running:
        yield BundledSimulator(running, METHODS)


@pytest.fixture(params=[False, True], ids=["http", "tls"])
def workbench(keygen: BundledSimulator, request: pytest.FixtureRequest) -> Workbench:
    keygen.running.heal()
    login: dict[str, Any] = {"account": "demo", "public_key": PUBLIC_KEY, "key_secret": KEY_SECRET}
    place = keygen.running.settings(tls=request.param)
    policy = next(iter(POLICIES))
    return Workbench(
        plugin=KeygenPlugin,
        settings=KeygenSettings(token="demo", **login, **place),
        wrong_settings=KeygenSettings(token="wrong-Sesame", **login, **place),
        unreachable_settings=KeygenSettings(token="demo", **login, **{**place, "port": 1}),
        order=LicenseOrder("one of many", policy, features=("FIREWALL", "SITE_BUILDER")),
        changed_order=LicenseOrder("changed", list(POLICIES)[2], features=("FIREWALL",)),
        refused_order=LicenseOrder("refused", policy, features=("NO_SUCH_FEATURE",)),
        simulator=keygen,
        secrets=("wrong-Sesame", KEY_SECRET),
        vendor_files=files_of(keygen),
        spoils=frozenset(METHODS),
    )


class TestKeygen(PluginContract):
    """Every promise, twice."""
