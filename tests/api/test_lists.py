"""Lists: cursor pages, filters, and what they cost."""

from base64 import b64encode
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework import serializers

from licenses.api.filters import FindingFilters, LicenseFilters, RequestFilters
from licenses.lists import LicenseList, RequestList
from licenses.models import License, LicenseFile, LicenseRequest
from licenses.reconciling.lists import FindingList
from pbas.core.lists.listing import PanelList
from pbas.core.story import Actor
from subscriptions.api.serializers import OrderFilters, SubscriptionFilters
from subscriptions.lists import OrderList, SubscriptionList
from subscriptions.models import Order, Subscription
from subscriptions.services import pay_order
from tests.api.calls import Api, problem

LISTS = ["plans/", "accounts/", "orders/", "subscriptions/", "license-requests/", "licenses/", "plugins/"]


@pytest.mark.parametrize("path", LISTS)
def test_a_list_answers_next_previous_and_results(api: Api, path: str) -> None:
    assert api.get(path).json() == {"next": None, "previous": None, "results": []}


def test_pages_are_followed_newest_first_and_back_again(api: Api, make_license: Callable[..., License]) -> None:
    ids = [make_license(f"K{n}").pk for n in range(5)][::-1]
    first = api.get("licenses/", data={"page_size": 2}).json()
    second = api.get(first["next"]).json()
    third = api.get(second["next"]).json()
    assert [[row["id"] for row in page["results"]] for page in (first, second, third)] == [ids[:2], ids[2:4], ids[4:]]
    assert (first["previous"], third["next"]) == (None, None)
    assert api.get(third["previous"]).json()["results"] == second["results"]


def test_a_new_row_does_not_move_the_pages_that_are_being_read(api: Api, make_license: Callable[..., License]) -> None:
    ids = [make_license(f"K{n}").pk for n in range(4)][::-1]
    first = api.get("licenses/", data={"page_size": 2}).json()
    make_license("K-new")
    assert [row["id"] for row in api.get(first["next"]).json()["results"]] == ids[2:]


@pytest.mark.parametrize("cursor", ["nonsense", "cD1hYmM=", "cj0xJnA9LTE=", "w7w="])  # the second says "p=abc"
def test_a_cursor_that_was_never_given_out_is_404(api: Api, cursor: str) -> None:
    problem(api.get("licenses/", data={"cursor": cursor}), 404)


def test_a_cursor_beyond_all_ids_is_an_end_of_the_list(api: Api, make_license: Callable[..., License]) -> None:
    make_license("K1")
    far = b64encode(b"p=" + b"9" * 30).decode()
    assert len(api.get("licenses/", data={"cursor": far}).json()["results"]) == 1


def test_a_page_is_never_larger_than_200(api: Api, make_license: Callable[..., License]) -> None:
    for n in range(201):
        make_license(f"K{n}")
    assert len(api.get("licenses/", data={"page_size": 100_000}).json()["results"]) == 200
    assert len(api.get("licenses/", data={"page_size": "many"}).json()["results"]) == 50


def test_requests_are_filtered_as_on_their_page(
    api: Api, subscription: Subscription, make_order: Callable[[str], Order], actor: Actor
) -> None:
    wanted = subscription.license_requests.get()
    other = pay_order(order=make_order("cart-2"), actor=actor).license_requests.get()
    LicenseRequest.objects.filter(pk=other.pk).update(state="attention")

    def found(**query: Any) -> list[int]:
        return [row["id"] for row in api.get("license-requests/", data=query).json()["results"]]

    assert found() == found(plugin=wanted.configuration_id) == found(state="") == [other.pk, wanted.pk]
    assert found(state="services") == found(subscription=subscription.pk) == [wanted.pk]
    assert found(q=subscription.order.number) == found(order=subscription.order.number) == [wanted.pk]
    assert found(q="ADA@example") == [other.pk, wanted.pk]
    assert found(plugin=10**15) == found(license=1) == found(q="nobody") == []


def test_licenses_are_found_by_a_part_of_their_key_or_of_what_people_know(
    api: Api, make_license: Callable[..., License], subscription: Subscription
) -> None:
    one, two = make_license("PLSK.1", subscription=subscription), make_license("PLSK.2", state="installed")

    def found(**query: Any) -> list[int]:
        return [row["id"] for row in api.get("licenses/", data=query).json()["results"]]

    assert found(q="PLSK.1") == found(q="ada.example") == found(subscription=subscription.pk) == [one.pk]
    assert found(state="installed") == [two.pk]
    assert found(plugin=one.configuration_id, license_class=one.license_class_id) == [two.pk, one.pk]


def test_a_reference_is_looked_for_in_the_calling_store_or_the_one_that_is_named(api: Api, order: Order) -> None:
    assert [row["number"] for row in api.get("orders/", data={"reference": "cart-1"}).json()["results"]] == [
        order.number
    ]
    other = Api(User.objects.create_superuser("other"))
    assert other.get("orders/", data={"reference": order.reference}).json()["results"] == []
    named = other.get("orders/", data={"reference": order.reference, "store": "shop"}).json()["results"]
    assert [row["number"] for row in named] == [order.number]


