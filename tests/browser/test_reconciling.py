"""The pages of reconciliation in a browser: no fault for axe, nothing that scrolls sideways."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from licenses.models import Finding, License, LicenseClass, LicenseRequest, Reconciliation
from tests.browser.looks import faults_of
from tests.factories import make_class, make_configuration, make_license

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def panel() -> LicenseClass:
    configuration = make_configuration(template="http_issuer", mode="online", name="Issuer")
    return make_class(configuration, code="PANEL", name="Panel, monthly", monthly_fee="12.50", currency="EUR")


@pytest.fixture
def addresses(panel: LicenseClass) -> list[str]:
    """The list and a finding of each kind; a plug-in before, in and after a round that broke off."""
    now, configuration = timezone.now(), panel.configuration
    licenses = [make_license(panel, key=f"PANEL-0000000{n}", in_sync=False, checked_at=now) for n in range(3)]
    License.objects.filter(pk=licenses[2].pk).update(state="terminated")
    request = LicenseRequest.objects.create(configuration=configuration, license_class=panel, state="in_doubt")
    told = [
        {"what": "status", "ours": "installed", "theirs": "suspended"},
        {"what": "features", "ours": "SITES_10", "theirs": "BACKUP, MAIL_100, SITES_30, SITE_BUILDER"},
        {"what": "expires", "ours": now.isoformat(), "theirs": (now + timedelta(days=30)).isoformat()},
    ]
    given = {"configuration": configuration, "license_class": panel, "seen_at": now, "vendor_status": "active"}
    rows = [
        Finding(kind="orphan", shown="PANEL-10000001", is_billed=True, class_code="PANEL", **given),
        Finding(kind="orphan", shown="FIREWALL-10000002", is_billed=True, class_code="FIREWALL",
                **{**given, "license_class": None}),
        Finding(kind="missing", shown=licenses[0].key, license=licenses[0], **{**given, "vendor_status": ""}),
        Finding(kind="different", shown=licenses[1].key, license=licenses[1], differences=told, **given),
        Finding(kind="different", shown=licenses[2].key, license=licenses[2], is_billed=True,
                differences=[{"what": "status", "ours": "terminated", "theirs": "active"}], **given),
        Finding(kind="doubt", shown="PANEL-10000003", request=request, class_code="PANEL", **given),
        Finding(kind="orphan", shown="PANEL-10000004", is_billed=True, ignored_until=now + timedelta(days=9),
                ignored_why="The customer moves in May.", ignored_by="ada", **given),
    ]  # fmt: skip
    for one in rows:
        one.fingerprint = one.shown
        one.save()
    broken = make_configuration(template="plesk_ka", mode="online", name="Plesk")
    busy = make_configuration(template="plesk_ka", mode="online", name="Busy")
    Reconciliation.objects.create(configuration=configuration, due_at=now, finished_at=now, compared=1234)
    Reconciliation.objects.create(
        configuration=broken, due_at=now + timedelta(minutes=9), finished_at=now, has_list=False, problem="No answer."
    )
    Reconciliation.objects.create(configuration=busy, due_at=now, step="checking", has_list=False, compared=77)
    first, _other, _missing, different, *_others = (f"/findings/{one.pk}/" for one in rows)
    return [
        *("/findings/", different, f"{first}adopt/"),
        *(f"/plugins/{one.pk}/reconciliation/" for one in (broken, busy)),
    ]


def test_no_page_of_reconciliation_has_a_fault_for_axe_or_scrolls_sideways(
    signed_in: Callable[[str], Page], addresses: list[str]
) -> None:
    assert [fault for address in addresses for fault in faults_of(signed_in(address))] == []
