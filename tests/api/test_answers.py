"""What is answered is what the OpenAPI document says."""

from typing import Any

import pytest
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # it has no types

from licenses.models import Finding, License, LicenseFile, LicenseRequest, Reconciliation
from subscriptions.models import Subscription
from tests.api.calls import Api

SCHEMA: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call] # drf-spectacular has no types
PATHS = sorted(path.removeprefix("/api/v1/") for path, operations in SCHEMA["paths"].items() if "get" in operations)


def _plain(schema: Any) -> Any:
    """As JSON Schema: `nullable` is OpenAPI's own word, and an object has no other properties than the described."""
    if isinstance(schema, list):
        return [_plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {name: _plain(value) for name, value in schema.items() if name not in {"nullable", "format"}}
    if isinstance(plain.get("properties"), dict) and plain.get("type") == "object":
        plain.setdefault("additionalProperties", False)
    return {"anyOf": [plain, {"type": "null"}]} if schema.get("nullable") is True else plain


def described(path: str, method: str, status: int) -> dict[str, Any]:
    """What is said of one JSON answer."""
    answer = SCHEMA["paths"][f"/api/v1/{path}"][method]["responses"][str(status)]["content"]["application/json"]
    found: dict[str, Any] = _plain({**answer["schema"], "components": SCHEMA["components"]})
    return found


@pytest.fixture
def names(request_row: LicenseRequest, ready: Subscription) -> dict[str, dict[str, Any]]:
    """For each kind of address what its braces may stand for; all rows have as many values as they can."""
    license_ = License.objects.create(
        configuration=request_row.configuration,
        license_class=request_row.license_class,
        subscription=ready,
        key="K1",
        fingerprint="K1",
        features=["A"],
    )
    LicenseFile.objects.create(
        request=request_row, license=license_, name="a", size=1, sha256="0" * 64, body=b"a", source="upload"
    )
    configuration, now = request_row.configuration, timezone.now()
    Reconciliation.objects.create(configuration=configuration, due_at=now, finished_at=now)
    finding = Finding.objects.create(
        configuration=configuration,
        kind="different",
        fingerprint="K1",
        shown="K1",
        license=license_,
        differences=[{"what": "number", "ours": "K1", "theirs": "K2"}],
        seen_at=now,
    )
    Finding.objects.create(
        configuration=configuration, kind="doubt", fingerprint="K3", shown="K3", request=request_row, seen_at=now
    )
    trouble = {"problem_kind": "refused", "problem_text": "Refused.", "options": {"features": ["A"], "additional": []}}
    LicenseRequest.objects.filter(pk=request_row.pk).update(**trouble, stopped_in="in_doubt")
    of_class = {"plugin": request_row.configuration_id, "license_class": request_row.license_class_id}
    return {
        "accounts": {"id": ready.account_id},
        "orders": {"number": ready.order.number},
        "subscriptions": {"id": ready.pk},
        "plans": {"id": ready.plan_id},
        "license-requests": {"id": request_row.pk},
        "licenses": {"id": license_.pk, "n": 1},
        "findings": {"id": finding.pk},
        "plugins": {"id": request_row.configuration_id, **of_class},
    }


@pytest.mark.parametrize("path", [path for path in PATHS if not path.endswith("{n}/") and path != "schema/"])
def test_what_is_read_is_as_described(api: Api, names: dict[str, dict[str, Any]], path: str) -> None:
    answer = api.get(path.format(**names[path.split("/", maxsplit=1)[0]])).json()
    assert answer if isinstance(answer, list) else answer.get("results", True), "an empty list proves nothing"
    Draft202012Validator(described(path, "get", 200)).validate(answer)


def test_what_is_made_is_as_described(api: Api, names: dict[str, dict[str, Any]]) -> None:
    """The answers of POST have the same parts, so one of each shape is enough."""
    body = {**names["plugins"], "subscription": names["subscriptions"]["id"]}
    made = api.post("license-requests/", body)
    Draft202012Validator(described("license-requests/", "post", 201)).validate(made.json())
    ready = api.post(f"subscriptions/{body['subscription']}/services/domain/ready/")
    Draft202012Validator(described("subscriptions/{id}/services/{name}/ready/", "post", 200)).validate(ready.json())
