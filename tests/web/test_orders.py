"""Orders in the panel: the list, one order, paying and cancelling by hand."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from pbas.core.models import Event
from pbas.core.story import SYSTEM
from subscriptions.models import Subscription
from subscriptions.services import cancel_order, pay_order
from tests.factories import World, make_order

pytestmark = pytest.mark.django_db

STATEMENTS = 5  # who is asking, and the rows; a list never costs more


def test_the_list_names_orders_newest_first(staff_client: Client, world: World) -> None:
    older, newer = world.order, make_order(world.plan)
    page = staff_client.get("/orders/").text
    assert page.index(newer.number) < page.index(older.number)


def test_the_list_costs_the_same_for_one_row_and_for_a_full_page(
    staff_client: Client, world: World, django_assert_max_num_queries: Any
) -> None:
    for _ in range(60):
        make_order(world.plan)
    with django_assert_max_num_queries(STATEMENTS):
        page = staff_client.get("/orders/")
    assert page.text.count('href="/orders/1') == 50


def test_next_and_previous_lead_through_all_orders(staff_client: Client, world: World) -> None:
    numbers = [make_order(world.plan).number for _ in range(70)]
    page = staff_client.get("/orders/").text
    link = page.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0]
    second = staff_client.get("/orders/" + link.replace("&amp;", "&")).text
    assert numbers[0] in second
    assert numbers[-1] not in second


def test_the_list_is_filtered_by_state_and_searched_by_number_customer_and_host(
    staff_client: Client, world: World
) -> None:
    placed, paid = world.order, make_order(world.plan, name="srv9.nordwind.example")
    pay_order(order=paid, actor=SYSTEM)
    for query in ({"state": "paid"}, {"q": paid.number}, {"q": "NORDWIND"}, {"q": "srv9 ada@example.com"}):
        page = staff_client.get("/orders/", query).text
        assert f"/orders/{paid.number}/" in page, query
        assert f"/orders/{placed.number}/" not in page, query


def test_a_search_without_hits_offers_to_clear_it(staff_client: Client, world: World) -> None:
    assert world.order
    assert "Clear the filters" in staff_client.get("/orders/", {"q": "nothing has this"}).text


def test_rubbish_in_the_query_string_counts_as_not_said(staff_client: Client, world: World) -> None:
    assert world.order
    page = staff_client.get("/orders/", {"state": "lost", "after": "x~y", "sort": "password"})
    assert page.status_code == 200
    assert "No order yet" not in page.text


def test_htmx_gets_the_list_alone(staff_client: Client, world: World) -> None:
    assert world.order
    part = staff_client.get("/orders/", headers={"HX-Request": "true"})
    assert "<html" not in part.text
    assert 'id="list"' in part.text
    assert "HX-Request" in part["Vary"]


def test_an_order_shows_lines_fees_account_and_story(staff_client: Client, world: World) -> None:
    page = staff_client.get(f"/orders/{world.order.number}/").text
    for text in (
        world.license_class.name,
        world.configuration.name,
        "Ada Example",
        world.order.reference,
        "was placed",
    ):
        assert text in page


def test_an_unknown_order_is_not_found(staff_client: Client) -> None:
    assert staff_client.get("/orders/none/").status_code == 404


def test_staff_pay_an_order_by_hand_and_land_on_its_subscription(
    staff_client: Client, staff: User, world: World
) -> None:
    answer = staff_client.post(f"/orders/{world.order.number}/pay/")
    subscription = Subscription.objects.get()
    assert answer["Location"] == f"/subscriptions/{subscription.pk}/"
    event = Event.objects.get(kind="order_paid")
    assert (event.actor_kind, event.actor) == ("staff", staff.username)


def test_paying_twice_by_hand_opens_one_subscription(staff_client: Client, world: World) -> None:
    for _ in range(2):
        staff_client.post(f"/orders/{world.order.number}/pay/")
    assert Subscription.objects.count() == 1


def test_paying_a_cancelled_order_is_refused_in_words(staff_client: Client, world: World) -> None:
    cancel_order(order=world.order, actor=SYSTEM)
    page = staff_client.post(f"/orders/{world.order.number}/pay/", follow=True)
    assert page.status_code == 200
    assert "cannot be paid any more" in page.text
    assert Subscription.objects.count() == 0


def test_staff_cancel_an_order_with_a_reason_that_its_story_keeps(staff_client: Client, world: World) -> None:
    staff_client.post(f"/orders/{world.order.number}/cancel/", {"reason": "Ordered twice by mistake."})
    world.order.refresh_from_db()
    assert world.order.state == "cancelled"
    assert "Ordered twice by mistake." in staff_client.get(f"/orders/{world.order.number}/").text


def test_cancelling_without_a_reason_asks_for_it(staff_client: Client, world: World) -> None:
    page = staff_client.post(f"/orders/{world.order.number}/cancel/", {"reason": " "})
    assert page.status_code == 200
    assert "This field is required." in page.text
    world.order.refresh_from_db()
    assert world.order.state == "placed"


def test_cancelling_a_paid_order_is_refused_in_words(staff_client: Client, world: World) -> None:
    pay_order(order=world.order, actor=SYSTEM)
    page = staff_client.post(f"/orders/{world.order.number}/cancel/", {"reason": "Too late."}, follow=True)
    assert "is paid" in page.text
    world.order.refresh_from_db()
    assert world.order.state == "paid"


@pytest.mark.parametrize(
    "address",
    ["orders/1/pay/", "orders/1/cancel/", "subscriptions/1/target/", "subscriptions/1/services/mail/ready/"]
    + [f"plugins/1/{name}/" for name in ("check", "pause", "resume", "classes", "classes/add", "classes/update")],
)
def test_only_staff_may_change_anything(client: Client, address: str) -> None:
    client.force_login(User.objects.create_user("customer"))
    assert client.post(f"/{address}").status_code == 403


def test_the_back_office_pays_through_the_guarded_way(staff_client: Client, world: World) -> None:
    given = {"action": "pay", "_selected_action": [world.order.pk]}
    staff_client.post("/admin/subscriptions/order/", given)
    assert Subscription.objects.count() == 1
    page = staff_client.get(f"/admin/subscriptions/order/{world.order.pk}/change/")
    assert 'name="state"' not in page.text


@pytest.mark.parametrize("name", ["account", "hostingplan", "order", "subscription"])
def test_the_back_office_lists_and_shows_each_subject(staff_client: Client, world: World, name: str) -> None:
    assert world.subscription
    assert staff_client.get(f"/admin/subscriptions/{name}/").status_code == 200
    row = {"account": world.order.account, "hostingplan": world.plan, "order": world.order}.get(
        name, world.subscription
    )
    assert staff_client.get(f"/admin/subscriptions/{name}/{row.pk}/change/").status_code == 200


@pytest.mark.parametrize(
    "address",
    ["/activity/", "/orders/", "/subscriptions/", "/plans/", "/plans/new/", "/plugins/", "/plugins/new/"],
)
def test_the_pages_are_for_staff_only(client: Client, address: str) -> None:
    assert client.get(address)["Location"].startswith("/accounts/login/")
    client.force_login(User.objects.create_user("customer"))
    assert client.get(address).status_code == 403
