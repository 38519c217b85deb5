"""The panel's API over HTTP, as a store sees it."""

from dataclasses import asdict
from uuid import uuid4

import requests
from django.contrib.auth.models import User
from knox.models import AuthToken

from subscriptions.models import HostingPlan, Subscription
from tests.fire.shop import Shop

SECONDS = 30.0


class Door:
    """Calls of one store; answers are given as they are, whatever their status."""

    def __init__(self, url: str) -> None:
        self.url = url
        user = User.objects.create_superuser("store", password="a long password")
        self.token = AuthToken.objects.create(user)[1]

    def get(self, path: str) -> requests.Response:
        return requests.get(f"{self.url}{path}", headers=self._headers(""), timeout=SECONDS)

    def post(self, path: str, body: object = None, *, key: str = "") -> requests.Response:
        """Post to the API, as the same call again where `key` is the same."""
        headers = self._headers(key or uuid4().hex)
        return requests.post(f"{self.url}/api/v1/{path}", json=body or {}, headers=headers, timeout=SECONDS)

    def place(self, plan: HostingPlan, reference: str) -> requests.Response:
        """Place an order, the same one where `reference` is the same."""
        account = {"name": "Ada Example", "email": "ada@example.com"}
        return self.post("orders/", {"reference": reference, "plan": plan.code, "account": account})

    def buy(self, plan: HostingPlan, shop: Shop) -> list[int]:
        """A checkout and the provisioning after it; the statuses of the three answers."""
        placed = self.place(plan, uuid4().hex)
        number = placed.json()["number"]
        paid = self.post(f"orders/{number}/pay/")
        subscription = Subscription.objects.get(order__number=number)
        target = asdict(shop.target(subscription))
        ready = self.post(f"subscriptions/{subscription.pk}/services/hosting/ready/", {"target": target})
        return [placed.status_code, paid.status_code, ready.status_code]

    def _headers(self, key: str) -> dict[str, str]:
        return {"Authorization": f"Token {self.token}", "Idempotency-Key": key}
