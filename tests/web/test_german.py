"""The pages in German: whatever is put together for the reader is in his language; what is quoted says its own."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from ka_plugins.contract import KeyFile
from licenses.models import NEVER, Finding, License
from pbas.core.access import API, need_of
from pbas.core.jinja import ago, until
from subscriptions.models import Account
from subscriptions.selectors import order_token
from tests.addresses import all_addresses
from tests.factories import World, fresh_client, make_class, make_configuration, make_license, make_order, make_ready
from tests.web.moving import uploaded
from tests.web.wares import make_wares

pytestmark = pytest.mark.django_db

# Small words of which nearly every English sentence has one and no German one has any.
ENGLISH = re.compile(r"\b(the|is|are|not|with|from|your|this|that|has|have|for|you|it|its|be)\b", re.IGNORECASE)
QUOTED = {"code", "pre", "script", "style", "textarea"}  # what is shown as it is
SHOWN = {"title", "placeholder", "aria-label", "alt"}
ALONE = {"input", "meta", "link", "br", "hr", "img", "use", "path", "rect", "line", "wbr"}
LEFT_OUT = {"account_logout", "metrics", "livez", "favicon"}


class _Words(HTMLParser):
    """Collects the texts of a page that are in its own language."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open: list[tuple[str, bool]] = []  # each open element, and whether it is quoted

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        quoted = self._is_quoted() or tag in QUOTED or given.get("lang", "de") != "de"
        if not quoted:
            self.found += [given[name] or "" for name in SHOWN & given.keys()]
        if tag not in ALONE:
            self._open.append((tag, quoted))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not self._is_quoted():
            self.found.append(data.strip())

    def _is_quoted(self) -> bool:
        return bool(self._open) and self._open[-1][1]


def english_in(page: str) -> list[str]:
    words = _Words()
    words.feed(page)
    return [text for text in words.found if ENGLISH.search(text)]


@pytest.fixture
def numbers(world: World, tmp_path: Path) -> dict[str, int]:
    """A row for each kind of address, by how the names of the addresses begin."""
    world.configuration = make_configuration(
        name="Vendor", template="plesk_ka", mode="online", settings={"host": "ka.example.com", "port": 7050}
    )
    world.license_class = make_wares(world.configuration)
    make_ready(world.subscription, tmp_path)
    by_hand = World()
    make_ready(by_hand.subscription, tmp_path)
    uploaded(by_hand, key="KEY-1", files=(KeyFile("license.xml", b"<key/>"),))
    finding = Finding.objects.create(
        configuration=world.configuration, kind="orphan", shown="K-1", fingerprint="K-1", seen_at=timezone.now()
    )
    return {
        "license_request": world.request.pk,
        "license": make_license(world.license_class, subscription=world.subscription, state="installed").pk,
        "subscription": world.subscription.pk,
        "order": world.order.pk,
        "plugin": world.configuration.pk,
        "class": world.license_class.pk,
        "ready_keys": make_class(by_hand.configuration).pk,
        "finding": finding.pk,
    }


def paths(numbers: dict[str, int]) -> Iterator[str]:
    """Each page that can be read: as it is for something that is there, and for something that is not."""
    for one in all_addresses():
        if one.name in API or one.name in LEFT_OUT or not need_of(one.name, "GET"):
            continue
        yield one.path
        for begin, number in numbers.items():
            if one.name.startswith(begin):
                yield one.path.replace("987654321", str(number))


@pytest.mark.convention(34)
def test_no_page_says_anything_in_english_to_a_german_reader(staff: User, numbers: dict[str, int]) -> None:
    client, found = fresh_client(staff), set()
    client.cookies["language"] = "de"
    for path in sorted(set(paths(numbers))):
        answer = client.get(path)
        if answer.streaming or not answer["Content-Type"].startswith("text/html"):
            continue
        if answer.status_code in {200, 404}:
            assert '<html lang="de"' in answer.text or "<html" not in answer.text, path
        found |= {(path, text) for text in english_in(answer.text)}
    assert found == set()


def test_what_was_recorded_in_english_is_said_in_german_and_what_a_person_wrote_as_he_wrote_it(
    staff_client: Client, numbers: dict[str, int]
) -> None:
    staff_client.cookies["language"] = "de"
    number = numbers["license_request"]
    staff_client.post(f"/license-requests/{number}/hold/")
    page = staff_client.get(f"/license-requests/{number}/").text
    assert "Angehalten." in page
    assert "Plesk 10 and later wurde angefragt" in page
    staff_client.post(f"/license-requests/{number}/comment/", {"text": "Kommt morgen"})
    assert "<p>Kommt morgen</p>" in staff_client.get(f"/license-requests/{number}/").text


