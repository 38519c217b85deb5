"""What people and the store may do at the wrong moment, and what must come of it."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from ka_plugins.contract import KeyFile
from ka_plugins.simulator.running import RunningSimulator
from licenses import uploads
from licenses.models import License, LicenseClass, LicenseRequest
from licenses.services import (
    cancel_request,
    hold_request,
    install_request,
    new_licenses,
    renew_license,
    terminate_license,
)
from licenses.uploads import upload
from pbas.core.models import Event
from pbas.core.problems import ConflictProblem, Problem
from pbas.core.story import SYSTEM
from subscriptions.models import Subscription
from subscriptions.services import activate_served
from tests.factories import make_class, make_configuration, make_order, make_plan, make_subscription
from tests.flow.conftest import Buy, Work, request_of

FILE = KeyFile("license.xml", b"<key>simulated, not a license</key>")


def in_thread(work: Callable[[], Any]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


# --- subscriptions


def test_a_subscription_whose_last_open_request_is_cancelled_is_active(
    buy: Buy, work: Work, plesk: LicenseClass
) -> None:
    subscription = buy()
    (extra,) = new_licenses(
        configuration=plesk.configuration,
        license_class=plesk,
        number=1,
        subscription_id=subscription.pk,
        actor=SYSTEM,
    )
    hold_request(request=extra, actor=SYSTEM)
    work()
    subscription.refresh_from_db()
    assert subscription.state == "pending"
    cancel_request(request=extra, actor=SYSTEM, reason="Ordered once too often.")
    subscription.refresh_from_db()
    assert subscription.state == "active"


def test_a_plan_with_neither_services_nor_licenses_is_active_once_paid() -> None:
    plan = make_plan(services=[])
    plan.licenses.all().delete()
    assert Subscription.objects.get(pk=make_subscription(make_order(plan)).pk).state == "active"


def test_finishing_does_not_wait_for_what_only_refers_to_the_subscription(plesk: LicenseClass) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time.")
    subscription = make_subscription(make_order(make_plan(plesk)))
    done = threading.Event()

    def finish() -> None:
        with transaction.atomic():
            activate_served([subscription.pk])
        done.set()

    row = {"configuration": plesk.configuration, "license_class": plesk, "state": "services"}
    with transaction.atomic():
        LicenseRequest.objects.create(**row, subscription=subscription)
        thread = in_thread(finish)
        assert done.wait(5), "two ledgers would wait for each other for good"
    thread.join()


def test_services_get_ready_where_the_plugin_is_not_installed(tmp_path: Path) -> None:
    missing = make_class(make_configuration(template="not_installed", mode="online"), code="X")
    subscription = make_subscription(make_order(make_plan(missing)), folder=tmp_path)
    assert request_of(subscription).state == "key"


# --- requests


def test_what_is_not_renewed_yet_is_not_done_by_installing_the_old_files(buy: Buy, work: Work) -> None:
    buy()
    work()
    license_ = License.objects.get()
    request = renew_license(license=license_, actor=SYSTEM)
    with pytest.raises(ConflictProblem, match="first"):
        install_request(request=request, actor=SYSTEM)
    ending = terminate_license(license=license_, actor=SYSTEM)
    with pytest.raises(ConflictProblem, match="first"):
        install_request(request=ending, actor=SYSTEM)
    with pytest.raises(ConflictProblem, match="takes no upload"):
        upload(request=ending, files=[FILE], actor=SYSTEM)


def test_a_renewal_that_was_bought_is_not_cancelled(buy: Buy, work: Work, simulator: RunningSimulator) -> None:
    buy()
    work()
    request = renew_license(license=License.objects.get(), actor=SYSTEM)
    simulator.fault("retrieveKey", "html_502")
    work()
    request.refresh_from_db()
    assert request.state == "files"
    with pytest.raises(ConflictProblem, match="costs money"):
        cancel_request(request=request, actor=SYSTEM, reason="No longer wanted.")


def test_an_install_of_a_held_request_is_refused_instead_of_forgotten(tmp_path: Path) -> None:
    subscription = make_subscription(make_order(make_plan(make_class())), folder=tmp_path)
    upload(request=request_of(subscription), key="OFF-1", files=[FILE], actor=SYSTEM)
    held = hold_request(request=request_of(subscription), actor=SYSTEM)
    with pytest.raises(ConflictProblem, match="on hold"):
        install_request(request=held, actor=SYSTEM)


def test_a_license_that_was_ended_meanwhile_is_not_called_installed(buy: Buy, work: Work) -> None:
    buy()
    work()
    license_ = License.objects.get()
    renew_license(license=license_, actor=SYSTEM)
    License.objects.update(state="terminated")
    work()
    license_.refresh_from_db()
    assert license_.state == "terminated"


def test_a_secret_that_cannot_be_read_is_said_to_be_so_and_not_recorded_as_shown(tmp_path: Path) -> None:
    subscription = make_subscription(make_order(make_plan(make_class())), folder=tmp_path)
    upload(request=request_of(subscription), key="OFF-1", activation_code="CODE", files=[FILE], actor=SYSTEM)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE licenses_license SET secret_key = activation_code, activation_code = secret_key")
    license_ = License.objects.get()
    for reveal in (uploads.reveal_key, uploads.reveal_activation_code):
        with pytest.raises(Problem, match="cannot be read"):
            reveal(license=license_, actor=SYSTEM)
    assert not Event.objects.filter(kind__in=["key_revealed", "code_revealed"]).exists()
    assert uploads.read_file(license_file=license_.files.get(), actor=SYSTEM) == FILE.body


def test_two_uploads_at_once_of_files_of_one_name_are_two_versions(tmp_path: Path) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time.")
    subscription = make_subscription(make_order(make_plan(make_class())), folder=tmp_path)
    seen, also_seen = request_of(subscription), request_of(subscription)
    other = KeyFile(FILE.name, b"another body")
    with transaction.atomic():
        upload(request=seen, files=[FILE], actor=SYSTEM)
        thread = in_thread(lambda: upload(request=also_seen, files=[other], actor=SYSTEM))
        thread.join(0.5)
    thread.join()
    upload(request=request_of(subscription), key="OFF-2", actor=SYSTEM)
    assert [one.version for one in License.objects.get().files.all()] == [1, 2]
