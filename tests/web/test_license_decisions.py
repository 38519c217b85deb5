"""What is asked of a license on its pages: offered where it can be, asked first, sent once."""

from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ka_plugins.contract import ClassInfo
from licenses.models import License, LicenseClass, LicenseRequest
from pbas.core.models import Event
from tests.factories import World, make_configuration, make_license
from tests.web.wares import PLESK, VERBS, address, make_wares, offered, posted

pytestmark = pytest.mark.django_db

Kind = LicenseRequest.Kind


@pytest.fixture
def license_(world: World) -> License:
    """Installed, with a group's option, a feature, and one additional key; its plug-in has all verbs."""
    world.configuration = make_configuration(name="Vendor", template="plesk_ka3", mode="online")
    world.license_class = make_wares(world.configuration)
    features = ["D10", "L1", "POWER"]
    made = make_license(
        world.license_class, subscription=world.subscription, state="installed", features=features, key="MAIN-1"
    )
    make_license(world.license_class, parent=made, state="installed", features=["AV", "S8"], key="CHILD-2")
    make_license(world.license_class, parent=made, state="terminated", features=["BACKUP"], key="CHILD-3")
    return made


def send(client: Client, license_: License, page: str, step: str, **changes: Any) -> Any:
    given = posted(page, step=step, **changes)
    form = "application/x-www-form-urlencoded"
    return client.post(address(license_, "change"), given.urlencode(), content_type=form)


# --- what is offered


@pytest.mark.parametrize(
    ("state", "verbs"),
    [
        ("issued", {"renew", "change", "terminate"}),
        ("installed", {"renew", "change", "suspend", "terminate"}),
        ("suspended", {"resume", "terminate"}),
        ("expired", {"renew", "terminate"}),
        ("terminated", set()),
    ],
)
def test_a_license_offers_what_its_state_allows_and_refuses_the_rest_in_words(
    staff_client: Client, license_: License, state: str, verbs: set[str]
) -> None:
    License.objects.filter(pk=license_.pk).update(state=state)
    assert offered(staff_client, license_) == verbs
    for verb in VERBS:
        page = staff_client.get(address(license_, verb)).text
        assert ("cannot be asked for now" in page or "nothing more can be done" in page) is (verb not in verbs)
        answer = staff_client.post(address(license_, verb), {"reason": "Because."})
        if verb != "change":
            assert (answer.status_code == 302) is (verb in verbs)
        license_.requests.update(state="cancelled", finished_at=timezone.now())


@pytest.mark.parametrize(
    ("template", "mode", "verbs"),
    [
        ("plesk_ka", "online", {"renew", "change", "terminate"}),
        ("plesk_ka3", "offline", {"renew", "change", "terminate"}),
        ("nowhere", "online", set()),
    ],
)
def test_a_license_offers_what_its_plug_in_has_a_verb_for(
    staff_client: Client, world: World, license_: License, template: str, mode: str, verbs: set[str]
) -> None:
    type(world.configuration).objects.update(template=template, mode=mode)
    assert offered(staff_client, license_) == verbs


@pytest.mark.parametrize(
    ("template", "mode", "is_offered"),
    [
        ("plesk_ka", "online", False),
        ("plesk_ka", "offline", True),  # nobody told the panel when it ends
    ],
)
def test_a_license_that_never_expires_is_not_renewed_where_its_vendor_tells_the_end(
    staff_client: Client, world: World, license_: License, template: str, mode: str, *, is_offered: bool
) -> None:
    type(world.configuration).objects.update(template=template, mode=mode)
    License.objects.filter(pk=license_.pk).update(expires_at=None, renew_at=None)
    assert ("renew" in offered(staff_client, license_)) is is_offered
    page = staff_client.get(address(license_, "renew")).text
    assert ("never expires, so there is nothing to renew" in page) is not is_offered
    staff_client.post(address(license_, "renew"), {"reason": ""})
    assert license_.requests.filter(kind="renew").exists() is is_offered
    License.objects.filter(pk=license_.pk).update(renew_at=timezone.now())
    assert "renew" in offered(staff_client, license_) or is_offered


def test_what_is_asked_for_already_is_not_offered_again(staff_client: Client, license_: License) -> None:
    staff_client.post(address(license_, "renew"), {"reason": ""})
    assert offered(staff_client, license_) == {"change", "suspend", "terminate"}
    assert "already has an open request" in staff_client.get(address(license_, "renew")).text
    staff_client.post(address(license_, "terminate"), {"reason": "The customer left."})
    assert offered(staff_client, license_) == set()
    assert "is being ended" in staff_client.get(address(license_, "change")).text


def test_a_class_without_options_offers_no_change(staff_client: Client, world: World, license_: License) -> None:
    plain = make_wares(world.configuration, ClassInfo("PLAIN", "Plain"))
    License.objects.filter(pk=license_.pk).update(license_class=plain, features=[])
    license_.children.all().delete()
    assert "change" not in offered(staff_client, license_)
    assert "nothing to choose" in staff_client.get(address(license_, "change")).text


def test_an_additional_key_is_changed_with_its_license(staff_client: Client, license_: License) -> None:
    child = license_.children.get(state="installed")
    License.objects.filter(pk=child.pk).update(subscription=license_.subscription)
    assert offered(staff_client, child) == {"renew", "suspend", "terminate"}
    assert "change its license MAIN-1 instead" in staff_client.get(address(child, "change")).text


