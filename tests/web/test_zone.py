"""Times in the zone that the reader's browser tells; rubbish from outside means UTC."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from licenses.models import License
from pbas.core.models import Event
from pbas.core.story import SYSTEM, tell
from tests.factories import make_license

pytestmark = pytest.mark.django_db
AT = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)


def shown(client: Client) -> str:
    made = make_license(expires_at=AT, issued_at=AT)
    return client.get(f"/licenses/{made.pk}/").text


@pytest.mark.convention(33)
def test_times_are_written_in_the_readers_zone_with_its_name(staff_client: Client) -> None:
    staff_client.cookies["zone"] = "Europe/Berlin"
    page = shown(staff_client)
    assert 'title="CEST">2 Jul 2026 00:30</time>' in page
    assert 'datetime="2026-07-01T22:30:00+00:00"' in page  # machines read UTC


@pytest.mark.convention(33)
def test_the_name_of_the_zone_stands_where_times_are_read_without_pointing_at_one(staff_client: Client) -> None:
    staff_client.cookies["zone"] = "America/Argentina/Buenos_Aires"
    tell(SYSTEM, "issued", "A license was issued.", license=make_license())
    license_ = License.objects.get()
    for page in (f"/licenses/{license_.pk}/", "/", "/activity/"):
        assert ">Times in America/Argentina/Buenos_Aires</p>" in staff_client.get(page).text, page


@pytest.mark.parametrize(
    "zone", ["", "Nowhere/Atall", "../../etc/passwd", "Europe", "x" * 500, "/etc/localtime", "a\0b"]
)
def test_what_is_no_zone_means_utc(staff_client: Client, zone: str) -> None:
    staff_client.cookies["zone"] = zone
    assert 'title="UTC">1 Jul 2026 22:30</time>' in shown(staff_client)
    assert Event.objects.count() == 0
