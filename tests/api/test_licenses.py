"""Licenses over the API: renewals, changes, ends, and files."""

import hashlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from licenses.models import InstallTarget, License, LicenseClass, LicenseFile, LicenseRequest, PluginConfiguration
from pbas.core.models import Event
from subscriptions.models import Subscription
from tests.api.calls import Api, problem


@pytest.fixture
def license_(make_license: Callable[..., License], request_row: LicenseRequest) -> License:
    """A license with two versions of one file, of a plug-in that can do all."""
    PluginConfiguration.objects.update(template="plesk_ka", mode="online")
    made = make_license(
        "PLSK.12345678.0001", subscription=request_row.subscription, secret_key="", activation_code="ACT"
    )
    for version, body in enumerate([b"<one/>", b"<two/>\x00\xff"], start=1):
        LicenseFile.objects.create(
            request=request_row, license=made, name="lizenz ü.xml", version=version, size=len(body), body=body,
            sha256=hashlib.sha256(body).hexdigest(), source="vendor",
        )  # fmt: skip
    return made


@pytest.mark.parametrize(
    ("verb", "body", "kind"),
    [
        ("renew", None, "renew"),
        ("change", {"options": {"features": ["A"]}}, "change"),
        ("terminate", {"reason": "The customer left."}, "terminate"),
    ],
)
def test_what_is_asked_of_a_license_is_a_request_once(
    api: Api, license_: License, verb: str, body: dict[str, object] | None, kind: str
) -> None:
    path = f"licenses/{license_.pk}/{verb}/"
    response = api.post(path, body, key="k1")
    assert response.status_code == 201
    shown = response.json()
    assert (shown["kind"], shown["license"], shown["state"]) == (kind, license_.pk, "key")
    assert api.post(path, body, key="k1").json() == shown
    problem(api.post(path, body), 409)
    assert license_.requests.count() == 1


def test_a_renewal_of_a_named_end_is_refused_once_that_end_is_past(api: Api, license_: License) -> None:
    path, ends = f"licenses/{license_.pk}/renew/", timezone.now().replace(microsecond=0)
    License.objects.filter(pk=license_.pk).update(expires_at=ends)
    assert "renewed meanwhile" in problem(api.post(path, {"expires_at": ends - timedelta(days=30)}), 409)["detail"]
    assert license_.requests.count() == 0
    assert api.post(path, {"expires_at": ends}).status_code == 201


def test_a_license_that_never_expires_is_not_renewed(api: Api, license_: License) -> None:
    PluginConfiguration.objects.update(template="plesk_ka", mode="online")
    License.objects.filter(pk=license_.pk).update(expires_at=None, renew_at=None)
    assert "never expires" in problem(api.post(f"licenses/{license_.pk}/renew/"), 409)["detail"]
    assert license_.requests.count() == 0


def test_a_change_needs_its_options(api: Api, license_: License) -> None:
    problem(api.post(f"licenses/{license_.pk}/change/", {}), 422, "options")
    problem(api.post(f"licenses/{license_.pk}/change/", {"options": {"features": [{}]}}), 422, "options.features.0")


def test_a_terminated_license_takes_nothing_more(api: Api, license_: License) -> None:
    License.objects.filter(pk=license_.pk).update(state="terminated")
    problem(api.post(f"licenses/{license_.pk}/renew/"), 409)


def test_an_offline_license_is_written_down_as_ended_and_neither_suspended_nor_resumed_here(
    api: Api, license_: License
) -> None:
    PluginConfiguration.objects.update(mode="offline")
    License.objects.filter(pk=license_.pk).update(state="installed", installed_at=Now())
    problem(api.post(f"licenses/{license_.pk}/suspend/"), 422)
    answer = api.post(f"licenses/{license_.pk}/terminate/", {"reason": "Ended with the vendor."})
    assert (answer.status_code, answer.json()["state"]) == (201, "done")
    license_.refresh_from_db()
    assert license_.state == "terminated"
    assert (license_.found == "left") is (license_.subscription_id is not None)
    problem(api.post(f"licenses/{license_.pk}/terminate/", {"reason": "Again."}), 409)


