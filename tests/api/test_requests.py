"""License requests over the API: New License, and what a person may do with one."""

from typing import Any

import pytest

from licenses.models import LicenseClass, LicenseRequest, PluginConfiguration
from pbas.core.api.fields import UNSAID
from pbas.core.models import Event
from subscriptions.models import Subscription
from tests.api.calls import Api, problem

NAMES = {"id", "state", "kind", "plugin", "license_class", "subscription", "license", "due_at", "attempt", "held"}


@pytest.fixture
def new(license_class: LicenseClass, ready: Subscription) -> dict[str, Any]:
    """The body of New License."""
    return {
        "plugin": license_class.configuration_id,
        "license_class": license_class.pk,
        "subscription": ready.pk,
        "number": 2,
    }


def test_new_license_makes_as_many_requests_as_were_asked_for(api: Api, new: dict[str, Any]) -> None:
    before = LicenseRequest.objects.count()
    response = api.post("license-requests/", {**new, "options": {"features": ["A"], "additional": [{"code": "B"}]}})
    requests = response.json()["requests"]
    assert response.status_code == 201
    assert len(requests) == LicenseRequest.objects.count() - before == 2
    assert {*NAMES, "problem"} <= set(requests[0])
    assert {name: requests[0][name] for name in ("state", "kind", "held", "problem", "license", "subscription")} == {
        "state": "key",
        "kind": "issue",
        "held": False,
        "problem": None,
        "license": None,
        "subscription": new["subscription"],
    }
    assert requests[0]["options"] == {"features": ["A"], "additional": [{"code": "B"}]}
    assert api.get(f"license-requests/{requests[0]['id']}/").json() == requests[0]


def test_a_class_is_named_by_its_code_too_and_one_license_is_the_default(api: Api, new: dict[str, Any]) -> None:
    del new["number"]
    response = api.post("license-requests/", {**new, "license_class": "PANEL_10"})
    assert [one["license_class"] for one in response.json()["requests"]] == [new["license_class"]]


def test_what_is_named_by_an_id_that_nothing_has_is_named_in_our_words(api: Api, new: dict[str, Any]) -> None:
    said = problem(api.post("license-requests/", {**new, "plugin": 999_999}), 422, "plugin")
    assert said["detail"] == "There is no plug-in configuration 999999."


def test_new_license_with_a_key_is_bought_once(api: Api, new: dict[str, Any]) -> None:
    before = LicenseRequest.objects.count()
    first = api.post("license-requests/", new, key="k1")
    assert api.post("license-requests/", new, key="k1").json() == first.json()
    assert LicenseRequest.objects.count() - before == 2


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"number": 0}, "number"),
        ({"number": -1}, "number"),
        ({"number": 10_000}, "number"),
        ({"number": "many"}, "number"),
        ({"number": 1.5}, "number"),
        ({"subscription": 999_999}, "subscription"),
        ({"plugin": 999_999}, "plugin"),
        ({"plugin": "By hand"}, "plugin"),
        ({"license_class": 999_999}, "license_class"),
        ({"license_class": "NONE"}, "license_class"),
        ({"license_class": ["PANEL_10"]}, "license_class"),
        ({"options": {"features": "A"}}, "options.features"),
        ({"options": {"additional": [{"features": []}]}}, "options.additional.0.code"),
    ],
)
def test_bad_input_is_422_at_its_field_and_nothing_is_asked_for(
    api: Api, new: dict[str, Any], wrong: dict[str, Any], field: str
) -> None:
    before = LicenseRequest.objects.count()
    problem(api.post("license-requests/", {**new, **wrong}), 422, field)
    assert LicenseRequest.objects.count() == before


def test_a_class_that_is_not_sold_is_422(api: Api, license_class: LicenseClass, new: dict[str, Any]) -> None:
    LicenseClass.objects.filter(pk=license_class.pk).update(sold=False)
    body = problem(api.post("license-requests/", new), 422, "license_class")
    assert "not sold" in body["detail"]


