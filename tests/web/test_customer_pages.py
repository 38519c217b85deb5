"""A customer's own pages: the truth about his licenses in his words, keys and files by right, nothing of vendors."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from licenses.models import License, LicenseFile, LicenseRequest
from pbas.core.models import Event
from subscriptions.models import Account, Subscription
from tests.factories import World, fresh_client
from tests.web.moving import FILE, stop, uploaded

pytestmark = pytest.mark.django_db
KEY = "SECRET-1234-ABCD"
INTERNALS = re.compile(r"plug-in|Vendor-|vendor|manual|410|request \d|attempt", re.IGNORECASE)


def customer_of(account: Account, name: str) -> Client:
    account.user = User.objects.create_user(name, password="a long password")
    account.save()
    return fresh_client(account.user)


@pytest.fixture
def erika(world: World) -> Client:
    """The customer whose subscription the world's is."""
    return customer_of(world.subscription.account, "erika")


@pytest.fixture
def license_(world: World, asked: LicenseRequest) -> License:
    """His license, with a secret key and a file; not installed yet."""
    assert asked
    return uploaded(world, key=KEY, activation_code="CODE-9", files=(FILE,))


def prove(license_: License) -> None:
    License.objects.filter(pk=license_.pk).update(state="installed", proven_at=timezone.now())


def page_of(client: Client, subscription: Subscription) -> str:
    return client.get(f"/my/subscriptions/{subscription.pk}/").text.partition("<main")[2]


def test_nothing_is_active_and_no_key_or_file_is_there_before_the_proof(
    erika: Client, world: World, license_: License
) -> None:
    file = LicenseFile.objects.get()
    for state in ("issued", "installed"):
        License.objects.filter(pk=license_.pk).update(state=state)
        page = page_of(erika, world.subscription)
        assert "Active" not in page
        assert "Installed" not in page
        assert "••••" not in page
        assert license_.key not in page
        assert file.name not in page
        assert "Active" not in erika.get("/my/").text
        for what in ("key", "activation_code"):
            assert erika.post(f"/my/licenses/{license_.pk}/reveal/", {"what": what}).status_code == 404
        assert erika.get(f"/my/files/{file.pk}/").status_code == 404
    prove(license_)
    page = page_of(erika, world.subscription)
    assert "Active" in page
    assert file.name in page


@pytest.mark.parametrize(
    ("state", "said"), [("suspended", "Suspended"), ("expired", "Expired"), ("terminated", "Ended")]
)
def test_each_state_has_a_word_of_the_customers(
    erika: Client, world: World, license_: License, state: str, said: str
) -> None:
    prove(license_)
    License.objects.filter(pk=license_.pk).update(state=state)
    page = page_of(erika, world.subscription)
    assert said in page
    assert "Active" not in page
    answer = erika.post(f"/my/licenses/{license_.pk}/reveal/")
    assert answer.status_code == (404 if state == "terminated" else 200)


def test_keys_and_files_that_are_his_are_shown_and_sent_and_each_time_is_told(
    erika: Client, world: World, license_: License
) -> None:
    prove(license_)
    assert KEY not in page_of(erika, world.subscription)
    assert KEY in erika.post(f"/my/licenses/{license_.pk}/reveal/").text
    assert "CODE-9" in erika.post(f"/my/licenses/{license_.pk}/reveal/", {"what": "activation_code"}).text
    answer = erika.get(f"/my/files/{LicenseFile.objects.get().pk}/")
    assert answer.content == FILE.body
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]
    told = Event.objects.filter(actor_kind="customer", actor="erika").values_list("kind", "address")
    assert sorted(told) == [(kind, "127.0.0.1") for kind in ("code_revealed", "file_downloaded", "key_revealed")]


def test_another_customer_and_a_stranger_get_nothing_of_it(
    erika: Client, client: Client, world: World, license_: License
) -> None:
    prove(license_)
    assert erika.get("/my/").status_code == 200
    other = Account.objects.create(name="Other", email="other@example.com")
    otto, pk = customer_of(other, "otto"), world.subscription.pk
    assert world.subscription.name not in otto.get("/my/").text
    places = [f"/my/subscriptions/{pk}/", f"/my/files/{LicenseFile.objects.get().pk}/"]
    for place in places:
        assert otto.get(place).status_code == 404
        assert client.get(place)["Location"].startswith("/accounts/login/")
    assert otto.post(f"/my/licenses/{license_.pk}/reveal/").status_code == 404
    assert KEY not in client.post(f"/my/licenses/{license_.pk}/reveal/").text
    assert not Event.objects.filter(kind__in=["key_revealed", "file_downloaded"]).exists()


def test_where_something_failed_he_is_told_calmly_and_nothing_of_vendors(erika: Client, world: World) -> None:
    assert world.request
    stop(world.request)
    page = page_of(erika, world.subscription)
    assert "Something takes longer than usual. We know and work on it" in page
    words = re.sub("<[^>]*>", " ", page)
    assert not INTERNALS.search(words), INTERNALS.search(words)


def test_the_front_door_leads_a_customer_to_his_own_pages(erika: Client) -> None:
    assert erika.get("/")["Location"] == "/my/"
    refused = erika.get("/activity/").text
    assert 'href="/my/"' in refused
    assert "Log out" in refused


def test_the_staffs_pages_are_closed_to_him_also_about_what_is_his(
    erika: Client, world: World, license_: License
) -> None:
    prove(license_)
    for place in (f"/subscriptions/{world.subscription.pk}/", f"/licenses/{license_.pk}/", "/activity/", "/"):
        answer = erika.get(place)
        assert answer.status_code in {302, 403}, place
        assert world.subscription.name not in answer.text
    assert erika.post(f"/licenses/{license_.pk}/reveal/").status_code == 403
    assert erika.get(f"/license-files/{LicenseFile.objects.get().pk}/").status_code == 403
