"""Second factors, throttled logins, fresh logins for secrets, sessions, and what was typed before a login ran out."""

import re
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.contrib.auth.models import User
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from licenses.models import LicenseRequest
from pbas.core import kept
from pbas.core.models import Event
from tests.factories import World
from tests.web.moving import uploaded

pytestmark = pytest.mark.django_db
PASSWORD = "a long password"


def code_for(secret: str) -> str:
    cache.clear()  # a code is good once
    return str(format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time())))))


def sign_in(client: Client, **more: str) -> Any:
    return client.post(reverse("account_login"), {"login": "staff", "password": PASSWORD, **more})


def set_up(client: Client) -> str:
    """Set up a second factor as a person does; answers its secret."""
    page = client.get(reverse("mfa_activate_totp")).text
    assert 'src="data:image/svg+xml;base64,' in page
    secret = re.search(r"<code>([A-Z2-7]{16,})</code>", page)
    assert secret
    answer = client.post(reverse("mfa_activate_totp"), {"code": code_for(secret.group(1))}, follow=True)
    assert "Recovery codes" in answer.text
    return secret.group(1)


def test_a_second_factor_is_set_up_asked_for_and_removed(staff_client: Client, staff: User) -> None:
    secret = set_up(staff_client)
    codes = re.search(r"<pre[^>]*>([^<]+)</pre>", staff_client.get(reverse("mfa_view_recovery_codes")).text)
    assert codes
    assert codes.group(1).split()[0] in staff_client.get(reverse("mfa_download_recovery_codes")).text
    stored = Authenticator.objects.get(user=staff, type="totp").data["secret"]
    assert secret not in stored
    client = Client()
    assert sign_in(client, next="/plugins/")["Location"].startswith(reverse("mfa_authenticate"))
    assert client.get("/licenses/").status_code == 302
    assert "Incorrect code" in client.post(reverse("mfa_authenticate"), {"code": "000000"}).text
    answer = client.post(reverse("mfa_authenticate"), {"code": code_for(secret)})
    assert answer["Location"] == "/plugins/"
    other = Client()
    sign_in(other)
    assert other.post(reverse("mfa_authenticate"), {"code": codes.group(1).split()[0]}).status_code == 302
    assert other.get("/licenses/").status_code == 200
    assert "Set up" in client.get(reverse("mfa_index")).text
    for name in ("mfa_generate_recovery_codes", "mfa_deactivate_totp"):
        assert "/static/css/panel." in client.get(reverse(name)).text
        client.post(reverse(name))
    assert not Authenticator.objects.filter(user=staff).exists()


def test_where_a_second_factor_is_required_nobody_of_the_staff_gets_further_without_one(
    staff_client: Client, settings: Any
) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    assert staff_client.get("/licenses/")["Location"] == reverse("mfa_activate_totp")
    assert staff_client.get("/licenses/", headers={"HX-Request": "true"})["HX-Redirect"] == reverse("mfa_activate_totp")
    set_up(staff_client)
    assert staff_client.get("/licenses/").status_code == 200


def test_who_guesses_passwords_is_stopped(staff: User) -> None:
    client = Client()
    for _ in range(6):
        answer = client.post(reverse("account_login"), {"login": staff.username, "password": "wrong"})
    assert "Too many failed login attempts" in answer.text
    assert "Too many failed login attempts" in sign_in(client).text


def test_a_secret_is_shown_after_a_fresh_login_only_and_the_way_back_is_kept(
    staff: User,
    asked: LicenseRequest,  # noqa: ARG001 (the world's request, which waits for its key)
    world: World,
) -> None:
    license_ = uploaded(world, key="SECRET-1234-ABCD", activation_code="CODE-1")
    page, reveal = reverse("license", args=[license_.pk]), reverse("license_reveal", args=[license_.pk])
    stale = Client()
    stale.force_login(staff)
    back = {"Referer": f"http://testserver{page}"}
    answer = stale.post(reveal, {"what": "activation_code"}, headers=back)
    assert answer["Location"] == reverse("account_reauthenticate") + f"?next={page.replace('/', '%2F')}"
    part = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{page}"}
    assert stale.post(reveal, headers=part)["HX-Redirect"] == answer["Location"]
    evil = {"Referer": "https://evil.example/page"}
    assert stale.post(reveal, headers=evil)["Location"].endswith("?next=%2F")
    assert not Event.objects.filter(kind__endswith="revealed").exists()
    confirmed = stale.post(answer["Location"], {"password": PASSWORD, "next": page})
    assert confirmed["Location"] == page
    assert "CODE-1" in stale.post(reveal, {"what": "activation_code"}).text
    session = stale.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time() - 601}]
    session.save()
    assert stale.post(reveal).status_code == 302


def test_somebody_signs_himself_out_everywhere_else(staff: User) -> None:
    here, there = Client(), Client()
    sign_in(here)
    sign_in(there)
    assert here.get(reverse("usersessions_list")).text.count("this one") == 1
    here.post(reverse("usersessions_list"))
    assert here.get("/licenses/").status_code == 200
    assert there.get("/licenses/").status_code == 302
    assert staff.username == "staff"