def test_orders_and_subscriptions_are_found_by_what_people_know(
    api: Api, subscription: Subscription, make_order: Callable[[str], Order]
) -> None:
    order = make_order("cart-2")
    numbers = [row["number"] for row in api.get("orders/", data={"state": "placed"}).json()["results"]]
    assert numbers == [order.number]
    for query in ({"reference": "cart-1"}, {"q": "cart-1"}, {"q": subscription.order.number}):
        assert [row["reference"] for row in api.get("orders/", data=query).json()["results"]] == ["cart-1"]
    for query in ({"q": "ada.example"}, {"order": subscription.order.number}, {"plan": "small"}, {"state": "pending"}):
        assert [row["id"] for row in api.get("subscriptions/", data=query).json()["results"]] == [subscription.pk]


@pytest.mark.parametrize("path", ["orders/", "subscriptions/", "license-requests/", "licenses/"])
def test_a_filter_that_makes_no_sense_is_422_at_its_name(api: Api, path: str) -> None:
    problem(api.get(path, data={"state": "lost"}), 422, "state")
    owner = "account" if path in {"orders/", "subscriptions/"} else "plugin"
    for nonsense in ("all", "-1", 10**30):
        problem(api.get(path, data={owner: nonsense}), 422, owner)


@pytest.mark.parametrize("path", ["license-requests/", "licenses/"])
def test_a_search_for_less_than_three_signs_is_422_as_no_index_knows_it(api: Api, path: str) -> None:
    problem(api.get(path, data={"q": "ab"}), 422, "q")


@pytest.fixture
def _rows(
    subscription: Subscription,
    make_order: Callable[[str], Order],
    make_license: Callable[..., License],
    actor: Actor,
) -> None:
    for n in range(3):
        row = pay_order(order=make_order(f"more-{n}"), actor=actor).license_requests.get()
        license_ = make_license(f"K{n}", subscription=subscription)
        LicenseFile.objects.create(
            request=row, license=license_, name="a", size=1, sha256="0" * 64, body=b"a", source="upload"
        )


@pytest.mark.usefixtures("_rows")
@pytest.mark.parametrize(
    ("path", "statements"),  # without the two that look up token and user; his rights are kept in the cache
    [
        ("plans/", 3),
        ("accounts/", 1),
        ("orders/", 2),
        ("subscriptions/", 3),
        ("license-requests/", 2),
        ("licenses/", 2),
        ("plugins/", 1),
    ],
)
def test_a_list_costs_as_many_statements_whatever_its_length(
    api: Api, django_assert_num_queries: DjangoAssertNumQueries, path: str, statements: int
) -> None:
    api.get("accounts/0/")
    with django_assert_num_queries(statements + 2) as asked:
        assert api.get(path).status_code == 200
    assert isinstance(asked, CaptureQueriesContext)
    assert not [one["sql"] for one in asked.captured_queries if '"body"' in one["sql"] or "secret_key" in one["sql"]]


@pytest.mark.parametrize(
    ("panel", "filters"),
    [
        (LicenseList, LicenseFilters),
        (RequestList, RequestFilters),
        (OrderList, OrderFilters),
        (SubscriptionList, SubscriptionFilters),
        (FindingList, FindingFilters),
    ],
)
@pytest.mark.django_db
def test_a_list_is_filtered_by_all_names_and_values_of_the_panels_query_string(
    panel: type[PanelList], filters: type[serializers.Serializer[Any]]
) -> None:
    for name, values in panel(RequestFactory().get("/").GET).filters().items():
        assert name in filters().fields
        for value in values if isinstance(values, Iterable) and name != "plugin" else ():
            given = filters(data={name: value})
            assert given.is_valid(), (name, value, given.errors)


def test_licenses_are_narrowed_as_in_the_panel(api: Api, make_license: Callable[..., License]) -> None:
    now = timezone.now()
    soon = make_license("K1", state="installed", expires_at=now + timedelta(days=3), issued_at=now - timedelta(days=1))
    out = make_license("K2", in_sync=False, issued_at=now)
    off = make_license("K3", found="missing", issued_at=now)
    day = f"{soon.issued_at:%Y-%m-%d}"
    for query, found in (("ends=soon", soon), ("sync=out", out), ("target=off", off), (f"issued={day}", soon)):
        assert [row["id"] for row in api.get(f"licenses/?{query}").json()["results"]] == [found.pk], query
    assert api.get("licenses/?sync=out&target=off").json()["results"] == []


def test_requests_are_narrowed_as_in_the_panel(api: Api, request_row: LicenseRequest) -> None:
    assert [row["id"] for row in api.get("license-requests/?open=yes").json()["results"]] == [request_row.pk]
    assert api.get("license-requests/?failed=day").json()["results"] == []


@pytest.mark.parametrize(("name", "value"), [("open", "no"), ("failed", "week")])
def test_a_narrowing_that_the_panel_does_not_know_is_422(api: Api, name: str, value: str) -> None:
    problem(api.get(f"license-requests/?{name}={value}"), 422, name)


@pytest.mark.parametrize("day", ["yesterday", "2026-02-30", "2026-2-3"])
def test_a_day_that_is_none_is_422(api: Api, day: str) -> None:
    problem(api.get(f"licenses/?issued={day}"), 422, "issued")
