"""Keys, renewals, certificates and settings of Keygen's plug-in, without any vendor."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ka_plugins.contract import RefusedError
from ka_plugins.keygen import licenses, wire
from ka_plugins.keygen.certificate import ForgedError, open_certificate
from ka_plugins.keygen.settings import KeygenSettings
from ka_plugins.keygen.simulator.describing import PUBLIC_KEY, check_out
from ka_plugins.keygen.simulator.sold import UUID, SoldLicense
from ka_plugins.keygen.simulator.wares import POLICIES

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LOGIN: dict[str, Any] = {
    "account": "demo",
    "token": "secret-token",
    "public_key": PUBLIC_KEY,
    "key_secret": "a secret that is long",
}


def certificate() -> str:
    sold = SoldLicense("id-1", "KEY-1234", "name", next(iter(POLICIES)), NOW, NOW, NOW + timedelta(days=30))
    return str(check_out(sold, NOW, None)["attributes"]["certificate"])


def test_one_reference_is_one_key_and_the_secret_decides_which() -> None:
    key = licenses.key_for("0123456789abcdef0123456789abcdef", "secret one")
    assert key == licenses.key_for("0123456789abcdef0123456789abcdef", "secret one")
    assert key != licenses.key_for("0123456789abcdef0123456789abcdef", "secret two")
    assert key != licenses.key_for("0123456789abcdef0123456789abcdee", "secret one")
    assert [len(part) for part in key.split("-")] == [6, 6, 6, 6, 6]


def test_no_key_looks_like_an_id_as_our_references_do() -> None:
    references = [f"{number:032x}" for number in range(500)]
    assert all(UUID.fullmatch(reference) for reference in references)
    assert not any(UUID.fullmatch(licenses.key_for(reference, "secret")) for reference in references)


@pytest.mark.parametrize(
    ("basis", "expiry_in_days", "renewed_in_days"),
    [
        ("FROM_EXPIRY", 5, 15),
        ("FROM_EXPIRY", -5, 5),
        ("", 5, 15),
        ("FROM_NOW", 5, 10),
        ("FROM_NOW_IF_EXPIRED", 5, 15),
        ("FROM_NOW_IF_EXPIRED", -5, 10),
    ],
)
def test_a_renewal_counts_from_where_the_policy_says(basis: str, expiry_in_days: int, renewed_in_days: int) -> None:
    expiry = (NOW + timedelta(days=expiry_in_days)).isoformat()
    license_ = wire.Resource({"id": "1", "attributes": {"expiry": expiry}})
    policy = wire.Resource({"id": "2", "attributes": {"duration": 10 * 86400, "renewalBasis": basis}})
    assert licenses.renewed_expiry(license_, policy, now=NOW) == NOW + timedelta(days=renewed_in_days)


def test_a_policy_without_a_duration_renews_nothing() -> None:
    license_ = wire.Resource({"id": "1", "attributes": {"expiry": NOW.isoformat()}})
    with pytest.raises(RefusedError):
        licenses.renewed_expiry(license_, wire.Resource({"id": "2", "attributes": {"duration": None}}))


def test_a_certificate_gives_its_license() -> None:
    assert open_certificate(certificate(), PUBLIC_KEY).text("key") == "KEY-1234"
    assert open_certificate(certificate().replace("\n", "\r\n"), PUBLIC_KEY).id == "id-1"


def test_a_certificate_of_which_one_sign_was_changed_is_forged() -> None:
    parts = json.loads(base64.b64decode("".join(certificate().splitlines()[1:-1])))
    license_ = json.loads(base64.b64decode(parts["enc"]))
    license_["data"]["attributes"]["key"] = "KEY-9999"
    parts["enc"] = base64.b64encode(json.dumps(license_).encode()).decode()
    body = base64.b64encode(json.dumps(parts).encode()).decode()
    with pytest.raises(ForgedError):
        open_certificate(f"-----BEGIN LICENSE FILE-----\n{body}\n-----END LICENSE FILE-----\n", PUBLIC_KEY)


@pytest.mark.parametrize(
    "parts",
    [
        b"",
        b"[]",
        b'"text"',
        b"{}",
        b'{"enc": "", "sig": "", "alg": "rot13"}',
        b'{"enc": "", "sig": "a", "alg": "base64+ed25519"}',
    ],
)
def test_what_is_no_certificate_is_unreadable(parts: bytes) -> None:
    body = base64.b64encode(parts).decode()
    for text in ("", "nonsense", f"-----BEGIN LICENSE FILE-----\n{body}\n-----END LICENSE FILE-----\n"):
        with pytest.raises(wire.UnreadableError):
            open_certificate(text, PUBLIC_KEY)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{", b"null", b"\xff"])
def test_what_is_no_document_is_unreadable(body: bytes) -> None:
    with pytest.raises(wire.UnreadableError):
        wire.read(body).one()


@pytest.mark.parametrize("content", [{}, {"data": None}, {"data": []}, {"data": {"id": 7}}, {"data": {"id": ""}}])
def test_a_document_without_its_resource_is_unreadable(content: dict[str, Any]) -> None:
    with pytest.raises(wire.UnreadableError):
        wire.read(wire.write(content)).one()


def test_members_of_a_strange_type_count_as_absent() -> None:
    attributes = {"key": 7, "expiry": "soon", "suspended": "yes", "duration": True, "metadata": []}
    resource = wire.Resource({"id": "1", "attributes": attributes, "relationships": {"policy": {"data": []}}})
    assert (resource.text("key"), resource.time("expiry"), resource.flag("suspended")) == ("", None, False)
    assert (resource.number("duration"), resource.object("metadata"), resource.related("policy")) == (None, {}, "")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"scheme": "ftp"}, "scheme"),
        ({"host": "https://api.example.org"}, "host"),
        ({"port": 0}, "port"),
        ({"account": "a/b"}, "account"),
        ({"account": ""}, "account"),
        ({"token": ""}, "token"),
        ({"token": "two\nlines"}, "token"),
        ({"public_key": "abc"}, "public_key"),
        ({"key_secret": "short"}, "key_secret"),
        ({"file_days": -1}, "file_days"),
    ],
)
def test_settings_that_cannot_work_name_their_field(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(ValueError, match=f"^{field}: "):
        KeygenSettings(**{**LOGIN, **changed})


def test_settings_hide_token_and_key_secret() -> None:
    shown = repr(KeygenSettings(**LOGIN))
    assert LOGIN["token"] not in shown
    assert LOGIN["key_secret"] not in shown
