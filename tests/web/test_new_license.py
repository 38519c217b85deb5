"""New License up to its review: the class, the options, and what is refused on the way."""

from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from ka_plugins.contract import ClassInfo, Feature, FeatureGroup
from licenses.models import LicenseClass, LicenseRequest
from subscriptions.models import Subscription
from tests.factories import World, make_class, make_configuration, make_subscription
from tests.web.wares import DOMAINS, PAGE, PLESK, SUPPORT, make_wares, options_page, posted, review_page, send, start

pytestmark = pytest.mark.django_db


# --- the first step


def test_without_a_tab_the_plug_in_is_asked_for_first(staff_client: Client, world: World) -> None:
    assert f"{PAGE}?plugin={world.configuration.pk}" in staff_client.get(reverse("new_license")).text


def test_a_subscription_that_is_given_is_kept_while_the_plug_in_is_chosen(staff_client: Client, world: World) -> None:
    assert world.license_class.sold
    link = f"{PAGE}?plugin={world.configuration.pk}&amp;subscription=%237%20%26%20more"
    text = staff_client.get(PAGE, {"subscription": "#7 & more"}).text
    assert link in text
    assert 'value="#7 &amp; more"' in staff_client.get(unescape(link)).text


def test_the_first_step_has_an_option_button_for_each_class_that_is_sold(staff_client: Client, world: World) -> None:
    sold, others = (
        make_class(world.configuration),
        [
            make_class(world.configuration, name="Not ours", sold=False),
            make_class(world.configuration, name="Gone", retired=True),
            make_class(name="Of another vendor"),
        ],
    )
    text = staff_client.get(PAGE, {"plugin": world.configuration.pk}).text
    assert f'type="radio" name="license_class" value="{sold.pk}"' in text
    assert sold.code in text
    assert not any(one.name in text for one in others)
    assert "Number of Licenses" in text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"number": 0}, "greater than or equal to 1"),
        ({"number": 10_000}, "less than or equal to 1000"),
        ({"number": "many"}, "Enter a whole number"),
        ({"subscription": "nowhere.example"}, "No subscription is called"),
        ({"subscription": "#999999"}, "No subscription is called"),
        ({"subscription": ""}, "Say for which subscription"),
        ({"license_class": 999_999}, "That class is not sold any more"),
        ({"license_class": ""}, "Choose a license class"),
        ({"purpose": "somebody"}, "not one of the available choices"),
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_bad_input_is_said_at_its_field_and_the_rest_stays(
    staff_client: Client, world: World, ready: Subscription, method: str, changes: dict[str, Any], said: str
) -> None:
    before = LicenseRequest.objects.count()
    given = start(world, **changes)
    answer = getattr(staff_client, method)(PAGE, given)
    assert answer.status_code == 200
    assert said in unescape(answer.text)
    assert 'aria-invalid="true"' in answer.text
    for name in ("number", "subscription"):
        assert given[name] == "" or f'name="{name}" value="{given[name]}"' in answer.text
    assert LicenseRequest.objects.count() == before
    assert ready.license_requests.count() == 1


def test_a_class_that_is_no_longer_sold_cannot_be_chosen(
    staff_client: Client, world: World, ready: Subscription
) -> None:
    LicenseClass.objects.filter(pk=world.license_class.pk).update(sold=False)
    other = make_class(world.configuration, name="Still sold", code="STILL")
    text = staff_client.get(PAGE, start(world, subscription=ready.pk)).text
    assert "That class is not sold any more" in text
    assert other.name in text


def test_several_subscriptions_that_fit_are_offered_and_one_of_them_is_meant_by_its_number(
    staff_client: Client, world: World, ready: Subscription
) -> None:
    make_subscription()
    text = options_page(staff_client, world, subscription="example.com")
    assert "Several subscriptions fit" in text
    assert text.count('<button name="subscription"') == 2
    assert f'value="#{ready.pk}"' in text
    assert "10 domains" in options_page(staff_client, world, subscription=f"#{ready.pk}")


def test_a_number_that_is_also_a_name_can_be_told_from_it(
    staff_client: Client, world: World, ready: Subscription
) -> None:
    other = make_subscription()
    Subscription.objects.filter(pk=other.pk).update(name=str(ready.pk))
    assert "Several subscriptions fit" in options_page(staff_client, world, subscription=str(ready.pk))
    assert "10 domains" in options_page(staff_client, world, subscription=f"#{ready.pk}")


def test_where_nothing_is_sold_the_page_leads_to_the_classes(staff_client: Client) -> None:
    configuration = make_configuration()
    text = staff_client.get(PAGE, {"plugin": configuration.pk}).text
    assert reverse("plugin_classes", args=[configuration.pk]) in text


# --- the options


