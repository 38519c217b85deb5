"""A license from stock to its end, as a person walks it on the panel's pages, at the vendor's simulator."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.urls import reverse

from ka_plugins.simulator.running import RunningSimulator
from licenses.configurations import fetch_classes
from licenses.invariants import broken
from licenses.models import License, LicenseRequest, PluginConfiguration
from licenses.proving.rounds import prove_due
from licenses.services import (
    change_license,
    new_licenses,
    resume_license,
    retry_request,
    services_ready,
    suspend_license,
)
from licenses.stock import assign_license
from pbas.core.problems import ConflictProblem, Problem
from pbas.core.story import SYSTEM
from subscriptions.models import Subscription
from tests.factories import make_class, make_configuration, make_order, make_plan, make_subscription
from tests.flow.conftest import Buy, Work, request_of
from tests.web.wares import form_of, make_wares

LANGUAGES, MONITORING = "FT-PLESK-5-LANGUAGE-PACKS-1M", "360-MON-PRO-1M"


@pytest.fixture
def modern(simulator: RunningSimulator) -> PluginConfiguration:
    """A configuration of the plug-in that has all verbs, with the vendor's own classes."""
    settings = {"login": "demo", "client": "1", "path": "/30", **simulator.settings()}
    made = make_configuration(simulator, template="plesk_ka3", settings=settings)
    fetch_classes(configuration=made)
    made.classes.update(sold=True)
    return made


@pytest.fixture
def ready(tmp_path: Path) -> Subscription:
    """A subscription with a target, and nothing bought for it."""
    plan = make_plan(make_class(), services=["hosting"])
    plan.licenses.all().delete()
    return make_subscription(make_order(plan), folder=tmp_path)


def walk(client: Client, path: str, step: str, **changes: Any) -> Any:
    """Fill in a page's form and press its button."""
    return press(client, client.get(path), path.split("?", maxsplit=1)[0], step, **changes)


def press(client: Client, page: Any, path: str, step: str, **changes: Any) -> Any:
    given = form_of(page.text)
    for name, value in {"step": step, **changes}.items():
        given.setlist(name, value if isinstance(value, list) else [value])
    return client.post(path, given.urlencode(), content_type="application/x-www-form-urlencoded")


def done(request: LicenseRequest) -> LicenseRequest:
    request.refresh_from_db()
    assert request.state == "done", (request.state, request.problem_text, request.problem_vendor)
    return request


def test_a_license_goes_from_stock_through_all_its_kinds_of_requests_to_its_end(
    staff_client: Client, modern: PluginConfiguration, ready: Subscription, work: Work, tmp_path: Path
) -> None:
    license_class = modern.classes.get(code="PLESK-12-WEB-PRO-1M")
    start = f"/licenses/new/?plugin={modern.pk}&license_class={license_class.pk}&number=1&purpose=stock"
    review = walk(staff_client, start, "review", features=[LANGUAGES])
    assert press(staff_client, review, "/licenses/new/", "buy").status_code == 302
    work()
    license_ = License.objects.get(parent=None)
    issued = license_.requests.get()
    assert (license_.state, license_.subscription) == ("issued", None)
    assert (issued.state, issued.due_at, issued.problem_kind) == ("install", None, "")
    assert list(broken()) == [], "what is in stock is not stuck"
    assert "In stock" in staff_client.get(reverse("license_request", args=[issued.pk])).text

    staff_client.post(reverse("license_assign", args=[license_.pk]), {"subscription": f"#{ready.pk}"})
    work()
    done(issued)
    license_.refresh_from_db()
    assert license_.state == "installed"
    assert list(tmp_path.iterdir())

    page = reverse("license_change", args=[license_.pk])
    review = walk(staff_client, page, "review", features=[], additional=[MONITORING])
    press(staff_client, review, page, "buy", reason="Ordered so.")
    work()
    done(license_.requests.get(kind="change"))
    license_.refresh_from_db()
    child = license_.children.get()
    assert (child.state, child.features[0]) == ("installed", MONITORING)

    for verb, state in (("suspend", "suspended"), ("resume", "installed"), ("terminate", "terminated")):
        staff_client.post(reverse(f"license_{verb}", args=[license_.pk]), {"reason": "Because."})
        work()
        done(license_.requests.get(kind=verb))
        license_.refresh_from_db()
        child.refresh_from_db()
        assert (license_.state, child.state) == (state, state)
    assert list(broken()) == []


