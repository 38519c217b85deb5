from argparse import ArgumentParser
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand
from django.db import transaction

from ka_plugins.contract import ClassInfo
from licenses.configurations import fetch_classes, keep_classes, save_configuration, sell_class
from licenses.models import LicenseClass, PluginConfiguration
from pbas.core.story import SYSTEM
from subscriptions.models import HostingPlan, PlanLicense, PlanService

ONLINE = "Plesk (simulated)"
OFFLINE = "Offline keys"
LOGIN = {"login": "demo", "password": "demo", "client": "demo"}  # the simulator's, made for this

SOLD = {"PLESK_10_AND_LATER", "PLESK_10_AND_LATER_FOR_VZ", "VIRTUOZZO_CONTAINERS_4", "CLOUDLINUX-L-M"}
OFFLINE_CLASSES = (
    ClassInfo(code="CPANEL-SOLO", name="cPanel Solo"),
    ClassInfo(code="CPANEL-PREMIER", name="cPanel Premier"),
    ClassInfo(code="LITESPEED-WEB-HOST", name="LiteSpeed Web Host"),
)


class Offer(NamedTuple):
    """A license in a plan: its class, whether it is included, its options, its monthly fee."""

    code: str
    is_included: bool = True
    features: tuple[str, ...] = ()
    additional: tuple[str, ...] = ()
    fee: str = "0"


class Plan(NamedTuple):
    """A hosting plan of the demo store. The service called `server` is set up by people, the others by the demo."""

    code: str
    name: str
    description: str
    monthly_fee: str
    services: tuple[str, ...]
    offers: tuple[Offer, ...]


SERVICES = {
    "hosting": PlanService(name="hosting", label="Hosting account", is_hosting=True),
    "mail": PlanService(name="mail", label="Mail"),
    "server": PlanService(name="server", label="Dedicated server", is_hosting=True),
}
PLANS = (
    Plan(
        "web-hosting",
        "Web hosting",
        "A hosting account with mail and Plesk for thirty domains.",
        "9.90",
        ("hosting", "mail"),
        (
            Offer("PLESK_10_AND_LATER", features=("30_DOMAINS",)),
            Offer("CLOUDLINUX-L-M", is_included=False, fee="11.00"),
        ),
    ),
    Plan(
        "business-hosting",
        "Business hosting",
        "Unlimited domains, with antivirus for the mail.",
        "24.90",
        ("hosting", "mail"),
        (Offer("PLESK_10_AND_LATER", features=("UNLIMITED_DOMAINS",), additional=("PLESK_ANTIVIRUS_BY_KAV",)),),
    ),
    Plan(
        "cpanel-server",
        "Server with cPanel",
        "The key comes from the vendor's sales desk and is uploaded by hand.",
        "39.00",
        ("hosting",),
        (Offer("CPANEL-PREMIER"), Offer("LITESPEED-WEB-HOST", is_included=False, fee="15.00")),
    ),
    Plan(
        "dedicated-server",
        "Dedicated server",
        "A technician sets the server up; until he says that it is ready, its licenses wait.",
        "89.00",
        ("server",),
        (Offer("VIRTUOZZO_CONTAINERS_4"), Offer("PLESK_10_AND_LATER_FOR_VZ", is_included=False, fee="12.00")),
    ),
)


class Command(BaseCommand):
    help = "Make the demo's plug-in configurations and hosting plans, and lead them to a simulator. Safe to repeat."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("simulator", help="the simulator's address, e.g. https://127.0.0.1:7050")
        parser.add_argument("ca_file", help="the certificate that it is trusted by")

    def handle(self, *_args: Any, simulator: str, ca_file: str, **_options: Any) -> None:
        _make_online(simulator, ca_file)
        _make_offline()
        for plan in PLANS:
            _make_plan(plan)


def _make_online(simulator: str, ca_file: str) -> None:
    """The simulator takes another port at each start, so the configuration is saved each time."""
    address = urlsplit(simulator)
    known = PluginConfiguration.objects.filter(name=ONLINE).first()
    configuration = save_configuration(
        configuration=known,
        name=ONLINE,
        template="plesk_ka",
        mode=PluginConfiguration.Mode.ONLINE,
        settings={
            **(known.settings if known else LOGIN),
            "scheme": address.scheme,
            "host": address.hostname,
            "port": address.port,
            "ca_file": ca_file,
        },
        limit=known.limit if known else 50,
        actor=SYSTEM,
    )
    fetch_classes(configuration=configuration, actor=SYSTEM)
    if known is None:
        _sell(configuration.classes.filter(code__in=SOLD))


def _make_offline() -> None:
    if PluginConfiguration.objects.filter(name=OFFLINE).exists():
        return
    configuration = save_configuration(
        configuration=None,
        name=OFFLINE,
        template="manual",
        mode=PluginConfiguration.Mode.OFFLINE,
        settings={},
        actor=SYSTEM,
    )
    keep_classes(configuration, OFFLINE_CLASSES)
    _sell(configuration.classes.all())


def _sell(classes: Iterable[LicenseClass]) -> None:
    for license_class in classes:
        sell_class(license_class=license_class, sold=True, actor=SYSTEM)


@transaction.atomic
def _make_plan(plan: Plan) -> None:
    """Make a plan once; what the provider made of it since stays."""
    values = {"name": plan.name, "description": plan.description, "monthly_fee": Decimal(plan.monthly_fee)}
    made, is_new = HostingPlan.objects.get_or_create(code=plan.code, defaults=values)
    if not is_new:
        return
    for name in plan.services:
        service = SERVICES[name]
        made.services.create(name=service.name, label=service.label, is_hosting=service.is_hosting)
    for offer in plan.offers:
        PlanLicense.objects.create(
            plan=made,
            license_class=LicenseClass.objects.get(code=offer.code, configuration__name__in=[ONLINE, OFFLINE]),
            is_included=offer.is_included,
            options={
                "features": list(offer.features),
                "additional": [{"code": code, "features": []} for code in offer.additional],
            },
            monthly_fee=Decimal(offer.fee),
        )
