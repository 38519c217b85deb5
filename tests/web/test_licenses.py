"""The licenses' pages as staff see them: tabs, states, search, pages, one license, New License, secrets."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ka_plugins.contract import KeyFile
from licenses import moves
from licenses.models import License, LicenseClass, LicenseFile, LicenseRequest, PluginConfiguration
from licenses.uploads import upload
from pbas.core.models import Event
from pbas.core.story import SYSTEM
from tests.factories import World, make_class, make_configuration, make_license, make_ready, make_subscription

pytestmark = pytest.mark.django_db

PAGE = "/licenses/"
HTMX = {"HX-Request": "true"}


def make_licenses(license_class: LicenseClass, number: int, **values: Any) -> list[License]:
    """As many licenses, their keys in the order of their making."""
    given = {"configuration": license_class.configuration, "license_class": license_class, **values}
    return License.objects.bulk_create(
        License(key=f"KEY.{n:05}", fingerprint=f"{license_class.pk}-{n}", **given) for n in range(number)
    )


def keys_on(text: str) -> list[str]:
    return re.findall(r'<td class="key"><a href="/licenses/\d+/"[^>]*>([^<]+)</a>', text)


def link_of(text: str, name: str) -> str:
    """Where the page link of a name leads to."""
    found = re.search(rf'id="page-{name}" href="([^"]+)"', text)
    return unescape(found.group(1)) if found else ""


# --- the list


def test_each_configuration_has_a_tab_and_there_is_one_of_all(staff_client: Client) -> None:
    first, second = make_configuration(name="Vendor A"), make_configuration(name="Vendor B")
    text = staff_client.get(PAGE).text
    tabs = re.findall(r'id="tab-(\w+)" href="([^"]*)"( aria-current="page")?', text)
    assert [name for name, _link, _current in tabs] == ["all", str(first.pk), str(second.pk)]
    assert [bool(current) for _name, _link, current in tabs] == [True, False, False]


def test_a_tab_shows_only_the_licenses_of_its_configuration(staff_client: Client) -> None:
    mine, other = make_license(), make_license()
    text = staff_client.get(f"{PAGE}?plugin={mine.configuration_id}").text
    assert keys_on(text) == [mine.key]
    assert other.key not in text


def test_a_tab_counts_what_needs_attention_and_mutes_zero(staff_client: Client, world: World) -> None:
    assert 'class="count"' in staff_client.get(f"{PAGE}?plugin={world.configuration.pk}").text
    stop(world.request)
    text = staff_client.get(PAGE).text
    assert re.search(rf'id="tab-{world.configuration.pk}".*?<span class="count count-bad">1<', text, re.DOTALL)


def test_a_paused_configuration_has_a_warning_in_its_tab(staff_client: Client) -> None:
    make_configuration(status=PluginConfiguration.Status.PAUSED)
    assert 'role="img" aria-label="Paused"' in staff_client.get(PAGE).text


def test_the_state_line_counts_exactly_and_filters(staff_client: Client) -> None:
    sold = make_class()
    make_licenses(sold, 3, state=License.State.INSTALLED)
    make_license(sold, state=License.State.EXPIRED)
    text = staff_client.get(f"{PAGE}?plugin={sold.configuration_id}").text
    counts = re.findall(r'id="state-(\w+)" href="[^"]*"[^>]*>[^<]*<b>([\d,]+)</b>', text)
    assert dict(counts) == {
        "all": "4",
        "issued": "0",
        "installed": "3",
        "suspended": "0",
        "expired": "1",
        "terminated": "0",
    }
    text = staff_client.get(f"{PAGE}?plugin={sold.configuration_id}&state=expired").text
    assert len(keys_on(text)) == 1
    assert "1 of 1" in text
    assert "Clear all" in text


def test_pages_go_forth_and_back_and_to_both_ends(staff_client: Client) -> None:
    sold = make_class()
    made = [license_.key for license_ in reversed(make_licenses(sold, 120))]
    first = staff_client.get(PAGE).text
    assert keys_on(first) == made[:50]
    assert link_of(first, "previous") == ""
    second = staff_client.get(PAGE + link_of(first, "next")).text
    assert keys_on(second) == made[50:100]
    third = staff_client.get(PAGE + link_of(second, "next")).text
    assert keys_on(third) == made[100:]
    assert link_of(third, "next") == ""
    assert keys_on(staff_client.get(PAGE + link_of(third, "previous")).text) == made[50:100]
    assert keys_on(staff_client.get(PAGE + link_of(first, "last")).text) == made[-50:]
    assert keys_on(staff_client.get(PAGE + link_of(second, "first")).text) == made[:50]


@pytest.mark.parametrize("sort", ["key", "-key", "expires_order", "-expires_order", "id"])
def test_every_order_can_be_walked_to_its_end_and_back_without_losing_a_row(staff_client: Client, sort: str) -> None:
    sold = make_class()
    now = timezone.now()
    for n, license_ in enumerate(make_licenses(sold, 130)):
        License.objects.filter(pk=license_.pk).update(expires_at=None if n % 3 else now + timedelta(days=n // 10))
    column, sign = sort.removeprefix("-"), "-" if sort.startswith("-") else ""
    plain = list(License.objects.order_by(sort, f"{sign}id").values_list("key", flat=True))
    assert column in {"id", "key", "expires_order"}
    assert [key for page in walk(staff_client, f"?sort={sort}", "next") for key in page] == plain
    back = list(walk(staff_client, f"?sort={sort}&last=1", "previous"))
    assert [key for page in reversed(back) for key in page][-100:] == plain[-100:]


def walk(client: Client, start: str, way: str) -> Iterator[list[str]]:
    """The keys of each page from a start until there is no further link."""
    place = start
    while place:
        text = client.get(PAGE + place).text
        yield keys_on(text)
        place = link_of(text, way)


@pytest.mark.parametrize(
    "rubbish",
    [
        "plugin=999999999999999999999&state=none&sort=secret_key&after=x",
        "after=1~2~3&before=~&last=",
        "sort=expires_order&after=yesterday~5",
        "sort=key&after=KEY~99999999999999999999999",
        "sort=id&before=%00&q=%00%00%00%00",
        "after=-1&q=%27%22%3C%25_",
    ],
)
def test_rubbish_in_the_address_is_ignored(staff_client: Client, rubbish: str) -> None:
    make_license()
    assert staff_client.get(f"{PAGE}?{rubbish}").status_code == 200


@pytest.mark.parametrize("part", ["name", "account", "order", "key"])
def test_a_search_finds_by_key_subscription_account_and_order(staff_client: Client, world: World, part: str) -> None:
    make_license()
    subscription = world.subscription
    words = {
        "name": subscription.name[2:10],
        "account": "ADA@example",
        "order": subscription.order.number,
        "key": world.license.key[2:].lower(),
    }
    text = staff_client.get(PAGE, {"q": words[part]}).text
    assert keys_on(text) == [world.license.key]
    assert "1 match" in text


def test_a_search_of_a_common_word_says_more_than_it_counts(staff_client: Client) -> None:
    make_licenses(make_class(), 1100)
    text = staff_client.get(PAGE, {"q": "KEY."}).text
    assert len(keys_on(text)) == 50
    assert "more than 50 matches" in text
    assert len(keys_on(staff_client.get(PAGE + link_of(text, "next")).text)) == 50


def test_a_secret_key_is_found_by_its_whole_only(staff_client: Client, world: World) -> None:
    license_ = uploaded(world, key="SECRET-1234-ABCD")
    assert keys_on(staff_client.get(PAGE, {"q": "SECRET-1234-ABCD"}).text) == [license_.key]
    assert keys_on(staff_client.get(PAGE, {"q": "SECRET-1234"}).text) == []


def test_a_search_of_two_signs_is_not_made_and_says_why(staff_client: Client) -> None:
    license_ = make_license()
    text = staff_client.get(PAGE, {"q": "zz"}).text
    assert "Type at least 3 signs" in text
    assert keys_on(text) == [license_.key]


def test_nothing_found_and_nothing_there_are_said_differently(staff_client: Client) -> None:
    assert "No licenses yet" in staff_client.get(PAGE).text
    text = staff_client.get(PAGE, {"q": "nowhere"}).text
    assert "No license matches" in text
    assert "Clear the filters" in text


def test_what_was_searched_stands_in_the_page_escaped(staff_client: Client) -> None:
    text = staff_client.get(PAGE, {"q": "<script>"}).text
    assert "<script>" not in text.replace('<script src="', "")
    assert "&lt;script&gt;" in text


@pytest.mark.parametrize(("query", "most"), [({}, 4), ({"q": "host"}, 5), ({"state": "issued", "sort": "key"}, 4)])
def test_a_page_of_the_list_costs_five_statements_at_most(
    staff_client: Client, world: World, django_assert_max_num_queries: Any, query: dict[str, str], most: int
) -> None:
    assert world.license
    for _n in range(5):
        make_license(make_class())
    staff_client.get(PAGE)
    with django_assert_max_num_queries(most):
        staff_client.get(PAGE, query)


def test_htmx_gets_the_list_alone_and_going_back_gets_the_page(staff_client: Client) -> None:
    part = staff_client.get(PAGE, headers=HTMX)
    assert "<html" not in part.text
    assert 'id="list"' in part.text
    assert "HX-Request" in part["Vary"]
    whole = staff_client.get(PAGE, headers={**HTMX, "HX-History-Restore-Request": "true"})
    assert "<html" in whole.text


# --- one license


def uploaded(world: World, *, key: str, activation_code: str = "", files: tuple[KeyFile, ...] = ()) -> License:
    """The license of the world's request, brought by hand."""
    upload(request=world.request, key=key, activation_code=activation_code, files=files, actor=SYSTEM)
    world.request.refresh_from_db()
    assert world.request.license is not None
    return world.request.license


