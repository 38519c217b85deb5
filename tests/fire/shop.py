"""What is sold in a case, and what must be so once it is over."""

import hashlib
from collections import Counter
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from django.db import connection

from ka_plugins.installing import Target
from ka_plugins.simulator.running import RunningSimulator
from licenses.models import License, LicenseClass, LicenseFile, LicenseRequest
from pbas.core.story import SYSTEM
from subscriptions.models import HostingPlan, Subscription
from subscriptions.services import service_ready
from tests.factories import make_class, make_configuration, make_order, make_plan, make_subscription
from tests.fire.fleet import PATIENCE, wait_until

AT_ONCE = 50  # calls to one vendor
_addresses = count()  # each once: a vendor who is asked what he sold for one would find what an earlier case bought


class Shop:
    """Orders at one simulated vendor's wares, and his books."""

    def __init__(self, simulator: RunningSimulator, folder: Path) -> None:
        self.simulator, self.folder = simulator, folder
        self._earlier = {sale["number"] for sale in simulator.ledger()["sales"]}

    # -- wares

    def issuer(self, **given: Any) -> LicenseClass:
        """Of a vendor who answers the same order with the same sale."""
        return self._class("http_issuer", "PANEL", client="demo", base_path="/issuer/v1", **given)

    def by_traits(self, **given: Any) -> LicenseClass:
        """Of a vendor who sells twice what is ordered twice, and can be asked for what was sold for an address."""
        return self._class("plesk_ka", "PLESK_10_AND_LATER", login="demo", client="demo", **given)

    def by_reference(self, **given: Any) -> LicenseClass:
        """Of a vendor who sells twice what is ordered twice, and can be asked for our reference."""
        return self._class("plesk_ka3", "PLESK-12-WEB-PRO-1M", login="demo", path="/30", **given)

    def bound(self, **given: Any) -> LicenseClass:
        """Of a vendor who binds a license to an address; nothing is installed."""
        return self._class("cpanel_manage2", "21159", login="demo", group="1", **given)

    def _class(
        self, template: str, code: str, *, port: int | None = None, limit: int = AT_ONCE, **settings: Any
    ) -> LicenseClass:
        place = self.simulator.settings()
        given = {**settings, **place, "port": port or place["port"]}
        configuration = make_configuration(
            self.simulator,
            template=template,
            settings=given,
            secrets={"password": "demo", "secret": "demo"},
            limit=limit,
        )
        return make_class(configuration, code=code, name=code.title())

    # -- orders

    def plan(self, license_class: LicenseClass, options: dict[str, Any] | None = None) -> HostingPlan:
        """A plan with one license, and one service that brings its target."""
        plan = make_plan(license_class, services=["hosting"])
        plan.licenses.update(options=options or {"features": [], "additional": []})
        return plan

    def sell(self, license_class: LicenseClass, n: int, options: dict[str, Any] | None = None) -> list[Subscription]:
        """Paid orders whose services are ready."""
        plan = self.plan(license_class, options)
        return [self.order(plan) for _ in range(n)]

    def order(self, plan: HostingPlan) -> Subscription:
        """One paid order; its server has a folder and an address of its own."""
        subscription = make_subscription(make_order(plan))
        service_ready(subscription=subscription, name="hosting", target=self.target(subscription), actor=SYSTEM)
        return subscription

    def target(self, subscription: Subscription) -> Target:
        """The subscription's server."""
        place = self.folder / str(subscription.pk)
        place.mkdir()
        number = next(_addresses)
        return Target("directory", str(place), {"ip": f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"})

    # -- looking

    def done(self) -> int:
        """How many requests are done."""
        return LicenseRequest.objects.filter(state="done").count()

    def open(self) -> list[tuple[int, str, int, str]]:
        """What is not done: the request, its state, how often it was claimed, and what it says."""
        rows = LicenseRequest.objects.exclude(state="done")
        return list(rows.values_list("pk", "state", "attempt", "problem_text"))

    def sales(self) -> list[str]:
        """The numbers of the main keys that the vendor has sold since the case began."""
        sales = [sale["number"] for sale in self.simulator.ledger()["sales"] if not sale["additional"]]
        return [number for number in sales if number not in self._earlier]

    def bought(self) -> int:
        """How many that are."""
        return len(self.sales())

    def wait_until_done(self, seconds: float = PATIENCE) -> float:
        """Until every request is done; answers the seconds."""
        try:
            return wait_until(lambda: not LicenseRequest.objects.exclude(state="done").exists(), "all is done", seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; open: {self.open()}") from None

    def wait_for(self, is_so: Callable[[], object], what: str) -> float:
        """Until something is so that needs the requests; where it does not come, they are told."""
        try:
            return wait_until(is_so, what)
        except AssertionError as error:
            raise AssertionError(f"{error}; open: {self.open()}") from None

    # -- what must be so

    def check_bought_once(self) -> None:
        """Bought is paid, nothing twice and nothing lost; and each file lies on its server as the vendor gave it."""
        mine = [one.full_key for one in License.objects.filter(parent=None)]
        assert sorted(self.sales()) == sorted(mine)
        assert [key for key, n in Counter(mine).items() if n > 1] == []
        assert len(mine) == Subscription.objects.count() == Subscription.objects.filter(state="active").count()
        files = LicenseFile.objects.filter(license__parent=None).order_by("version")
        newest = {(at, name): sha for at, name, sha in files.values_list("license__subscription", "name", "sha256")}
        for (at, name), sha in newest.items():
            assert hashlib.sha256((self.folder / str(at) / name).read_bytes()).hexdigest() == sha

    def claims(self) -> list[int]:
        """How often each request was claimed, without repeats."""
        return sorted(set(LicenseRequest.objects.values_list("attempt", flat=True)))


def sql(text: str) -> list[tuple[Any, ...]]:
    """Run SQL on the fleet's database."""
    with connection.cursor() as cursor:
        cursor.execute(text)
        return list(cursor.fetchall()) if cursor.description else []
