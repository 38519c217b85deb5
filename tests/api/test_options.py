"""Options over the API: what a class does not offer is found before anything is bought."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from licenses.models import License, LicenseClass, LicenseRequest
from subscriptions.models import Subscription
from tests.api.calls import Api, problem
from tests.web.wares import PLESK

WRONG: list[tuple[dict[str, Any], str]] = [
    ({}, "options.features"),
    ({"features": ["D10", "D100"]}, "options.features"),
    ({"features": ["D10", "NOPE"]}, "options.features"),
    ({"features": ["D10"], "additional": [{"code": "NOPE"}]}, "options.additional"),
    ({"features": ["D10"], "additional": [{"code": "AV", "features": ["POWER"]}]}, "options.additional"),
    ({"features": ["D10"], "additional": [{"code": "AV"}, {"code": "AV"}]}, "options.additional"),
]


@pytest.fixture
def described(license_class: LicenseClass) -> LicenseClass:
    """A class whose vendor says what can be chosen in it."""
    license_class.properties = dataclasses.asdict(PLESK)
    license_class.save()
    return license_class


@pytest.fixture
def new(described: LicenseClass, ready: Subscription) -> dict[str, Any]:
    """The body of New License, without its options."""
    return {"plugin": described.configuration_id, "license_class": described.pk, "subscription": ready.pk}


@pytest.mark.parametrize(("options", "field"), WRONG)
def test_a_new_license_with_options_that_cannot_be_is_422_at_its_place(
    api: Api, new: dict[str, Any], options: dict[str, Any], field: str
) -> None:
    before = LicenseRequest.objects.count()
    problem(api.post("license-requests/", {**new, "options": options}), 422, field)
    assert LicenseRequest.objects.count() == before


def test_a_required_option_is_missed_where_no_options_are_given(api: Api, new: dict[str, Any]) -> None:
    problem(api.post("license-requests/", new), 422, "options.features")


def test_options_are_kept_in_the_order_of_the_class(api: Api, new: dict[str, Any]) -> None:
    options = {"features": ["POWER", "D10"], "additional": [{"code": "AV"}]}
    (made,) = api.post("license-requests/", {**new, "options": options}).json()["requests"]
    assert made["options"] == {"features": ["D10", "POWER"], "additional": [{"code": "AV", "features": []}]}


@pytest.mark.parametrize(("options", "field"), WRONG)
def test_a_change_to_options_that_cannot_be_is_422_at_its_place(
    api: Api,
    described: LicenseClass,
    ready: Subscription,
    make_license: Callable[..., License],
    options: dict[str, Any],
    field: str,
) -> None:
    license_ = make_license("KEY-1", subscription=ready)
    problem(api.post(f"licenses/{license_.pk}/change/", {"options": options}), 422, field)
    assert license_.license_class == described
    assert not license_.requests.exists()


def test_a_change_may_keep_what_the_class_no_longer_offers(
    api: Api, described: LicenseClass, ready: Subscription, make_license: Callable[..., License]
) -> None:
    license_ = make_license("KEY-1", subscription=ready, features=["D10", "ANCIENT"])
    answer = api.post(f"licenses/{license_.pk}/change/", {"options": {"features": ["D100", "ANCIENT"]}})
    assert answer.status_code == 201
    assert answer.json()["options"] == {"features": ["D100", "ANCIENT"], "additional": []}
    assert license_.license_class == described


def test_the_same_change_may_be_sent_again_under_its_key(
    api: Api, described: LicenseClass, ready: Subscription, make_license: Callable[..., License]
) -> None:
    license_ = make_license("KEY-1", subscription=ready, features=["D10"])
    body = {"options": {"features": ["D100"]}}
    answers = [api.post(f"licenses/{license_.pk}/change/", body, key="k1").json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert license_.requests.count() == 1
    assert described.sold


@pytest.mark.parametrize(("options", "field"), WRONG)
def test_a_plan_with_options_that_cannot_be_is_422_at_its_license(
    api: Api, described: LicenseClass, other_class: LicenseClass, options: dict[str, Any], field: str
) -> None:
    licenses = [{"license_class": other_class.pk}, {"license_class": described.pk, "options": options}]
    problem(api.post("plans/", {"code": "new", "name": "New", "licenses": licenses}), 422, f"licenses.1.{field}")


def test_a_plan_keeps_its_options_in_their_order_and_where_they_are_not_given(
    api: Api, described: LicenseClass
) -> None:
    row = {"license_class": described.pk, "options": {"features": ["POWER", "D10"]}}
    made = api.post("plans/", {"code": "new", "name": "New", "licenses": [row]}).json()
    assert made["licenses"][0]["options"] == {"features": ["D10", "POWER"], "additional": []}
    changed = api.patch(f"plans/{made['id']}/", {"licenses": [{"license_class": described.pk, "is_included": False}]})
    assert changed.json()["licenses"][0]["options"] == made["licenses"][0]["options"]
    problem(
        api.patch(f"plans/{made['id']}/", {"licenses": [{**row, "options": {}}]}), 422, "licenses.0.options.features"
    )


@pytest.fixture
def other_class(described: LicenseClass) -> LicenseClass:
    """A second class, which has nothing to choose."""
    return LicenseClass.objects.create(configuration=described.configuration, code="PLAIN", name="Plain", sold=True)
