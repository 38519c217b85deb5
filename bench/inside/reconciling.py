"""A round of reconciliation on the database of the environment: how long it takes, and in how much memory."""

import resource
import time
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from bench.inside.watching import cpu_seconds
from bench.issuer import number_of
from ka_plugins.http_issuer.plugin import HttpIssuerPlugin
from licenses.intake import fingerprint
from licenses.models import Finding, License, LicenseClass, PluginConfiguration, Reconciliation
from licenses.reconciling import rounds
from licenses.reconciling.selectors import counts_of
from pbas.core.crypto import new_uid
from pbas.core.story import SYSTEM

CHUNK = 5000
OFTEN = 1000  # of so many keys one is not the vendor's, one not ours, and one different
NAME = "Issuer of the bench"
SAMPLE = 2000  # keys that the naive way is measured with
_CREATED, _EXPIRES = datetime(2026, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)


def seed(*, settings: dict[str, Any], keys: int) -> None:
    """A configuration at the issuer with as many licenses as he has keys, nearly all of them the same."""
    _clear()
    configuration = PluginConfiguration.objects.create(
        name=NAME, template="http_issuer", mode="online", status="configured", settings=settings,
        secrets={"secret": "bench"},
    )  # fmt: skip
    one = LicenseClass.objects.create(configuration=configuration, code="PANEL", name="Panel", sold=True)
    for start in range(0, keys, CHUNK):
        License.objects.bulk_create(_license(one, n, keys) for n in range(start, min(start + CHUNK, keys)))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _clear() -> None:
    old = PluginConfiguration.objects.filter(name=NAME)
    for model in (Finding, Reconciliation, License, LicenseClass):
        model._default_manager.filter(configuration__in=old).delete()  # noqa: SLF001 (Django's public name)
    old.delete()


def _license(one: LicenseClass, n: int, keys: int) -> License:
    number = number_of(n + keys if n % OFTEN == 0 else n)  # then it has a key that the vendor does not list
    features = ["SITES_10"] if n % OFTEN == 1 else ["SITES_10", "BACKUP"]
    return License(
        uid=new_uid(),
        configuration_id=one.configuration_id,
        license_class=one,
        state=License.State.INSTALLED,
        key=number,
        fingerprint=fingerprint(HttpIssuerPlugin, number),
        features=features,
        issued_at=_CREATED,
        expires_at=_EXPIRES,
    )


def measure(*, vendor: int) -> dict[str, Any]:
    """One whole round in this process."""
    configuration = PluginConfiguration.objects.get(name=NAME)
    rounds.want_round(configuration=configuration, actor=SYSTEM)
    before, vendor_before, began = _peak(), cpu_seconds(vendor), time.monotonic()
    rounds.reconcile(configuration.pk)
    seconds = time.monotonic() - began
    row = Reconciliation.objects.get(configuration=configuration)
    if row.problem:
        raise RuntimeError(row.problem)
    return {
        "seconds": seconds,
        "before": before,
        "peak": _peak(),
        "compared": row.compared,
        "found": counts_of(configuration),
        "vendor": cpu_seconds(vendor) - vendor_before,
    }


def naive() -> float:
    """Seconds a key where each is looked up, compared and saved by itself."""
    configuration = PluginConfiguration.objects.get(name=NAME)
    numbers = [number_of(n) for n in range(SAMPLE)]
    began = time.monotonic()
    for number in numbers:
        one = License.objects.filter(configuration=configuration, key=number).first()
        if one is None or one.requests.filter(finished_at__isnull=True).exists():
            continue
        one.in_sync = one.features == ["SITES_10", "BACKUP"]
        one.save()
    return (time.monotonic() - began) / SAMPLE


def _peak() -> float:
    """The most memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
