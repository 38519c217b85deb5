"""Other languages' habits: what they send, and that they can read what comes back."""

from __future__ import annotations

import http.client
import shutil
import socket
import subprocess
import xmlrpc.client
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from .asking import SERVER, body_of, buy, call, everything_from, post, raw_call

if TYPE_CHECKING:
    from ka_plugins.simulator.running import RunningSimulator


def test_a_hand_written_order_with_typed_digits_missing_macs_and_array_for_struct_is_taken(
    vendor: RunningSimulator,
) -> None:
    ips = "<struct><member><name>ips</name><value><array><data><value>192.0.2.7</value></data></array></value></member>"
    nothing = "<array><data></data></array>"
    order = raw_call(
        "partner10.createKey",
        f"{ips}</struct>",
        "<i4>1</i4>",
        "PLESK_10_AND_LATER",
        nothing,
        nothing,
        "<array><data><value><string>PLESK_ANTIVIRUS_BY_KAV</string></value></data></array>",
        nothing,
        "<string>billing</string>",
    )
    answer = post(vendor, order)
    assert "<int>100</int>" in body_of(answer)
    assert "KAV." in body_of(answer)


@pytest.mark.parametrize("path", ["/", "/xmlrpc", "/RPC2", "/?x=1"])
def test_each_path_that_clients_use_is_served(vendor: RunningSimulator, path: str) -> None:
    assert "<int>100</int>" in body_of(post(vendor, raw_call("partner10.validateLogin"), path))


def test_a_request_line_without_any_path_is_served(vendor: RunningSimulator) -> None:
    place = urlsplit(vendor.http)
    body = raw_call("partner10.validateLogin").encode()
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=10) as line:
        line.sendall(b"POST  HTTP/1.0\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        assert b"<int>100</int>" in everything_from(line)


def test_other_paths_and_methods_are_refused(vendor: RunningSimulator) -> None:
    assert post(vendor, raw_call("partner10.validateLogin"), "/elsewhere").status == 404
    place = urlsplit(vendor.http)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=10)
    connection.request("GET", "/")
    assert connection.getresponse().status == 405
    connection.close()


@pytest.mark.parametrize(
    "headers",
    [
        {"TE": "deflate,gzip;q=0.3", "Connection": "TE, close"},
        {"Accept-Encoding": "gzip"},
        {"Connection": "keep-alive"},
        {"Expect": "100-continue"},
    ],
)
def test_answers_are_plain_xml_of_known_length(vendor: RunningSimulator, headers: dict[str, str]) -> None:
    answer = post(vendor, raw_call("partner10.validateLogin"), **headers)
    assert answer.getheader("Content-Type", "").startswith("text/xml")
    assert int(answer.getheader("Content-Length", "0")) == len(body_of(answer).encode())
    assert answer.getheader("Content-Encoding") is None
    assert answer.getheader("X-Simulated")


def test_chunks_slow_bytes_and_two_requests_at_once_are_understood(vendor: RunningSimulator) -> None:
    place = urlsplit(vendor.http)
    body = raw_call("partner10.validateLogin").encode()
    chunked = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:50], body[50:])) + b"0\r\n\r\n"
    head = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    last = b"POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=10) as line:
        for piece in (head[:10], head[10:] + chunked[:20], chunked[20:-3], chunked[-3:] + last):
            line.sendall(piece)
        assert everything_from(line).count(b"<int>100</int>") == 2


@pytest.mark.parametrize(
    "request_bytes",
    [b"nonsense\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"POST / HTTP/1.1\r\nno colon\r\n\r\n"],
)
def test_a_bad_request_is_answered_and_the_connection_ends(vendor: RunningSimulator, request_bytes: bytes) -> None:
    place = urlsplit(vendor.http)
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=10) as line:
        line.sendall(request_bytes)
        assert everything_from(line).startswith(b"HTTP/1.1 400 ")


def test_nothing_is_ever_nil_and_dates_are_compact(vendor: RunningSimulator) -> None:
    number = buy(vendor)
    text = body_of(post(vendor, raw_call("partner10.getKeyInfo", number)))
    assert "nil" not in text
    assert "<dateTime.iso8601>20" in text
    assert "-" not in text.partition("<dateTime.iso8601>")[2].partition("<")[0]
    assert "<array><data></data></array>" in text


@pytest.mark.parametrize("method", ["createKey", "partner10.noSuchMethod", "system.listMethods", "partner11.createKey"])
def test_an_unknown_method_is_a_fault(vendor: RunningSimulator, method: str) -> None:
    assert "<fault>" in body_of(post(vendor, raw_call(method)))


def test_a_wrong_number_of_parameters_is_a_fault(vendor: RunningSimulator) -> None:
    with pytest.raises(xmlrpc.client.Fault, match="arguments"):
        call(vendor, "createKey", SERVER, "1")


@pytest.mark.parametrize("body", ["", "not XML", "<methodResponse/>", "<!DOCTYPE x><methodCall/>"])
def test_what_is_no_call_is_a_fault(vendor: RunningSimulator, body: str) -> None:
    assert "<fault>" in body_of(post(vendor, body))


@pytest.mark.skipif(shutil.which("perl") is None, reason="no perl")
def test_perls_http_client_is_served(vendor: RunningSimulator) -> None:
    program = (
        "use HTTP::Tiny; my $a = HTTP::Tiny->new->post($ARGV[0], {content => $ARGV[1], "
        "headers => {'Content-Type' => 'text/xml'}}); print $a->{content}"
    )
    command = ["perl", "-e", program, vendor.http, raw_call("partner10.validateLogin")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    if "Can't locate" in done.stderr:
        pytest.skip("this perl has no HTTP::Tiny")
    assert "<int>100</int>" in done.stdout


@pytest.mark.skipif(shutil.which("node") is None, reason="no node")
def test_nodes_http_client_is_served(vendor: RunningSimulator) -> None:
    program = (
        "const [url, body] = process.argv.slice(1); const r = require('http').request(url, {method: 'POST'}, a => "
        "a.pipe(process.stdout)); r.write(body.slice(0, 40)); r.end(body.slice(40));"
    )
    command = ["node", "-e", program, vendor.http, raw_call("partner10.validateLogin")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert "<int>100</int>" in done.stdout, done.stderr
