"""Somebody who is signed in, and the addresses that he opens. Runs on the database of the environment."""

from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from bench.inside.list_seeding import LICENSES_EACH, TABS, key_of
from pbas.core.lists.query import seal

ADMIN = "/admin/licenses/license/?configuration__id__exact=1"


def sign_in() -> str:
    """The cookies of a person who may do everything, as his browser has them once it has shown a page."""
    User.objects.filter(username="bench").delete()
    client = Client()
    client.force_login(User.objects.create_superuser("bench"))
    client.get("/", secure=True, headers={"Host": "127.0.0.1"})
    return "; ".join(f"{name}={cookie.value}" for name, cookie in client.cookies.items())


def addresses(*, number: int) -> dict[str, Any]:
    """The pages by name, and the stock admin's of the same rows."""
    middle = number // 2
    place, asked = seal("licenses", "-id", str(middle)), seal("license_requests", "-id", str(middle))
    return {
        "licenses of a tab": "/licenses/?plugin=1",
        "licenses of a tab, middle": f"/licenses/?plugin=1&after={place}",
        "licenses of a tab, last page": "/licenses/?plugin=1&last=1",
        "licenses, all tabs": "/licenses/",
        "licenses of a tab in one state": "/licenses/?plugin=1&state=installed",
        "licenses of a tab by expiry": "/licenses/?plugin=1&sort=expires_order",
        "licenses by part of a key": f"/licenses/?q={key_of(middle)[4:12]}",
        "licenses by part of a host": f"/licenses/?q=host-{middle // LICENSES_EACH}.",
        "requests of a tab": "/license-requests/?plugin=1",
        "requests, all tabs, middle": f"/license-requests/?after={asked}",
        "subscriptions": "/subscriptions/",
        "orders": "/orders/",
        "stock admin": ADMIN,
        "stock admin, middle": f"{ADMIN}&p={number // TABS // 50 // 2}",
    }