def test_a_class_of_another_plug_in_is_422(api: Api, new: dict[str, Any]) -> None:
    other = PluginConfiguration.objects.create(name="Other", template="manual", mode="offline", status="configured")
    problem(api.post("license-requests/", {**new, "plugin": other.pk}), 422, "license_class")


def test_a_request_is_held_and_released(api: Api, request_row: LicenseRequest) -> None:
    path = f"license-requests/{request_row.pk}/"
    assert api.post(f"{path}hold/", {"reason": "Waits for the invoice."}).json()["held"] is True
    problem(api.post(f"{path}hold/"), 409)
    assert api.post(f"{path}release/").json()["held"] is False
    problem(api.post(f"{path}release/"), 409)
    story = Event.objects.filter(request=request_row, kind__in=["held", "released"]).order_by("id")
    assert [(event.kind, event.actor_kind, event.actor) for event in story] == [
        ("held", "staff", "shop"),
        ("released", "staff", "shop"),
    ]


def test_a_request_is_cancelled_once(api: Api, request_row: LicenseRequest) -> None:
    path = f"license-requests/{request_row.pk}/cancel/"
    api.post(path, {"reason": "Ordered twice."})
    problem(api.post(path, {"reason": "Again."}), 409)


def test_retry_says_why_it_cannot_be(api: Api, request_row: LicenseRequest) -> None:
    body = problem(api.post(f"license-requests/{request_row.pk}/retry/"), 409)
    assert "upload" in body["detail"]


def test_a_request_that_needs_attention_shows_its_problem_and_is_tried_again(
    api: Api, request_row: LicenseRequest
) -> None:
    PluginConfiguration.objects.filter(pk=request_row.configuration_id).update(mode="online")
    LicenseRequest.objects.filter(pk=request_row.pk).update(
        state="attention",
        stopped_in="key",
        problem_kind="refused",
        problem_text="Refused.",
        problem_vendor="No credit.",
    )
    path = f"license-requests/{request_row.pk}/"
    shown = api.get(path).json()["problem"]
    assert shown == {"kind": "refused", "text": "Refused.", "fault": "", "vendor_says": "No credit."}
    again = api.post(f"{path}retry/").json()
    assert (again["state"], again["due_at"] is not None, again["problem"]) == ("key", True, None)


def test_a_key_is_adopted_for_a_request_in_doubt(api: Api, request_row: LicenseRequest) -> None:
    path = f"license-requests/{request_row.pk}/adopt/"
    problem(api.post(path, {"key": "ABCD-1234-EFGH"}), 409)
    LicenseRequest.objects.filter(pk=request_row.pk).update(state="in_doubt")
    problem(api.post(path, {}), 422, "key")
    problem(api.post(path, {"key": "x" * 300}), 422, "key")
    adopted = api.post(path, {"key": "ABCD-1234-EFGH", "reason": "Found at the vendor's."}).json()
    assert adopted["state"] == "files"
    license_ = api.get(f"licenses/{adopted['license']}/").json()
    assert license_["key"].endswith("EFGH")
    assert "ABCD" not in str(license_)


def test_install_needs_a_key_first(api: Api, request_row: LicenseRequest) -> None:
    problem(api.post(f"license-requests/{request_row.pk}/install/"), 422, "key")


def test_install_without_a_target_is_422(api: Api, subscription: Subscription) -> None:
    row = subscription.license_requests.get()
    path = f"license-requests/{row.pk}/"
    assert api.post(f"{path}upload/", {"key": "ABCD-1234-EFGH"}, format="multipart").status_code == 200
    problem(api.post(f"{path}install/"), 422, "target")
    row.refresh_from_db()
    assert row.state == "services"


def test_a_request_is_cancelled_by_a_script_that_gives_no_reason_which_its_story_says(
    api: Api, request_row: LicenseRequest
) -> None:
    path = f"license-requests/{request_row.pk}/cancel/"
    problem(api.post(path, {"reason": ""}), 422, "reason")
    assert api.post(path).json()["state"] == "cancelled"
    assert Event.objects.get(request=request_row, kind="cancelled").detail == UNSAID
