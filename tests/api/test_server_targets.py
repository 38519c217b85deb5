"""Targets that are servers: their credentials are taken as they are, line breaks and all, and never shown."""

import asyncssh
import pytest

from licenses.models import InstallTarget
from subscriptions.models import Subscription
from tests.api.calls import Api

KEY = asyncssh.generate_private_key("ssh-ed25519")
PRIVATE_KEY = KEY.export_private_key().decode()
HOST_KEY = KEY.export_public_key().decode() + "\n"
SSH = {"login": "license", "private_key": PRIVATE_KEY, "host_key": HOST_KEY, "product": "plesk"}
PLESK = {"secret_key": "6575fae3-8628", "certificate": "sha256 Fingerprint=" + ":".join(["AB"] * 32)}


@pytest.mark.parametrize(("kind", "credentials"), [("ssh", SSH), ("plesk", PLESK)])
def test_a_server_is_reported_with_its_credentials(
    api: Api, subscription: Subscription, kind: str, credentials: dict[str, str]
) -> None:
    target = {"kind": kind, "address": "server.example:22", "credentials": credentials}
    answer = api.post(f"subscriptions/{subscription.pk}/services/server/ready/", {"target": target})
    assert answer.status_code == 200
    kept = InstallTarget.objects.get(subscription=subscription)
    assert (kept.kind, kept.credentials) == (kind, credentials)
    shown = api.get(f"subscriptions/{subscription.pk}/")
    assert shown.json()["install_target"] == {"kind": kind, "address": "server.example:22"}
    assert [value for value in credentials.values() if len(value) > 12 and value in shown.content.decode()] == []
