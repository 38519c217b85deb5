"""A license class with something of everything to choose, and forms that are posted as a browser does."""

import dataclasses
import re
from html import unescape
from typing import Any

from django.http import QueryDict  # noqa: TID251 (what a browser posts)
from django.test import Client
from django.urls import reverse

from ka_plugins.contract import AdditionalClass, ClassInfo, Feature, FeatureGroup
from licenses.models import License, LicenseClass, PluginConfiguration
from tests.factories import World, make_class

DOMAINS = FeatureGroup("Domains", (Feature("D10", "10 domains"), Feature("D100", "100 domains")), required=True)
LANGUAGES = FeatureGroup("Languages", (Feature("L1", "One language"), Feature("L9", "All languages")), default="L1")
SUPPORT = FeatureGroup("Support", (Feature("S8", "By day"), Feature("S24", "Day and night")), required=True)
VIRUS = AdditionalClass("AV", "Antivirus", (FeatureGroup("Mailboxes", SUPPORT.options),), (Feature("AVX", "Express"),))
PLESK = ClassInfo(
    "PLESK_10_AND_LATER",
    "Plesk 10 and later",
    groups=(DOMAINS, LANGUAGES),
    features=(Feature("POWER", "Power pack"), Feature("GAMES", "Game servers")),
    additional=(VIRUS, AdditionalClass("BACKUP", "Backup")),
)


VERBS = ("renew", "change", "suspend", "resume", "terminate")


def make_wares(configuration: PluginConfiguration, info: ClassInfo = PLESK, **values: Any) -> LicenseClass:
    """The class as the vendor has described it."""
    given = {"code": info.code, "name": info.name, "properties": dataclasses.asdict(info)}
    return make_class(configuration, **{**given, **values})


def form_of(page: str) -> QueryDict:
    """What the page's form would post as it stands: hidden values, text, ticks, chosen options; no button."""
    given = QueryDict(mutable=True)
    form = page[page.index("<main") :]
    for field in re.findall(r"<input ([^>]*)>", form):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', field))
        chosen = attributes.get("type") not in {"checkbox", "radio"} or re.search(r"\bchecked\b", field)
        if "name" in attributes and chosen:
            given.appendlist(unescape(attributes["name"]), unescape(attributes.get("value", "")))
    for name, options in re.findall(r'<select [^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
        value = re.search(r'<option value="([^"]*)" selected', options)
        given.appendlist(unescape(name), unescape(value.group(1)) if value else "")
    return given


def posted(page: str, **changes: Any) -> QueryDict:
    """The page's form with some fields filled in otherwise; a list stands for several of one name."""
    given = form_of(page)
    for name, value in changes.items():
        given.setlist(name, [str(one) for one in (value if isinstance(value, list) else [value])])
    return given


# --- the pages of New License

PAGE = "/licenses/new/"


def start(world: World, **changes: Any) -> dict[str, Any]:
    """What the first step asks for."""
    given = {"license_class": world.license_class.pk, "number": 2, "subscription": world.order.subscription.name}
    return {"plugin": world.configuration.pk, "purpose": "subscription", **given, **changes}


def options_page(client: Client, world: World, **changes: Any) -> str:
    return client.get(PAGE, start(world, **changes)).text


def send(client: Client, page: str, step: str, **changes: Any) -> Any:
    given = posted(page, step=step, **changes)
    return client.post(PAGE, given.urlencode(), content_type="application/x-www-form-urlencoded")


def review_page(client: Client, world: World, **changes: Any) -> str:
    chosen: dict[str, Any] = {"features.0": "D100", "features": ["POWER"], "additional": ["AV"], "AV/features.0": "S24"}
    return str(send(client, options_page(client, world, **changes), "review", **chosen).text)


def address(license_: License, verb: str = "") -> str:
    """The page of a license, or of one decision about it."""
    return reverse(f"license_{verb}" if verb else "license", args=[license_.pk])


def offered(client: Client, license_: License) -> set[str]:
    """The verbs that the page of a license offers."""
    text = client.get(address(license_)).text
    return {verb for verb in VERBS if address(license_, verb) in text}