def test_the_options_are_those_of_the_class_with_its_defaults(
    staff_client: Client, world: World, ready: Subscription
) -> None:
    text = options_page(staff_client, world, subscription=ready.pk)
    for shown in ("Domains", "10 domains", "All languages", "Power pack", "Antivirus", "Mailboxes", "Backup"):
        assert shown in text
    given = posted(text)
    assert (given.get("features.0"), given.getlist("features.1"), given.get("features")) == (None, ["L1"], None)
    assert given.getlist("additional") == []


def test_a_long_group_is_a_list_to_pull_down(staff_client: Client, world: World, ready: Subscription) -> None:
    many = FeatureGroup("Sites", tuple(Feature(f"N{n}", f"{n} sites") for n in range(12)), default="N3")
    world.license_class = make_wares(world.configuration, ClassInfo("LONG", "Long", groups=(many,)))
    text = options_page(staff_client, world, subscription=ready.pk)
    assert '<option value="N3" selected>' in text
    assert "12 sites" not in text


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({}, "Choose one of Domains."),
        ({"features.0": ["D10", "D100"]}, "10 domains, 100 domains exclude one another: choose one of Domains."),
        ({"features.0": "D10", "features.1": ["D100"]}, "exclude one another"),
        ({"features.0": "D10", "features": ["NOPE"]}, "Plesk 10 and later has no option NOPE."),
        ({"features.0": "D10", "features": ["AVX"]}, "Plesk 10 and later has no option AVX."),
        ({"features.0": "D10", "additional": ["GONE"]}, "Plesk 10 and later has no additional key GONE."),
        ({"features.0": "D10", "additional": ["AV", "AV"]}, "Additional key Antivirus is there twice."),
        ({"features.0": "D10", "additional": ["AV"], "AV/features": ["POWER"]}, "Antivirus has no option POWER."),
        (
            {"features.0": "D10", "additional": ["AV"], "AV/features.0": ["S8", "S24"]},
            "By day, Day and night exclude one another: choose one of Mailboxes.",
        ),
    ],
)
@pytest.mark.parametrize("step", ["review", "buy"])
def test_options_that_cannot_be_are_said_at_their_place_and_nothing_typed_is_lost(
    staff_client: Client, world: World, ready: Subscription, step: str, chosen: dict[str, Any], said: str
) -> None:
    page = options_page(staff_client, world, subscription=ready.pk)
    answer = send(staff_client, page, step, **{"features": ["GAMES"], **chosen})
    text = unescape(answer.text)
    assert answer.status_code == 200
    assert text.count(said) == 2  # above, and at its place
    kept = posted(answer.text)
    assert {"number": "2", "subscription": f"#{ready.pk}"}.items() <= kept.dict().items()
    if "features" not in chosen:
        assert kept.getlist("features") == ["GAMES"]
    for place in (one.split('"')[0] for one in text.split('href="#')[2:] if one.startswith(("choice", "additional"))):
        assert f'id="{place}"' in text
    assert ready.license_requests.count() == 1


def test_a_class_that_changes_between_the_steps_is_said_where_it_changed(
    staff_client: Client, world: World, ready: Subscription
) -> None:
    page = review_page(staff_client, world, subscription=ready.pk)
    make = make_wares.__globals__["dataclasses"].asdict
    less = ClassInfo(PLESK.code, PLESK.name, groups=(SUPPORT, DOMAINS), features=PLESK.features[:1])
    LicenseClass.objects.filter(pk=world.license_class.pk).update(properties=make(less))
    text = unescape(send(staff_client, page, "buy").text)
    assert "Choose one of Support." in text
    assert "has no option L1" in text
    assert "has no additional key AV" in text
    assert 'value="D100" checked' in text
    assert ready.license_requests.count() == 1


@pytest.mark.parametrize("change", [{"sold": False}, {"retired": True}])
def test_a_class_that_goes_between_the_steps_leads_back_to_the_classes(
    staff_client: Client, world: World, ready: Subscription, change: dict[str, bool]
) -> None:
    page = review_page(staff_client, world, subscription=ready.pk)
    LicenseClass.objects.filter(pk=world.license_class.pk).update(**change)
    text = send(staff_client, page, "buy").text
    assert "That class is not sold any more" in text
    assert 'name="number" value="2"' in text
    assert ready.license_requests.count() == 1


def test_a_class_without_anything_to_choose_goes_right_to_the_review(
    staff_client: Client, world: World, ready: Subscription
) -> None:
    world.license_class = make_wares(world.configuration, ClassInfo("PLAIN", "Plain file"))
    text = options_page(staff_client, world, subscription=ready.pk)
    assert "Nothing was sent yet" in text
    assert send(staff_client, text, "buy").status_code == 302
