"""Who is let in and whom the panel believes: keys only, a pinned host key, and errors that say whose fault it is."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import time
from typing import TYPE_CHECKING

import asyncssh
import pytest

from ka_plugins.installers.ssh import connection
from ka_plugins.installers.ssh.installer import SshInstaller
from ka_plugins.installing import InstallError

from .parcels import KEY, failure, parcel

if TYPE_CHECKING:
    from pathlib import Path

    from .sshd import Sshd

SSH = SshInstaller()


def stranger() -> asyncssh.SSHKey:
    return asyncssh.generate_private_key("ssh-ed25519")


def test_a_host_key_that_is_not_the_pinned_one_is_refused_with_both_fingerprints(sshd: Sshd, tmp_path: Path) -> None:
    pinned = stranger()
    for pin in (pinned.get_fingerprint(), pinned.export_public_key().decode()):
        error = failure(SSH, "install", sshd.target(tmp_path, host_key=pin), parcel())
        assert sshd.fingerprint in str(error)
        assert pinned.get_fingerprint() in str(error)
        assert not error.temporary
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", ["{fingerprint}", "{key}", "[127.0.0.1]:22 {key}", "{other}\n{fingerprint}\n"])
def test_a_host_key_is_pinned_in_each_of_its_forms(sshd: Sshd, tmp_path: Path, form: str) -> None:
    values = {"fingerprint": sshd.fingerprint, "key": sshd.host_key, "other": stranger().get_fingerprint()}
    target = sshd.target(tmp_path, host_key=form.format(**values))
    asyncio.run(SSH.install(target, (parcel(),)))
    assert (tmp_path / f"{KEY}.xml").exists()


def test_what_ssh_keyscan_prints_can_be_pinned(sshd: Sshd, tmp_path: Path) -> None:
    scan = ["ssh-keyscan", "-t", "ed25519", "-p", str(sshd.port), "127.0.0.1"]
    line = subprocess.run(scan, check=True, capture_output=True, text=True, timeout=20).stdout
    asyncio.run(SSH.install(sshd.target(tmp_path, host_key=line), (parcel(),)))
    assert (tmp_path / f"{KEY}.xml").exists()


def test_a_pinned_key_of_a_type_that_the_server_has_not_is_answered_with_what_it_has(
    sshd: Sshd, tmp_path: Path
) -> None:
    other = asyncssh.generate_private_key("ecdsa-sha2-nistp256").export_public_key().decode()
    error = failure(SSH, "install", sshd.target(tmp_path, host_key=other), parcel())
    assert f"ssh-ed25519 {sshd.fingerprint}" in str(error)
    assert not error.temporary


def test_a_private_key_that_the_server_does_not_know_waits_for_a_person(sshd: Sshd, tmp_path: Path) -> None:
    key = stranger().export_private_key().decode()
    error = failure(SSH, "install", sshd.target(tmp_path, private_key=key), parcel())
    assert "authorized_keys" in str(error)
    assert not error.temporary


def test_nothing_of_the_panels_own_user_opens_a_server(
    sshd: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh" / "id_ed25519").write_text(sshd.private_key)
    (home / ".ssh" / "id_ed25519").chmod(0o600)
    (home / ".ssh" / "config").write_text(f"Host *\n  IdentityFile {home}/.ssh/id_ed25519\n  Port 1\n")
    monkeypatch.setenv("HOME", str(home))
    key = stranger().export_private_key().decode()
    assert "authorized_keys" in str(failure(SSH, "install", sshd.target(tmp_path, private_key=key), parcel()))


@pytest.mark.parametrize(
    ("credentials", "says"),
    [
        ({"private_key": ""}, "needs in its credentials: private_key"),
        ({"private_key": "", "host_key": "", "password": "a long password of twenty"}, "private_key, host_key"),
        ({"login": " "}, "login"),
        ({"private_key": "no key at all, whatever it is"}, "private key for 127.0.0.1"),
        ({"host_key": "no-such-key AAAA"}, "host key of 127.0.0.1"),
        ({"host_key": "ssh-ed25519 AAAA"}, "host key of 127.0.0.1"),
        ({"product": "cpanel"}, "There are: plesk, virtuozzo"),
    ],
)
def test_credentials_that_cannot_work_are_named_before_anything_is_sent(
    sshd: Sshd, tmp_path: Path, credentials: dict[str, str], says: str
) -> None:
    error = failure(SSH, "install", sshd.target(tmp_path, **credentials), parcel())
    assert says in str(error)
    assert not error.temporary


def test_a_private_key_with_a_passphrase_is_refused(sshd: Sshd, tmp_path: Path) -> None:
    locked = stranger().export_private_key("pkcs8-pem", passphrase="secret").decode()
    error = failure(SSH, "install", sshd.target(tmp_path, private_key=locked), parcel())
    assert "without a passphrase" in str(error)


@pytest.mark.parametrize("address", ["", "user@127.0.0.1/x", "http://127.0.0.1/x", "host:port/x", "ho st/x\n", ":22/x"])
def test_an_address_that_is_none_is_refused(sshd: Sshd, address: str) -> None:
    target = sshd.target()
    error = failure(SSH, "install", type(target)("ssh", address, target.credentials), parcel())
    assert not error.temporary


def test_an_address_that_is_not_public_is_refused_unless_a_setting_allows_it(
    sshd: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PBAS_ALLOW_PRIVATE_ADDRESSES")
    target = sshd.target(tmp_path)
    for address in (target.address, target.address.replace("127.0.0.1", "localhost")):
        error = failure(SSH, "install", type(target)("ssh", address, target.credentials), parcel())
        assert "not a public address" in str(error)
    assert list(tmp_path.iterdir()) == []


def test_a_closed_port_is_tried_again_later(sshd: Sshd, tmp_path: Path) -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{one.getsockname()[1]}{tmp_path}"
        error = failure(SSH, "install", type(sshd.target())("ssh", address, sshd.target().credentials), parcel())
    assert error.temporary
    assert "refused" in str(error)


def test_a_server_that_says_nothing_is_given_up_in_time_and_blocks_nobody(
    sshd: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 0.5)
    latest = 0.0

    async def tick() -> None:
        nonlocal latest
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.01)
            latest = max(latest, time.monotonic() - before)

    async def deliver(address: str) -> None:
        ticking = asyncio.create_task(tick())
        try:
            await SSH.install(type(sshd.target())("ssh", address, sshd.target().credentials), (parcel(),))
        finally:
            ticking.cancel()

    with socket.create_server(("127.0.0.1", 0)) as silent:
        start = time.monotonic()
        with pytest.raises(InstallError, match="time") as caught:
            asyncio.run(deliver(f"127.0.0.1:{silent.getsockname()[1]}{tmp_path}"))
    assert caught.value.temporary
    assert time.monotonic() - start < 5
    assert latest < 0.4


def test_the_type_of_the_pinned_key_is_asked_for_first_and_no_secret_is_shown(sshd: Sshd) -> None:
    other = asyncssh.generate_private_key("ssh-rsa", key_size=2048).export_public_key().decode()
    access = connection.access_of(sshd.target(host_key=other))
    assert access.algorithms[:2] == ("rsa-sha2-512", "rsa-sha2-256")
    assert "ssh-ed25519" in access.algorithms
    assert "PRIVATE" not in repr(access)
