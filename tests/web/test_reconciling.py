"""The pages of reconciliation: the list of findings, one finding, the decisions, a plug-in's rounds."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from licenses.models import Finding, LicenseClass, PluginConfiguration, Reconciliation
from pbas.core.models import Event
from tests.factories import make_class, make_configuration, make_license

pytestmark = pytest.mark.django_db

LIST = "/findings/"


@pytest.fixture
def panel() -> LicenseClass:
    """A class of a configuration whose vendor lists his keys."""
    settings = {"client": "demo", "scheme": "http", "host": "127.0.0.1", "port": 9, "base_path": "/issuer/v1"}
    configuration = make_configuration(
        template="http_issuer", mode="online", settings=settings, secrets={"secret": "demo"}, name="Issuer"
    )
    return make_class(configuration, code="PANEL", name="Panel, monthly")


def make_finding(license_class: LicenseClass, shown: str, /, **values: Any) -> Finding:
    given = {"kind": "orphan", "is_billed": True, "class_code": license_class.code, "vendor_status": "active"}
    return Finding.objects.create(
        **{
            **given, "configuration": license_class.configuration, "license_class": license_class, "shown": shown,
            "fingerprint": shown, "key": shown, "seen_at": timezone.now(), **values,
        }
    )  # fmt: skip


def test_the_list_counts_kinds_and_says_what_nobody_uses_costs_a_month(
    staff_client: Client, panel: LicenseClass, django_assert_max_num_queries: Any
) -> None:
    make_finding(panel, "KEY-1")
    make_finding(panel, "KEY-2", license_class=None, class_code="FIREWALL")
    mine = make_license(panel, key="KEY-3", in_sync=False)
    told = [{"what": "status", "ours": "installed", "theirs": "terminated"}]
    make_finding(panel, "KEY-3", kind="different", is_billed=False, license=mine, differences=told)
    page = f"/plugins/{panel.configuration_id}/classes/{panel.pk}/cost/"
    assert "Say in which currency." in staff_client.post(page, {"monthly_fee": "12.5"}).text
    saved = staff_client.post(page, {"monthly_fee": "12.5", "currency": "eur"}, follow=True).text
    assert "12.50 EUR a month" in saved
    text = staff_client.get(LIST).text
    assert "<b>12.50&nbsp;EUR</b> and 1 key whose cost is not entered" in text
    for word in ("KEY-1", "FIREWALL", "status: terminated", "not entered"):
        assert word in text
    only = staff_client.get(f"{LIST}?plugin={panel.configuration_id}&kind=different").text
    assert ("KEY-3" in only, "KEY-1" in only) == (True, False)
    Finding.objects.bulk_create(
        Finding(configuration=panel.configuration, kind="orphan", fingerprint=f"F{n}", shown=f"F{n}",
                seen_at=timezone.now(), is_billed=True, license_class=panel) for n in range(60)
    )  # fmt: skip
    with django_assert_max_num_queries(8):
        assert "Next" in staff_client.get(LIST).text
    assert f'href="/licenses/{mine.pk}/finding/"' in staff_client.get(f"/licenses/{mine.pk}/").text
    assert "status: terminated" not in staff_client.get(f"/licenses/{mine.pk}/finding/", follow=True).text
    assert "At the vendor" in staff_client.get(f"/licenses/{mine.pk}/finding/", follow=True).text


def test_the_export_neutralises_what_a_spreadsheet_would_run(staff_client: Client, panel: LicenseClass) -> None:
    make_finding(panel, "=HYPERLINK(1)", class_code="+1", license_class=None)
    body = b"".join(staff_client.get("/lists/findings/export.csv").streaming_content)  # type: ignore[attr-defined] # an export is streamed
    (row,) = csv.DictReader(io.StringIO(body.decode()))
    assert (row["key"], row["class"], row["kind"]) == ("'=HYPERLINK(1)", "'+1", "orphan")


def test_a_finding_is_ignored_with_a_reason_until_a_day_and_heeded_again(
    staff_client: Client, panel: LicenseClass
) -> None:
    finding = make_finding(panel, "KEY-1")
    here = f"{LIST}{finding.pk}/"
    assert "Adopt" in staff_client.get(here).text
    assert "This field is required" in staff_client.post(f"{here}ignore/", {"reason": "", "until": ""}).text
    past = {"reason": "Known", "until": "2020-01-01"}
    assert "in the future" in staff_client.post(f"{here}ignore/", past).text
    day = (timezone.localdate() + timedelta(days=9)).isoformat()
    staff_client.post(f"{here}ignore/", {"reason": "Known", "until": day})
    assert "KEY-1" not in staff_client.get(LIST).text
    assert "KEY-1" in staff_client.get(f"{LIST}?ignored=1").text
    assert "Known" in staff_client.get(here).text
    staff_client.post(f"{here}heed/")
    assert "KEY-1" in staff_client.get(LIST).text
    assert list(Event.objects.order_by("pk").values_list("kind", flat=True)) == ["finding_ignored", "finding_heeded"]


def test_a_decision_that_the_vendor_cannot_take_now_is_told_on_its_page(
    staff_client: Client, panel: LicenseClass
) -> None:
    finding = make_finding(panel, "KEY-1")
    for act, given in (("adopt", {"subscription": ""}), ("terminate", {"reason": "Nobody's"})):
        page = staff_client.post(f"{LIST}{finding.pk}/{act}/", given).text
        assert "127.0.0.1:9" in page, act
    asked = staff_client.post(f"{LIST}{finding.pk}/adopt/", {"subscription": "nobody"}).text
    assert "No subscription is called “nobody”." in asked
    mine = make_license(panel, key="KEY-2")
    other = make_finding(panel, "KEY-2", kind="missing", is_billed=False, license=mine)
    assert "127.0.0.1:9" in staff_client.post(f"{LIST}{other.pk}/fetch/", follow=True).text
    assert Finding.objects.count() == 2
    assert staff_client.get(f"{LIST}999999/").status_code == 404


def test_a_plugins_page_asks_for_a_round_and_follows_it(staff_client: Client, panel: LicenseClass) -> None:
    pk = panel.configuration_id
    here = f"/plugins/{pk}/reconciliation/"
    assert "never" in staff_client.get(here).text
    page = staff_client.post(f"{here}start/", follow=True).text
    assert "Waits for a worker" in page
    assert staff_client.get(f"{here}progress/").status_code == 200
    Reconciliation.objects.update(step="", problem="It was down.", due_at=timezone.now() + timedelta(minutes=9))
    assert "It was down." in staff_client.get(here).text
    assert staff_client.get(f"{here}progress/").status_code == 286
    offline = make_configuration()
    assert "there is no vendor to compare with" in staff_client.get(f"/plugins/{offline.pk}/reconciliation/").text
    assert "there is no vendor" in staff_client.post(f"/plugins/{offline.pk}/reconciliation/start/", follow=True).text
    gone = PluginConfiguration.objects.get(pk=pk)
    make_finding(panel, "KEY-1")
    assert "was deleted" in staff_client.post(f"/plugins/{gone.pk}/delete/", follow=True).text


def test_the_list_of_licenses_shows_which_are_not_in_sync(staff_client: Client, panel: LicenseClass) -> None:
    keys = {in_sync: make_license(panel, key=f"KEY-{in_sync}", in_sync=in_sync).key for in_sync in (True, False, None)}
    text = staff_client.get(f"/licenses/?plugin={panel.configuration_id}&sync=out&columns=key,sync,checked").text
    assert [key in text for key in keys.values()] == [False, True, False]
    assert text.count("Not In Sync") == 2, "the chip and the row"
    every = staff_client.get("/licenses/?columns=key,sync").text
    for word in ("In Sync", "Not In Sync", "not known"):
        assert word in every


def test_customers_and_strangers_see_none_of_it(client: Client, panel: LicenseClass) -> None:
    finding = make_finding(panel, "KEY-1")
    for page in (LIST, f"{LIST}{finding.pk}/", f"/plugins/{panel.configuration_id}/reconciliation/"):
        assert client.get(page).status_code in {302, 403}
