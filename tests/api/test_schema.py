"""The OpenAPI document is complete and honest."""

from typing import Any

import pytest
from drf_spectacular.drainage import GENERATOR_STATS, reset_generator_stats
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from licenses.models import LicenseRequest
from tests.api.calls import Api, problem

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
PROMISED = [
    *("plans/", "accounts/", "orders/", "orders/{number}/pay/", "orders/{number}/cancel/", "subscriptions/"),
    *("subscriptions/{id}/services/{name}/ready/", "subscriptions/{id}/services/{name}/failed/"),
    *("license-requests/", "licenses/", "licenses/{id}/files/{n}/", "plugins/", "plugins/{plugin}/classes/"),
    *(f"license-requests/{{id}}/{v}/" for v in ("retry", "hold", "release", "cancel", "upload", "install", "adopt")),
    *(f"licenses/{{id}}/{verb}/" for verb in ("renew", "change", "terminate")),
    *(f"plugins/{{id}}/{verb}/" for verb in ("check", "fetch-classes", "pause", "resume")),
]
SAFE_WITHOUT_A_KEY = {  # they ask, and spend nothing
    *("plugins/{id}/check/", "plugins/{id}/fetch-classes/"),
    *("licenses/{id}/prove/", "licenses/{id}/reinstall/"),
}


@pytest.fixture
def schema() -> dict[str, Any]:
    """The document as the generator makes it."""
    reset_generator_stats()
    document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call] # drf-spectacular has no types
    return document


def test_the_document_is_made_without_a_warning_and_is_valid(schema: dict[str, Any]) -> None:
    validate_schema(schema)  # type: ignore[no-untyped-call] # drf-spectacular has no types
    assert not GENERATOR_STATS._warn_cache, list(GENERATOR_STATS._warn_cache)
    assert not GENERATOR_STATS._error_cache, list(GENERATOR_STATS._error_cache)


def test_the_document_and_its_reading_room_are_served(api: Api) -> None:
    assert b"openapi: 3" in api.get("schema/").content
    assert api.get("docs/", headers={"accept": "text/html"}).status_code == 200


def test_every_promised_address_is_in_it(schema: dict[str, Any]) -> None:
    assert {f"/api/v1/{path}" for path in PROMISED} <= set(schema["paths"])


def test_every_post_that_creates_or_spends_takes_an_idempotency_key(schema: dict[str, Any]) -> None:
    without = {
        path.removeprefix("/api/v1/")
        for path, operations in schema["paths"].items()
        if "post" in operations
        and "Idempotency-Key" not in {one["name"] for one in operations["post"].get("parameters", [])}
    }
    assert without == SAFE_WITHOUT_A_KEY


def test_every_operation_says_which_problems_it_answers(schema: dict[str, Any]) -> None:
    for path, operations in schema["paths"].items():
        if path == "/api/v1/schema/":
            continue
        for method, operation in operations.items():
            answers = operation["responses"]
            expected = {"401", "403", "404", "406", "422", "500", "503"}
            expected |= set() if method == "get" else {"400", "409", "413", "415"}
            assert expected <= set(answers), (method, path)
            assert all(answers[status]["content"] == PROBLEM for status in expected)


def test_a_request_has_the_states_of_a_request_and_the_names_that_scripts_read(schema: dict[str, Any]) -> None:
    components = schema["components"]["schemas"]
    request = components["RequestForLicense"]
    state = components[request["properties"]["state"]["allOf"][0]["$ref"].rsplit("/", 1)[1]]
    assert state["enum"] == LicenseRequest.State.values
    names = ["id", "state", "kind", "plugin", "license_class", "subscription", "license", "due_at", "attempt", "held"]
    assert set(request["properties"]) >= {*names, "problem"}


def test_the_problem_answer_is_what_the_document_says(api: Api, schema: dict[str, Any]) -> None:
    body = problem(api.post("orders/", {}), 422)
    described = schema["components"]["schemas"]["Problem"]
    assert set(body) == set(described["properties"])
    assert set(body) - {"errors"} == set(described["required"])
    field = schema["components"]["schemas"]["FieldError"]
    assert all(set(error) == set(field["properties"]) for error in body["errors"])
