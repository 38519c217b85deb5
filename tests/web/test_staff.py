"""The staff's own pages: invitations, roles, ends of accounts and sessions, links and tokens; each leaves an event."""

import re

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from knox.models import AuthToken

from pbas.core.models import Event
from pbas.core.rights import ADMINISTRATOR, OPERATOR, STORE, VIEWER, give_role, role_of
from tests.factories import fresh_client

pytestmark = pytest.mark.django_db
PASSWORD = "a very long word"


@pytest.fixture
def boss() -> User:
    """An administrator, who is no superuser."""
    user = User.objects.create_user("boss", password=PASSWORD, is_staff=True)
    give_role(user, ADMINISTRATOR)
    return user


@pytest.fixture
def office(boss: User) -> Client:
    return fresh_client(boss)


def colleague(role: str = VIEWER) -> User:
    user = User.objects.create_user("ada", password=PASSWORD, is_staff=True)
    give_role(user, role)
    return user


def told() -> list[str]:
    return list(Event.objects.order_by("id").values_list("kind", flat=True))


def post(client: Client, name: str, user: User, *args: str, **given: str) -> str:
    return client.post(reverse(name, args=[user.pk, *args]), given, follow=True).text


def test_who_is_invited_chooses_a_password_once_by_a_link_that_is_shown_once(office: Client, client: Client) -> None:
    given = {"username": "ada", "name": "Ada", "email": "ada@example.com", "role": OPERATOR}
    page = office.post(reverse("staff_invite"), given)
    link = re.search(r"http://testserver(/accounts/password/reset/key/[^<]+)", page.text)
    assert link
    user = User.objects.get(username="ada")
    assert role_of(user) == OPERATOR
    assert not user.has_usable_password()
    chosen = client.get(link.group(1), follow=True)
    assert "Your login name is ada." in chosen.text
    path = chosen.redirect_chain[-1][0]
    done = client.post(path, {"password1": PASSWORD, "password2": PASSWORD}, follow=True)
    assert done.status_code == 200
    assert client.get("/licenses/").status_code == 200
    assert "This link is used up" in Client().get(link.group(1), follow=True).text
    assert link.group(1) not in office.get(reverse("staff_member", args=[user.pk])).text
    assert told() == ["staff_invited"]
    assert "There is a ada already" in office.post(reverse("staff_invite"), given).text


def test_a_role_is_changed_and_counts_at_once(office: Client) -> None:
    ada = colleague()
    theirs = fresh_client(ada)
    assert theirs.get("/licenses/new/").status_code == 403
    assert "The role is saved." in post(office, "staff_role", ada, role=OPERATOR)
    assert theirs.get("/licenses/new/").status_code == 200
    assert "There is no such role." in post(office, "staff_role", ada, role="king")
    assert told() == ["role_changed"]
    assert Event.objects.get().text == "ada is operator now; before: viewer."


def test_the_last_administrator_stays_one(office: Client, boss: User) -> None:
    assert "boss is the last administrator" in post(office, "staff_role", boss, role=VIEWER)
    assert "You cannot switch off your own account" in post(office, "staff_switch", boss, to="off")
    ada = colleague(ADMINISTRATOR)
    assert "The role is saved." in post(office, "staff_role", boss, role=VIEWER)
    theirs = fresh_client(ada)
    assert "ada is the last administrator" in post(theirs, "staff_role", ada, role=OPERATOR)
    assert told() == ["role_changed"]


def test_who_is_switched_off_is_out_at_once_with_sessions_and_tokens_and_can_come_back(office: Client) -> None:
    ada = colleague()
    theirs = fresh_client(ada)
    headers = {"Authorization": f"Token {AuthToken.objects.create(user=ada)[1]}"}
    assert Client().get("/api/v1/licenses/", headers=headers).status_code == 200
    assert "signed out everywhere" in post(office, "staff_switch", ada, to="off")
    assert theirs.get("/licenses/").status_code == 302
    assert Client().get("/api/v1/licenses/", headers=headers).status_code == 401
    login = Client().post(reverse("account_login"), {"login": "ada", "password": PASSWORD})
    assert login.status_code == 200 or login["Location"] == reverse("account_inactive")
    assert "switched on again" in post(office, "staff_switch", ada, to="on")
    assert role_of(User.objects.get(pk=ada.pk)) == VIEWER
    assert told() == ["staff_switched_off", "staff_switched_on"]


def test_all_sessions_of_somebody_can_be_ended(office: Client) -> None:
    ada = colleague()
    theirs = Client()
    theirs.post(reverse("account_login"), {"login": "ada", "password": PASSWORD}, headers={"User-Agent": "Ada's own"})
    assert theirs.get("/licenses/").status_code == 200
    assert UserSession.objects.filter(user=ada).count() == 1
    assert "Ada&#x27;s own" in office.get(reverse("staff_member", args=[ada.pk])).text.replace("&#39;", "&#x27;")
    post(office, "staff_sessions", ada)
    assert theirs.get("/licenses/").status_code == 302
    assert told() == ["sessions_ended"]


def test_a_store_gets_a_token_that_is_shown_once_and_can_be_withdrawn(office: Client) -> None:
    page = office.post(reverse("staff_invite"), {"username": "shop", "role": STORE}, follow=True)
    assert "Make its API token here." in page.text
    shop = User.objects.get(username="shop")
    shown = re.search(r'<code id="once">([0-9a-f]{64})</code>', post(office, "staff_token", shop))
    assert shown
    headers = {"Authorization": f"Token {shown.group(1)}"}
    assert Client().get("/api/v1/orders/", headers=headers).status_code == 200
    assert Client().get("/api/v1/plugins/", headers=headers).status_code == 403
    member = office.get(reverse("staff_member", args=[shop.pk])).text
    assert shown.group(1) not in member
    post(office, "staff_token_delete", shop, AuthToken.objects.get().digest)
    assert Client().get("/api/v1/orders/", headers=headers).status_code == 401
    assert told() == ["staff_invited", "token_made", "token_withdrawn"]


def test_an_administrator_gets_no_way_into_the_account_of_who_may_do_everything(office: Client, staff: User) -> None:
    for name, given in (("staff_link", {}), ("staff_token", {}), ("staff_switch", {"to": "off"}), ("staff_factor", {})):
        assert "may do everything" in post(office, name, staff, **given)
    assert told() == []
    assert not AuthToken.objects.exists()


def test_a_link_and_a_token_are_made_after_a_fresh_login_only(boss: User) -> None:
    stale, ada = Client(), colleague()
    stale.force_login(boss)
    answer = stale.post(reverse("staff_link", args=[ada.pk]))
    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    assert told() == []


def test_the_list_costs_few_statements_however_many_work_here(
    office: Client, django_assert_max_num_queries: object
) -> None:
    for number in range(8):
        give_role(User.objects.create_user(f"one{number}", is_staff=True), VIEWER)
    office.get(reverse("staff"))
    with django_assert_max_num_queries(4):  # type: ignore[operator] # pytest-django's
        assert "one7" in office.get(reverse("staff")).text
