"""A page asks the cache once: for its session, and for all else that it wants to know of its reader."""

from typing import Any, ClassVar

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.cache.backends.locmem import LocMemCache

from pbas.core import at_hand
from pbas.core.lists.models import SavedView
from pbas.core.notices import services as notices
from pbas.core.rights import OPERATOR, VIEWER, give_role
from pbas.core.sessions import SessionStore
from pbas.core.story import staff
from tests.factories import World, fresh_client

pytestmark = pytest.mark.django_db

LISTS = ("/licenses/", "/license-requests/", "/subscriptions/", "/orders/", "/activity/", "/plugins/", "/failures/")


class CountedCache(LocMemCache):
    """Counts what it is asked."""

    asked: ClassVar[list[Any]] = []

    def get(self, key: Any, *args: Any, **kwargs: Any) -> Any:
        self.asked.append(key)
        return super().get(key, *args, **kwargs)

    def get_many(self, keys: Any, version: int | None = None) -> Any:
        self.asked.append(list(keys))
        answers = {key: super(CountedCache, self).get(key, version=version) for key in keys}
        return {key: answer for key, answer in answers.items() if answer is not None}


@pytest.fixture
def operator() -> User:
    user = User.objects.create_user("operator", is_staff=True)
    give_role(user, OPERATOR)
    return user


@pytest.mark.parametrize("address", LISTS)
def test_a_list_asks_the_cache_once_for_its_session_and_its_reader(
    settings: Any, operator: User, world: World, address: str
) -> None:
    assert world.request
    settings.CACHES = {"default": {"BACKEND": f"{__name__}.CountedCache", "LOCATION": __name__}}
    client = fresh_client(operator)
    client.get(address)  # rights and views are kept from here on
    CountedCache.asked.clear()
    assert client.get(address).status_code == 200
    assert [type(one) for one in CountedCache.asked] == [list], "asked one by one"
    assert any("session" in name for name in CountedCache.asked[0])


def test_what_was_brought_for_another_is_never_used(operator: User) -> None:
    """A session is taken for somebody's whose it is no more: its reader gets what is his own."""
    viewer = User.objects.create_user("viewer", is_staff=True)
    give_role(viewer, VIEWER)
    client, other = fresh_client(operator), fresh_client(viewer)
    for _n in range(2):
        assert client.get("/licenses/new/").status_code == 200
        assert other.get("/licenses/new/").status_code == 403
    mine, his = (str(one.session.session_key) for one in (client, other))
    at_hand._readers.update({mine: viewer.pk, his: operator.pk})
    assert client.get("/licenses/new/").status_code == 200
    assert other.get("/licenses/new/").status_code == 403
    assert (at_hand._readers[mine], at_hand._readers[his]) == (operator.pk, viewer.pk)


def test_a_session_that_ended_meanwhile_is_none(operator: User) -> None:
    client = fresh_client(operator)
    for _n in range(2):
        assert client.get("/licenses/").status_code == 200
    client.session.flush()
    assert client.get("/licenses/").status_code == 302


def test_what_changes_between_two_pages_shows_on_the_second(operator: User) -> None:
    client = fresh_client(operator)
    assert client.get("/licenses/new/").status_code == 200
    give_role(operator, VIEWER)
    assert client.get("/licenses/new/").status_code == 403
    cache.set(at_hand.FAILURES, 7, None)
    SavedView.objects.create(list_name="licenses", owner=operator, name="Mine", query="state=installed")
    page = client.get("/licenses/").text
    assert "7<span" in page
    assert "Mine" in page


def test_who_looks_at_his_notices_has_no_new_ones_on_that_very_page(
    operator: User, django_capture_on_commit_callbacks: Any
) -> None:
    client, actor = fresh_client(operator), staff(operator)
    with django_capture_on_commit_callbacks(execute=True):
        notices.begin(actor=actor, kind="run", subject=1, link="/runs/1/", run=1)
        notices.end(kind="run", subject=1, done=1, skipped=0, failed=0)
    assert notices.counted(operator).unread == 1
    assert "count-new" in client.get("/licenses/").text
    assert "count-new" not in client.get("/notices/").text


def test_the_cache_answers_for_what_no_request_has_brought(operator: User) -> None:
    cache.set(at_hand.FAILURES, 3, None)
    assert at_hand.look(at_hand.FAILURES, operator) == 3
    at_hand.give(operator, SessionStore(), "licenses")
    cache.set(at_hand.FAILURES, 4, None)
    assert at_hand.look(at_hand.FAILURES, operator) == 3
    at_hand.let_go(operator)
    assert at_hand.look(at_hand.FAILURES, operator) == 4
