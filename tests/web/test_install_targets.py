"""Install targets that a person enters: each kind's own fields, secrets that are never shown, faults at their field."""

import html
import re
from pathlib import Path

import asyncssh
import pytest
from django.test import Client

from ka_plugins import registry
from ka_plugins.installing import Target
from licenses.claimed import _ip_of
from licenses.models import InstallTarget
from tests.factories import World

KEY = asyncssh.generate_private_key("ssh-ed25519")
PRIVATE_KEY = KEY.export_private_key().decode()
HOST_KEY = KEY.export_public_key().decode().strip()
FINGERPRINT = "ab:" * 31 + "ab"
SSH = {
    "kind": "ssh",
    "ssh-address": "127.0.0.1:22/srv/licenses",
    "ssh-login": "license",
    "ssh-private_key": PRIVATE_KEY.replace("\n", "\r\n"),
    "ssh-host_key": HOST_KEY,
    "ssh-product": "files",
}
PLESK = {
    "kind": "plesk",
    "plesk-address": "127.0.0.1",
    "plesk-secret_key": "6575fae3-8628-4f27",
    "plesk-certificate": FINGERPRINT,
}


@pytest.fixture
def address(world: World) -> str:
    return f"/subscriptions/{world.subscription.pk}/target/"


def told(page: str) -> dict[str, str]:
    """What a page says is wrong, by field."""
    found = re.findall(r'<li><a href="#id_([^"]+)">[^<]+</a>: ([^<]+)</li>', page)
    return {field: html.unescape(text) for field, text in found}


def faults(client: Client, address: str, given: dict[str, str]) -> dict[str, str]:
    """What is wrong with a target, by field; nothing may have been kept."""
    answer = client.post(address, given)
    assert answer.status_code == 200
    assert not InstallTarget.objects.exists()
    for secret in ("ssh-private_key", "plesk-secret_key", "plesk-password"):
        assert not given.get(secret) or given[secret].strip() not in html.unescape(answer.text)
    return told(answer.text)


def test_every_installers_fields_are_on_the_page_without_a_script(staff_client: Client, world: World) -> None:
    page = staff_client.get(f"/subscriptions/{world.subscription.pk}/").text
    for installer in registry.installers():
        assert f'name="{installer.kind}-address"' in page
    for name in ("ssh-private_key", "ssh-host_key", "ssh-product", "plesk-secret_key", "plesk-certificate"):
        assert f'name="{name}"' in page


def test_a_server_over_ssh_is_kept_as_its_installer_reads_it(staff_client: Client, address: str) -> None:
    page = staff_client.post(address, SSH, follow=True).text
    kept = InstallTarget.objects.get()
    assert (kept.kind, kept.address) == ("ssh", "127.0.0.1:22/srv/licenses")
    assert kept.credentials == {
        "login": "license",
        "private_key": PRIVATE_KEY.strip(),
        "host_key": HOST_KEY,
        "product": "files",
    }
    assert PRIVATE_KEY.splitlines()[1] not in page
    assert "Leave blank to keep the one that is set." in page
    assert HOST_KEY in html.unescape(page)


def test_an_empty_secret_keeps_the_old_one_and_an_emptied_text_goes(staff_client: Client, address: str) -> None:
    staff_client.post(address, PLESK)
    staff_client.post(address, {"kind": "plesk", "plesk-address": "127.0.0.1:8444"})
    kept = InstallTarget.objects.get()
    assert (kept.address, kept.credentials) == ("127.0.0.1:8444", {"secret_key": "6575fae3-8628-4f27"})
    staff_client.post(address, {**PLESK, "plesk-secret_key": "another-one"})
    assert InstallTarget.objects.get().credentials["secret_key"] == "another-one"


@pytest.mark.parametrize("kind", ["directory", "ssh", "plesk"])
def test_the_ip_that_a_vendor_binds_licenses_to_is_given_by_hand_too(
    staff_client: Client, address: str, tmp_path: Path, kind: str
) -> None:
    kinds = {"directory": {"kind": kind, "directory-address": str(tmp_path)}, "ssh": SSH, "plesk": PLESK}
    given = {**kinds[kind], f"{kind}-ip": "2001:db8::7"}
    errors = faults(staff_client, address, {**given, f"{kind}-ip": "server.example"})
    assert {field: "is no IP address" in said for field, said in errors.items()} == {f"{kind}-ip": True}
    assert staff_client.post(address, given).status_code == 302
    kept = InstallTarget.objects.get()
    assert kept.credentials["ip"] == "2001:db8::7"
    assert _ip_of(Target(kept.kind, kept.address, kept.credentials)) == "2001:db8::7"
    assert f'name="{kind}-ip" value="2001:db8::7"' in staff_client.get(address.removesuffix("target/")).text
    staff_client.post(address, {**given, f"{kind}-ip": ""})
    assert "ip" not in InstallTarget.objects.get().credentials


