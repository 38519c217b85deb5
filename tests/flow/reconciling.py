"""A vendor who lists his keys, on a simulator of its own, and what tests of reconciliation do with it."""

from pathlib import Path
from typing import Any
from uuid import uuid4

from django.utils import timezone

from ka_plugins.contract import AdditionalOrder, Key, LicenseOrder
from licenses.asking import ask
from licenses.intake import new_license
from licenses.models import Finding, License, LicenseClass, PluginConfiguration, Reconciliation
from licenses.plugins import plugin_class
from licenses.reconciling import rounds
from pbas.core.story import Actor
from subscriptions.models import Subscription
from tests.factories import make_order, make_plan, make_subscription

State = License.State
WHY = "The customer left in spring."
ADA = Actor("staff", "ada")


def sell(configuration: PluginConfiguration, *additional: str, code: str = "PANEL") -> Key:
    """A key that the vendor sold and of which the panel knows nothing."""
    features = ("SITES_10",) if code == "PANEL" else ()
    order = LicenseOrder(uuid4().hex, code, features, tuple(AdditionalOrder(one) for one in additional))
    return ask(configuration, lambda plugin: plugin.issue_key(order))


def run(configuration: PluginConfiguration) -> Reconciliation:
    """A whole round, asked for and made."""
    rounds.want_round(configuration=configuration, actor=ADA)
    rounds.reconcile(configuration.pk)
    return Reconciliation.objects.get(configuration=configuration)


def own(panel: LicenseClass, key: Key, **values: Any) -> License:
    """The license of a key, installed a while ago."""
    template = plugin_class(panel.configuration.template)
    made = new_license(template, key, configuration_id=panel.configuration_id, license_class_id=panel.pk,
                       subscription_id=None)  # fmt: skip
    made.state, made.installed_at = State.INSTALLED, timezone.now()
    for name, value in values.items():
        setattr(made, name, value)
    made.save()
    return made


def orphan_of(configuration: PluginConfiguration, *additional: str) -> tuple[Finding, Key]:
    """A key of nobody, found by a round."""
    key = sell(configuration, *additional)
    run(configuration)
    return Finding.objects.select_related("configuration").get(shown=key.number), key


def subscription_in(folder: Path) -> Subscription:
    return make_subscription(make_order(make_plan(services=["hosting"])), folder=folder)
