"""The HTTP issuer protocol: its page against the code, and answers that keep it and break it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from ka_plugins.contract import KeyFile, KeyStatus
from ka_plugins.http_issuer import wire
from ka_plugins.http_issuer.connection import SECONDS
from ka_plugins.http_issuer.settings import HttpIssuerSettings
from ka_plugins.http_issuer.signing import SCHEME, WINDOW, signature, signed_headers
from ka_plugins.http_issuer.simulator.operations import OPERATIONS
from ka_plugins.http_issuer.simulator.refusals import STATUSES

PAGE = (Path(__file__).resolve().parents[4] / "docs" / "reference" / "http-issuer.md").read_text()
LOGIN: dict[str, Any] = {"host": "issuer.example.org", "client": "demo", "secret": "a secret"}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


def example(member: str) -> dict[str, Any]:
    """The page's example that has this member."""
    return next(content for content in map(json.loads, blocks("json")) if member in content)


# --- the page


def test_the_pages_requests_are_those_of_the_reference_implementation() -> None:
    rows = re.findall(r"^\| `(GET|PUT) /(\S+?)(?:\?\S*)?` \|", PAGE, flags=re.MULTILINE)
    assert {(method, re.sub(r"\{\w+\}", "*", path)) for method, path in rows} == set(OPERATIONS)


def test_the_pages_errors_are_those_of_the_reference_implementation() -> None:
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| (4\d\d) \|", PAGE, flags=re.MULTILINE)
    assert {code: int(status) for codes, status in rows for code in re.findall(r"`(\w+)`", codes)} == STATUSES


def test_the_pages_example_of_a_signature_is_right() -> None:
    line, body = next(block for block in blocks("text") if block.startswith("PUT ")).splitlines()
    method, target = line.split()
    made = signature("a shared secret", method, target, "1772366400", body.encode())
    assert re.findall(r"`([0-9a-f]{64})`", PAGE) == [hashlib.sha256(body.encode()).hexdigest(), made]
    assert blocks("text")[0].startswith(SCHEME)
    assert f"{WINDOW} seconds" in PAGE
    assert f"waits {SECONDS:.0f} seconds" in PAGE


def test_the_pages_check_accepts_what_the_plug_in_sends() -> None:
    names: dict[str, Any] = {}
    exec(blocks("python")[0], names)  # noqa: S102 - the page's own few lines
    headers = signed_headers("demo", "secret", "PUT", "/issuer/v1/x", b"{}", now=time.time())
    given = ("PUT", "/issuer/v1/x", headers["Issuer-Timestamp"], b"{}", headers["Issuer-Signature"])
    assert names["is_right"]("secret", *given)
    assert not names["is_right"]("another", *given)


def test_the_pages_objects_are_read_as_the_page_says() -> None:
    key = wire.read_license(example("activation_code"))
    assert (key.number, key.status, key.features) == ("PANEL-20480001", KeyStatus.ACTIVE, ("SITES_30", "BACKUP"))
    assert [one.parent for one in key.additional] == [key.number]
    assert key.renew_at is not None
    assert wire.read_files(example("files")) == (KeyFile("PANEL-20480001.lic", b"hello world"),)
    (panel,) = wire.read_classes(example("classes"))
    assert panel.groups[0].default == "SITES_10"
    complaint = wire.read_complaint(json.dumps(example("error")).encode())
    assert complaint.code == "unknown_class"


# --- signing


@pytest.mark.parametrize(
    "other",
    [
        ("secret", "GET", "/a?b=c", "100", b"{}"),
        ("secret", "PUT", "/a", "100", b"{}"),
        ("secret", "PUT", "/a?b=c", "101", b"{}"),
        ("secret", "PUT", "/a?b=c", "100", b""),
        ("another", "PUT", "/a?b=c", "100", b"{}"),
    ],
)
def test_a_signature_is_for_one_request_only(other: tuple[str, str, str, str, bytes]) -> None:
    assert signature("secret", "PUT", "/a?b=c", "100", b"{}") != signature(*other)


# --- answers


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b'"x"', b"\xff", b'{"number":'])
def test_what_is_no_object_is_unreadable(body: bytes) -> None:
    with pytest.raises(wire.UnreadableError):
        wire.read(body)
    assert wire.read_complaint(body) == wire.Complaint()


@pytest.mark.parametrize(
    "changed",
    [{"number": ""}, {"number": 7}, {"number": ".."}, {"number": "a/b"}, {"number": "x" * 101}, {"state": "lost"}],
)
def test_a_license_without_a_number_or_a_state_is_unreadable(changed: dict[str, Any]) -> None:
    content = {"number": "A-1", "state": "active"}
    assert wire.read_license(content).number == "A-1"
    with pytest.raises(wire.UnreadableError):
        wire.read_license({**content, **changed})
    with pytest.raises(wire.UnreadableError):
        wire.read_license({**content, "additional": [{**content, **changed}]})


def test_members_of_a_strange_type_count_as_absent() -> None:
    strange = {"number": "A-1", "state": "active", "features": "BACKUP", "expires_at": 7, "additional": {}, "class": []}
    key = wire.read_license(strange)
    assert (key.features, key.expires_at, key.additional, key.class_code) == ((), None, (), "")


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "../A-1.lic"},
        {"name": ".."},
        {"name": ""},
        {"content": "not base64!"},
        {"content": ""},
        {"sha256": "0" * 64},
    ],
)
def test_a_file_with_a_path_or_another_digest_is_unreadable(changed: dict[str, str]) -> None:
    digest = hashlib.sha256(b"bytes").hexdigest()
    content = {"name": "A-1.lic", "content": base64.b64encode(b"bytes").decode(), "sha256": digest.upper()}
    assert wire.read_files({"files": [content]}) == (KeyFile("A-1.lic", b"bytes"),)
    with pytest.raises(wire.UnreadableError):
        wire.read_files({"files": [{**content, **changed}]})


def test_a_license_without_files_has_none() -> None:
    assert wire.read_files({"files": []}) == ()
    with pytest.raises(wire.UnreadableError):
        wire.read_files({})


# --- settings


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"scheme": "ftp"}, "scheme"),
        ({"host": "https://issuer.example.org"}, "host"),
        ({"port": 70000}, "port"),
        ({"base_path": "issuer"}, "base_path"),
        ({"base_path": "/issuer/"}, "base_path"),
        ({"base_path": "/a/../b"}, "base_path"),
        ({"client": "two words"}, "client"),
        ({"secret": ""}, "secret"),
    ],
)
def test_settings_that_cannot_work_name_their_field(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(ValueError, match=f"^{field}: "):
        HttpIssuerSettings(**{**LOGIN, **changed})


def test_settings_hide_the_secret_and_may_have_no_base_path() -> None:
    assert "a secret" not in repr(HttpIssuerSettings(**LOGIN, base_path=""))