# --- asked first, and once


@pytest.mark.parametrize(
    ("verb", "state"), [("suspend", "installed"), ("resume", "suspended"), ("terminate", "installed")]
)
def test_each_decision_is_asked_first_and_sent_twice_it_is_taken_once(
    staff_client: Client, license_: License, verb: str, state: str
) -> None:
    License.objects.filter(pk=license_.pk).update(state=state)
    page = staff_client.get(address(license_, verb)).text
    assert "Antivirus" in page
    assert "CHILD-2" in page
    assert "CHILD-3" not in page
    assert not license_.requests.exists()
    given = {**posted(page).dict(), "reason": "Asked by the customer."}
    answers = [staff_client.post(address(license_, verb), given) for _ in range(2)]
    made = license_.requests.get()
    assert {answer["Location"] for answer in answers} == {reverse("license_request", args=[made.pk])}
    assert (made.kind, made.state) == (verb, "key")
    told = Event.objects.get(request=made, kind="requested")
    assert told.detail == ("" if verb == "resume" else "Asked by the customer.")


@pytest.mark.parametrize("verb", ["suspend", "terminate"])
def test_what_ends_something_needs_a_reason(staff_client: Client, license_: License, verb: str) -> None:
    assert "This field is required" in staff_client.post(address(license_, verb), {"reason": " "}).text
    assert not license_.requests.exists()


# --- a change of capacity


def test_a_change_begins_with_what_the_license_has(staff_client: Client, license_: License) -> None:
    given = posted(staff_client.get(address(license_, "change")).text)
    assert given.getlist("features.0") == ["D10"]
    assert given.getlist("features.1") == ["L1"]
    assert given.getlist("features") == ["POWER"]
    assert given.getlist("additional") == ["AV"]
    assert given.getlist("AV/features.0") == ["S8"]


def test_a_change_shows_what_it_does_and_asks_for_it_once(staff_client: Client, license_: License) -> None:
    page = staff_client.get(address(license_, "change")).text
    changes: dict[str, Any] = {"features.0": "D100", "features.1": "", "features": ["GAMES"], "additional": ["BACKUP"]}
    review = send(staff_client, license_, page, "review", **changes).text
    for shown in ("10 domains → 100 domains", "One language", "Power pack", "Game servers", "Antivirus", "Backup"):
        assert shown in review
    assert "This field is required" in send(staff_client, license_, review, "buy").text  # something ends
    answers = [send(staff_client, license_, review, "buy", reason="Ordered so.") for _ in range(2)]
    made = license_.requests.get()
    assert {answer["Location"] for answer in answers} == {reverse("license_request", args=[made.pk])}
    assert made.options == {"features": ["D100", "GAMES"], "additional": [{"code": "BACKUP", "features": []}]}
    assert Event.objects.get(request=made, kind="requested").detail == "Ordered so."


def test_a_change_that_ends_nothing_needs_no_reason(staff_client: Client, license_: License) -> None:
    page = staff_client.get(address(license_, "change")).text
    review = send(staff_client, license_, page, "review", **{"features.0": "D100"}).text
    assert send(staff_client, license_, review, "buy").status_code == 302


def test_a_change_of_nothing_is_said_and_not_asked_for(staff_client: Client, license_: License) -> None:
    page = staff_client.get(address(license_, "change")).text
    assert "Nothing is different" in send(staff_client, license_, page, "review").text
    assert "Nothing is different" in send(staff_client, license_, page, "buy").text
    assert not license_.requests.exists()


def test_a_faulty_change_is_said_at_its_place(staff_client: Client, license_: License) -> None:
    page = staff_client.get(address(license_, "change")).text
    changes: dict[str, Any] = {"features.0": ["D10", "D100"], "features": ["NOPE"]}
    text = unescape(send(staff_client, license_, page, "buy", **changes).text)
    assert text.count("exclude one another") == 2
    assert text.count("has no option NOPE") == 2


def test_what_a_class_no_longer_offers_may_stay_on_a_license(staff_client: Client, license_: License) -> None:
    old = ["D10", "L1", "ANCIENT"]
    License.objects.filter(pk=license_.pk).update(features=old)
    page = staff_client.get(address(license_, "change")).text
    assert posted(page).getlist("features") == ["ANCIENT"]
    review = send(staff_client, license_, page, "review", **{"features.0": "D100"}).text
    assert "ANCIENT" not in review[review.index("What changes") : review.index("Where it is sent")]
    send(staff_client, license_, review, "buy")
    assert license_.requests.get().options["features"] == ["D100", "L1", "ANCIENT"]
    assert PLESK.features


# --- costs


def test_the_pages_of_a_license_ask_few_questions(
    staff_client: Client, license_: License, django_assert_max_num_queries: Any
) -> None:
    for n in range(20):
        make_license(LicenseClass.objects.get(), parent=license_, key=f"MORE-{n}", features=["AV"])
    for verb, most in (("", 9), ("renew", 6), ("terminate", 6), ("change", 6), ("assign", 5)):
        with django_assert_max_num_queries(most):
            assert staff_client.get(address(license_, verb)).status_code == 200
