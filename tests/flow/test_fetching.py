"""Fetching license classes: once at a time, with its progress, and again by itself until it works."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from ka_plugins.contract import MisconfiguredError, UnavailableError
from ka_plugins.plesk_ka.plugin import PleskKaPlugin
from licenses import bell, classes
from licenses.classes import due_fetches, want_classes
from licenses.configurations import delete_configuration
from licenses.models import PluginConfiguration
from licenses.tasks import fetch_classes, sweep
from pbas.core.models import Event
from pbas.core.story import SYSTEM
from tests.flow.conftest import Work
from tests.flow.test_review_configurations import in_thread, resaved


@pytest.fixture(autouse=True)
def _quiet(work: Work) -> None:
    """No message goes out."""


def break_vendor(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    async def fail(_plugin: PleskKaPlugin) -> Any:
        raise error("It does not answer.")

    monkeypatch.setattr(PleskKaPlugin, "list_classes", fail)


def _fetch_now(configuration: PluginConfiguration) -> None:
    PluginConfiguration.objects.update(fetch_at=timezone.now())
    fetch_classes(configuration.pk)


def now(configuration: PluginConfiguration) -> PluginConfiguration:
    configuration.refresh_from_db()
    return configuration


def test_a_saved_configuration_is_configured_only_when_its_classes_have_arrived(
    vendor: PluginConfiguration, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    kept = classes.keep_classes

    def note(configuration: PluginConfiguration, *rest: Any, **more: Any) -> Any:
        row = PluginConfiguration.objects.get(pk=configuration.pk)
        seen.append((row.status, row.fetch_step, row.classes_received))
        return kept(configuration, *rest, **more)

    monkeypatch.setattr(classes, "keep_classes", note)
    saved = resaved(vendor)
    assert (saved.status, saved.fetch_step) == ("fetching", "queued")
    fetch_classes(vendor.pk)
    n = vendor.classes.count()
    assert seen == [("fetching", "storing", n)]
    row = now(vendor)
    assert (row.status, row.fetch_step, row.fetch_at, row.classes_received) == ("configured", "", None, n)


def test_a_fetch_that_fails_is_tried_again_by_itself_with_growing_waits(
    vendor: PluginConfiguration, monkeypatch: pytest.MonkeyPatch
) -> None:
    resaved(vendor)
    with monkeypatch.context() as broken:
        break_vendor(broken, UnavailableError)
        waits = []
        for failures in (1, 2, 3, 4):
            PluginConfiguration.objects.update(fetch_at=timezone.now())
            fetch_classes(vendor.pk)
            row = now(vendor)
            assert (row.status, row.fetch_failures, row.fetch_step) == ("failed", failures, "")
            assert "It does not answer." in row.fetch_problem
            assert row.fetch_at is not None
            waits.append((row.fetch_at - timezone.now()).total_seconds())
            assert not due_fetches().exists()
        assert waits == sorted(waits)
        fetch_classes(vendor.pk)  # not due: a message that came twice
        assert now(vendor).fetch_failures == 4
    PluginConfiguration.objects.update(fetch_at=timezone.now())
    fetch_classes(vendor.pk)
    row = now(vendor)
    assert (row.status, row.fetch_failures, row.fetch_problem, row.fetch_at) == ("configured", 0, "", None)


def test_what_only_a_person_can_mend_is_tried_again_seldom(
    vendor: PluginConfiguration, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_vendor(monkeypatch, MisconfiguredError)
    resaved(vendor)
    fetch_classes(vendor.pk)
    again = now(vendor).fetch_at
    assert again is not None
    assert again - timezone.now() > timedelta(minutes=5)


def test_an_update_that_fails_stops_nothing_that_works(
    vendor: PluginConfiguration, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_vendor(monkeypatch, UnavailableError)
    want_classes(configuration=vendor, actor=SYSTEM)
    want_classes(configuration=vendor, actor=SYSTEM)  # a second click asks for the same
    assert Event.objects.filter(kind="classes_asked").count() == 1
    fetch_classes(vendor.pk)
    row = now(vendor)
    assert (row.status, row.fetch_failures) == ("configured", 1)
    assert "It does not answer." in Event.objects.get(kind="classes_not_received").detail


def test_a_fetch_whose_worker_died_is_taken_over_after_its_lease_and_not_before(
    vendor: PluginConfiguration, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[list[int]] = []
    monkeypatch.setattr(bell, "send", lambda _task, arguments, **_: sent.append(arguments))
    monkeypatch.setattr(bell, "call_worker", lambda: None)  # an engine is called by each sweep
    later = timezone.now() + timedelta(minutes=1)
    PluginConfiguration.objects.update(status="fetching", fetch_step="asking", fetch_at=later)
    sweep()
    fetch_classes(vendor.pk)
    assert (sent, now(vendor).status) == ([], "fetching")
    PluginConfiguration.objects.update(fetch_at=timezone.now())
    sweep()
    assert sent == [[vendor.pk]]
    fetch_classes(vendor.pk)
    assert now(vendor).status == "configured"


def test_an_old_settings_failure_says_nothing_of_what_was_saved_meanwhile(
    vendor: PluginConfiguration, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def saved_meanwhile(_plugin: PleskKaPlugin) -> Any:
        in_thread(lambda: resaved(PluginConfiguration.objects.get(pk=vendor.pk))).join()
        raise UnavailableError("The old host is gone.")

    resaved(vendor)
    monkeypatch.setattr(PleskKaPlugin, "list_classes", saved_meanwhile)
    fetch_classes(vendor.pk)
    row = now(vendor)
    assert (row.status, row.fetch_step, row.fetch_failures) == ("fetching", "queued", 0)


def test_classes_that_arrive_for_a_deleted_configuration_are_dropped(
    vendor: PluginConfiguration, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = PleskKaPlugin.list_classes

    async def deleted_meanwhile(plugin: PleskKaPlugin) -> Any:
        in_thread(lambda: delete_configuration(configuration=vendor, actor=SYSTEM)).join()
        return await real(plugin)

    saved = resaved(vendor)
    monkeypatch.setattr(PleskKaPlugin, "list_classes", deleted_meanwhile)
    fetch_classes(saved.pk)
    assert not PluginConfiguration.objects.exists()


def test_two_who_fetch_at_once_do_not_hinder_each_other(
    vendor: PluginConfiguration, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = PleskKaPlugin.list_classes

    async def overtaken(plugin: PleskKaPlugin) -> Any:
        monkeypatch.undo()
        in_thread(lambda: _fetch_now(vendor)).join()
        return await real(plugin)

    saved = resaved(vendor)
    monkeypatch.setattr(PleskKaPlugin, "list_classes", overtaken)
    assert classes.fetch_classes(configuration=saved) == vendor.classes.count()
    assert now(vendor).status == "configured"
