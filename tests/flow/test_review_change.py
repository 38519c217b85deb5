"""A changed license and its additional keys: what a change replaces ends after the change is proven, never before."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from ka_plugins.simulator.running import RunningSimulator
from licenses.invariants import broken
from licenses.models import InstallTarget, License, LicenseRequest
from licenses.services import change_license, retry_request, terminate_license
from pbas.core.models import Event
from pbas.core.story import SYSTEM
from tests.flow.conftest import Buy, Work

KAV = {"code": "PLESK_ANTIVIRUS_BY_KAV", "features": []}
DRWEB = {"code": "PLESK_ANTIVIRUS_BY_DRWEB", "features": []}


def change(license_: License, *additional: dict[str, Any]) -> LicenseRequest:
    return change_license(license=license_, options={"features": [], "additional": list(additional)}, actor=SYSTEM)


def standing(request: LicenseRequest) -> str:
    request.refresh_from_db()
    return request.state


def living(simulator: RunningSimulator, license_: License) -> int:
    """The additional keys of a license that the vendor bills."""
    sold = simulator.ledger()["sales"]
    return len(
        [one for one in sold if one["parent"] and license_.key.startswith(one["parent"]) and not one["terminated"]]
    )


@pytest.fixture
def protected(buy: Buy, work: Work) -> License:
    """A license with an antivirus key."""
    buy(ip="10.4.4.2", options={"features": [], "additional": [KAV]})
    work()
    return License.objects.get(parent=None)


def test_an_additional_key_that_a_change_buys_becomes_a_license_with_its_file(buy: Buy, work: Work) -> None:
    buy(ip="10.4.4.1")
    work()
    license_ = License.objects.get()
    request = change(license_, KAV)
    work()
    assert standing(request) == "done", request.problem_text
    child = license_.children.get()
    assert child.state == "installed"
    assert child.files.count() == 1


def test_what_a_change_replaces_is_ended_by_a_request_of_its_own_once_the_new_is_proven(
    protected: License, simulator: RunningSimulator, work: Work, tmp_path: Path
) -> None:
    old = protected.children.get()
    InstallTarget.objects.update(address=str(tmp_path / "gone" / "away"))
    (tmp_path / "gone").write_text("no folder")
    request = change(protected, DRWEB)
    work()
    assert standing(request) != "done"
    assert living(simulator, protected) == 2, "the old key was ended though the new one is not installed"
    old.refresh_from_db()
    assert old.state == "installed"

    InstallTarget.objects.update(address=str(tmp_path))
    simulator.fault("terminateKey", "500_before", times=1)
    retry_request(request=request, actor=SYSTEM)
    work()
    assert standing(request) == "done", request.problem_text
    end = old.requests.get(kind="terminate")
    assert end.problem_kind == "unavailable", "it has its own trouble and its own tries"
    protected.refresh_from_db()
    assert protected.state == "installed"

    protected.configuration.refresh_from_db()
    type(protected.configuration).objects.update(parked_until=None, parkings=0)
    work()
    assert standing(end) == "done", end.problem_text
    assert living(simulator, protected) == 1
    assert {one.state: one.features[0] for one in protected.children.all()} == {
        "terminated": KAV["code"],
        "installed": DRWEB["code"],
    }
    assert Event.objects.get(request=end, kind="requested").text.startswith("Its license was changed")
    assert list(broken()) == []


def test_who_has_asked_for_the_end_of_the_old_key_already_is_not_asked_twice(protected: License, work: Work) -> None:
    terminate_license(license=protected.children.get(), actor=SYSTEM)
    LicenseRequest.objects.filter(kind="terminate").update(held=True, due_at=None)
    request = change(protected)
    work()
    assert standing(request) == "done", request.problem_text
    assert LicenseRequest.objects.filter(kind="terminate").count() == 1


def test_a_worker_that_dies_between_the_proof_and_the_end_of_the_old_key_leaves_neither_out(
    protected: License, simulator: RunningSimulator, work: Work, tmp_path: Path
) -> None:
    request = change(protected)
    (tmp_path / "before_ending").write_text("kill")
    died = drained_by_a_process_of_its_own(tmp_path)
    assert died.returncode == -signal.SIGKILL, died.stderr
    assert standing(request) == "install"
    assert living(simulator, protected) == 1, "the old key was ended though nothing says that the change is proven"
    LicenseRequest.objects.filter(leased=True).update(leased=False, due_at=request.created_at)  # its lease is over
    work()
    assert standing(request) == "done", request.problem_text
    assert protected.children.get().state == "terminated"
    assert living(simulator, protected) == 0
    assert LicenseRequest.objects.filter(kind="terminate").count() == 1


def drained_by_a_process_of_its_own(points: Path) -> "subprocess.CompletedProcess[str]":
    """An engine of its own process on the database of this test, with the fault points that are armed in a folder."""
    name, server = connection.settings_dict["NAME"], os.environ.get("DATABASE_URL", "").rpartition("/")[0]
    url = f"sqlite:///{name}" if connection.vendor == "sqlite" else f"{server}/{name}"
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "pbas.settings",
        "DATABASE_URL": url,
        "PBAS_FAULT_POINTS": str(points),
    }
    program = "import django; django.setup(); from licenses import engine; engine.drain()"
    return subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