def stop(request: LicenseRequest) -> None:
    """As the engine does when the vendor refuses."""
    LicenseRequest.objects.filter(pk=request.pk).update(state=LicenseRequest.State.KEY)
    trouble = moves.Trouble("refused", "The vendor refused.", "order or vendor account", "410: no contract")
    assert moves.make([moves.Move(request.pk, request.attempt, "key", "attention", trouble=trouble)])
    request.refresh_from_db()


def test_a_license_shows_what_belongs_to_it_both_ways(staff_client: Client, world: World) -> None:
    license_ = uploaded(world, key="SECRET-1234-ABCD", files=(KeyFile("license.xml", b"<key/>"),))
    child = make_license(world.license_class, parent=license_, features=["Antivirus"])
    text = staff_client.get(reverse("license", args=[license_.pk])).text
    for shown in (world.subscription.name, world.order.number, "license.xml", child.key, "Antivirus", "Ada Example"):
        assert shown in text
    assert reverse("license_request", args=[world.request.pk]) in text
    assert license_.key in staff_client.get(reverse("license", args=[child.pk])).text


def test_secrets_are_not_in_the_page_before_they_are_asked_for(staff_client: Client, world: World) -> None:
    license_ = uploaded(world, key="SECRET-1234-ABCD", activation_code="ACT-9981")
    pages = [reverse("license", args=[license_.pk]), reverse("license_request", args=[world.request.pk]), PAGE]
    for page in pages:
        text = staff_client.get(page).text
        assert "SECRET-1234" not in text
        assert "ACT-9981" not in text
        assert "••••ABCD" in text


