from typing import Any

from django.utils.translation import gettext_noop
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

HIGHEST_ID = 2**63 - 1


class IdField(serializers.IntegerField):
    """The id of a row; no number that the database could not take."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=HIGHEST_ID, **options)


def named(what: str) -> dict[str, Any]:
    """What a field that names a row by its id says of one that is not there."""
    return {"does_not_exist": f"There is no {what} {{pk_value}}.", "incorrect_type": "Give an id (a number)."}


@extend_schema_field({"oneOf": [{"type": "integer"}, {"type": "string", "maxLength": 200}]})
class IdOrCodeField(serializers.Field[dict[str, Any], Any, Any, Any]):
    """Names a row by its id (a number) or its code (text); its value is the lookup that finds it."""

    default_error_messages = {"invalid": "Give an id (a number) or a code (text)."}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """The lookup: {"pk": id} or {"code": code}."""
        if isinstance(data, bool) or not isinstance(data, int | str):
            self.fail("invalid")
        if isinstance(data, int):
            return {"pk": data}
        return {"code": serializers.CharField(max_length=200).run_validation(data)}

    def to_representation(self, value: Any) -> Any:
        """Written only."""
        return value


class ReasonSerializer(serializers.Serializer[dict[str, str]]):
    """Why it is done; stays in the story."""

    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)


UNSAID = gettext_noop("Asked for by a script, which gave no reason.")


class OptionalReasonSerializer(ReasonSerializer):
    """Why it is done; left out, the story says so."""

    reason = serializers.CharField(required=False, allow_blank=True, default=UNSAID, max_length=2000)