def test_the_search_of_the_activity_says_that_it_looks_through_what_was_recorded(staff_client: Client) -> None:
    assert "in English" not in staff_client.get("/activity/", {"q": "Abonnement"}).text
    staff_client.cookies["language"] = "de"
    assert "englisch aufgezeichnet" in staff_client.get("/activity/", {"q": "Abonnement"}).text
    assert "englisch aufgezeichnet" not in staff_client.get("/activity/").text


def test_a_refusal_is_said_in_the_readers_language_and_recorded_in_english(
    staff_client: Client, numbers: dict[str, int]
) -> None:
    staff_client.cookies["language"] = "de"
    address = f"/license-requests/{numbers['license_request']}"
    staff_client.post(f"{address}/hold/")
    answer = staff_client.post(f"{address}/hold/", follow=True)
    assert "lässt sich nicht anhalten: Zu klären, angehalten." in answer.text


def test_the_store_and_the_customers_pages_say_nothing_in_english_to_him(world: World, tmp_path: Path) -> None:
    make_ready(world.subscription, tmp_path)
    make_license(world.license_class, subscription=world.subscription, state="installed", proven_at=timezone.now())
    customer = User.objects.create_user("customer", password="a long password")
    Account.objects.filter(pk=world.order.account_id).update(user=customer)
    client, placed = fresh_client(customer), make_order(world.plan)
    client.cookies["language"] = "de"
    found = set()
    for path in (
        *(reverse("my"), reverse("my_subscription", args=[world.subscription.pk]), reverse("store")),
        *(reverse("store_plan", args=[world.plan.code]), reverse("store_checkout", args=[world.plan.code])),
        *(reverse(name, args=[order_token(world.order)]) for name in ("store_order", "store_payment")),
        *(reverse(name, args=[order_token(placed)]) for name in ("store_order", "store_payment")),
    ):
        answer = client.get(path, follow=True)
        assert '<html lang="de"' in answer.text, path
        found |= {(path, text) for text in english_in(answer.text)}
    assert found == set()
    faulty = client.post(reverse("store_checkout", args=[world.plan.code]), {"name": "", "email": "x", "host": "-"})
    assert "Ein Hostname hat Buchstaben, Ziffern, Bindestriche und Punkte" in faulty.text
    assert english_in(faulty.text) == []


@pytest.mark.parametrize(
    ("days", "said"), [(1, "1 Tag"), (3, "3 Tagen"), (70, "2 Monaten"), (800, "2 Jahren"), (15, "2 Wochen")]
)
def test_how_long_ago_and_until_are_said_in_the_dative(days: int, said: str) -> None:
    now, length = timezone.now(), timedelta(days=days, seconds=1)
    with translation.override("de"):
        found = ago(now - length), until(now + length + timedelta(minutes=1))
    assert [one.replace("\N{NO-BREAK SPACE}", " ") for one in found] == [f"vor {said}", f"in {said}"]


def test_one_english_word_for_a_thing_and_for_doing_it_is_two_german_ones(
    staff_client: Client, numbers: dict[str, int]
) -> None:
    staff_client.cookies["language"] = "de"
    License.objects.update(state="installed", expires_at=NEVER, proven_at=timezone.now())
    page = staff_client.get(f"/licenses/{numbers['license']}/").text
    assert re.search(r'/change/">\s*<svg[^>]*><use[^>]*></use></svg>Ändern</a>', page)
    page = staff_client.get(f"/license-requests/{numbers['license_request']}/").text
    assert re.search(r'<span class="step-label">Installation<', page)
    assert re.search(r'id="story-target"[^>]*>Installation</a>', page)


def test_labels_of_a_plan_and_words_for_a_status_are_german(staff_client: Client, numbers: dict[str, int]) -> None:
    staff_client.cookies["language"] = "de"
    assert ">Währung</label>" in staff_client.get("/plans/new/").text
    differs = [{"what": "status", "ours": "installed", "theirs": "expired"}]
    Finding.objects.filter(pk=numbers["finding"]).update(kind="different", differences=differs)
    page = staff_client.get(f"/findings/{numbers['finding']}/").text
    assert "</span>installiert</td>" in page
    assert "</span>abgelaufen</td>" in page


def test_fields_of_a_form_that_comes_back_have_german_names_and_those_that_are_no_word_say_so(staff: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(staff)
    client.cookies["language"] = "de"
    typed = {"activation_code": "A-1", "odd %s <b>": "x"}
    page = client.post("/plans/new/", typed, headers={"Origin": "http://testserver"}).text
    assert ">Aktivierungscode</label>" in page
    assert '<span lang="en">Odd %s &lt;b&gt;</span></label>' in page