def test_a_resume_proves_nothing_but_has_the_license_read_back_at_once(
    modern: PluginConfiguration, ready: Subscription, work: Work, tmp_path: Path
) -> None:
    license_class = modern.classes.order_by("pk")[0]
    new_licenses(configuration=modern, license_class=license_class, number=1, subscription_id=ready.pk, actor=SYSTEM)
    work()
    License.objects.update(proven_at=F("proven_at") - timedelta(days=30))
    license_ = License.objects.get(parent=None)
    proven = license_.proven_at
    suspend_license(license=license_, reason="Not paid.", actor=SYSTEM)
    work()
    for file in (one for one in tmp_path.rglob("*") if one.is_file()):
        file.unlink()
    license_.refresh_from_db()
    resume_license(license=license_, actor=SYSTEM)
    work()
    license_.refresh_from_db()
    assert (license_.state, license_.proven_at) == ("installed", proven)
    for _rest in prove_due(5):
        pass
    license_.refresh_from_db()
    assert license_.found == License.Found.MISSING


def test_a_license_in_stock_goes_to_one_subscription_only(
    modern: PluginConfiguration, ready: Subscription, work: Work
) -> None:
    license_class = modern.classes.order_by("pk")[0]
    (request,) = new_licenses(
        configuration=modern, license_class=license_class, number=1, subscription_id=None, actor=SYSTEM
    )
    work()
    license_ = License.objects.get(parent=None)
    with pytest.raises(Problem, match="There is no subscription"):
        assign_license(license=license_, subscription_id=999_999, actor=SYSTEM)
    assign_license(license=license_, subscription_id=ready.pk, actor=SYSTEM)
    with pytest.raises(ConflictProblem, match="not in stock any more"):
        assign_license(license=license_, subscription_id=ready.pk, actor=SYSTEM)
    work()
    assert done(request).subscription == ready


def test_an_order_with_options_that_cannot_be_is_owed_but_not_bought(vendor: PluginConfiguration, work: Work) -> None:
    plan = make_plan(make_wares(vendor), services=["hosting"])
    plan.licenses.update(options={"features": ["D10", "D100"]})
    subscription = make_subscription(make_order(plan))
    request = request_of(subscription)
    assert (request.state, request.problem_kind) == ("attention", "options")
    services_ready(subscription_id=subscription.pk, actor=SYSTEM)
    work()
    with pytest.raises(ConflictProblem, match="exclude one another"):
        retry_request(request=request_of(subscription), actor=SYSTEM)
    assert request_of(subscription).intent_at is None
    assert list(broken()) == []


def test_a_change_is_checked_before_anybody_is_asked(buy: Buy, work: Work, vendor: PluginConfiguration) -> None:
    buy(ip="10.9.9.1")
    work()
    license_ = License.objects.get(parent=None)
    fetch_classes(configuration=vendor)
    license_ = License.objects.get(pk=license_.pk)
    with pytest.raises(Problem, match="has no option NOPE"):
        change_license(license=license_, options={"features": ["NOPE"]}, actor=SYSTEM)
    assert license_.requests.count() == 1


def test_forms_that_are_sent_at_the_same_moment_ask_once(modern: PluginConfiguration) -> None:
    license_class, once = modern.classes.order_by("pk")[0], uuid4()

    def send(_: int) -> list[int]:
        try:
            made = new_licenses(
                configuration=modern,
                license_class=license_class,
                number=3,
                subscription_id=None,
                actor=SYSTEM,
                once=once,
            )
            return [one.pk for one in made]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, range(4)))
    assert LicenseRequest.objects.count() == 3
    assert all(sorted(answer) == sorted(answers[0]) for answer in answers)


def test_a_license_in_stock_that_two_assign_at_once_goes_to_one_of_them(
    modern: PluginConfiguration, ready: Subscription, work: Work, tmp_path: Path
) -> None:
    (request,) = new_licenses(
        configuration=modern,
        license_class=modern.classes.order_by("pk")[0],
        number=1,
        subscription_id=None,
        actor=SYSTEM,
    )
    work()
    other = make_subscription(make_order(ready.plan), folder=tmp_path)
    license_ = License.objects.get(parent=None)

    def assign(pk: int) -> int:
        try:
            return assign_license(license=license_, subscription_id=pk, actor=SYSTEM).subscription_id or 0
        except ConflictProblem:
            return 0
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        winners = [pk for pk in pool.map(assign, [ready.pk, other.pk]) if pk]
    license_.refresh_from_db()
    assert winners == [license_.subscription_id]
    work()
    assert done(request).subscription_id == license_.subscription_id
