"""Plug-in configurations when the vendor, the plug-in or a second person does what it should not."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection

from ka_plugins.plesk_ka.plugin import PleskKaPlugin
from ka_plugins.simulator.running import RunningSimulator
from licenses.configurations import (
    fetch_classes,
    pause_configuration,
    resume_configuration,
    save_configuration,
)
from licenses.models import PluginConfiguration
from licenses.tasks import fetch_classes as fetch_task
from licenses.wording import next_step
from pbas.core.problems import ConflictProblem, Problem
from pbas.core.story import SYSTEM
from tests.factories import make_configuration
from tests.flow.conftest import Buy, Work, request_of


def in_thread(work: Callable[[], Any]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


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


def test_a_plugin_that_does_not_load_is_at_fault_itself_and_is_looked_for_again(
    vendor: PluginConfiguration, buy: Buy, work: Work
) -> None:
    """Another worker may have it, and the next start may: nothing is lost, and nobody has to save anything."""
    PluginConfiguration.objects.update(template="gone")
    request = request_of(buy())
    work()
    request.refresh_from_db()
    assert (request.state, request.problem_kind, request.problem_fault) == ("key", "unavailable", "plug-in")
    assert request.problem_text == "The plug-in 'gone' is not installed here."
    assert next_step(request, services=(), target=None).fault == "The plug-in's program"
    PluginConfiguration.objects.update(template=vendor.template)
    resume_configuration(configuration=PluginConfiguration.objects.get(), actor=SYSTEM)
    work()
    request.refresh_from_db()
    assert request.state == "done"
