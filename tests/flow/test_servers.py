"""A paid order into a server: by the panel's own line, over real sockets, and believed only when it is read back."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from ka_plugins.installers.plesk_server.running import RunningPleskServer
from ka_plugins.installing import Target
from licenses.services import retry_request
from pbas.core.models import Event
from pbas.core.story import SYSTEM
from subscriptions.services import service_ready
from tests.flow.conftest import Buy, Work, request_of
from tests.unit.ka_plugins.servers.sshd import Sshd, run_sshd

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ka_plugins.simulator.running import RunningSimulator
    from licenses.models import LicenseRequest
    from subscriptions.models import Subscription


@pytest.fixture(scope="module")
def plesk_server() -> Iterator[RunningPleskServer]:
    with RunningPleskServer() as running:
        yield running


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    yield from run_sshd(tmp_path_factory.mktemp("sshd"))


def plesk_target(server: RunningPleskServer) -> Target:
    return Target("plesk", server.url, {"secret_key": server.secret_key, "certificate": server.certificate})


def into(subscription: Subscription, target: Target) -> Subscription:
    service_ready(subscription=subscription, name="hosting", target=target, actor=SYSTEM)
    return subscription


def number_of(request: LicenseRequest) -> str:
    assert request.license is not None
    return request.license.key


def test_a_paid_order_ends_in_a_plesk_server_that_shows_its_key(
    buy: Buy, work: Work, plesk_server: RunningPleskServer
) -> None:
    plesk_server.order(forget=True, behaviour="ordinary")
    subscription = into(buy(ready=False), plesk_target(plesk_server))
    work()
    request = request_of(subscription)
    assert request.state == "done"
    assert [one["number"] for one in plesk_server.order()["held"]] == [number_of(request)]
    assert f"{number_of(request)}, expires" in Event.objects.get(request=request, kind="proven").text


def test_a_plesk_server_that_accepts_and_discards_needs_a_person_and_no_second_purchase(
    buy: Buy, work: Work, plesk_server: RunningPleskServer, simulator: RunningSimulator
) -> None:
    before = simulator.sold()
    plesk_server.order(forget=True, behaviour="discard")
    subscription = into(buy(ready=False), plesk_target(plesk_server))
    work()
    request = request_of(subscription)
    assert (request.state, request.problem_kind) == ("attention", "install_failed")
    assert f"does not hold {number_of(request)} although it was given" in request.problem_text
    plesk_server.order(behaviour="ordinary")
    retry_request(request=request, actor=SYSTEM)
    work()
    assert request_of(subscription).state == "done"
    assert simulator.sold() == before + 1


def test_a_paid_order_ends_as_a_file_on_a_server_over_ssh(buy: Buy, work: Work, sshd: Sshd, tmp_path: Path) -> None:
    subscription = into(buy(ready=False), sshd.target(tmp_path))
    work()
    request = request_of(subscription)
    assert request.state == "done"
    assert request.license is not None
    file = request.license.files.get()
    assert hashlib.sha256((tmp_path / file.name).read_bytes()).hexdigest() == file.sha256


def test_a_paid_order_ends_in_plesk_by_its_own_tool_over_ssh(buy: Buy, work: Work, sshd: Sshd) -> None:
    sshd.tools()
    subscription = into(buy(ready=False), sshd.target(product="plesk"))
    work()
    request = request_of(subscription)
    assert request.state == "done"
    assert [number for number, _ in sshd.state["held"]] == [number_of(request)]