def test_another_kind_takes_nothing_of_the_old_ones_credentials(
    staff_client: Client, address: str, tmp_path: Path
) -> None:
    staff_client.post(address, SSH)
    staff_client.post(address, {**SSH, "kind": "directory", "directory-address": str(tmp_path)})
    kept = InstallTarget.objects.get()
    assert (kept.kind, kept.address, kept.credentials) == ("directory", str(tmp_path), {})


def test_a_credential_that_only_the_api_gives_outlives_a_change_by_hand(staff_client: Client, address: str) -> None:
    staff_client.post(address, SSH)
    kept = InstallTarget.objects.get()
    kept.credentials = {**kept.credentials, "rack": "B 12"}
    kept.save()
    staff_client.post(address, {**SSH, "ssh-login": "root", "ssh-private_key": ""})
    assert InstallTarget.objects.get().credentials == {**kept.credentials, "login": "root"}


@pytest.mark.parametrize(
    ("given", "field", "says"),
    [
        ({"ssh-private_key": "no key at all"}, "ssh-private_key", "cannot be read"),
        ({"ssh-private_key": ""}, "ssh-private_key", "required"),
        ({"ssh-host_key": "ssh-ed25519 AAAA"}, "ssh-host_key", "cannot be read"),
        ({"ssh-host_key": "SHA256:abc"}, "ssh-host_key", "cannot be read"),
        ({"ssh-host_key": ""}, "ssh-host_key", "required"),
        ({"ssh-address": "127.0.0.1"}, "ssh-address", "names no folder"),
        ({"ssh-address": "root@127.0.0.1/x"}, "ssh-address", "login belongs to the credentials"),
        ({"ssh-product": "cpanel"}, "ssh-product", "not one of the available choices"),
    ],
)
def test_a_fault_of_a_server_over_ssh_is_told_at_its_field(
    staff_client: Client, address: str, given: dict[str, str], field: str, says: str
) -> None:
    errors = faults(staff_client, address, SSH | given)
    assert list(errors) == [field]
    assert says in errors[field]


def test_a_private_key_with_a_passphrase_is_refused_at_its_field(staff_client: Client, address: str) -> None:
    locked = KEY.export_private_key("pkcs8-pem", passphrase="secret").decode()
    errors = faults(staff_client, address, {**SSH, "ssh-private_key": locked})
    assert "without a passphrase" in errors["ssh-private_key"]


@pytest.mark.parametrize(
    ("given", "field", "says"),
    [
        ({"plesk-secret_key": ""}, "plesk-secret_key", "secret_key, or login and password"),
        ({"plesk-login": "admin"}, "plesk-password", "secret_key, or login and password"),
        ({"plesk-secret_key": "clé"}, "plesk-secret_key", "no HTTP header"),
        ({"plesk-certificate": "AB:CD"}, "plesk-certificate", "cannot be read"),
        ({"plesk-address": "http://127.0.0.1"}, "plesk-address", "https is needed"),
        ({"plesk-address": ""}, "plesk-address", "required"),
    ],
)
def test_a_fault_of_a_plesk_server_is_told_at_its_field(
    staff_client: Client, address: str, given: dict[str, str], field: str, says: str
) -> None:
    errors = faults(staff_client, address, PLESK | given)
    assert list(errors) == [field]
    assert says in errors[field]


def test_an_address_that_the_panel_may_not_reach_is_told_before_it_is_tried(
    staff_client: Client, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PBAS_ALLOW_PRIVATE_ADDRESSES", "")
    for kind, given in (("ssh", SSH), ("plesk", PLESK)):
        assert "not a public address" in faults(staff_client, address, given)[f"{kind}-address"]


def test_a_folder_that_is_no_absolute_path_is_told_at_its_field(staff_client: Client, address: str) -> None:
    errors = faults(staff_client, address, {"kind": "directory", "directory-address": "srv/licenses"})
    assert "not an absolute path" in errors["directory-address"]


def test_a_kind_that_there_is_not_is_told_and_what_was_typed_stays(staff_client: Client, address: str) -> None:
    errors = faults(staff_client, address, {**SSH, "kind": "carrier-pigeon", "ssh-login": "roost"})
    assert list(errors) == ["kind"]
    page = staff_client.post(address, {**SSH, "kind": "carrier-pigeon", "ssh-login": "roost"})
    assert 'value="roost"' in page.text


def test_credentials_that_cannot_be_decrypted_any_more_can_be_given_anew(staff_client: Client, address: str) -> None:
    staff_client.post(address, SSH)
    other = InstallTarget.objects.get()
    InstallTarget.objects.filter(pk=other.pk).update(uid="00000000-0000-4000-8000-000000000000")
    page = staff_client.get(address.removesuffix("target/")).text
    assert "It is stored, but cannot be read any more" in page
    answer = staff_client.post(address, {**SSH, "ssh-private_key": ""})
    assert "required" in told(answer.text)["ssh-private_key"]
    staff_client.post(address, SSH)
    assert InstallTarget.objects.get().credentials["private_key"] == PRIVATE_KEY.strip()
