"""A store with a token, a provider's offline plug-in, and one plan that is sold with a license of it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from ka_plugins.installing import Target
from licenses.models import License, LicenseClass, LicenseRequest, PluginConfiguration
from pbas.core.rights import ADMINISTRATOR, give_role
from pbas.core.story import Actor, store
from subscriptions.models import HostingPlan, Order, PlanLicense, PlanService, Subscription
from subscriptions.services import AccountDetails, pay_order, place_order, service_ready
from tests.api.calls import Api


@pytest.fixture
def shop(db: None) -> User:  # noqa: ARG001 (opens the database)
    """As stores were made before there were roles: it may do everything."""
    user = User.objects.create_user("shop", is_staff=True)
    give_role(user, ADMINISTRATOR)
    return user


@pytest.fixture
def api(shop: User) -> Api:
    return Api(shop)


@pytest.fixture
def actor() -> Actor:
    return store("shop")


@pytest.fixture
def offline(db: None) -> PluginConfiguration:  # noqa: ARG001 (opens the database)
    return PluginConfiguration.objects.create(name="By hand", template="manual", mode="offline", status="configured")


@pytest.fixture
def license_class(offline: PluginConfiguration) -> LicenseClass:
    return LicenseClass.objects.create(configuration=offline, code="PANEL_10", name="Panel, 10 domains", sold=True)


@pytest.fixture
def plan(license_class: LicenseClass) -> HostingPlan:
    plan = HostingPlan.objects.create(code="small", name="Small", setup_fee=5, monthly_fee=10)
    PlanService.objects.create(plan=plan, name="server", label="Server", is_hosting=True)
    PlanService.objects.create(plan=plan, name="domain", label="Domain")
    PlanLicense.objects.create(plan=plan, license_class=license_class)
    return plan


@pytest.fixture
def order_body() -> dict[str, Any]:
    return {
        "reference": "cart-1",
        "plan": "small",
        "account": {"name": "Ada", "email": "ada@example.com", "reference": "c-1"},
        "name": "ada.example.com",
    }


@pytest.fixture
def make_order(plan: HostingPlan, actor: Actor) -> Callable[[str], Order]:
    def make(reference: str) -> Order:
        ada = AccountDetails("Ada", "ada@example.com")
        return place_order(
            store="shop", reference=reference, account=ada, plan=plan, name="ada.example.com", actor=actor
        )

    return make


@pytest.fixture
def order(make_order: Callable[[str], Order]) -> Order:
    return make_order("cart-1")


@pytest.fixture
def subscription(order: Order, actor: Actor) -> Subscription:
    """Paid; its services are still pending."""
    return pay_order(order=order, actor=actor)


@pytest.fixture
def ready(subscription: Subscription, actor: Actor) -> Subscription:
    """Paid, and all its services are ready: its license request waits for an upload."""
    service_ready(subscription=subscription, name="domain", actor=actor)
    target = Target("directory", "/srv/ada.example.com")
    service_ready(subscription=subscription, name="server", target=target, actor=actor)
    return subscription


@pytest.fixture
def request_row(ready: Subscription) -> LicenseRequest:
    """Waits for its key."""
    return ready.license_requests.get()


@pytest.fixture
def make_license(license_class: LicenseClass) -> Callable[..., License]:
    def make(key: str, **values: Any) -> License:
        return License.objects.create(
            configuration=license_class.configuration,
            license_class=license_class,
            key=key,
            fingerprint=key,
            **{"expires_at": timezone.now() + timedelta(days=180), **values},
        )

    return make
