"""Whatever is sent, the answer is an answer: never an error of ours."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator

from licenses.models import LicenseRequest
from subscriptions.models import Subscription
from tests.api.calls import Api

ODD: list[Any] = [None, True, -1, 10**30, "", "x" * 30_000, "\0", "\ud800", [[]], {"a": {}}]
SCHEMA: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call] # drf-spectacular has no types
OPERATIONS = [
    (method, path.removeprefix("/api/v1/"))
    for path, operations in SCHEMA["paths"].items()
    for method in operations
    if "requestBody" in operations[method]
]


def _fields(body: dict[str, Any]) -> dict[str, Any]:
    """The properties of a request body, with what a usable value of each may look like."""
    described = next(iter(body["content"].values()))["schema"]
    component = SCHEMA["components"]["schemas"][described["$ref"].rsplit("/", 1)[1]]
    return {name: _sample(one) for name, one in component.get("properties", {}).items()}


def _sample(one: dict[str, Any]) -> Any:
    """Something of the described type."""
    if "$ref" in one or "allOf" in one:
        ref = one.get("$ref") or one["allOf"][0]["$ref"]
        one = SCHEMA["components"]["schemas"][ref.rsplit("/", 1)[1]]
    if "enum" in one:
        return one["enum"][0]
    if "properties" in one:
        return {name: _sample(inner) for name, inner in one["properties"].items()}
    simple = {"integer": 1, "boolean": True, "array": [], "object": {}}
    return simple.get(one.get("type", ""), "a@example.com" if one.get("format") == "email" else "1")


def _odd_bodies(sample: dict[str, Any]) -> Iterator[Any]:
    """The whole body odd, then each of its fields, and each field of its fields."""
    yield from ODD
    for name, value in sample.items():
        for odd in ODD:
            yield {**sample, name: odd}
            if isinstance(value, dict):
                yield from ({**sample, name: {**value, inner: odd}} for inner in value)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_no_body_however_odd_is_an_error_of_ours(
    api: Api, method: str, path: str, request_row: LicenseRequest, ready: Subscription
) -> None:
    sample = _fields(SCHEMA["paths"][f"/api/v1/{path}"][method]["requestBody"])
    ids = {
        "subscriptions/": ready.pk,
        "orders/": ready.order.number,
        "plans/": ready.plan_id,
        "plugins/": request_row.configuration_id,
    }
    own = next((value for start, value in ids.items() if path.startswith(start)), request_row.pk)
    known = {
        "plan": "small",
        "license_class": request_row.license_class_id,
        "plugin": request_row.configuration_id,
        "subscription": ready.pk,
        "template": "manual",
        "mode": "offline",
        "target": {"kind": "directory", "address": "ada", "credentials": {}},
    }
    sample.update((name, value) for name, value in known.items() if name in sample)
    names = {"id": own, "number": own, "name": "server", "plugin": request_row.configuration_id}
    address = path.format(**names, license_class=request_row.license_class_id)
    for body in _odd_bodies(sample):
        answer = api.client.generic(method.upper(), f"/api/v1/{address}", json.dumps(body), "application/json")
        assert answer.status_code < 500, (body, answer.json())