@pytest.mark.parametrize(
    ("what", "shown", "kind"),
    [("key", "SECRET-1234-ABCD", "key_revealed"), ("activation_code", "ACT-9981", "code_revealed")],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_secret_is_shown_once_recorded_and_kept_by_no_cache(
    staff_client: Client, world: World, what: str, shown: str, kind: str, headers: dict[str, str]
) -> None:
    license_ = uploaded(world, key="SECRET-1234-ABCD", activation_code="ACT-9981")
    answer = staff_client.post(reverse("license_reveal", args=[license_.pk]), {"what": what}, headers=headers)
    assert shown in answer.text
    assert "no-store" in answer["Cache-Control"]
    assert ("<html" in answer.text) is not bool(headers)
    assert Event.objects.get(license=license_, kind=kind).actor == "staff"


def test_a_secret_cannot_be_asked_for_by_an_address(staff_client: Client, world: World) -> None:
    license_ = uploaded(world, key="SECRET-1234-ABCD")
    assert staff_client.get(reverse("license_reveal", args=[license_.pk])).status_code == 405


def test_a_file_is_downloaded_exactly_and_recorded(staff_client: Client, world: World) -> None:
    body = b"\x00\xff<key>\r\n"
    uploaded(world, key="SECRET-1234-ABCD", files=(KeyFile('lic "ü".xml', body),))
    file = LicenseFile.objects.get()
    answer = staff_client.get(reverse("license_file", args=[file.pk]))
    assert answer.content == body
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]
    assert answer["Content-Type"] == "application/octet-stream"
    assert Event.objects.filter(kind="file_downloaded", license=file.license).count() == 1


