"""Plug-in configurations and their license classes."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from licenses import configurations, plugins
from licenses.api.serializers import ClassFilters, ClassSerializer, PluginSerializer
from licenses.api.views_findings import RoundSerializer
from licenses.models import LicenseClass, PluginConfiguration
from licenses.reconciling import rounds
from licenses.reconciling.selectors import progress_of
from pbas.core.api.fields import OptionalReasonSerializer
from pbas.core.api.idempotency import once_per_key
from pbas.core.api.views import PanelViewSet, read_body
from pbas.core.problems import Problem, UnknownProblem
from pbas.core.story import staff

LONGEST_SETTING = 20_000  # a certificate fits


class PluginWriteSerializer(serializers.Serializer[dict[str, Any]]):
    """What is given of a plug-in configuration."""

    name = serializers.CharField(max_length=80)
    template = serializers.CharField(max_length=40, help_text="The plug-in; fixed once the configuration is there.")
    mode = serializers.ChoiceField(PluginConfiguration.Mode.choices, default=PluginConfiguration.Mode.ONLINE)
    settings = serializers.DictField(
        child=serializers.CharField(allow_blank=True, trim_whitespace=False, max_length=LONGEST_SETTING),
        default=dict,
        help_text="By name, as the template declares them. A secret that is left out or empty stays as it is.",
    )
    limit = serializers.IntegerField(min_value=1, max_value=2000, default=50, help_text="Calls at once.")


class AnswerSerializer(serializers.Serializer[dict[str, str]]):
    """What the vendor answered, in one line."""

    detail = serializers.CharField()


class CountSerializer(serializers.Serializer[dict[str, int]]):
    """How many license classes the vendor listed."""

    classes = serializers.IntegerField()


class PluginViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, PanelViewSet[PluginConfiguration]):
    """Plug-in configurations."""

    queryset = PluginConfiguration.objects.all()
    serializer_class = PluginSerializer
    lookup_value_converter = "int"

    @extend_schema(request=PluginWriteSerializer, responses={201: PluginSerializer})
    @once_per_key
    def create(self, request: Request) -> Response:
        """Make a configuration; its license classes are fetched at once where it is online."""
        made = self._save(None, read_body(PluginWriteSerializer, request))
        return Response(PluginSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=PluginWriteSerializer, responses=PluginSerializer)
    def update(self, request: Request, **_: Any) -> Response:
        """Replace name, mode, limit and all settings; secrets that are left out stay."""
        return Response(PluginSerializer(self._save(self.get_object(), read_body(PluginWriteSerializer, request))).data)

    @extend_schema(request=PluginWriteSerializer(partial=True), responses=PluginSerializer)
    def partial_update(self, request: Request, **_: Any) -> Response:
        """Change what is given; settings too are changed one by one."""
        kept = self.get_object()
        given = read_body(PluginWriteSerializer, request, partial=True)
        present = {"name": kept.name, "template": kept.template, "mode": kept.mode, "limit": kept.limit}
        values = {**present, "settings": {}, **given}
        return Response(PluginSerializer(self._save(kept, values, unchanged=plugins.kept_settings(kept))).data)

    @extend_schema(request=None, responses=AnswerSerializer)
    @action(detail=True, methods=["post"])
    def check(self, request: Request, **_: Any) -> Response:
        """Ask the vendor whether host, login and password work; a problem says why not."""
        answer = configurations.check_connection(configuration=self.get_object(), actor=staff(request.user))
        return Response({"detail": answer})

    @extend_schema(request=None, responses=CountSerializer)
    @action(detail=True, methods=["post"], url_path="fetch-classes")
    def fetch_classes(self, request: Request, **_: Any) -> Response:
        """Ask the vendor what he may sell us, and keep it."""
        return Response(
            {"classes": configurations.fetch_classes(configuration=self.get_object(), actor=staff(request.user))}
        )

    @extend_schema(request=None, responses={202: RoundSerializer})
    @action(detail=True, methods=["post"])
    @once_per_key
    def reconcile(self, request: Request, **_: Any) -> Response:
        """Have the vendor's keys compared with ours; ask again by GET for how far it is."""
        row = rounds.want_round(configuration=self.get_object(), actor=staff(request.user))
        return Response(RoundSerializer(row).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(request=None, responses=RoundSerializer)
    @reconcile.mapping.get
    def show_reconciliation(self, _request: Request, **_: Any) -> Response:
        """How far the comparison is, and when the last whole one was."""
        row = progress_of(self.get_object())
        if row is None:
            raise UnknownProblem("This plug-in was not compared with its vendor yet.")
        return Response(RoundSerializer(row).data)

    @extend_schema(request=OptionalReasonSerializer, responses=PluginSerializer)
    @action(detail=True, methods=["post"])
    @once_per_key
    def pause(self, request: Request, **_: Any) -> Response:
        """Send nothing more to this vendor."""
        reason = read_body(OptionalReasonSerializer, request)["reason"]
        configurations.pause_configuration(configuration=self.get_object(), reason=reason, actor=staff(request.user))
        return Response(PluginSerializer(self.get_object()).data)

    @extend_schema(request=None, responses=PluginSerializer)
    @action(detail=True, methods=["post"])
    @once_per_key
    def resume(self, request: Request, **_: Any) -> Response:
        """End a pause."""
        configurations.resume_configuration(configuration=self.get_object(), actor=staff(request.user))
        return Response(PluginSerializer(self.get_object()).data)

    def _save(
        self, kept: PluginConfiguration | None, values: dict[str, Any], *, unchanged: dict[str, Any] | None = None
    ) -> PluginConfiguration:
        """Save; a problem of a setting is at `settings.NAME`."""
        template = values["template"]
        if kept is not None and template != kept.template:
            raise Problem(f"{kept.name} stays with its plug-in {kept.template}. Make a new one.", field="template")
        names = {field.name for field in plugins.settings_fields(template)}
        if unknown := sorted(set(values["settings"]) - names):
            message = f"{template} has no setting {unknown[0]!r}. It has: {', '.join(sorted(names)) or 'none'}."
            raise Problem(message, field=f"settings.{unknown[0]}")
        values["settings"] = {**(unchanged or {}), **values["settings"]}
        try:
            return configurations.save_configuration(configuration=kept, actor=staff(self.request.user), **values)
        except Problem as problem:
            if problem.field in names:
                problem.field = f"settings.{problem.field}"
            raise


class ClassViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, PanelViewSet[LicenseClass]):
    """The license classes of one plug-in configuration."""

    serializer_class = ClassSerializer
    filters = ClassFilters
    queryset = LicenseClass.objects.select_related("configuration")
    lookup_url_kwarg = "license_class"
    lookup_value_converter = "int"

    def get_queryset(self) -> QuerySet[LicenseClass, Any]:
        """Those of the configuration that the address names."""
        plugin = self.kwargs["plugin"]
        if not PluginConfiguration.objects.filter(pk=plugin).exists():
            raise UnknownProblem(f"There is no plug-in configuration {plugin}.")
        return super().get_queryset().filter(configuration_id=plugin)

    @extend_schema(request=ClassSerializer, responses=ClassSerializer)
    def partial_update(self, request: Request, **_: Any) -> Response:
        """Tick or untick "we sell this"."""
        row = self.get_object()
        sold = read_body(ClassSerializer, request)["sold"]
        configurations.sell_class(license_class=row, sold=sold, actor=staff(request.user))
        return Response(ClassSerializer(row).data)
