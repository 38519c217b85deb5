"""Every address, read and written to as viewer, operator, administrator, stranger and customer."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.urls import resolve, reverse
from knox.models import AuthToken

from licenses.models import LicenseRequest
from pbas.core.access import API, PUBLIC, SIGNED_IN, is_allowed, need_of
from pbas.core.rights import ADMINISTRATOR, OPERATOR, ROLES, STORE, VIEWER, give_role, rights_of
from subscriptions.models import Subscription
from tests.addresses import Address, all_addresses
from tests.factories import World, fresh_client
from tests.web.moving import uploaded

pytestmark = pytest.mark.django_db

# What ends the session or sends somebody away is looked at elsewhere.
LEFT_OUT = {"account_logout", "theme", "language", "favicon", "livez", "metrics"}
VENDOR_WORDS = re.compile("plug-in|Plesk|simulator|vendor", re.IGNORECASE)


def person(role: str, name: str = "") -> User:
    user = User.objects.create_user(name or role or "customer", password="a long password", is_staff=bool(role))
    if role:
        give_role(user, role)
    return user


def pages() -> list[Address]:
    return [one for one in all_addresses() if one.name not in API and one.name not in LEFT_OUT]


@pytest.mark.parametrize("role", [VIEWER, OPERATOR, ADMINISTRATOR, STORE, ""])
def test_each_page_is_open_to_who_has_its_right_and_refused_to_all_others(role: str) -> None:
    user = person(role)
    client = fresh_client(user)
    wrong = []
    for one in pages():
        for method in ("GET", "POST"):
            answer = client.generic(method, one.path, headers={"Accept": "text/html"})
            need = need_of(one.name, method)
            if not need:
                is_right = answer.status_code == (405 if rights_of(user) else 403)
            elif is_allowed(user, one.name, method):
                is_right = answer.status_code in {200, 204, 302, 404, *([405] if need & {PUBLIC, SIGNED_IN} else [])}
            else:
                is_home = (one.name, method, answer.get("Location")) == ("dashboard", "GET", "/my/")
                is_right = answer.status_code == 403 or is_home
                assert not VENDOR_WORDS.search(_read(answer.text)), one
            if not is_right:
                wrong.append((one.name, method, answer.status_code))
    assert wrong == [], wrong


def test_a_stranger_comes_to_the_login_from_each_page_and_back_to_it_afterwards(client: Client) -> None:
    for one in pages():
        need = need_of(one.name, "GET")
        if PUBLIC in need or PUBLIC in need_of(one.name, "POST"):
            continue
        answer = client.get(one.path)
        assert answer.status_code == 302, one
        assert answer["Location"].startswith(reverse("account_login") + "?next=/"), one
        assert 'name="kept"' in client.post(one.path, {"word": "typed"}).text, one
        assert client.get(one.path, headers={"HX-Request": "true"})["HX-Redirect"].startswith("/accounts/login/"), one
    assert client.get("/admin/").status_code == 302


def test_the_back_office_is_for_who_may_do_everything(staff_client: Client) -> None:
    assert fresh_client(person(ADMINISTRATOR)).get("/admin/").status_code == 403
    assert staff_client.get("/admin/").status_code == 200


@pytest.mark.parametrize("role", [VIEWER, OPERATOR, ADMINISTRATOR, STORE, ""])
def test_the_api_allows_a_token_what_its_user_may(role: str) -> None:
    user = person(role)
    headers = {"Authorization": f"Token {AuthToken.objects.create(user=user)[1]}"}
    client, wrong = Client(raise_request_exception=False), []
    for one in (one for one in all_addresses() if one.name in API and one.actions):
        for method in one.actions:
            answer = client.generic(method.upper(), one.path, content_type="application/json", headers=headers)
            if (answer.status_code != 403) != is_allowed(user, one.name, method.upper()):
                wrong.append((one.name, method, answer.status_code))
    assert wrong == [], wrong
    assert client.get("/api/v1/licenses/").status_code == 401


def test_what_each_role_may_is_what_the_names_promise() -> None:
    viewer, operator, administrator = person(VIEWER), person(OPERATOR), person(ADMINISTRATOR)
    for name in ("licenses", "license_request", "plugins", "activity"):
        assert all(is_allowed(one, name) for one in (viewer, operator, administrator))
    for name in ("license_reveal", "license_request_upload", "new_license", "list_bulk", "order_pay"):
        assert not is_allowed(viewer, name, "POST")
        assert is_allowed(operator, name, "POST")
    assert not is_allowed(viewer, "license_file")
    for name in ("plugin", "new_plugin", "staff_invite", "plan_edit", "class_ready_keys", "staff_token"):
        assert not is_allowed(operator, name, "POST")
        assert is_allowed(administrator, name, "POST")
    assert not any(need_of(name, "POST") & {SIGNED_IN, PUBLIC} for name in API)


def test_a_role_counts_from_the_moment_that_it_is_given_or_taken(django_assert_num_queries: Any) -> None:
    user = person(VIEWER)
    assert rights_of(user) == ROLES[VIEWER]
    with django_assert_num_queries(0):
        rights_of(User(pk=user.pk, is_staff=True))
    give_role(user, OPERATOR)
    assert rights_of(User.objects.get(pk=user.pk)) == ROLES[OPERATOR]
    user.groups.clear()
    assert rights_of(User.objects.get(pk=user.pk)) == frozenset()
    cache.clear()
    user.is_active = False
    assert rights_of(user) == frozenset()


def test_no_page_offers_a_button_that_its_reader_may_not_use(
    asked: LicenseRequest, ready: Subscription, world: World
) -> None:
    license_ = uploaded(world, key="KEY-1") if world.subscription.license_requests.count() else None
    viewer, operator = fresh_client(person(VIEWER)), fresh_client(person(OPERATOR))
    paths = [reverse(name) for name in ("dashboard", "licenses", "license_requests", "subscriptions", "orders")]
    paths += [reverse(name) for name in ("plans", "plugins", "activity", "failures", "findings", "alerts", "bulk_runs")]
    paths += [
        reverse("license_request", args=[asked.pk]),
        reverse("license_request_text", args=[asked.pk]),
        reverse("subscription", args=[ready.pk]),
        reverse("order", args=[ready.order.number]),
        reverse("plan", args=[ready.plan.code]),
        reverse("plugin", args=[asked.configuration_id]),
        reverse("plugin_classes", args=[asked.configuration_id]),
        reverse("plugin_class", args=[asked.configuration_id, asked.license_class_id]),
        reverse("ready_keys", args=[asked.configuration_id]),
        reverse("class_ready_keys", args=[asked.configuration_id, asked.license_class_id]),
        reverse("plugin_reconciling", args=[asked.configuration_id]),
        *([reverse("license", args=[license_.pk])] if license_ else []),
    ]
    offered = []
    for client, role in ((viewer, VIEWER), (operator, OPERATOR)):
        for path in paths:
            answer = client.get(path)
            assert answer.status_code == 200, (role, path)
            user = User.objects.get(username=role)
            offered += [(role, path, *name) for name in _offers(answer.text, path) if not is_allowed(user, *name)]
    assert sorted(set(offered)) == [], "\n".join(map(str, sorted(set(offered))))


def _read(page: str) -> str:
    """What stands on a page, without its menu."""
    return re.sub("<[^>]*>", " ", page.partition("<main")[2])


def _offers(page: str, here: str) -> set[tuple[str, str]]:
    """Where links and forms of a page lead: the address' name, and the method."""
    main = page.partition("<main")[2]
    found = {(link, "GET") for link in re.findall(r'<a [^>]*?href="(/[^"?#]*)', main)}
    for form in re.findall(r"<form [^>]*>", main):
        action = re.search(r'action="(/[^"?#]*)', form)
        if 'method="post"' in form:
            found.add((action.group(1) if action else here, "POST"))
    return {(resolve(path).view_name, method) for path, method in found}


def test_the_menu_shows_what_its_reader_may_open(tmp_path: Path) -> None:  # noqa: ARG001 (any)
    for role, sees in ((VIEWER, False), (ADMINISTRATOR, True)):
        page = fresh_client(person(role)).get("/licenses/").text
        assert ('href="/staff/"' in page) is sees
        assert 'href="/admin/"' not in page
