"""Licenses: the list, renewals, changes and ends, and their files."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from licenses import selectors, services, uploads
from licenses.api.filters import LicenseFilters
from licenses.api.serializers import (
    AssignSerializer,
    ChangeSerializer,
    LicenseRequestSerializer,
    LicenseSerializer,
    RenewSerializer,
)
from licenses.api.views import FILES
from licenses.models import License, LicenseRequest
from licenses.proving.services import prove_license, reinstall_license
from licenses.stock import assign_license
from pbas.core.api.fields import ReasonSerializer
from pbas.core.api.idempotency import once_per_key
from pbas.core.api.views import PanelViewSet, read_body
from pbas.core.problems import UnknownProblem
from pbas.core.story import staff


class BytesRenderer(JSONRenderer):
    """A file as it is; a problem as JSON."""

    media_type = "application/octet-stream"

    def render(self, data: Any, *args: Any, **kwargs: Any) -> Any:
        """Bytes untouched."""
        return data if isinstance(data, bytes) else super().render(data, *args, **kwargs)


class LicenseViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, PanelViewSet[License]):
    """Licenses."""

    queryset = (
        License.objects.defer("secret_key", "activation_code")
        .annotate(has_activation_code=Q(activation_code__isnull=False))
        .prefetch_related(FILES)
    )
    serializer_class = LicenseSerializer
    filters = LicenseFilters
    of_store = "subscription__order__store"
    lookup_value_converter = "int"

    def search(self, queryset: QuerySet[License, Any], text: str) -> QuerySet[License, Any]:
        """As the panel's list does."""
        return queryset.filter(selectors.found_by(text).licenses_of_it())

    @extend_schema(request=RenewSerializer, responses={201: LicenseRequestSerializer})
    @action(detail=True, methods=["post"])
    @once_per_key
    def renew(self, request: Request, **_: Any) -> Response:
        """Ask the vendor to extend a license by its term. Answers the request that does it."""
        ends = read_body(RenewSerializer, request)["expires_at"]
        return self._made(services.renew_license(license=self.get_object(), ends=ends, actor=staff(request.user)))

    @extend_schema(request=ChangeSerializer, responses={201: LicenseRequestSerializer})
    @action(detail=True, methods=["post"])
    @once_per_key
    def change(self, request: Request, **_: Any) -> Response:
        """Bring a license to other options. Answers the request that does it."""
        options = read_body(ChangeSerializer, request)["options"]
        return self._made(
            services.change_license(license=self.get_object(), options=options, actor=staff(request.user))
        )

    @extend_schema(request=ReasonSerializer, responses={201: LicenseRequestSerializer})
    @action(detail=True, methods=["post"])
    @once_per_key
    def suspend(self, request: Request, **_: Any) -> Response:
        """Stop a license at the vendor until it is resumed. Answers the request that does it."""
        reason = read_body(ReasonSerializer, request)["reason"]
        return self._made(services.suspend_license(license=self.get_object(), reason=reason, actor=staff(request.user)))

    @extend_schema(request=None, responses={201: LicenseRequestSerializer})
    @action(detail=True, methods=["post"])
    @once_per_key
    def resume(self, request: Request, **_: Any) -> Response:
        """End a suspension. Answers the request that does it."""
        return self._made(services.resume_license(license=self.get_object(), actor=staff(request.user)))

    @extend_schema(request=AssignSerializer, responses={201: LicenseRequestSerializer})
    @action(detail=True, methods=["post"])
    @once_per_key
    def assign(self, request: Request, **_: Any) -> Response:
        """Give a license in stock to a subscription. Answers its request, which installs it there."""
        subscription = read_body(AssignSerializer, request)["subscription"]
        return self._made(
            assign_license(license=self.get_object(), subscription_id=subscription, actor=staff(request.user))
        )

    @extend_schema(request=ReasonSerializer, responses={201: LicenseRequestSerializer})
    @action(detail=True, methods=["post"])
    @once_per_key
    def terminate(self, request: Request, **_: Any) -> Response:
        """End a license at the vendor for good. Answers the request that does it."""
        reason = read_body(ReasonSerializer, request)["reason"]
        return self._made(
            services.terminate_license(license=self.get_object(), reason=reason, actor=staff(request.user))
        )

    @extend_schema(request=ReasonSerializer, responses={200: LicenseSerializer})
    @action(detail=True, methods=["post"])
    def reinstall(self, request: Request, **_: Any) -> Response:
        """Have our newest files put into the install target again and read back. Buys nothing; safe to repeat."""
        reason = read_body(ReasonSerializer, request)["reason"]
        reinstall_license(license=self.get_object(), actor=staff(request.user), reason=reason)
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=None, responses={200: LicenseSerializer})
    @action(detail=True, methods=["post"])
    def prove(self, _request: Request, **_: Any) -> Response:
        """Have a license read back from its install target now; `found` tells what came of it a moment later."""
        prove_license(license=self.get_object())
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(responses={(200, BytesRenderer.media_type): OpenApiTypes.BINARY})
    @action(detail=True, url_path="files/<int:n>", filter_backends=[], renderer_classes=[BytesRenderer, JSONRenderer])
    def files(self, request: Request, n: int, **_: Any) -> Response:
        """Download one file, exactly as the vendor gave it. Each download is an event."""
        license_ = self.get_object()
        files = list(license_.files.all())
        if not 1 <= n <= len(files):
            raise UnknownProblem(f"License {license_.key} has no file {n}; it has {len(files)}.")
        file = files[n - 1]
        body = uploads.read_file(license_file=file, actor=staff(request.user))
        headers = {
            "Content-Disposition": content_disposition_header(as_attachment=True, filename=file.name) or "attachment",
            "Cache-Control": "no-store",
        }
        return Response(body, headers=headers, content_type=BytesRenderer.media_type)

    def _made(self, made: LicenseRequest) -> Response:
        row = LicenseRequest.objects.prefetch_related(FILES).get(pk=made.pk)
        return Response(LicenseRequestSerializer(row).data, status=status.HTTP_201_CREATED)
