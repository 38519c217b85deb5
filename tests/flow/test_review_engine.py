"""What the engine promises when plug-ins, secrets, workers or the database do what they should not."""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now

from ka_plugins.contract import Key, LicenseOrder, MisconfiguredError
from ka_plugins.installing import Target
from ka_plugins.plesk_ka.plugin import PleskKaPlugin
from ka_plugins.simulator.running import RunningSimulator
from licenses import engine
from licenses.ledger import Claims
from licenses.models import InstallTarget, License, LicenseRequest, PluginConfiguration
from licenses.services import cancel_request, retry_request, terminate_license
from licenses.targets import set_install_target
from pbas.core.models import Event
from pbas.core.story import SYSTEM
from tests.factories import make_configuration
from tests.flow.conftest import Buy, Work, request_of


def drain_until(seen: Callable[[], bool]) -> None:
    """Run the engine in a thread; ask it to stop once something was seen; wait for its end."""

    def drain() -> None:
        try:
            engine.drain()
        finally:
            connection.close()

    engine.allow_to_run()
    running = threading.Thread(target=drain)
    running.start()
    until = time.monotonic() + 10
    while not seen() and time.monotonic() < until:
        time.sleep(0.02)
    engine.ask_to_stop()
    running.join(15)
    engine.allow_to_run()
    assert not running.is_alive()


