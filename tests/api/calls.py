"""Calling the API in tests, and what a problem answer has to be."""

from typing import Any

from django.contrib.auth.models import User
from knox.models import AuthToken
from rest_framework.test import APIClient

ADDRESS = "/api/v1/"


class Api:
    """Calls the API as one user would: `api.post("orders/", {...})`."""

    def __init__(self, user: User | None = None) -> None:
        self.client = APIClient(raise_request_exception=False)
        if user is not None:
            self.client.credentials(HTTP_AUTHORIZATION=f"Token {AuthToken.objects.create(user)[1]}")

    def get(self, path: str, **more: Any) -> Any:
        return self.client.get(path if path.startswith("http") else ADDRESS + path, **more)

    def post(self, path: str, body: Any = None, *, key: str | None = None, **more: Any) -> Any:
        headers = {**more.pop("headers", {}), **({"Idempotency-Key": key} if key is not None else {})}
        return self.client.post(ADDRESS + path, body, headers=headers, **more)

    def patch(self, path: str, body: Any) -> Any:
        return self.client.patch(ADDRESS + path, body)

    def put(self, path: str, body: Any) -> Any:
        return self.client.put(ADDRESS + path, body)


def problem(response: Any, status: int, field: str | None = None) -> dict[str, Any]:
    """The body of a problem answer; it has to be one, of this status and (if given) at this field."""
    body: dict[str, Any] = response.json()
    assert response.status_code == status, body
    assert response["Content-Type"] == "application/problem+json"
    assert body["status"] == status
    assert body["detail"]
    if field is not None:
        assert field in [error["field"] for error in body.get("errors", [])], body
    return body
