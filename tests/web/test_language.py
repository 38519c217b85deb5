"""Pages in the reader's language: chosen, or the browser's; dates and numbers are written as it does."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from pbas.core.jinja import duration, money, number, size
from tests.factories import make_license

pytestmark = pytest.mark.django_db
GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}


def test_the_choice_at_the_foot_of_the_menu_is_kept_and_leads_back(staff_client: Client) -> None:
    answer = staff_client.post(reverse("language"), {"language": "de", "next": "/licenses/?state=issued"})
    assert answer.url == "/licenses/?state=issued"  # type: ignore[attr-defined] # a redirect has it
    page = staff_client.get("/licenses/", headers={"Accept-Language": "en"})
    assert '<html lang="de"' in page.text
    assert page["Content-Language"] == "de"
    assert '<button name="language" value="de" lang="de" aria-pressed="true">Deutsch</button>' in page.text


def test_who_chose_nothing_reads_what_his_browser_asks_for_and_english_where_we_do_not_speak_it(client: Client) -> None:
    assert '<html lang="de"' in client.get(reverse("store"), headers=GERMAN).text
    page = client.get(reverse("store"), headers={"Accept-Language": "fi"})
    assert '<html lang="en"' in page.text
    assert "Accept-Language" in page["Vary"]


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_the_language_never_leads_away_from_the_panel(client: Client, back: str) -> None:
    answer = client.post(reverse("language"), {"language": "rubbish", "next": back})
    assert answer.url == "/"  # type: ignore[attr-defined] # a redirect has it
    assert "language" not in answer.cookies


def test_one_readers_language_is_not_the_next_ones(client: Client) -> None:
    client.get(reverse("store"), headers=GERMAN)
    assert translation.get_language() == "en"


def test_the_api_speaks_english_to_everybody(client: Client) -> None:
    answer = client.get("/api/v1/licenses/", headers=GERMAN)
    assert answer.json()["detail"] == "Authentication credentials were not provided."
    assert answer["Content-Language"] == "en"


@pytest.mark.convention(34)
def test_days_are_written_as_the_language_does(staff_client: Client) -> None:
    made = make_license(issued_at=datetime(2026, 7, 1, 22, 30, tzinfo=UTC))
    address = f"/licenses/{made.pk}/"
    assert ">1 Jul 2026 22:30</time>" in staff_client.get(address).text
    assert ">1. Juli 2026, 22:30</time>" in staff_client.get(address, headers=GERMAN).text


def _values() -> tuple[str, ...]:
    return number(1234567), money(Decimal("1234.5")), size(1536), duration(90_000)


@pytest.mark.convention(34)
def test_numbers_money_and_sizes_are_written_as_the_language_does() -> None:
    assert _values() == ("1,234,567", "1,234.50", "1.5 KiB", "1.5 min")
    with translation.override("de"):
        assert _values() == ("1.234.567", "1.234,50", "1,5 KiB", "1,5 min")
