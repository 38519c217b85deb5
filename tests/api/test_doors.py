"""Who gets in, and what the API says to those it cannot serve."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import OperationalError, connection, transaction
from rest_framework.test import APIClient

from licenses.models import License, LicenseFile, LicenseRequest
from subscriptions.models import Order
from tests.api.calls import Api, problem


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["plans/", "orders/", "license-requests/", "licenses/", "plugins/", "no-such/", ""])
def test_without_a_token_every_address_answers_401_and_says_how_to_sign_in(path: str) -> None:
    response = Api().get(path)
    assert problem(response, 401)["type"] == "about:blank"
    assert response["WWW-Authenticate"] == "Token"


@pytest.mark.django_db
def test_a_wrong_token_is_401() -> None:
    api = Api()
    api.client.credentials(HTTP_AUTHORIZATION="Token 0123456789abcdef")
    problem(api.get("orders/"), 401)


@pytest.mark.django_db
def test_whoever_is_not_staff_is_refused_everywhere() -> None:
    api = Api(User.objects.create_user("stranger"))
    problem(api.get("orders/"), 403)
    problem(api.post("orders/", {"plan": "small"}), 403)
    problem(api.post("plugins/", {}, key="k"), 403)


@pytest.mark.django_db
def test_a_store_that_is_made_as_the_how_to_says_may_order(capsys: pytest.CaptureFixture[str]) -> None:
    told = (Path(settings.BASE_DIR) / "docs/how-to/connect-a-store.md").read_text()
    command = told.partition('manage.py shell -v 0 -c "')[2].partition('"')[0]
    call_command("shell", verbosity=0, command=command)
    api = Api()
    api.client.credentials(HTTP_AUTHORIZATION=f"Token {capsys.readouterr().out.strip()}")
    assert api.get("orders/").status_code == 200
    problem(api.post("orders/", {}), 422, "plan")


def test_a_session_may_read_but_writes_only_with_its_csrf_token(shop: User) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(shop)
    assert client.get("/api/v1/orders/").status_code == 200
    assert "CSRF" in problem(client.post("/api/v1/orders/", {}), 403)["detail"]


def test_malformed_json_is_400(api: Api) -> None:
    body = problem(api.post("orders/", '{"plan": "small"', content_type="application/json"), 400)
    assert body["title"] == "Bad Request"
    assert body["instance"] == "/api/v1/orders/"


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_json_that_is_nested_beyond_all_measure_is_400(api: Api, opening: str) -> None:
    problem(api.post("orders/", opening * 100_000, content_type="application/json"), 400)


@pytest.mark.parametrize("key", [None, "k"])
def test_a_call_that_needs_no_body_does_nothing_with_one_that_cannot_be_read(
    api: Api, order: Order, key: str | None
) -> None:
    path = f"orders/{order.number}/pay/"
    problem(api.post(path, '{"paid"', key=key, content_type="application/json"), 400)
    problem(api.post(path, "paid=1", key=key, content_type="application/x-www-form-urlencoded"), 415)
    order.refresh_from_db()
    assert order.state == "placed"
    assert api.post(path, key=key).json()["state"] == "paid"


def test_a_body_without_a_length_is_411_and_not_taken_for_an_empty_one(api: Api, order: Order) -> None:
    answer = api.post(f"orders/{order.number}/cancel/", headers={"Transfer-Encoding": "chunked"})
    assert "Content-Length" in problem(answer, 411)["detail"]
    order.refresh_from_db()
    assert order.state == "placed"


@pytest.mark.parametrize("text", ["[]", '"text"', "3", "null"])
def test_json_that_is_no_object_is_422(api: Api, text: str) -> None:
    problem(api.post("orders/", text, content_type="application/json"), 422)


def test_another_media_type_is_415(api: Api) -> None:
    problem(api.post("orders/", "plan=small", content_type="application/x-www-form-urlencoded"), 415)


def test_a_method_that_is_not_there_is_405(api: Api) -> None:
    response = api.client.delete("/api/v1/orders/")
    problem(response, 405)
    assert "POST" in response["Allow"]


def test_an_answer_that_is_not_json_cannot_be_had(api: Api) -> None:
    problem(api.get("orders/", headers={"accept": "text/html"}), 406)


@pytest.mark.parametrize(
    "path",
    [
        "orders/100999/",
        "plans/1/",
        "licenses/7/",
        "license-requests/8/",
        "plugins/9/",
        "plugins/9/classes/",
        "no-such/",
        "",
    ],
)
def test_what_is_not_there_is_404(api: Api, path: str) -> None:
    body = problem(api.get(path), 404)
    assert body["type"] == "urn:pbas:problem:not-found" or path in {"no-such/", ""}
    assert body["instance"] == f"/api/v1/{path}"


@pytest.mark.parametrize("path", ["/api/v1/orders/", "/api/v1/schema/", "/api/v1/no-such/", "/api/"])
def test_a_host_name_that_is_not_the_panels_is_400_and_a_problem_as_all_else_is(api: Api, path: str) -> None:
    answer = api.client.get(path, headers={"host": "elsewhere.example"})
    assert "PBAS_ALLOWED_HOSTS" in problem(answer, 400)["detail"]
    assert answer["X-Request-ID"]


@pytest.mark.parametrize("path", ["plugins/9/", "plugins/9/classes/", "plugins/9/check/"])
def test_what_is_not_there_is_called_by_the_products_own_word(api: Api, path: str) -> None:
    answer = api.post(path) if path.endswith("check/") else api.get(path)
    assert problem(answer, 404)["detail"] == "There is no plug-in configuration 9."


@pytest.mark.parametrize("path", ["/api/", "/api/v2/orders/"])
def test_beside_the_version_that_there_is_an_address_is_404_and_a_problem(api: Api, path: str) -> None:
    assert problem(api.client.get(path), 404)["instance"] == path


def test_what_fails_before_the_api_is_reached_is_a_problem_and_is_logged_once(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_given: object) -> None:
        raise OperationalError

    monkeypatch.setattr("pbas.core.gate.GateMiddleware.process_view", fail)
    answer = api.get("orders/")
    problem(answer, 503)
    assert answer["Retry-After"]
    assert len(caplog.records) == 1


@pytest.mark.parametrize("path", ["findings/", "findings/1/"])
def test_a_database_that_was_not_migrated_is_500_and_says_what_to_call(api: Api, path: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE licenses_finding RENAME TO licenses_found")
        assert "manage.py migrate" in problem(api.get(path), 500)["detail"]
        transaction.set_rollback(True)


def test_numbers_beyond_any_id_are_404_too(api: Api) -> None:
    problem(api.get(f"licenses/{10**30}/"), 404)
    problem(api.post(f"license-requests/{10**30}/retry/"), 404)


def test_a_body_beyond_all_measure_is_413(api: Api) -> None:
    problem(api.post("orders/", {"reference": "x" * 1_100_000}), 413)


def test_characters_that_no_database_takes_are_422(api: Api, order_body: dict[str, object]) -> None:
    problem(api.post("orders/", {**order_body, "reference": "a\0b"}), 422, "reference")
    half = json.dumps({**order_body, "name": "\ud800"})
    problem(api.post("orders/", half, content_type="application/json"), 422, "name")
    half = json.dumps({"name": "x", "template": "manual", "mode": "\ud800"})
    problem(api.post("plugins/", half, content_type="application/json"), 422, "mode")


def test_a_bug_is_500_without_a_word_of_its_inside(
    api: Api, make_license: Callable[..., License], request_row: LicenseRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    license_ = make_license("K1")
    LicenseFile.objects.create(
        request=request_row, license=license_, name="a.xml", size=3, sha256="0" * 64, body=b"abc", source="upload"
    )

    def broken(**_: object) -> bytes:
        message = "the inside"
        raise RuntimeError(message)

    monkeypatch.setattr("licenses.uploads.read_file", broken)
    response = api.get(f"licenses/{license_.pk}/files/1/")
    body = problem(response, 500)
    assert "inside" not in str(body)
    assert "Traceback" not in response.content.decode()
