"""Licenses are read back long after their install: what is gone, other or older is found and put there again."""

import shutil
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ka_plugins.simulator.running import RunningSimulator
from licenses.invariants import broken
from licenses.models import License, LicenseFile, LicenseRequest
from licenses.proving import rows
from licenses.proving.outcome import Outcome
from licenses.proving.rounds import prove_due
from licenses.proving.services import prove_license, reinstall_license
from licenses.services import renew_license, terminate_license
from pbas.core.models import Event
from pbas.core.problems import ConflictProblem
from pbas.core.story import SYSTEM, Actor
from tests.flow.conftest import Buy, Work, request_of

Found = License.Found


@pytest.fixture
def license_(buy: Buy, work: Work) -> License:
    """An installed one; its files are in tmp_path."""
    subscription = buy()
    work()
    bought = request_of(subscription).license
    assert bought is not None
    return bought


def looked(*licenses: License) -> list[str | None]:
    """Have these licenses read back now; what was found of each."""
    for one in licenses:
        prove_license(license=one)
    for _ in prove_due(10):
        pass
    for one in licenses:
        one.refresh_from_db()
    return [one.found for one in licenses]


def news(license_: License) -> list[str]:
    """What was told of the license after its install."""
    told = Event.objects.filter(license=license_, request=None).order_by("pk")
    return list(told.values_list("kind", flat=True))


def test_a_look_is_due_a_day_after_the_install_and_tells_nothing_where_all_is_well(license_: License) -> None:
    assert license_.prove_at is not None
    assert timedelta(hours=23) < license_.prove_at - timezone.now() < timedelta(hours=25)
    assert list(prove_due(1)) == []
    before = license_.proven_at
    assert looked(license_) == [None]
    assert license_.proven_at > before  # type: ignore[operator]
    assert timedelta(hours=21) < license_.prove_at - timezone.now() < timedelta(hours=25)
    assert news(license_) == []


def test_what_is_gone_other_or_older_is_found_told_once_and_put_there_again_without_the_vendor(
    license_: License, tmp_path: Path, simulator: RunningSimulator
) -> None:
    file = LicenseFile.objects.get(license=license_)
    path, sold = tmp_path / file.name, simulator.sold()
    LicenseFile.objects.create(
        request=file.request, license=license_, name=file.name, version=2, size=5, sha256="0" * 64, body=b"newer"
    )
    assert looked(license_) == [Found.OLDER]
    assert str(path) in str(license_.found_text)
    path.write_bytes(b"mine")
    assert looked(license_) == looked(license_) == [Found.DIFFERENT]
    path.unlink()
    assert looked(license_) == [Found.MISSING]
    assert news(license_) == ["proof_lost"] * 3
    assert license_.state == License.State.INSTALLED
    assert list(broken()) == []

    ada = Actor(Event.Actor.STAFF, "ada")
    reinstall_license(license=license_, actor=ada, reason="The server was set up anew.")
    assert reinstall_license(license=license_, actor=ada).found == Found.REINSTALL
    assert looked(license_) == [None]
    assert path.read_bytes() == b"newer"
    assert news(license_)[3:] == ["reinstall_asked", "reinstalled"]
    asked = Event.objects.get(kind="reinstall_asked")
    assert (asked.actor, asked.detail) == ("ada", "The server was set up anew.")
    assert simulator.sold() == sold
    assert LicenseRequest.objects.count() == 1

    path.unlink()
    assert looked(license_) == [Found.MISSING]
    path.write_bytes(b"newer")  # somebody put it back
    assert looked(license_) == [None]
    assert news(license_)[5:] == ["proof_lost", "proof_back"]


