"""XML-RPC from and to strangers: what is read tolerantly, and what is not read at all."""

from __future__ import annotations

import base64
import xmlrpc.client
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ka_plugins.plesk_ka import wire

MOMENT = datetime(2026, 11, 24, 18, 2, 3, tzinfo=UTC)


def answer(members: str, *, head: str = "<?xml version='1.0'?>") -> bytes:
    struct = f"<value><struct>{members}</struct></value>"
    return f"{head}<methodResponse><params><param>{struct}</param></params></methodResponse>".encode()


def member(name: str, value: str) -> str:
    return f"<member><name>{name}</name><value>{value}</value></member>"


def test_a_call_is_written_with_its_prefix_and_read_back() -> None:
    parameters: tuple[Any, ...] = ({"login": "demo", "password": "p<&>\u00e4"}, ["a"], [], {}, 7, True, b"\x00\xff")
    method, read = wire.read_call(wire.write_call("createKey", parameters))
    assert method == "partner10.createKey"
    assert read == parameters


def test_an_answer_with_every_type_is_read() -> None:
    read = wire.read_answer(
        answer(
            member("resultCode", "<i4>100</i4>")
            + member("resultDesc", "untyped &amp; fine")
            + member("flag", "<boolean>1</boolean>")
            + member("ratio", "<double>1.5</double>")
            + member("created", "<dateTime.iso8601>20261124T18:02:03</dateTime.iso8601>")
            + member("key", "<base64>PGtl\n eS8+</base64>")
            + member("plans", "<array><data><value>A</value><value><string>B</string></value></data></array>")
            + member("none", "<array><data></data></array>")
            + member("nothing", "<nil/>")
        )
    )
    assert read.number("resultCode") == 100
    assert read.text("resultDesc") == "untyped & fine"
    assert read.flag("flag")
    assert read.text("ratio") == "1.5"
    assert read.time("created") == MOMENT
    assert read.octets("key") == b"<key/>"
    assert read.texts("plans") == ("A", "B")
    assert read.texts("none") == ()
    assert read.text("nothing") == ""
    assert "none" in read
    assert "other" not in read


def test_neighbouring_types_are_read_as_what_is_wanted() -> None:
    read = wire.read_answer(
        answer(
            member("resultCode", "<string>100</string>")
            + member("number", "<int>12345678</int>")
            + member("flag", "true")
            + member("off", "<int>0</int>")
            + member("created", "<string>2026-11-24T18:02:03Z</string>")
            + member("lone", "<string>A</string>")
            + member("php", "<array><data/></array>")
            + member("bad", "<int>many</int>")
            + member("unknown", "<decimal>7</decimal>")
        )
    )
    assert read.number("resultCode") == 100
    assert read.text("number") == "12345678"
    assert read.flag("flag")
    assert not read.flag("off")
    assert read.time("created") == MOMENT
    assert read.texts("lone") == ("A",)
    assert "x" not in read.struct("php")
    assert read.number("bad") == 0
    assert read.text("unknown") == "7"


def test_absent_members_are_empty_values() -> None:
    read = wire.read_answer(answer(member("resultCode", "<int>100</int>")))
    assert (read.text("x"), read.number("x"), read.flag("x"), read.time("x")) == ("", 0, False, None)
    assert (read.octets("x"), read.texts("x"), read.structs("x")) == (b"", (), ())
    assert read.known_text("x") == ""


def test_not_available_is_nothing() -> None:
    read = wire.read_answer(answer(member("apiKeyType", "N/A")))
    assert read.known_text("apiKeyType") == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20261124T18:02:03", MOMENT),
        ("2026-11-24T18:02:03", MOMENT),
        ("2026-11-24T18:02:03Z", MOMENT),
        ("2026-11-24T18:02:03.000Z", MOMENT),
        ("2026-11-24T20:02:03+02:00", MOMENT),
        ("20261124T16:32:03-0130", MOMENT),
        (" 20261124T18:02:03 ", MOMENT),
        ("2026-11-24", MOMENT.replace(hour=0, minute=0, second=0)),
        ("20261324T18:02:03", None),
        ("0000-00-00", None),
        ("never", None),
        ("", None),
    ],
)
def test_a_time_is_read_as_utc_or_not_at_all(text: str, expected: datetime | None) -> None:
    assert wire.read_time(text) == expected


@pytest.mark.parametrize("head", ["", "\n  ", "\ufeff", "<?xml version='1.0' encoding='UTF-8'?>"])
def test_what_stands_before_the_document_does_not_matter(head: str) -> None:
    assert wire.read_answer(answer(member("resultCode", "<int>100</int>"), head=head)).number("resultCode") == 100


def test_western_european_answers_are_read() -> None:
    body = answer(member("resultDesc", "Schl\u00fcssel"), head="<?xml version='1.0' encoding='ISO-8859-1'?>")
    read = wire.read_answer(body.decode().encode("iso-8859-1"))
    assert read.text("resultDesc") == "Schl\u00fcssel"


def test_a_fault_is_an_error_of_its_own() -> None:
    body = xmlrpc.client.dumps(xmlrpc.client.Fault(-32601, "No such handler")).encode()
    with pytest.raises(wire.FaultError) as caught:
        wire.read_answer(body)
    assert (caught.value.code, caught.value.text) == (-32601, "No such handler")


BOMB = "<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]>" + answer("", head="").decode()
OUTSIDE = "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>" + answer("", head="").decode()
UNREADABLE = {
    "nothing": b"",
    "text": b"Internal Server Error",
    "page": b"<!DOCTYPE html><html><body>Bad Gateway</body></html>",
    "well formed page": b"<html><body>Bad Gateway</body></html>",
    "half": answer(member("resultCode", "<int>100</int>"))[:-40],
    "bomb": BOMB.encode(),
    "outside file": OUTSIDE.encode(),
    "bomb in UTF-16": BOMB.encode("utf-16"),
    "bomb in EBCDIC": b"<?xml version='1.0' encoding='cp037'?>" + BOMB.encode("cp037"),
    "not UTF-8": answer("\u00fc").decode().encode("iso-8859-1"),
    "no struct": b"<methodResponse><params><param><value>x</value></param></params></methodResponse>",
    "no params": b"<methodResponse></methodResponse>",
    "a call": wire.write_call("createKey", ({},)),
    "bad base64": answer(member("key", "<base64>abc</base64>")),
    "array without data": answer(member("a", "<array><value>x</value></array>")),
    "member without value": answer("<member><name>a</name></member>"),
    "too deep": answer(member("a", "<array><data><value>" * 200 + "</value></data></array>" * 200)),
    "forbidden sign": answer(member("a", "\x01")),
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_is_no_answer_is_unreadable(body: bytes) -> None:
    with pytest.raises(wire.UnreadableError):
        wire.read_answer(body)


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    with pytest.raises(wire.UnreadableError):
        wire.read_answer(body)


@given(st.integers(min_value=0, max_value=2000))
def test_no_cut_breaks_the_reader(length: int) -> None:
    body = answer(member("resultCode", "<int>100</int>") + member("key", "<base64>PGtleS8+</base64>"))
    if length < len(body):
        with pytest.raises(wire.UnreadableError):
            wire.read_answer(body[:length])


@given(st.binary(max_size=500))
def test_a_key_file_comes_back_byte_for_byte(body: bytes) -> None:
    written = base64.encodebytes(body).decode()
    assert wire.read_answer(answer(member("key", f"<base64>{written}</base64>"))).octets("key") == body