def test_a_fetch_that_the_end_of_the_engine_cuts_short_is_due_at_once(
    buy: Buy, work: Work, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    del work
    settings.ENGINE_GRACE_SECONDS = 0.2
    asked = threading.Event()

    async def endless(_plugin: PleskKaPlugin, _key: str) -> tuple[()]:
        asked.set()
        await asyncio.sleep(60)
        return ()

    monkeypatch.setattr(PleskKaPlugin, "fetch_files", endless)
    request = request_of(buy())
    drain_until(asked.is_set)
    assert LicenseRequest.objects.filter(pk=request.pk, state="files", leased=False, due_at__lte=Now()).exists()


def test_a_purchase_that_the_end_of_the_engine_cuts_short_keeps_its_lease(
    buy: Buy, work: Work, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    del work
    settings.ENGINE_GRACE_SECONDS = 0.2
    asked = threading.Event()

    async def endless(_plugin: PleskKaPlugin, _order: LicenseOrder) -> Key:
        asked.set()
        await asyncio.sleep(60)
        return Key("never")

    monkeypatch.setattr(PleskKaPlugin, "issue_key", endless)
    request = request_of(buy())
    drain_until(asked.is_set)
    assert LicenseRequest.objects.filter(pk=request.pk, state="buying", leased=True, due_at__gt=Now()).exists()


def test_an_engine_whose_time_is_over_begins_nothing_new(
    buy: Buy, work: Work, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.ENGINE_DRAIN_SECONDS = 0.3
    real = PleskKaPlugin.issue_key

    async def slow(plugin: PleskKaPlugin, order: LicenseOrder) -> Key:
        await asyncio.sleep(1.5)
        return await real(plugin, order)

    monkeypatch.setattr(PleskKaPlugin, "issue_key", slow)
    request = request_of(buy())
    work()
    request.refresh_from_db()
    assert (request.state, request.leased) == ("files", False)
    settings.ENGINE_DRAIN_SECONDS = 60
    work()
    request.refresh_from_db()
    assert request.state == "done"


def test_an_intent_that_was_not_acted_on_is_taken_back(
    buy: Buy, work: Work, monkeypatch: pytest.MonkeyPatch, simulator: RunningSimulator
) -> None:
    before = simulator.sold()
    real = engine.Engine._make_plugins

    def stop_after_claim(self: engine.Engine, claims: Claims) -> None:
        real(self, claims)
        engine.ask_to_stop()

    monkeypatch.setattr(engine.Engine, "_make_plugins", stop_after_claim)
    request = request_of(buy())
    work()
    request.refresh_from_db()
    assert (request.state, request.leased) == ("key", False)
    assert simulator.sold() == before
    monkeypatch.setattr(engine.Engine, "_make_plugins", real)
    work()
    request.refresh_from_db()
    assert request.state == "done"
    assert simulator.sold() == before + 1


def test_a_configuration_whose_plugin_is_not_installed_stops_no_other_one(
    buy: Buy, work: Work, simulator: RunningSimulator
) -> None:
    gone, good = request_of(buy()), request_of(buy())
    missing = make_configuration(simulator, template="not_installed")
    LicenseRequest.objects.filter(pk=gone.pk).update(configuration=missing)
    work()
    good.refresh_from_db()
    gone.refresh_from_db()
    missing.refresh_from_db()
    assert good.state == "done"
    assert (gone.state, gone.leased) == ("key", False)
    assert "not_installed" in gone.problem_text
    assert "not_installed" in missing.parked_why
    assert missing.parked_until is not None


def test_a_configuration_whose_settings_do_not_build_is_parked_until_it_is_saved(
    buy: Buy, work: Work, simulator: RunningSimulator
) -> None:
    bad, good = request_of(buy()), request_of(buy())
    broken = make_configuration(simulator)
    PluginConfiguration.objects.filter(pk=broken.pk).update(settings={"no": "settings"})
    LicenseRequest.objects.filter(pk=bad.pk).update(configuration=broken)
    work()
    good.refresh_from_db()
    bad.refresh_from_db()
    broken.refresh_from_db()
    assert good.state == "done"
    assert (bad.state, bad.problem_kind) == ("key", "misconfigured")
    assert broken.parked_until is not None
    assert broken.parked_until.year == 9999


def test_a_secret_that_cannot_be_read_stops_its_own_request_only_and_can_be_given_anew(
    buy: Buy, work: Work, tmp_path: Any
) -> None:
    moved, good = buy(ip="10.9.9.1"), buy(ip="10.9.9.2")
    with connection.cursor() as cursor:  # a ciphertext of another row
        cursor.execute(
            "UPDATE licenses_installtarget SET credentials ="
            " (SELECT credentials FROM licenses_installtarget WHERE subscription_id = %s) WHERE subscription_id = %s",
            [good.pk, moved.pk],
        )
    work()
    request = request_of(moved)
    assert request_of(good).state == "done"
    assert (request.state, request.problem_kind) == ("attention", "unreadable")
    set_install_target(subscription_id=moved.pk, target=Target("directory", str(tmp_path)), actor=SYSTEM)
    retry_request(request=request, actor=SYSTEM)
    work()
    assert request_of(moved).state == "done"
    assert InstallTarget.objects.count() == 2


def test_an_answer_of_a_plugin_that_is_no_key_comes_to_a_person_and_stops_no_other_request(
    buy: Buy, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = PleskKaPlugin.issue_key
    subscriptions = [buy() for _ in range(3)]
    bad = request_of(subscriptions[1])

    async def rubbish(plugin: PleskKaPlugin, order: LicenseOrder) -> Key:
        key = await real(plugin, order)
        return Key(number=None) if order.reference == bad.uid.hex else key  # type: ignore[arg-type]

    monkeypatch.setattr(PleskKaPlugin, "issue_key", rubbish)
    work()
    assert [request_of(one).state for one in subscriptions] == ["done", "attention", "done"]
    bad.refresh_from_db()
    assert (bad.problem_kind, bad.stopped_in) == ("not_kept", "buying")


def test_a_key_that_was_bought_and_cannot_be_kept_is_named(
    buy: Buy, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    buy()
    work()
    first = License.objects.get()

    async def same_again(_plugin: PleskKaPlugin, _order: LicenseOrder) -> Key:
        return Key(first.key)

    monkeypatch.setattr(PleskKaPlugin, "issue_key", same_again)
    subscription = buy()
    work()
    assert first.key in request_of(subscription).problem_text


def test_a_key_that_was_sold_after_somebody_took_over_the_request_stands_in_its_story(
    buy: Buy, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = PleskKaPlugin.issue_key

    async def overtaken(plugin: PleskKaPlugin, order: LicenseOrder) -> Key:
        def take_over() -> None:
            LicenseRequest.objects.update(attempt=9)
            connection.close()

        await asyncio.to_thread(take_over)
        return await real(plugin, order)

    monkeypatch.setattr(PleskKaPlugin, "issue_key", overtaken)
    request = request_of(buy())
    work()
    assert License.objects.count() == 0
    assert "sold key PLSK." in Event.objects.get(request=request, kind="late_answer").text


def test_what_the_vendor_refused_was_not_sold_so_it_can_be_ordered_again_or_cancelled(
    buy: Buy, work: Work, simulator: RunningSimulator
) -> None:
    before = simulator.sold()
    again, given_up = (buy(options={"features": ["NO_SUCH_FEATURE"]}) for _ in range(2))
    work()
    LicenseRequest.objects.filter(pk=request_of(again).pk).update(options={})
    retry_request(request=request_of(again), actor=SYSTEM)
    cancel_request(request=request_of(given_up), actor=SYSTEM, reason="Not sold.")
    work()
    assert (request_of(again).state, request_of(given_up).state) == ("done", "cancelled")
    assert simulator.sold() == before + 1


def test_an_old_password_does_not_park_a_configuration_that_was_saved_meanwhile(
    buy: Buy, work: Work, vendor: PluginConfiguration, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def saved_meanwhile(_plugin: PleskKaPlugin, _order: LicenseOrder) -> Key:
        def save() -> None:
            PluginConfiguration.objects.filter(pk=vendor.pk).update(version=vendor.version + 1)
            connection.close()

        await asyncio.to_thread(save)
        monkeypatch.undo()
        raise MisconfiguredError("Wrong password.")

    monkeypatch.setattr(PleskKaPlugin, "issue_key", saved_meanwhile)
    subscription = buy()
    work()
    vendor.refresh_from_db()
    assert vendor.parked_until is None
    work()
    assert request_of(subscription).state == "done"


def test_a_secret_key_stands_in_no_event_and_no_message(buy: Buy, work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PleskKaPlugin, "secret_keys", True)
    buy()
    work()
    license_ = License.objects.get()
    terminate_license(license=license_, actor=SYSTEM)
    work()
    license_.refresh_from_db()
    assert license_.state == "terminated"
    number = license_.full_key
    assert number not in license_.key
    told = " ".join(f"{one.text} {one.detail}" for one in Event.objects.all())
    assert number not in told


def test_a_request_past_its_deadline_still_parks_the_vendor_who_does_not_answer(
    buy: Buy, work: Work, vendor: PluginConfiguration
) -> None:
    vendor.settings["port"] = 9
    vendor.version += 1
    vendor.save()
    subscriptions = [buy(), buy()]
    LicenseRequest.objects.filter(subscription=subscriptions[0]).update(deadline=Now())
    work()
    vendor.refresh_from_db()
    assert vendor.parkings == 1
    assert {request_of(one).problem_kind for one in subscriptions} == {"deadline", "unavailable"}
    assert request_of(subscriptions[0]).stopped_in == "key"
