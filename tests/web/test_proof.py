"""A license's page tells its whole story, whether it is where it was installed, and has the buttons that mend it."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ka_plugins.contract import KeyFile
from licenses.models import License, LicenseFile, LicenseRequest
from licenses.proving.rounds import prove_due
from pbas.core.story import SYSTEM, tell
from tests.factories import World, make_ready
from tests.web.moving import uploaded

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def license_(world: World, tmp_path: Path) -> License:
    """An installed one; its file is in tmp_path."""
    made = uploaded(world, key="SECRET-1234-ABCD", files=(KeyFile("license.xml", b"<key/>"),))
    make_ready(world.subscription, tmp_path)
    (tmp_path / "license.xml").write_bytes(b"<key/>")
    License.objects.update(state="installed", installed_at=timezone.now(), proven_at=timezone.now())
    LicenseRequest.objects.update(state="done", finished_at=timezone.now(), due_at=None)
    return made


def page_of(client: Client, license_: License) -> str:
    return client.get(reverse("license", args=[license_.pk])).text


def press(client: Client, name: str, license_: License) -> str:
    """Press a button, let the worker do its part, and come back to the page."""
    said = client.post(reverse(name, args=[license_.pk]), follow=True).text
    for _ in prove_due(5):
        pass
    return said


def test_a_lost_license_is_found_explained_listed_and_put_there_again_by_one_click(
    staff_client: Client, license_: License, tmp_path: Path
) -> None:
    assert "not where it was" not in page_of(staff_client, license_)
    (tmp_path / "license.xml").unlink()
    assert "The license is read back now." in press(staff_client, "license_prove", license_)
    page = page_of(staff_client, license_)
    for shown in ("The license is not where it was installed", "license.xml is not in", "The install target", "Re-ins"):
        assert shown in page
    assert "SECRET-1234" not in page
    assert "hx-get" not in page.split('id="proof"')[1].split("</section>")[0]
    assert license_.key in staff_client.get("/licenses/?target=off").text

    said = press(staff_client, "license_reinstall", license_)
    assert "Our files are being put there again" in said
    assert f'hx-get="{reverse("license_proof", args=[license_.pk])}"' in said
    assert (tmp_path / "license.xml").read_bytes() == b"<key/>"
    assert "not where it was" not in staff_client.get(reverse("license_proof", args=[license_.pk])).text
    page = page_of(staff_client, license_)
    assert "Our files were put there again and read back." in page
    assert license_.key not in staff_client.get("/licenses/?target=off").text

    License.objects.update(state="terminated")
    assert "is terminated; only installed ones" in press(staff_client, "license_reinstall", license_)


def test_who_asks_for_a_look_at_a_sound_license_reads_and_hears_that_it_is_sound_and_may_ask_again(
    staff_client: Client, license_: License
) -> None:
    License.objects.update(proven_at=timezone.now() - timedelta(days=2))
    assert "Read back 2\xa0days ago, and as it should be." in page_of(staff_client, license_)
    assert 'data-say="It is being read back."' in press(staff_client, "license_prove", license_)
    part = staff_client.get(reverse("license_proof", args=[license_.pk])).text
    assert 'data-say="Read back just now, and as it should be."' in part
    assert "hx-get" not in part
    for name in ("license_prove", "license_reinstall"):
        assert f'action="{reverse(name, args=[license_.pk])}"' in part
    License.objects.update(proven_at=None)
    assert "It has not been read back yet." in page_of(staff_client, license_)


def test_a_license_and_its_requests_have_one_story_with_reasons_durations_and_all_of_it_on_request(
    staff_client: Client, license_: License, world: World
) -> None:
    renewal = LicenseRequest.objects.create(
        kind="renew", state="attention", configuration=world.configuration, license_class=world.license_class,
        license=license_, subscription=world.subscription,
    )  # fmt: skip
    tell(SYSTEM, "waits", "It did not answer.", request=renewal)
    tell(SYSTEM, "proof_lost", "The license was read back: not there any more.", license=license_)
    event = tell(SYSTEM, "install_failed", "No space left.", request=world.request, license=license_)
    type(event).objects.create(
        actor_kind="staff", actor="ada", kind="cancelled", text="Given up.", detail="The customer left.",
        request=renewal, license=license_, milliseconds=1234, attempt=3,
    )  # fmt: skip
    page = page_of(staff_client, license_)
    assert "It did not answer." in page  # told before the renewal named its license
    for shown in ("The customer left.", "took 1.2 s", "attempt 3", f"request {renewal.pk}", "ada"):
        assert shown in page
    assert page.index("Given up.") < page.index("No space left.") < page.index("It did not answer.")
    assert "The whole story" not in page
    page = staff_client.get(reverse("license_request", args=[renewal.pk])).text
    assert "read back: not there any more" in page
    assert "No space left." not in page
    for n in range(101):
        tell(SYSTEM, "noted", f"Note {n}.", license=license_)
    assert "Given up." not in page_of(staff_client, license_)
    assert "The whole story" in page_of(staff_client, license_)
    assert "Given up." in staff_client.get(f"{reverse('license', args=[license_.pk])}?story=all").text
    assert LicenseFile.objects.count() == 1
