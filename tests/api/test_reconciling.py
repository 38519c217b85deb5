"""Reconciliation over the API: a round on demand, the findings, and what may be decided about them."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from licenses.models import Finding, License, LicenseClass, LicenseRequest, PluginConfiguration
from tests.api.calls import Api, problem
from tests.factories import make_class, make_configuration, make_license


@pytest.fixture
def panel(db: None) -> LicenseClass:  # noqa: ARG001 (opens the database)
    settings = {"client": "demo", "scheme": "http", "host": "127.0.0.1", "port": 9, "base_path": "/issuer/v1"}
    configuration = make_configuration(
        template="http_issuer", mode="online", settings=settings, secrets={"secret": "demo"}
    )
    return make_class(configuration, code="PANEL", name="Panel, monthly", monthly_fee="12.50", currency="EUR")


def make_finding(panel: LicenseClass, shown: str, **values: Any) -> Finding:
    given: dict[str, Any] = {"kind": "orphan", "is_billed": True, "license_class": panel, "key": shown}
    return Finding.objects.create(
        configuration=panel.configuration, shown=shown, fingerprint=shown, seen_at=timezone.now(), **{**given, **values}
    )


def test_a_round_is_asked_for_once_and_followed(api: Api, panel: LicenseClass, offline: PluginConfiguration) -> None:
    here = f"plugins/{panel.configuration_id}/reconcile/"
    problem(api.get(here), 404)
    for _twice in range(2):
        asked = api.post(here)
        assert (asked.status_code, asked.json()["step"]) == (202, "queued")
    assert api.get(here).json()["step"] == "queued"
    assert "there is no vendor" in problem(api.post(f"plugins/{offline.pk}/reconcile/"), 422)["detail"]


def test_findings_are_listed_with_their_cost_and_ignored_until_a_moment(
    api: Api, panel: LicenseClass, django_assert_max_num_queries: Any
) -> None:
    for n in range(5):
        make_finding(panel, f"KEY-{n}")
    mine = make_license(panel, key="KEY-9", in_sync=False)
    told = [{"what": "status", "ours": "installed", "theirs": "terminated"}]
    make_finding(panel, "KEY-9", kind="different", is_billed=False, license=mine, differences=told)
    with django_assert_max_num_queries(6):
        found = api.get(f"findings/?plugin={panel.configuration_id}").json()["results"]
    assert {(one["key"], one["monthly_cost"], one["currency"]) for one in found} == {
        *((f"KEY-{n}", "12.50", "EUR") for n in range(5)),
        ("KEY-9", None, ""),
    }
    (different,) = api.get("findings/?kind=different").json()["results"]
    assert different["differences"] == told
    assert [one["id"] for one in api.get("licenses/?in_sync=false").json()["results"]] == [mine.pk]
    here = f"findings/{different['id']}/ignore/"
    until = (timezone.now() + timedelta(days=4)).isoformat()
    problem(api.post(here, {"until": until}), 422, "reason")
    assert api.post(here, {"until": until, "reason": "Known"}).json()["ignored_why"] == "Known"


def test_what_cannot_be_decided_is_a_problem_and_changes_nothing(api: Api, panel: LicenseClass) -> None:
    orphan = make_finding(panel, "KEY-1")
    mine = make_license(panel, key="KEY-2")
    missing = make_finding(panel, "KEY-2", kind="missing", is_billed=False, license=mine)
    assert "127.0.0.1:9" in problem(api.post(f"findings/{orphan.pk}/adopt/", {}), 422)["detail"]
    problem(api.post(f"findings/{orphan.pk}/adopt/", {"subscription": 99}), 422, "subscription")
    problem(api.post(f"findings/{orphan.pk}/terminate/", {}), 422, "reason")
    problem(api.post(f"findings/{missing.pk}/adopt/", {}), 409)
    problem(api.post(f"findings/{missing.pk}/terminate/", {"reason": "Why"}), 409)
    problem(api.post(f"findings/{orphan.pk}/fetch/"), 409)
    problem(api.post(f"findings/{missing.pk}/fetch/"), 422)
    problem(api.get("findings/99999/"), 404)
    assert (Finding.objects.count(), License.objects.count(), LicenseRequest.objects.count()) == (2, 1, 0)