def test_a_newer_file_of_the_same_name_is_a_second_version(staff_client: Client, world: World) -> None:
    license_ = uploaded(world, key="SECRET-1234-ABCD", files=(KeyFile("license.xml", b"one"),))
    upload(request=world.request, files=[KeyFile("license.xml", b"two")], actor=SYSTEM)
    text = staff_client.get(reverse("license", args=[license_.pk])).text
    assert "version 2" in text


def test_a_renewal_is_asked_for_on_a_page_that_says_what_it_costs(staff_client: Client, world: World) -> None:
    license_ = world.license
    page = reverse("license_renew", args=[license_.pk])
    assert "The vendor bills it" in staff_client.get(page).text
    assert not license_.requests.exists()
    answer = staff_client.post(page, {"reason": ""})
    made = license_.requests.get()
    assert answer["Location"] == reverse("license_request", args=[made.pk])
    assert made.kind == LicenseRequest.Kind.RENEW
    again = staff_client.post(page, {"reason": ""})
    assert again.status_code == 200
    assert "already has an open request" in again.text


def test_what_a_plug_in_cannot_do_is_refused_in_words(staff_client: Client, world: World) -> None:
    page = reverse("license_terminate", args=[world.license.pk])
    assert "This field is required" in staff_client.post(page, {"reason": ""}).text
    text = staff_client.post(page, {"reason": "customer left"}).text
    assert "is offline" in text
    assert "customer left" in text


# --- New License


@pytest.fixture
def new_page(world: World, tmp_path: Path) -> str:
    make_ready(make_subscription(world.order), tmp_path)
    return f"{reverse('new_license')}?plugin={world.configuration.pk}"


def asked(world: World, **changes: Any) -> dict[str, Any]:
    given = {"license_class": world.license_class.pk, "number": 2, "subscription": world.order.subscription.name}
    return {"plugin": world.configuration.pk, **given, **changes}


def test_new_license_without_a_tab_asks_for_the_plug_in_first(staff_client: Client, world: World) -> None:
    link = f"{reverse('new_license')}?plugin={world.configuration.pk}"
    assert link in staff_client.get(reverse("new_license")).text


def test_new_license_requests_as_many_as_were_asked_for(staff_client: Client, world: World, new_page: str) -> None:
    before = LicenseRequest.objects.count()
    answer = staff_client.post(new_page, asked(world), follow=True)
    assert "2 licenses were requested." in answer.text
    assert LicenseRequest.objects.count() == before + 2
    answer = staff_client.post(new_page, asked(world, number=1, subscription=world.order.subscription.pk))
    assert answer["Location"].startswith("/license-requests/")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"number": 0}, "greater than or equal to 1"),
        ({"number": 10_000}, "less than or equal to 1000"),
        ({"number": "many"}, "Enter a whole number"),
        ({"subscription": "nowhere.example"}, "No subscription is called"),
        ({"subscription": ""}, "This field is required"),
        ({"license_class": 999_999}, "not one of the available choices"),
    ],
)
def test_bad_input_is_said_at_its_field_and_the_rest_stays(
    staff_client: Client, world: World, new_page: str, changes: dict[str, Any], said: str
) -> None:
    before = LicenseRequest.objects.count()
    answer = staff_client.post(new_page, asked(world, **changes))
    assert answer.status_code == 200
    assert said in unescape(answer.text)
    for name, value in asked(world, **changes).items():
        if name in {"number", "subscription"} and value != "":
            assert f'name="{name}" value="{value}"' in answer.text
    assert LicenseRequest.objects.count() == before


def test_a_class_that_is_no_longer_sold_cannot_be_chosen(staff_client: Client, world: World, new_page: str) -> None:
    LicenseClass.objects.filter(pk=world.license_class.pk).update(sold=False)
    other = make_class(world.configuration)
    text = staff_client.post(new_page, asked(world)).text
    assert "not one of the available choices" in text
    assert other.name in text


def test_several_subscriptions_that_fit_are_offered(staff_client: Client, world: World, new_page: str) -> None:
    make_subscription()
    text = staff_client.post(new_page, asked(world, subscription="example.com")).text
    assert "Several subscriptions fit" in text
    assert text.count('<button name="subscription"') == 2


def test_where_nothing_is_sold_the_page_leads_to_the_classes(staff_client: Client) -> None:
    configuration = make_configuration()
    text = staff_client.get(f"{reverse('new_license')}?plugin={configuration.pk}").text
    assert reverse("plugin_classes", args=[configuration.pk]) in text