def test_a_file_is_downloaded_byte_by_byte_and_it_is_told(api: Api, license_: License) -> None:
    shown = api.get(f"licenses/{license_.pk}/").json()["files"]
    assert [(one["n"], one["version"], one["size"]) for one in shown] == [(1, 1, 6), (2, 2, 8)]
    response = api.get(f"licenses/{license_.pk}/files/2/")
    assert (response.status_code, response.content) == (200, b"<two/>\x00\xff")
    assert hashlib.sha256(response.content).hexdigest() == shown[1]["sha256"]
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"] == "attachment; filename*=utf-8''lizenz%20%C3%BC.xml"
    assert response["Cache-Control"] == "no-store"
    event = Event.objects.get(kind="file_downloaded")
    assert (event.actor, event.license) == ("shop", license_)


def test_a_file_that_is_not_there_is_404(api: Api, license_: License) -> None:
    for n in (0, 3, 10**30):
        problem(api.get(f"licenses/{license_.pk}/files/{n}/"), 404)
    assert not Event.objects.filter(kind="file_downloaded").exists()


def test_a_license_is_suspended_and_resumed(api: Api, license_: License) -> None:
    PluginConfiguration.objects.update(template="plesk_ka3")
    License.objects.update(state="installed")
    path = f"licenses/{license_.pk}"
    stopped = api.post(f"{path}/suspend/", {"reason": "Not paid."}).json()
    assert (stopped["kind"], stopped["license"]) == ("suspend", license_.pk)
    problem(api.post(f"{path}/resume/"), 409)
    LicenseRequest.objects.filter(pk=stopped["id"]).update(state="done", finished_at=Now())
    License.objects.update(state="suspended")
    assert api.post(f"{path}/resume/").json()["kind"] == "resume"


def test_licenses_are_bought_for_stock_and_assigned_later(
    api: Api, license_class: LicenseClass, ready: Subscription
) -> None:
    body = {"plugin": license_class.configuration_id, "license_class": license_class.pk, "subscription": None}
    (made,) = api.post("license-requests/", body, key="k1").json()["requests"]
    assert made["subscription"] is None
    sent = {"key": "STOCK-KEY-1", "activation_code": "CODE-1"}
    uploaded = api.post(f"license-requests/{made['id']}/upload/", sent, format="multipart").json()
    LicenseRequest.objects.filter(pk=made["id"]).update(state="install")
    path = f"licenses/{uploaded['license']}/assign/"
    problem(api.post(path, {"subscription": 999_999}), 422, "subscription")
    problem(api.post(path, {}), 422, "subscription")
    assert api.post(path, {"subscription": ready.pk}, key="k2").json()["subscription"] == ready.pk
    problem(api.post(path, {"subscription": ready.pk}), 409)


def test_a_license_is_put_into_its_target_again_and_read_back(api: Api, license_: License) -> None:
    path = f"licenses/{license_.pk}/"
    said = problem(api.post(f"{path}reinstall/", {"reason": "Gone."}), 409)
    assert "only installed ones" in said["detail"]
    License.objects.filter(pk=license_.pk).update(state="installed")
    InstallTarget.objects.all().delete()
    said = problem(api.post(f"{path}reinstall/", {"reason": "Gone."}), 409)
    assert "no install target" in said["detail"]
    InstallTarget.objects.create(
        subscription_id=license_.subscription_id or 0, kind="directory", address="/x", credentials={}
    )
    for _ in range(2):
        shown = api.post(f"{path}reinstall/", {"reason": "Gone."})
        assert (shown.status_code, shown.json()["found"]) == (200, "reinstall")
    assert Event.objects.get(kind="reinstall_asked").detail == "Gone."
    assert [one["id"] for one in api.get("licenses/?found=reinstall").json()["results"]] == [license_.pk]
    assert api.get("licenses/?found=missing").json()["results"] == []
    assert api.post(f"{path}prove/").json()["prove_at"] is not None
