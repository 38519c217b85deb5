"""Ready keys over the API: how many there are of each class, when they are few, and bringing more."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet, Value
from django.db.models.functions import Coalesce
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from licenses.models import LicenseClass, ReadyKeyRule
from licenses.ready_keys import services
from licenses.ready_keys.bringing import MAX_CODE, Found, keep_found, look_through
from licenses.ready_keys.selectors import classes_with_figures
from licenses.tables import MAX_BYTES, MAX_ROWS, Row, read_rows
from pbas.core.api.idempotency import once_per_key
from pbas.core.api.views import BodyParser, PanelViewSet, read_body
from pbas.core.problems import Problem, UnknownProblem
from pbas.core.story import staff

ENVELOPE = 64 * 1024  # what a form needs around its file, bytes
LONGEST = 200
_NO_RULE: dict[str, int | str] = {"low_mark": 0, "pattern": "", "example": ""}


class RuleSerializer(serializers.Serializer[dict[str, Any]]):
    """When a class has few keys, and how a key of it looks."""

    low_mark = serializers.IntegerField(min_value=0, max_value=1_000_000)
    pattern = serializers.CharField(allow_blank=True, max_length=LONGEST, help_text="RE2; a whole key fits it.")
    example = serializers.CharField(allow_blank=True, max_length=LONGEST, help_text="No real key.")


class FiguresSerializer(serializers.ModelSerializer[LicenseClass]):
    """The ready keys of one class; no key is ever shown."""

    license_class = serializers.IntegerField(source="pk", read_only=True)
    ready = serializers.IntegerField(read_only=True, help_text="How many keys there are.")
    is_low = serializers.BooleanField(read_only=True, help_text="Fewer than the low mark.")
    low_mark = serializers.IntegerField(read_only=True)
    pattern = serializers.CharField(read_only=True)
    example = serializers.CharField(read_only=True)

    class Meta:
        model = LicenseClass
        fields = ["license_class", "code", "name", "ready", "is_low", "low_mark", "pattern", "example"]


class ReadyKeySerializer(serializers.Serializer[dict[str, str]]):
    """One key."""

    key = serializers.CharField(max_length=LONGEST, allow_blank=True)
    activation_code = serializers.CharField(max_length=MAX_CODE, required=False, allow_blank=True, default="")


class BringSerializer(serializers.Serializer[dict[str, Any]]):
    """Keys as JSON, or a file as multipart: CSV, XLSX or a list with a key on each line."""

    keys = serializers.ListField(child=ReadyKeySerializer(), required=False, max_length=MAX_ROWS)
    file = serializers.FileField(required=False, allow_empty_file=True)
    preview = serializers.BooleanField(default=False, help_text="Only say what would come; nothing is kept.")


class LeftOutSerializer(serializers.Serializer[dict[str, Any]]):
    """A line that is no new key."""

    line = serializers.IntegerField()
    reason = serializers.CharField()


class BroughtSerializer(serializers.Serializer[dict[str, Any]]):
    """What a list of keys brought, or (as a preview) would bring."""

    new = serializers.IntegerField(help_text="Keys that were not here.")
    served = serializers.IntegerField(help_text="Requests that waited and got a key at once.")
    duplicates = LeftOutSerializer(many=True)
    malformed = LeftOutSerializer(many=True, help_text="Of a preview only: otherwise they are a problem.")


class ReadyKeysViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, PanelViewSet[LicenseClass]):
    """The ready keys of an offline plug-in, class by class."""

    serializer_class = FiguresSerializer
    queryset = LicenseClass.objects.all()
    lookup_url_kwarg = "license_class"
    lookup_value_converter = "int"

    def get_queryset(self) -> QuerySet[LicenseClass, Any]:
        """Those of the configuration that the address names; raises UnknownProblem where its keys are bought."""
        plugin = self.kwargs["plugin"]
        found = classes_with_figures().filter(configuration_id=plugin)
        if not found.exists():
            raise UnknownProblem(f"There is no plug-in configuration {plugin} whose keys are brought by hand.")
        rule = {name: Coalesce(f"ready_key_rule__{name}", Value(without)) for name, without in _NO_RULE.items()}
        return found.annotate(**rule)

    @extend_schema(request=RuleSerializer(partial=True), responses=FiguresSerializer)
    def partial_update(self, request: Request, **_: Any) -> Response:
        """Say when a class has few keys and how they look; what is not given stays."""
        license_class = self.get_object()
        rule = ReadyKeyRule.objects.filter(license_class=license_class).first() or ReadyKeyRule()
        kept = {"low_mark": rule.low_mark, "pattern": rule.pattern, "example": rule.example}
        given = read_body(RuleSerializer, request, partial=True)
        services.set_rule(license_class=license_class, actor=staff(request.user), **{**kept, **given})
        return Response(FiguresSerializer(self.get_object()).data)

    @extend_schema(
        request={"application/json": BringSerializer, "multipart/form-data": BringSerializer},
        responses={200: BroughtSerializer, 201: BroughtSerializer},
    )
    @action(
        detail=True,
        methods=["post"],
        url_path="import",
        parser_classes=[BodyParser, MultiPartParser],
        largest_body=2 * MAX_BYTES + ENVELOPE,
    )
    @once_per_key
    def bring(self, request: Request, **_: Any) -> Response:
        """Bring keys, all or nothing, and serve who waits; what is here already is left out."""
        license_class, given = self.get_object(), read_body(BringSerializer, request)
        found = look_through(license_class, _rows(given))
        if given["preview"]:
            return Response(_brought(found, served=0))
        if found.malformed:
            where = "file" if given.get("file") else "keys"
            raise serializers.ValidationError({where: [f"Line {line}: {why}" for line, why in found.malformed]})
        served = keep_found(license_class=license_class, found=found, actor=staff(request.user))[1]
        return Response(_brought(found, served), status=status.HTTP_201_CREATED)


def _rows(given: dict[str, Any]) -> Sequence[Row]:
    """The lines of what was sent. Raises Problem at `file` or `keys`."""
    file, keys = given.get("file"), given.get("keys")
    if (file is None) == (keys is None):
        raise Problem("Give either a file or keys.", field="file" if keys is not None else "keys")
    if file is not None:
        return read_rows(str(file.name), file.read())
    if not keys:
        raise Problem("There is no key.", field="keys")
    cells = [{name: text.strip() for name, text in one.items()} for one in keys]
    missing = Problem("The key is missing.")
    return [Row(line, row, None if row["key"] else missing) for line, row in enumerate(cells, start=1)]


def _brought(found: Found, served: int) -> dict[str, Any]:
    """Lines are told by their number: a key is never quoted."""
    left_out = {"duplicates": found.duplicates, "malformed": found.malformed}
    told = {name: [{"line": line, "reason": why} for line, why in rows] for name, rows in left_out.items()}
    return {"new": len(found.new), "served": served, **told}
