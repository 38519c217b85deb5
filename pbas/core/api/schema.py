"""What the OpenAPI document says of every endpoint without being told: problem answers, filters, Idempotency-Key."""

from http import HTTPStatus
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from pbas.core.api.idempotency import HEADER, LONGEST
from pbas.core.api.problems import MEDIA_TYPE

KEY_PARAMETER = OpenApiParameter(
    HEADER,
    {"type": "string", "minLength": 1, "maxLength": LONGEST},
    OpenApiParameter.HEADER,
    description=(
        "Makes the call safe to repeat: for at least 24 hours the same key with the same body answers as the first "
        "successful call did (marked `Idempotency-Replayed: true`) and does nothing. The same key with another body "
        "is 422; while the first call still runs, 409. An error keeps nothing."
    ),
)
ALWAYS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.NOT_ACCEPTABLE)
WRITING = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.CONFLICT,
    HTTPStatus.LENGTH_REQUIRED,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)
WITHOUT_FAULT = (HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE)


class FieldErrorSerializer(serializers.Serializer[dict[str, str]]):
    """What is wrong at one field."""

    field = serializers.CharField(help_text="The field's path with dots, e.g. `account.email`.")
    pointer = serializers.CharField(help_text="The same as a JSON pointer, e.g. `#/account/email`.")
    detail = serializers.CharField()


class ProblemSerializer(serializers.Serializer[dict[str, Any]]):
    """A problem answer (RFC 9457)."""

    type = serializers.CharField(help_text="`about:blank` or `urn:pbas:problem:SLUG`; never changes its meaning.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="What happened, and what can be done, for a person.")
    instance = serializers.CharField(help_text="The address that was called.")  # type: ignore[assignment] # RFC 9457's
    errors = FieldErrorSerializer(many=True, required=False)  # type: ignore[assignment] # ours, not the framework's


class PanelSchema(AutoSchema):
    """The schema of one endpoint."""

    def get_override_parameters(self) -> list[Any]:
        """The filters of a list; the header of a POST that may be repeated."""
        action = getattr(self.view, "action", None) or ""
        found: list[Any] = []
        filters = getattr(self.view, "filters", None)
        if action == "list" and filters is not None:
            found.append(filters)
        if getattr(getattr(self.view, action, None), "once_per_key", False):
            found.append(KEY_PARAMETER)
        return found

    def get_operation_id(self) -> str:
        """The path's words and what is done: `orders_pay`, where the framework would say that a pay is created."""
        name: str = super().get_operation_id()
        return name if getattr(self.view, "action", "") == "create" else name.removesuffix("_create")

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        """The operation with all problems that it may answer."""
        operation = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        problem = self.resolve_serializer(ProblemSerializer, "response").ref
        writes = WRITING if self.method != "GET" else (HTTPStatus.UNPROCESSABLE_ENTITY,)
        for status in (*ALWAYS, *writes, *WITHOUT_FAULT):
            operation["responses"][str(int(status))] = {
                "description": status.phrase,
                "content": {MEDIA_TYPE: {"schema": problem}},
            }
        return operation
