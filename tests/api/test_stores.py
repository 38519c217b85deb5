"""Several stores call one panel: each sees, and does, only what is its own store's."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User

from licenses.models import License, LicenseFile, LicenseRequest
from pbas.core.access import API, need_of
from pbas.core.models import Event
from pbas.core.rights import OPERATOR, SELL, STORE, give_role
from subscriptions.models import Account, Order, Subscription
from tests.addresses import all_addresses
from tests.api.calls import ADDRESS, Api, problem

SHARED = "plans"  # what is sold is there for all of them
BODIES: dict[str, Any] = {
    "failed/": {"reason": "no free rack"},
    "ready/": {"target": {"kind": "directory", "address": "/srv/elsewhere"}},
    "change/": {"options": {}},
    "end/": {"reason": "gone"},
    "suspend/": {"reason": "not paid"},
    "terminate/": {"reason": "gone"},
}


def token_of(name: str, role: str) -> Api:
    user = User.objects.create_user(name, is_staff=True)
    give_role(user, role)
    return Api(user)


@pytest.fixture
def other(db: None) -> Api:  # noqa: ARG001 (opens the database)
    return token_of("other", STORE)


@pytest.fixture
def license_of_it(ready: Subscription, request_row: LicenseRequest, make_license: Callable[..., License]) -> License:
    made = make_license("K1", subscription=ready, state="installed")
    LicenseFile.objects.create(
        request=request_row, license=made, name="a", size=1, sha256="0" * 64, body=b"a", source="upload"
    )
    return made


@pytest.fixture
def rows(order: Order, ready: Subscription, request_row: LicenseRequest, license_of_it: License) -> dict[str, Any]:
    """One row of the store "shop" for each address, by the address's beginning."""
    return {
        "accounts": order.account_id,
        "orders": order.number,
        "subscriptions": ready.pk,
        "license-requests": request_row.pk,
        "licenses": license_of_it.pk,
    }


def doors(rows: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Method and path of each address that a store's right opens and that names a row, here one of "shop"."""
    for one in all_addresses():
        room, _, rest = one.path.removeprefix(ADDRESS).partition("/")
        if one.name not in API or room == SHARED or not rest:
            continue
        rest = rest.partition("/")[2]
        for method in one.actions:
            if method != "head" and SELL in need_of(one.name, method.upper()):
                yield method, f"{room}/{rows[room]}/{rest.replace('services/x/', 'services/domain/')}"


def test_what_is_another_stores_is_not_there_at_any_address_that_a_store_may_call(
    other: Api, rows: dict[str, Any]
) -> None:
    before, walked = Event.objects.count(), list(doors(rows))
    assert len(walked) >= 16
    for method, path in walked:
        body = next((body for end, body in BODIES.items() if path.endswith(end)), None)
        answer = other.get(path) if method == "get" else other.post(path, body, key=path)
        assert problem(answer, 404)["type"] == "urn:pbas:problem:not-found", (method, path)
    assert Event.objects.count() == before


def test_another_stores_order_is_neither_paid_nor_cancelled(other: Api, order: Order) -> None:
    for verb in ("pay", "cancel"):
        answer = problem(other.post(f"orders/{order.number}/{verb}/"), 404)
        assert answer["detail"] == problem(other.post(f"orders/100999/{verb}/"), 404)["detail"].replace(
            "100999", order.number
        )
    order.refresh_from_db()
    assert order.state == "placed"


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("path", ["accounts/", "orders/", "subscriptions/", "license-requests/", "licenses/"])
def test_lists_have_a_stores_own_rows_whatever_it_asks_for(other: Api, path: str) -> None:
    for query in ("", "?q=ada.example.com", "?store=shop"):
        assert other.get(path + query).json()["results"] == [], query
    assert len(token_of("shop", STORE).get(path).json()["results"]) == 1


def test_a_license_in_stock_is_no_stores(other: Api, make_license: Callable[..., License]) -> None:
    license_ = make_license("K1")
    problem(other.get(f"licenses/{license_.pk}/"), 404)
    problem(other.post(f"licenses/{license_.pk}/renew/"), 404)


def test_a_store_does_all_that_it_needs_to_what_is_its_own(plan: Any, order_body: dict[str, Any]) -> None:
    shop = token_of("shop", STORE)
    number = shop.post("orders/", order_body).json()["number"]
    assert shop.get(f"orders/{number}/").json()["plan"] == plan.code
    subscription = shop.post(f"orders/{number}/pay/").json()["subscription"]
    for service, body in (("domain", None), ("server", BODIES["ready/"])):
        assert shop.post(f"subscriptions/{subscription}/services/{service}/ready/", body).status_code == 200
    (request,) = shop.get(f"license-requests/?order={number}").json()["results"]
    assert shop.get(f"license-requests/{request['id']}/").status_code == 200
    assert shop.post(f"subscriptions/{subscription}/end/", {"reason": "gone"}).status_code == 200


def test_two_stores_have_one_reference_each_and_an_account_of_their_own(
    other: Api, order: Order, order_body: dict[str, Any]
) -> None:
    made = other.post("orders/", order_body)
    assert (made.status_code, made.json()["store"]) == (201, "other")
    assert made.json()["number"] != order.number
    assert Account.objects.filter(reference="c-1").get().store == "other"


def test_the_providers_own_program_sees_and_serves_all_stores(rows: dict[str, Any], order: Order) -> None:
    operator = token_of("provisioning", OPERATOR)
    for room in ("orders", "subscriptions", "license-requests", "licenses"):
        assert operator.get(f"{room}/{rows[room]}/").status_code == 200, room
    assert operator.post(f"orders/{order.number}/pay/").status_code == 200
    assert operator.post(f"subscriptions/{rows['subscriptions']}/services/domain/ready/").status_code == 200
