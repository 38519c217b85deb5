"""Whom the panel believes to be a Plesk server, and what it shows of itself before it does."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from ka_plugins.installers.plesk import packets
from ka_plugins.installers.plesk.installer import PleskInstaller
from ka_plugins.installing import Target

from .parcels import KEY, failure, parcel

if TYPE_CHECKING:
    from ka_plugins.installers.plesk_server.running import RunningPleskServer

PLESK = PleskInstaller()
WRONG = "ab" * 32


def target(plesk: RunningPleskServer, address: str = "", **credentials: str) -> Target:
    given = {"secret_key": plesk.secret_key, "certificate": plesk.certificate, **credentials}
    return Target("plesk", address or plesk.url, {name: value for name, value in given.items() if value})


def refusal(plesk: RunningPleskServer, address: str = "", **credentials: str) -> str:
    error = failure(PLESK, "install", target(plesk, address, **credentials), parcel())
    assert not error.temporary
    assert plesk.order()["calls"] == {}
    return str(error)


def fingerprint(plesk: RunningPleskServer) -> str:
    place = urlsplit(plesk.url)
    shown = ssl.get_server_certificate((place.hostname or "", place.port or 0), timeout=10)
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(shown)).hexdigest()


def test_a_server_that_the_system_does_not_trust_gets_nothing(plesk: RunningPleskServer) -> None:
    assert "was not accepted" in refusal(plesk, certificate="")


def test_a_certificate_is_pinned_by_its_fingerprint_in_each_form(plesk: RunningPleskServer) -> None:
    digits = fingerprint(plesk)
    colons = ":".join(digits[place : place + 2] for place in range(0, 64, 2)).upper()
    for form in (digits, colons, f"SHA256:{digits}", f"sha256 Fingerprint={colons}\n"):
        asyncio.run(PLESK.install(target(plesk, certificate=form), (parcel(),)))
    assert plesk.order()["held"][0]["number"] == KEY


def test_another_certificate_than_the_pinned_one_is_refused_with_both_fingerprints(plesk: RunningPleskServer) -> None:
    told = refusal(plesk, certificate=WRONG)
    assert WRONG in told
    assert fingerprint(plesk) in told


def test_a_login_and_a_password_open_it_too(plesk: RunningPleskServer) -> None:
    asyncio.run(PLESK.install(target(plesk, secret_key="", login="admin", password="demo"), (parcel(),)))
    assert plesk.order()["held"][0]["number"] == KEY


@pytest.mark.parametrize(
    ("credentials", "says"),
    [
        ({"secret_key": "wrong-secret-key-of-somebody"}, "1001"),
        ({"secret_key": "", "login": "admin", "password": "wrong"}, "1001"),
        ({"secret_key": "", "login": "admin"}, "needs in its credentials: secret_key, or login and password"),
        ({"secret_key": "a\nforged: header and more"}, "no HTTP header"),
        ({"certificate": "not a certificate at all, is it"}, "certificate of 127.0.0.1"),
    ],
)
def test_credentials_that_cannot_work_are_named(
    plesk: RunningPleskServer, credentials: dict[str, str], says: str
) -> None:
    assert says in refusal(plesk, **credentials)


@pytest.mark.parametrize("address", ["http://127.0.0.1:8880", "admin@127.0.0.1", "127.0.0.1:port", "", "https://"])
def test_an_address_that_is_none_or_is_not_encrypted_is_refused(plesk: RunningPleskServer, address: str) -> None:
    given = Target("plesk", address, target(plesk).credentials)
    assert not failure(PLESK, "install", given, parcel()).temporary


def test_an_address_that_is_not_public_is_refused_unless_a_setting_allows_it(
    plesk: RunningPleskServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PBAS_ALLOW_PRIVATE_ADDRESSES")
    assert "not a public address" in refusal(plesk)
    assert "not a public address" in refusal(plesk, plesk.url.replace("127.0.0.1", "localhost"))


def test_a_port_that_is_closed_is_tried_again_later(plesk: RunningPleskServer) -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        closed = target(plesk, f"127.0.0.1:{one.getsockname()[1]}")
        assert failure(PLESK, "install", closed, parcel()).temporary


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"<packet/>", b"<!DOCTYPE a><packet/>", b"<packet><server>"])
def test_what_is_no_answer_is_unreadable(body: bytes) -> None:
    with pytest.raises(packets.UnreadableError):
        packets.read_main_key(body)


def test_additional_keys_are_read_in_several_forms() -> None:
    def answer(inside: str) -> bytes:
        around = (
            f"<server><get_additional_key><result><status>ok</status>{inside}</result></get_additional_key></server>"
        )
        return f"<packet>{around}</packet>".encode()

    pairs = (
        "<property><name>number</name><value>EXT.00000001.0001</value></property>"
        "<property><name>lim_date</name><value>20991231</value></property>"
        "<property><name>active</name><value>false</value></property>"
    )
    assert [str(one) for one in packets.read_additional_keys(answer(pairs))] == [
        "EXT.00000001.0001, expires 2099-12-31"
    ]
    assert packets.read_additional_keys(answer(pairs))[0].status == "not active"
    plain = "<key><name>APS.00000002.0001/antivirus</name></key><key><number>KAV.00000003.0002</number></key>"
    assert [one.number for one in packets.read_additional_keys(answer(plain))] == [
        *("APS.00000002.0001", "KAV.00000003.0002"),
    ]
    assert packets.read_additional_keys(answer("")) == []
