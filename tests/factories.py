"""Small makers of rows for tests, and one world in which they are connected."""

import time
from collections.abc import Sequence
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

from allauth.account.internal.flows.login import _AUTHENTICATION_METHODS_USER_SESSION_KEY
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from ka_plugins.installing import Target
from ka_plugins.simulator.running import RunningSimulator
from licenses.models import License, LicenseClass, LicenseRequest, PluginConfiguration
from pbas.core.story import SYSTEM, store
from subscriptions.models import HostingPlan, Order, PlanLicense, PlanService, Subscription
from subscriptions.services import AccountDetails, pay_order, place_order, service_ready

STORE = "shop"
LOGIN = {"login": "demo", "client": "demo"}  # the simulator's


def _unique(word: str) -> str:
    return f"{word}-{uuid4().hex[:8]}"


def fresh_client(user: User) -> Client:
    """The panel as this person sees it right after his login, when secrets may be shown."""
    client = Client()
    client.force_login(user)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
    session[_AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(user.pk)
    session.save()
    return client


def make_configuration(simulator: RunningSimulator | None = None, **values: Any) -> PluginConfiguration:
    """A plug-in configuration that works: offline, or online at a simulator."""
    status = PluginConfiguration.Status.CONFIGURED
    given: dict[str, Any]
    if simulator is None:
        given = {"template": "manual", "mode": PluginConfiguration.Mode.OFFLINE}
    else:
        settings = {**LOGIN, **simulator.settings()}
        given = {"template": "plesk_ka", "settings": settings, "secrets": {"password": "demo"}}
    return PluginConfiguration.objects.create(**{"name": _unique("Vendor"), "status": status, **given, **values})


def make_class(configuration: PluginConfiguration | None = None, **values: Any) -> LicenseClass:
    """A license class that is sold; online one that the simulator knows."""
    configuration = configuration or make_configuration()
    code = "PLESK_10_AND_LATER" if configuration.is_online else _unique("CLASS")
    given = {"code": code, "name": "Plesk 10 and later", "sold": True}
    return LicenseClass.objects.create(**{"configuration": configuration, **given, **values})


def make_plan(
    *license_classes: LicenseClass, services: Sequence[str] = ("hosting", "mail"), **values: Any
) -> HostingPlan:
    """A plan with included licenses; its first service brings the install target."""
    code = _unique("plan")
    plan = HostingPlan.objects.create(**{"code": code, "name": f"Plan {code}", **values})
    for number, name in enumerate(services):
        PlanService.objects.create(plan=plan, name=name, label=name.title(), is_hosting=number == 0)
    for license_class in license_classes or (make_class(),):
        PlanLicense.objects.create(plan=plan, license_class=license_class)
    return plan


def make_order(plan: HostingPlan | None = None, **values: Any) -> Order:
    """A placed order."""
    given: dict[str, Any] = {
        "store": STORE,
        "reference": _unique("cart"),
        "account": AccountDetails("Ada Example", "ada@example.com"),
        "plan": plan or make_plan(),
        "name": f"{_unique('host')}.example.com",
        "actor": store(STORE),
    }
    return place_order(**{**given, **values})


def make_subscription(order: Order | None = None, *, folder: Path | None = None) -> Subscription:
    """A paid order's subscription; with a folder all its services are ready and its licenses go there."""
    subscription = pay_order(order=order or make_order(), actor=store(STORE))
    if folder is not None:
        make_ready(subscription, folder)
    return subscription


def make_ready(subscription: Subscription, folder: Path) -> None:
    """Report all services of a subscription ready; its licenses go into `folder`."""
    for service in subscription.services.all():
        target = Target("directory", str(folder)) if service.is_hosting else None
        service_ready(subscription=subscription, name=service.name, target=target, actor=SYSTEM)


def make_license(license_class: LicenseClass | None = None, **values: Any) -> License:
    """A license that was issued and ends in half a year, straight into the table."""
    license_class = license_class or make_class()
    key, ends = _unique("KEY"), timezone.now() + timedelta(days=180)
    given = {
        "configuration": license_class.configuration,
        "license_class": license_class,
        "key": key,
        "expires_at": ends,
    }
    return License.objects.create(**{"fingerprint": key, **given, **values})


class World:
    """Rows that belong together, each made when it is first looked at. Assign one before to put your own in."""

    @cached_property
    def configuration(self) -> PluginConfiguration:
        return make_configuration()

    @cached_property
    def license_class(self) -> LicenseClass:
        return make_class(self.configuration)

    @cached_property
    def plan(self) -> HostingPlan:
        return make_plan(self.license_class)

    @cached_property
    def order(self) -> Order:
        return make_order(self.plan)

    @cached_property
    def subscription(self) -> Subscription:
        """Paid; its services are pending."""
        return make_subscription(self.order)

    @cached_property
    def request(self) -> LicenseRequest:
        """Waits for the services of the subscription."""
        return self.subscription.license_requests.get()

    @cached_property
    def license(self) -> License:
        """Belongs to the subscription; made without its request."""
        return make_license(self.license_class, subscription=self.subscription)