def test_a_forgotten_password_is_asked_for_by_mail_where_there_is_mail(staff: User, settings: Any) -> None:
    client = Client()
    assert client.get(reverse("account_reset_password")).status_code == 404
    settings.HAS_MAIL = True
    User.objects.filter(pk=staff.pk).update(email="staff@example.com")
    assert "Forgot your password?" in client.get(reverse("account_login")).text
    assert (
        client.post(reverse("account_reset_password"), {"email": "staff@example.com"}, follow=True).status_code == 200
    )
    assert client.post(reverse("account_reset_password"), {"email": "nobody@example.com"}).status_code == 302
    assert len(mail.outbox) == 1
    link = re.search(r"http://testserver(/\S+)", str(mail.outbox[0].body))
    assert link
    assert "Choose your password" in client.get(link.group(1), follow=True).text


# --- a login that ran out while somebody typed


def test_what_was_typed_into_an_upload_comes_back_after_the_login_and_can_be_sent(
    asked: LicenseRequest,
    staff: User,  # noqa: ARG001 (stands)
) -> None:
    client = Client()
    path = reverse("license_request_upload", args=[asked.pk])
    login = client.post(path, {"key": "KEY-<1>", "activation_code": ""}).text
    sealed = re.search(r'name="kept" value="([^"]+)"', login)
    assert sealed
    assert "KEY-" not in login
    assert LicenseRequest.objects.get(pk=asked.pk).license is None
    answer = sign_in(client, kept=sealed.group(1), next=reverse("kept_form"))
    assert answer["Location"] == reverse("kept_form")
    page = client.get(answer["Location"]).text
    assert f'action="{path}"' in page
    assert 'name="key" value="KEY-&lt;1&gt;"' in page
    client.post(path, {"key": "KEY-<1>", "activation_code": ""})
    assert LicenseRequest.objects.get(pk=asked.pk).license is not None


def test_of_files_the_names_of_their_fields_come_back(staff: User, asked: LicenseRequest) -> None:
    from tests.web.moving import file_of

    client = Client()
    login = client.post(reverse("license_request_upload", args=[asked.pk]), {"key": "K-1", "files": file_of()}).text
    sealed = re.search(r'name="kept" value="([^"]+)"', login)
    assert sealed
    sign_in(client, kept=sealed.group(1), next=reverse("kept_form"))
    page = client.get(reverse("kept_form")).text
    assert 'enctype="multipart/form-data"' in page
    assert "Choose again: Files" in page
    assert staff.is_staff


def test_new_license_comes_back_with_what_was_chosen(staff: User) -> None:
    client = Client()
    login = client.post(reverse("new_license"), {"step": "buy", "plugin": "1", "number": "3"}).text
    sealed = re.search(r'name="kept" value="([^"]+)"', login)
    assert sealed
    sign_in(client, kept=sealed.group(1), next=reverse("kept_form"))
    page = client.get(reverse("kept_form")).text
    assert 'name="number" value="3"' in page
    assert 'name="step" value="buy"' in page
    assert staff.is_staff


@pytest.mark.parametrize("sealed", ["", "rubbish", "AAAA", "ä" * 9])
def test_rubbish_instead_of_a_kept_form_is_not_kept(staff: User, sealed: str) -> None:
    assert kept.unseal(sealed) is None
    client = Client()
    assert sign_in(client, kept=sealed)["Location"] == "/"
    assert client.get(reverse("kept_form"))["Location"] == "/"
    assert staff.is_staff


def test_a_kept_form_is_good_for_an_hour_and_has_a_limit(monkeypatch: pytest.MonkeyPatch, rf: Any) -> None:
    form = kept.form_of(rf.post("/plans/new/", {"name": "x", "csrfmiddlewaretoken": "secret"}))
    assert form
    assert form.fields == [("name", "x")]
    sealed = kept.seal(form)
    assert kept.unseal(sealed) == form
    monkeypatch.setattr(kept, "KEPT_SECONDS", -1)
    assert kept.unseal(sealed) is None
    assert kept.form_of(rf.post("/plans/new/", {"name": "x" * (kept.LONGEST + 1)})) is None


def test_a_form_whose_token_is_out_of_date_offers_what_was_typed_again(staff: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(staff)
    answer = client.post("/plans/new/", {"name": "My plan"}, headers={"Origin": "http://testserver"})
    assert answer.status_code == 403
    assert 'name="name" value="My plan"' in answer.text
    assert answer["X-Request-ID"] in answer.text
    evil = client.post("/plans/new/", {"name": "Evil plan"}, headers={"Origin": "https://evil.example"})
    assert evil.status_code == 403
    assert "Evil plan" not in evil.text
    assert "This form is out of date" in evil.text


def test_pages_that_say_no_name_a_reference_and_no_trace(staff_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    for path, status in (("/licenses/987654321/", 404), ("/no/such/page/", 404)):
        answer = staff_client.get(path)
        assert answer.status_code == status
        assert f"<code>{answer['X-Request-ID']}</code>" in answer.text

    def fail(*_given: Any) -> None:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr("licenses.views.LicenseList", fail)
    staff_client.raise_request_exception = False
    answer = staff_client.get("/licenses/")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert answer["X-Request-ID"] in answer.text
    assert "closed the connection" not in answer.text
    assert "Traceback" not in answer.text


def test_each_answer_has_a_reference_of_its_own() -> None:
    seen = {Client().get("/livez", headers={"X-Request-ID": "mine"})["X-Request-ID"] for _ in range(3)}
    assert len(seen) == 3
    assert "mine" not in seen
