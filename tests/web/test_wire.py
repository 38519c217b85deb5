"""What goes over the wire: how much, and for how long browsers keep it."""

import gzip
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from pbas.core.wire import PackingMiddleware
from tests.factories import World, make_license

pytestmark = pytest.mark.django_db

MOST_AT_FIRST = 150_000  # bytes of a page and all that it needs, by a browser that has nothing of it yet
UNPACKS = {"accept-encoding": "gzip, deflate, br"}


def _body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else bytes(answer.content)


def _sent(answer: Any) -> int:
    return len(_body(answer)) + sum(len(name) + len(value) + 4 for name, value in answer.headers.items())


def _page(answer: Any) -> str:
    assert answer["Content-Encoding"] == "gzip"
    return gzip.decompress(answer.content).decode()


@pytest.mark.parametrize("address", ["/licenses/", "/license-requests/", "/", "/store/"])
def test_the_first_page_comes_with_little(staff_client: Client, world: World, address: str) -> None:
    for _n in range(60):
        make_license(configuration=world.configuration)
    answer: Any = staff_client.get(address, headers=UNPACKS)
    files = set(re.findall(r'(?:href|src)="(/static/[^"#]+)', _page(answer)))
    assert len(files) >= 4
    sent = _sent(answer) + sum(_sent(staff_client.get(path, headers=UNPACKS)) for path in files)
    assert sent < MOST_AT_FIRST


def test_a_file_named_by_its_content_is_kept_for_ever_and_another_is_asked_for_again(staff_client: Client) -> None:
    page = staff_client.get("/licenses/").text
    path = re.findall(r'href="(/static/css/panel\.[0-9a-f]{12}\.css)"', page)[0]
    named: Any = staff_client.get(path)
    assert "immutable" in named["Cache-Control"]
    assert _body(named) == Path("static/css/panel.css").read_bytes()
    plain: Any = staff_client.get("/static/css/panel.css")
    assert "immutable" not in plain["Cache-Control"]
    assert _body(plain) == Path("static/css/panel.css").read_bytes()
    assert staff_client.get("/static/css/panel.000000000000.css").status_code == 404


def test_a_packed_file_is_the_file(staff_client: Client) -> None:
    packed: Any = staff_client.get("/static/css/panel.css", headers=UNPACKS)
    assert packed["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed["Vary"]
    assert int(packed["Content-Length"]) == len(packed.content) < 12_000
    assert gzip.decompress(packed.content) == Path("static/css/panel.css").read_bytes()
    known = {"accept-encoding": "gzip", "if-none-match": packed["ETag"]}
    again: Any = staff_client.get("/static/css/panel.css", headers=known)
    assert again.status_code == 304


def test_a_page_that_shows_a_secret_is_not_packed(staff_client: Client, world: World) -> None:
    assert world.license.key
    reveal = reverse("license_reveal", args=[world.license.pk])
    answer: Any = staff_client.post(reveal, headers=UNPACKS)
    assert answer.status_code in {200, 302}
    assert "Content-Encoding" not in answer


def test_what_is_being_sent_as_a_file_is_not_packed(staff_client: Client, world: World) -> None:
    assert world.license.key
    answer: Any = staff_client.get("/lists/licenses/export.csv", headers=UNPACKS)
    assert "Content-Encoding" not in answer
    assert world.license.key.encode() in _body(answer)


def test_a_name_of_random_length_goes_with_each_page_so_that_its_length_tells_nothing(client: Client) -> None:
    packed: list[Any] = [client.get("/store/", headers=UNPACKS) for _n in range(12)]
    assert all("</html>" in _page(answer) for answer in packed)
    assert len({answer.content.index(0, 10) for answer in packed}) > 1, "where the name ends, after ten bytes of gzip"
    assert all(int(answer["Content-Length"]) == len(answer.content) for answer in packed)


@pytest.mark.parametrize(("name", "value"), [("Content-Type", "image/png"), ("Content-Encoding", "br")])
def test_what_is_no_text_or_packed_already_is_sent_as_it_is(rf: Any, client: Client, name: str, value: str) -> None:
    answer: Any = client.get("/store/")
    answer[name], before = value, answer.content
    sent: Any = PackingMiddleware(lambda _request: answer)(rf.get("/", headers=UNPACKS))
    assert (sent.content, sent[name]) == (before, value)


def test_what_is_short_is_sent_as_it_is(client: Client) -> None:
    answer = client.get("/livez", headers=UNPACKS)
    assert (answer.content, "Content-Encoding" in answer) == (b"ok\n", False)


def test_who_does_not_unpack_gets_a_page_as_it_is(client: Client) -> None:
    answer = client.get("/store/")
    assert "Content-Encoding" not in answer
    assert "Accept-Encoding" in answer["Vary"]


def test_a_view_that_says_more_has_a_policy_of_its_own_and_the_next_page_has_not(staff_client: Client) -> None:
    policies = [staff_client.get(path)["Content-Security-Policy"] for path in ("/store/", "/api/v1/docs/", "/store/")]
    assert policies[0] == policies[2]
    assert "unsafe-inline" in policies[1]
    assert "unsafe" not in policies[2]