def test_a_target_that_cannot_be_read_is_not_known_and_tried_again_later_and_later(
    license_: License, tmp_path: Path
) -> None:
    aside = tmp_path.rename(tmp_path.with_name("aside"))
    waits = []
    for _ in range(4):
        assert looked(license_) == [Found.UNKNOWN]
        waits.append((license_.prove_at - timezone.now()).total_seconds())  # type: ignore[operator]
    assert waits == sorted(waits)
    assert waits[0] < 700 < waits[3]
    assert "No such file or directory" in str(license_.found_text)
    assert news(license_) == ["proof_unknown"]
    reinstall_license(license=license_, actor=SYSTEM)
    assert looked(license_) == [Found.UNKNOWN]
    aside.rename(tmp_path)
    assert looked(license_) == [None]
    assert news(license_) == ["proof_unknown", "reinstall_asked", "reinstall_failed", "proof_back"]


def test_what_has_ended_or_is_just_being_installed_is_left_alone(license_: License, work: Work, tmp_path: Path) -> None:
    renewal = renew_license(license=license_, actor=SYSTEM)
    LicenseRequest.objects.filter(pk=renewal.pk).update(state="install")
    shutil.rmtree(tmp_path)
    tmp_path.mkdir()
    assert looked(license_) == [None]
    assert license_.prove_at > timezone.now()  # type: ignore[operator]
    with pytest.raises(ConflictProblem, match="A request is installing"):
        reinstall_license(license=license_, actor=SYSTEM)
    LicenseRequest.objects.filter(pk=renewal.pk).update(state="cancelled", finished_at=timezone.now())
    assert looked(license_) == [Found.MISSING]
    terminate_license(license=license_, actor=SYSTEM, reason="Over.")
    work()
    assert len(list(prove_due(5))) == 1  # it is taken out, once
    License.objects.update(prove_at=timezone.now() - timedelta(seconds=1))
    assert list(prove_due(5)) == []
    license_.refresh_from_db()
    assert (license_.state, license_.found, license_.prove_at) == ("terminated", None, None)
    for refused in (prove_license, lambda license: reinstall_license(license=license, actor=SYSTEM)):  # noqa: A006
        with pytest.raises(ConflictProblem, match="is terminated"):
            refused(license=license_)


def test_an_install_that_comes_during_a_look_wins_and_two_workers_never_look_at_one_license(
    license_: License,
) -> None:
    License.objects.update(prove_at=timezone.now() - timedelta(seconds=1))
    (taken,) = rows.claim_due(10)
    assert rows.claim_due(10) == []
    (look,) = rows.looks_at([taken])
    License.objects.update(prove_at=timezone.now() + timedelta(days=1))
    assert not rows.keep(look, Outcome(Found.MISSING, "Nothing of it is there."))
    license_.refresh_from_db()
    assert license_.found is None


def test_a_batch_costs_few_statements_and_one_place_is_asked_for_few_in_a_row(buy: Buy, work: Work) -> None:
    bought = [buy() for _ in range(8)]
    work()
    License.objects.update(prove_at=timezone.now() - timedelta(seconds=1))
    with CaptureQueriesContext(connection) as asked:
        looks = rows.looks_at(rows.claim_due(100))
    assert len(looks) == len(bought)
    assert len([one for one in asked if "SAVEPOINT" not in one["sql"]]) <= 12
    License.objects.update(prove_at=timezone.now() - timedelta(seconds=1))
    assert len(list(prove_due(10))) == 5  # all of them are in one folder
    waiting = License.objects.filter(prove_at__lt=timezone.now() + timedelta(minutes=1))
    assert waiting.count() == 3


def test_the_command_reads_back_one_or_all_and_says_what_is_wrong(license_: License, tmp_path: Path) -> None:
    said = StringIO()
    call_command("prove", license_.pk, stdout=said)
    assert said.getvalue() == "1 licenses read back, 1 as they should be.\n"
    (tmp_path / LicenseFile.objects.get().name).unlink()
    with pytest.raises(CommandError, match="1 are not"):
        call_command("prove", all=True, stdout=said)
    assert f"License {license_.pk}, {license_.key}: missing." in said.getvalue()
    with pytest.raises(CommandError, match="license 4711"):
        call_command("prove", 4711)
