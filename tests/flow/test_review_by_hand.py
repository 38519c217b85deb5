"""What people and the store may do at the wrong moment, and what must come of it."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from ka_plugins.contract import KeyFile
from ka_plugins.plesk_ka.plugin import PleskKaPlugin
from ka_plugins.simulator.running import RunningSimulator
from licenses.configurations import (
    fetch_classes,
    pause_configuration,
    resume_configuration,
    save_configuration,
)
from licenses.models import License, LicenseClass, PluginConfiguration
from licenses.services import (
    cancel_request,
    hold_request,
    install_request,
    new_licenses,
    renew_license,
    terminate_license,
)
from licenses.tasks import fetch_classes as fetch_task
from licenses.uploads import upload
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

    with transaction.atomic():  # a story line refers to the subscription, as each batch of a ledger has many
        hold_request(request=request_of(subscription), actor=SYSTEM)
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


def test_a_renewal_that_was_bought_is_not_cancelled(
    buy: Buy, work: Work, simulator: RunningSimulator
) -> None:
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


# --- plug-in configurations


def resaved(configuration: PluginConfiguration, **changes: Any) -> PluginConfiguration:
    given = {
        "name": configuration.name,
        "template": configuration.template,
        "mode": configuration.mode,
        "settings": configuration.settings,
        "limit": configuration.limit,
    }
    return save_configuration(configuration=configuration, actor=SYSTEM, **{**given, **changes})


def test_fetching_the_classes_of_a_paused_configuration_leaves_it_paused(vendor: PluginConfiguration) -> None:
    pause_configuration(configuration=vendor, reason="The vendor's bill is wrong.", actor=SYSTEM)
    assert fetch_classes(configuration=vendor, actor=SYSTEM) > 0
    vendor.refresh_from_db()
    assert vendor.status == "paused"
    resume_configuration(configuration=vendor, actor=SYSTEM)
    assert vendor.status == "configured"


def test_classes_that_arrive_after_a_new_save_do_not_count_for_the_new_settings(
    vendor: PluginConfiguration, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    del work  # no message goes out
    real = PleskKaPlugin.list_classes

    async def saved_meanwhile(plugin: PleskKaPlugin) -> Any:
        monkeypatch.undo()
        save = in_thread(lambda: PluginConfiguration.objects.update(version=vendor.version + 1, status="fetching"))
        save.join()
        return await real(plugin)

    monkeypatch.setattr(PleskKaPlugin, "list_classes", saved_meanwhile)
    with pytest.raises(ConflictProblem, match="saved meanwhile"):
        fetch_classes(configuration=vendor, actor=SYSTEM)
    vendor.refresh_from_db()
    assert vendor.status == "fetching"


@pytest.mark.parametrize("error", [TypeError, KeyError, ValueError])
def test_a_plugin_that_fails_in_its_own_way_leaves_the_reason_and_is_not_asked_for_ever(
    error: type[Exception], vendor: PluginConfiguration, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_plugin: PleskKaPlugin) -> Any:
        raise error

    monkeypatch.setattr(PleskKaPlugin, "list_classes", fail)
    PluginConfiguration.objects.update(status="fetching")
    fetch_task(vendor.pk)
    vendor.refresh_from_db()
    assert (vendor.status, error.__name__ in vendor.status_text) == ("failed", True)


def test_classes_that_cannot_be_kept_leave_the_reason_too(
    vendor: PluginConfiguration, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = PleskKaPlugin.list_classes

    async def nul(plugin: PleskKaPlugin) -> Any:
        return tuple(replace(one, name=None) for one in await real(plugin))  # type: ignore[arg-type]

    monkeypatch.setattr(PleskKaPlugin, "list_classes", nul)
    PluginConfiguration.objects.update(status="fetching")
    fetch_task(vendor.pk)
    vendor.refresh_from_db()
    assert vendor.status == "failed"


def test_a_class_that_the_vendor_lists_twice_is_kept_once(
    vendor: PluginConfiguration, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = PleskKaPlugin.list_classes

    async def twice(plugin: PleskKaPlugin) -> Any:
        return (await real(plugin)) * 2

    monkeypatch.setattr(PleskKaPlugin, "list_classes", twice)
    assert fetch_classes(configuration=vendor, actor=SYSTEM) == vendor.classes.count()


def test_two_saves_of_one_page_are_two_versions(vendor: PluginConfiguration, work: Work) -> None:
    del work
    before = vendor.version
    mine, yours = (PluginConfiguration.objects.get(pk=vendor.pk) for _ in range(2))
    resaved(mine)
    resaved(yours)
    vendor.refresh_from_db()
    assert vendor.version == before + 2


@pytest.mark.parametrize("limit", [0, -1, 2001])
def test_a_limit_under_which_nothing_would_ever_go_is_refused(
    limit: int, vendor: PluginConfiguration, work: Work
) -> None:
    del work
    with pytest.raises(Problem, match="between 1 and 2000") as caught:
        resaved(vendor, limit=limit)
    assert caught.value.field == "limit"


def test_a_stored_password_that_cannot_be_read_is_asked_for_again(vendor: PluginConfiguration, work: Work) -> None:
    del work
    other = make_configuration(template="plesk_ka", secrets={"password": "other"})
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE licenses_pluginconfiguration SET secrets ="
            " (SELECT secrets FROM licenses_pluginconfiguration WHERE id = %s) WHERE id = %s",
            [other.pk, vendor.pk],
        )
    stored = PluginConfiguration.objects.get(pk=vendor.pk)
    with pytest.raises(Problem, match="once more") as caught:
        resaved(stored)
    assert caught.value.field == "password"
    resaved(PluginConfiguration.objects.get(pk=vendor.pk), settings={**vendor.settings, "password": "demo"})


def test_requests_of_a_configuration_that_goes_online_come_to_a_person_before_anything_is_bought(
    buy: Buy, work: Work, vendor: PluginConfiguration, simulator: RunningSimulator
) -> None:
    before = simulator.sold()
    PluginConfiguration.objects.filter(pk=vendor.pk).update(mode="offline")
    vendor.refresh_from_db()
    subscription = buy()
    resaved(vendor, mode="online", settings={**vendor.settings, "password": "demo"})
    PluginConfiguration.objects.update(status="configured")
    work()
    request = request_of(subscription)
    assert (request.state, request.stopped_in, request.problem_kind) == ("attention", "key", "online")
    assert simulator.sold() == before
