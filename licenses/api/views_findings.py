"""Reconciliation: rounds on demand, findings, and what may be decided about them."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from licenses.api.filters import FindingFilters
from licenses.api.serializers import LicenseRequestSerializer
from licenses.api.views import FILES
from licenses.models import Finding, LicenseRequest, PluginConfiguration, Reconciliation
from licenses.reconciling import adopting, services
from licenses.reconciling.selectors import findings
from pbas.core.api.fields import IdField, ReasonSerializer
from pbas.core.api.idempotency import once_per_key
from pbas.core.api.views import PanelViewSet, read_body
from pbas.core.story import staff


class RoundSerializer(serializers.ModelSerializer[Reconciliation]):
    """How a configuration's comparison with its vendor stands."""

    plugin = serializers.PrimaryKeyRelatedField[PluginConfiguration](source="configuration", read_only=True)

    class Meta:
        model = Reconciliation
        fields = ["plugin", "step", "compared", "due_at", "finished_at", "has_list", "failures", "problem"]
        read_only_fields = fields
        extra_kwargs = {
            "step": {"help_text": "queued, listing, checking, closing; empty: none is under way."},
            "has_list": {"help_text": "False: the vendor names no keys of his own, so orphans cannot be found."},
        }


class DifferenceSerializer(serializers.Serializer[dict[str, str]]):
    """One thing on which panel and vendor do not agree."""

    what = serializers.CharField(help_text="number, status, features, expires, or refused.")
    ours = serializers.CharField()
    theirs = serializers.CharField()


class FindingSerializer(serializers.ModelSerializer[Finding]):
    """A key on which the panel and a vendor do not agree. `key` is masked where the vendor's keys are secrets."""

    plugin = serializers.PrimaryKeyRelatedField[PluginConfiguration](source="configuration", read_only=True)
    key = serializers.CharField(source="shown", read_only=True)
    differences = DifferenceSerializer(many=True, read_only=True)
    monthly_cost = serializers.SerializerMethodField()
    currency = serializers.SerializerMethodField()

    class Meta:
        model = Finding
        fields = [
            *("id", "plugin", "kind", "key", "class_code", "vendor_status", "license_class", "license", "request"),
            *("differences", "is_billed", "monthly_cost", "currency", "first_seen_at", "seen_at"),
            *("ignored_until", "ignored_why"),
        ]
        read_only_fields = fields

    def get_monthly_cost(self, finding: Finding) -> str | None:
        """What is billed for nothing; null where nothing is, or nobody entered it."""
        billed = finding.license_class if finding.is_billed else None
        return None if billed is None or billed.monthly_fee is None else f"{billed.monthly_fee:.2f}"

    def get_currency(self, finding: Finding) -> str:
        """Of `monthly_cost`."""
        return finding.license_class.currency if finding.is_billed and finding.license_class else ""


class AdoptOrphanSerializer(serializers.Serializer[dict[str, Any]]):
    """For whom a key is."""

    subscription = IdField(required=False, allow_null=True, default=None, help_text="null: into stock.")
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=500)


class IgnoreSerializer(ReasonSerializer):
    """Until when a finding is left out, and why."""

    until = serializers.DateTimeField()


class AdoptedSerializer(serializers.Serializer[dict[str, Any]]):
    """What an adopted key became; `request` is null for an additional key."""

    license = serializers.IntegerField()
    request = LicenseRequestSerializer(allow_null=True)


class FetchedSerializer(serializers.Serializer[dict[str, Any]]):
    """The request that installs anew what was fetched; null where nothing has to be installed."""

    request = LicenseRequestSerializer(allow_null=True)


class FindingViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, PanelViewSet[Finding]):
    """Findings of the reconciliation with the vendors."""

    queryset = findings()
    serializer_class = FindingSerializer
    filters = FindingFilters
    lookup_value_converter = "int"

    @extend_schema(request=AdoptOrphanSerializer, responses={201: AdoptedSerializer})
    @action(detail=True, methods=["post"])
    @once_per_key
    def adopt(self, request: Request, **_: Any) -> Response:
        """Take an orphan for a subscription or into stock; nothing is bought."""
        given = read_body(AdoptOrphanSerializer, request)
        made = adopting.adopt(
            finding=self.get_object(),
            subscription_id=given["subscription"],
            reason=given["reason"],
            actor=staff(request.user),
        )
        is_request = isinstance(made, LicenseRequest)
        answer = {
            "license": made.license_id if isinstance(made, LicenseRequest) else made.pk,
            "request": _shown(made if is_request else None),  # type: ignore[arg-type] # narrowed by the flag
        }
        return Response(answer, status=status.HTTP_201_CREATED)

    @extend_schema(request=ReasonSerializer, responses={204: None})
    @action(detail=True, methods=["post"])
    @once_per_key
    def terminate(self, request: Request, **_: Any) -> Response:
        """End at the vendor a key that nobody of ours uses; `reason` is required."""
        reason = read_body(ReasonSerializer, request)["reason"]
        services.terminate(finding=self.get_object(), reason=reason, actor=staff(request.user))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses=FetchedSerializer)
    @action(detail=True, methods=["post"])
    @once_per_key
    def fetch(self, request: Request, **_: Any) -> Response:
        """Take over what the vendor says now of a license, and install it again; nothing is bought."""
        made = services.fetch_anew(finding=self.get_object(), actor=staff(request.user))
        return Response({"request": _shown(made)})

    @extend_schema(request=IgnoreSerializer, responses=FindingSerializer)
    @action(detail=True, methods=["post"])
    @once_per_key
    def ignore(self, request: Request, **_: Any) -> Response:
        """Leave a finding out until a moment; `reason` is required."""
        finding = self.get_object()
        services.ignore(finding=finding, actor=staff(request.user), **read_body(IgnoreSerializer, request))
        return Response(FindingSerializer(finding).data)


def _shown(made: LicenseRequest | None) -> Any:
    if made is None:
        return None
    return LicenseRequestSerializer(LicenseRequest.objects.prefetch_related(FILES).get(pk=made.pk)).data
