"""The frame around all pages: who may come in, the theme, pages that say no, how values and forms are drawn."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django import forms
from django.contrib.auth.models import User
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from licenses.models import NEVER
from pbas.core import jinja
from pbas.core.reference import ReferenceFilter

pytestmark = pytest.mark.django_db

PAGES = ["dashboard", "licenses", "license_requests", "new_license", "subscriptions", "orders", "plans", "plugins"]


@pytest.mark.parametrize("name", PAGES)
def test_a_stranger_comes_to_the_login(client: Client, name: str) -> None:
    answer = client.get(reverse(name))
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("name", PAGES[1:])  # from the front door he comes to his own pages
@pytest.mark.convention(11)
def test_who_is_no_staff_gets_a_page_that_says_so(client: Client, name: str) -> None:
    client.force_login(User.objects.create_user("customer"))
    answer = client.get(reverse(name))
    assert answer.status_code == 403
    assert "These pages are for staff" in answer.text


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.convention(1)
def test_every_entry_of_the_menu_leads_to_a_page_that_is_marked_there(staff_client: Client, name: str) -> None:
    answer = staff_client.get(reverse(name))
    assert answer.status_code == 200
    assert len(re.findall(r'<a href="[^"]*" aria-current="page"', answer.text)) == 1


@pytest.mark.parametrize(
    ("path", "marked"),
    [("/uploads/", "/license-requests/"), ("/runs/", "/failures/"), ("/ready-keys/", "/plugins/")],
)
def test_a_page_without_an_entry_marks_the_one_that_leads_to_it(staff_client: Client, path: str, marked: str) -> None:
    assert f'<a href="{marked}" aria-current="page"' in staff_client.get(path).text


def test_signing_in_leads_to_the_page_that_was_asked_for(client: Client, staff: User) -> None:
    login = reverse("account_login") + "?next=/licenses/"
    assert 'name="next" value="/licenses/"' in client.get(login).text
    answer = client.post(login, {"login": staff.username, "password": "a long password", "next": "/licenses/"})
    assert answer["Location"] == "/licenses/"


def test_a_wrong_password_is_said_above_the_form_and_answers_200(client: Client, staff: User) -> None:
    answer = client.post(reverse("account_login"), {"login": staff.username, "password": "wrong"})
    assert answer.status_code == 200
    assert "not correct" in answer.text
    assert staff.username in answer.text


def test_nobody_can_sign_up(client: Client) -> None:
    login = client.get(reverse("account_login")).text
    assert "signup" not in login
    assert "Forgot" not in login  # the panel sends no mail
    answer = client.post(reverse("account_signup"), {"username": "x", "password1": "long-enough-1", "password2": "x"})
    assert not User.objects.exists()
    assert "Nobody signs up here" in answer.text


def test_the_rules_for_a_new_password_are_read_as_text_not_as_markup(staff_client: Client) -> None:
    page = staff_client.get(reverse("account_change_password")).text
    assert "<li>Your password must contain at least" in page
    assert "&lt;" not in page


@pytest.mark.parametrize(
    "name", ["account_logout", "account_change_password", "account_inactive", "account_reauthenticate"]
)
def test_the_pages_of_the_account_stand_in_the_frame(staff_client: Client, name: str) -> None:
    answer = staff_client.get(reverse(name))
    assert answer.status_code == 200
    assert "/static/css/panel." in answer.text


def test_an_unknown_address_gets_a_page_in_the_frame(staff_client: Client) -> None:
    answer = staff_client.get("/licenses/12345678/")
    assert answer.status_code == 404
    assert "There is no license 12345678." in answer.text
    assert "Main menu" in answer.text


@pytest.mark.parametrize("path", ["/license-requests/1/upload/", "/theme/"])
@pytest.mark.convention(36)
def test_the_address_of_a_form_read_by_itself_gets_a_page_that_says_so(staff_client: Client, path: str) -> None:
    answer = staff_client.get(path)
    assert answer.status_code == 405
    assert answer["Allow"] == "POST"
    assert "only takes what a form sends" in answer.text
    assert "Main menu" in answer.text


@pytest.mark.convention(36)
def test_a_failure_names_a_reference_that_is_in_the_log(
    staff_client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.handler.addFilter(told := ReferenceFilter())

    def fail(*_given: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("licenses.views.LicenseList", fail)
    staff_client.raise_request_exception = False
    answer = staff_client.get(reverse("licenses"))
    assert answer.status_code == 500
    reference = re.search(r"<code>([0-9a-f]{8})</code>", answer.text)
    assert reference
    caplog.handler.removeFilter(told)
    assert {record.__dict__["reference"] for record in caplog.records} == {reference.group(1)}
    assert answer["X-Request-ID"] == reference.group(1)
    assert "RuntimeError" not in answer.text


@pytest.mark.parametrize(
    ("error", "status", "said"), [(RuntimeError, 500, "Bei uns"), (OperationalError, 503, "Die Datenbank")]
)
def test_a_failure_is_said_in_the_readers_language_and_theme_with_a_way_on(
    staff_client: Client, monkeypatch: pytest.MonkeyPatch, error: type[Exception], status: int, said: str
) -> None:
    def fail(*_given: Any) -> None:
        raise error

    monkeypatch.setattr("licenses.views.LicenseList", fail)
    staff_client.raise_request_exception = False
    staff_client.cookies.load({"language": "de", "theme": "dark"})
    answer = staff_client.get("/licenses/?state=issued&q=abc")
    assert answer.status_code == status
    assert f"<h1>{said}" in answer.text
    assert '<html lang="de" data-bs-theme="dark"' in answer.text
    assert re.search(r'href="/licenses/\?state=issued&amp;q=abc">.*Erneut versuchen</a>', answer.text)
    assert re.search(r'href="/">.*Zur Startseite</a>', answer.text)


@pytest.mark.parametrize("change", ["RENAME TO core_told", "RENAME COLUMN kind TO sort"])
def test_a_database_that_was_not_migrated_is_told_from_one_that_is_away(staff_client: Client, change: str) -> None:
    staff_client.raise_request_exception = False
    staff_client.cookies.load({"language": "de"})
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE core_notice {change}")
        answer = staff_client.get(reverse("notices"))
        transaction.set_rollback(True)
    assert answer.status_code == 500
    assert "<h1>Die Datenbank passt nicht" in answer.text
    assert "manage.py migrate" in answer.text
    assert "Retry-After" not in answer


def test_a_host_name_that_is_not_the_panels_is_told_as_such(client: Client) -> None:
    answer = client.get("/store/", headers={"host": "elsewhere.example"})
    assert answer.status_code == 400
    assert "PBAS_ALLOWED_HOSTS" in answer.text


@pytest.mark.convention(31)
def test_the_theme_is_kept_in_a_cookie_and_drawn_by_the_server(staff_client: Client) -> None:
    answer = staff_client.post(reverse("theme"), {"theme": "dark", "next": "/licenses/?state=issued"})
    assert answer["Location"] == "/licenses/?state=issued"
    assert 'data-bs-theme="dark"' in staff_client.get("/licenses/").text


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_the_theme_never_leads_away_from_the_panel(client: Client, back: str) -> None:
    answer = client.post(reverse("theme"), {"theme": "rubbish", "next": back})
    assert answer["Location"] == reverse("dashboard")
    assert answer.cookies["theme"].value == "auto"


@pytest.mark.convention(28)
def test_the_simulator_is_announced_on_every_page_of_a_demonstration(staff_client: Client, settings: Any) -> None:
    assert "Simulator:" not in staff_client.get("/licenses/").text
    settings.PBAS_DEMO = True
    assert "Simulator:" in staff_client.get("/licenses/").text


def test_nothing_but_our_own_files_may_run(staff_client: Client) -> None:
    answer = staff_client.get("/licenses/")
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]
    sources = re.findall(r'(?:src|href)="(https?:)?//', answer.text)
    assert sources == []


def test_monitors_and_browsers_need_no_login(client: Client) -> None:
    assert client.get("/livez").content == b"ok\n"
    assert re.fullmatch(r"/static/favicon\.\w+\.svg", client.get("/favicon.ico")["Location"])


def test_the_back_office_has_the_panels_login(client: Client) -> None:
    answer = client.get("/admin/", follow=True)
    assert "Sign in" in answer.text
    assert "/static/css/panel." in answer.text


# --- how values are drawn


def test_no_date_is_said_as_never_and_a_far_one_too() -> None:
    assert "never" in jinja.day(None)
    assert "never" in jinja.day(NEVER)
    assert jinja.day(datetime(2026, 3, 9, 12, tzinfo=UTC)) == '<time datetime="2026-03-09">9 Mar 2026</time>'


def test_times_are_said_from_now() -> None:
    now = timezone.now()
    assert jinja.ago(now) == "just now"
    assert "2" in jinja.ago(now - timedelta(hours=2, minutes=1))
    assert jinja.until(now) == "in a moment"
    assert "hour" in jinja.until(now + timedelta(hours=2, minutes=1))


@pytest.mark.parametrize(
    ("size", "said"), [(0, "0 bytes"), (1, "1 byte"), (2048, "2.0 KiB"), (3 * 1024 * 1024, "3.0 MiB")]
)
def test_sizes_are_said_for_people(size: int, said: str) -> None:
    assert jinja.size(size) == said


def test_an_icon_with_a_label_is_read_out_and_its_label_is_escaped() -> None:
    assert 'aria-label="&lt;b&gt;"' in jinja.icon("eye", "<b>")
    assert 'aria-hidden="true"' in jinja.icon("eye")


class _Form(forms.Form):
    name = forms.CharField(help_text="As <b>written</b>.")
    kind = forms.ChoiceField(choices=[("a", "A")])
    is_sold = forms.BooleanField(required=False, label="We sell this")
    ways = forms.ChoiceField(choices=[("a", "A")], widget=forms.RadioSelect)


def test_a_faulty_form_leads_from_its_summary_to_its_fields() -> None:
    text = str(_Form({"is_sold": "on", "kind": "b"}))
    assert 'role="alert"' in text
    assert '<a href="#id_name">Name</a>' in text
    assert 'aria-describedby="id_name_helptext id_name_error"' in text
    assert 'id="id_name_error"' in text
    assert 'id="id_name_helptext"' in text
    assert 'aria-invalid="true"' in text
    assert "As &lt;b&gt;written&lt;/b&gt;." in text


def test_controls_have_the_stylesheets_classes() -> None:
    text = str(_Form())
    for control in ("form-control", "form-select", "form-check-input"):
        assert control in text
    assert "<legend>Ways</legend>" in text
    assert 'role="alert"' not in text
