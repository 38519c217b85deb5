"""The store's pages, as a customer without any login sees them."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from licenses.models import License, LicenseClass, LicenseRequest, PluginConfiguration
from pbas.core.story import store
from subscriptions.models import (
    Account,
    HostingPlan,
    Order,
    PlanLicense,
    PlanService,
    Service,
    Subscription,
)
from subscriptions.selectors import order_token
from subscriptions.services import AccountDetails, cancel_order, pay_order, place_order
from subscriptions.wording import progress_of

pytestmark = pytest.mark.django_db

DETAILS = {"name": "Oakridge Digital", "email": "ann@oakridge.example", "host": "www.oakridge.example"}


@pytest.fixture(autouse=True)
def _test_payments(settings: Any) -> None:
    settings.PBAS_DEMO = True


@pytest.fixture
def plan() -> HostingPlan:
    configuration = PluginConfiguration.objects.create(name="Vendor", template="manual", mode="offline")
    plan = HostingPlan.objects.create(code="small", name="Small server", setup_fee=Decimal(5), monthly_fee=Decimal(20))
    PlanService.objects.create(plan=plan, name="hosting", label="Server", is_hosting=True)
    for number, (name, is_included) in enumerate([("Web Host", True), ("Backup", False)]):
        sold = LicenseClass.objects.create(configuration=configuration, code=str(number), name=name, sold=True)
        PlanLicense.objects.create(
            plan=plan, license_class=sold, is_included=is_included, setup_fee=Decimal(1), monthly_fee=Decimal(3)
        )
    return plan


@pytest.fixture
def order(plan: HostingPlan) -> Order:
    account = AccountDetails(name="Ann", email="ann@oakridge.example")
    return place_order(
        store="store", reference="r-1", account=account, plan=plan, name="www.oakridge.example", actor=store("store")
    )


def address(order: Order, name: str = "store_order") -> str:
    return reverse(name, args=[order_token(order)])


def checkout(client: Client, plan: HostingPlan, **changed: Any) -> Any:
    """Open the checkout and send its form, as a browser does."""
    page = client.get(reverse("store_checkout", args=[plan.code]))
    token = re.search(r'name="token" value="([^"]+)"', page.text)
    assert token is not None
    return client.post(
        reverse("store_checkout", args=[plan.code]), {**DETAILS, "token": token[1], **changed}, follow=True
    )


@pytest.mark.usefixtures("plan")
def test_the_store_shows_plans_that_are_sold_to_anybody(client: Client) -> None:
    HostingPlan.objects.create(code="hidden", name="Not in the store", in_store=False)
    HostingPlan.objects.create(code="old", name="Inactive", is_active=False)
    page = client.get("/store/").text
    assert "Small server" in page
    assert "20.00" in page
    assert "Not in the store" not in page
    assert "Inactive" not in page


@pytest.mark.usefixtures("plan")
def test_the_list_of_plans_costs_two_statements(client: Client, django_assert_max_num_queries: Any) -> None:
    for number in range(5):
        HostingPlan.objects.create(code=f"p{number}", name=f"Plan {number}")
    with django_assert_max_num_queries(2):
        client.get("/store/")


@pytest.mark.usefixtures("plan")
def test_included_licenses_are_ticked_and_optional_ones_are_not(client: Client) -> None:
    page = client.get(reverse("store_plan", args=["small"])).text
    boxes = re.findall(r'name="license" value="\d+"( checked)?', page)
    assert boxes == [" checked", ""]
    assert "25.00" in page  # 20 a month and 5 once


def test_ticking_an_optional_license_changes_the_total_without_javascript(client: Client, plan: HostingPlan) -> None:
    ids = [str(one.pk) for one in plan.licenses.all()]
    page = client.get(reverse("store_plan", args=["small"]), {"chosen": "1", "license": ids}).text
    assert "23.00" in page
    assert "6.00" in page
    assert "29.00" in page


def test_an_unknown_plan_is_a_page_that_is_not_found(client: Client) -> None:
    assert client.get(reverse("store_plan", args=["nowhere"])).status_code == 404
    assert client.get(reverse("store_checkout", args=["nowhere"])).status_code == 404


def test_the_checkout_places_an_order_and_leads_to_the_test_payment(client: Client, plan: HostingPlan) -> None:
    answer = checkout(client, plan, chosen="1", license=[str(plan.licenses.all()[1].pk)])
    order = Order.objects.get()
    assert answer.redirect_chain[-1][0] == address(order, "store_payment")
    assert "Test payment" in answer.text
    assert [line.license_class.name for line in order.lines.all()] == ["Backup"]
    assert order.subscription_name == "www.oakridge.example"
    assert (order.setup_total, order.monthly_total) == (Decimal(6), Decimal(23))


def test_a_faulty_checkout_says_what_is_wrong_and_keeps_what_was_typed(client: Client, plan: HostingPlan) -> None:
    answer = checkout(client, plan, email="nonsense", host="two words")
    assert answer.status_code == 200
    assert Order.objects.count() == 0
    assert "nonsense" in answer.text
    assert "two words" in answer.text
    assert "Oakridge Digital" in answer.text
    assert "A host name has letters" in answer.text


def test_the_same_submit_twice_is_one_order(client: Client, plan: HostingPlan) -> None:
    token = "t" * 43
    first = checkout(client, plan, token=token)
    second = checkout(client, plan, token=token)
    assert Order.objects.count() == 1
    assert first.redirect_chain == second.redirect_chain


def test_a_changed_submit_of_the_same_page_is_another_order(client: Client, plan: HostingPlan) -> None:
    token = "t" * 43
    checkout(client, plan, token=token)
    checkout(client, plan, token=token, host="other.oakridge.example")
    assert Order.objects.count() == 2


def test_a_page_without_its_token_still_orders(client: Client, plan: HostingPlan) -> None:
    checkout(client, plan, token="<forged>")
    assert Order.objects.count() == 1


def test_an_order_is_reached_by_its_signed_address_only(client: Client, order: Order) -> None:
    assert client.get(address(order)).status_code == 200
    assert client.get(f"/store/orders/{order.number}/").status_code == 404
    assert client.get(f"/store/orders/{order.number}:forged/").status_code == 404


def test_paying_twice_opens_one_subscription(client: Client, order: Order) -> None:
    for _ in range(2):
        answer = client.post(address(order, "store_payment"))
        assert answer["Location"] == address(order)
    assert Subscription.objects.count() == 1
    assert LicenseRequest.objects.count() == 1


def test_paying_a_cancelled_order_is_refused_in_words(client: Client, order: Order) -> None:
    cancel_order(order=order, actor=store("store"))
    page = client.post(address(order, "store_payment"), follow=True).text
    assert "cannot be paid any more" in page
    assert "Order cancelled" in page
    assert Subscription.objects.count() == 0


def test_a_click_is_no_payment_where_real_licenses_are_bought(client: Client, order: Order, settings: Any) -> None:
    settings.PBAS_DEMO = settings.EMBEDDED = False
    assert address(order, "store_payment") not in client.get(address(order)).text
    page = client.post(address(order, "store_payment"), follow=True).text
    assert "Online payment is not set up here" in page
    assert Subscription.objects.count() == 0


def test_another_stores_order_is_not_paid_here(client: Client, order: Order) -> None:
    Order.objects.update(store="another shop")
    client.post(address(order, "store_payment"))
    assert Subscription.objects.count() == 0


def test_the_customer_cancels_what_he_has_not_paid(client: Client, order: Order) -> None:
    page = client.post(address(order, "store_cancel"), follow=True).text
    assert "Order cancelled" in page
    order.refresh_from_db()
    assert order.state == "cancelled"


def test_cancelling_a_paid_order_is_refused_in_words(client: Client, order: Order) -> None:
    pay_order(order=order, actor=store("store"))
    page = client.post(address(order, "store_cancel"), follow=True).text
    assert "paid already" in page
    order.refresh_from_db()
    assert order.state == "paid"


def test_an_unpaid_order_leads_to_its_payment(client: Client, order: Order) -> None:
    page = client.get(address(order)).text
    assert "Waiting for your payment" in page
    assert address(order, "store_payment") in page


def test_the_order_page_tells_no_vendor_and_no_key(client: Client, order: Order) -> None:
    pay_order(order=order, actor=store("store"))
    request = LicenseRequest.objects.get()
    LicenseRequest.objects.filter(pk=request.pk).update(
        state="attention", problem_text="Password of reseller 17 is wrong", problem_vendor="AUTH-FAILED"
    )
    page = client.get(address(order)).text
    assert "Takes longer than usual" in page
    for secret in ("reseller 17", "AUTH-FAILED", "Vendor", "Key Administrator"):
        assert secret not in page


def test_polling_goes_on_until_the_order_is_installed(client: Client, order: Order) -> None:
    subscription = pay_order(order=order, actor=store("store"))
    part = client.get(address(order), headers={"HX-Request": "true"})
    assert part.status_code == 200
    assert "<html" not in part.text
    assert "every 1s" in part.text
    subscription.services.update(state="ready")
    LicenseRequest.objects.update(state="done", finished_at="2026-01-01T00:00:00Z")
    part = client.get(address(order), headers={"HX-Request": "true"})
    assert part.status_code == 286
    assert "Everything is installed" in part.text
    assert "every 1s" not in part.text


def test_following_an_order_costs_four_statements(
    client: Client, order: Order, django_assert_max_num_queries: Any
) -> None:
    pay_order(order=order, actor=store("store"))
    with django_assert_max_num_queries(4):
        client.get(address(order), headers={"HX-Request": "true"})


# --- the customer's words ---------------------------------------------------------------------------------------


def made(state: str, *, issued: bool = False) -> LicenseRequest:
    return LicenseRequest(
        state=state,
        license_class=LicenseClass(name="Web Host"),
        license=License(pk=1) if issued else None,
    )


def words(services: list[str], requests: list[LicenseRequest], state: str = "paid") -> Any:
    order = Order(state=state, account=Account(), plan=HostingPlan())
    Subscription(order=order)
    return progress_of(order, [Service(state=one) for one in services], requests)


@pytest.mark.parametrize("state", [*LicenseRequest.OPEN])
def test_nothing_is_called_installed_before_its_proof(state: str) -> None:
    progress = words(["ready"], [made(state, issued=True), made("done")])
    assert not progress.is_final
    assert progress.licenses[0].text != "Installed"
    assert progress.steps[-1].mark != "done"


@pytest.mark.parametrize("state", LicenseRequest.State.values)
def test_every_state_of_a_request_has_words_for_the_customer(state: str) -> None:
    assert words(["ready"], [made(state)]).licenses[0].text


def test_a_failed_service_shows_as_late_and_the_licenses_wait() -> None:
    progress = words(["ready", "failed"], [made("services")])
    assert progress.mark == "late"
    assert [step.mark for step in progress.steps] == ["done", "done", "late", "later", "later"]


def test_an_issued_license_stays_issued_when_its_install_stops() -> None:
    progress = words(["ready"], [made("attention", issued=True)])
    assert [step.mark for step in progress.steps] == ["done", "done", "done", "done", "late"]
    assert progress.licenses[0].text.startswith("Issued")


def test_a_plan_without_licenses_ends_with_its_services() -> None:
    progress = words(["ready"], [])
    assert progress.is_final
    assert progress.headline == "Everything is ready"
