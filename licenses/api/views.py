"""License requests: the list, New License, and what a person may do with one."""

from collections.abc import Callable
from typing import Any

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from ka_plugins.contract import KeyFile
from licenses import doubts, selectors, services, uploads
from licenses.api.filters import RequestFilters
from licenses.api.serializers import (
    AdoptSerializer,
    CancelSerializer,
    CandidateSerializer,
    LicenseRequestSerializer,
    NewLicensesSerializer,
    NewRequestsSerializer,
    UploadSerializer,
)
from licenses.models import LicenseFile, LicenseRequest
from pbas.core.api.fields import ReasonSerializer
from pbas.core.api.idempotency import once_per_key
from pbas.core.api.views import BodyParser, PanelViewSet, read_body
from pbas.core.story import staff

FILES = Prefetch("files", LicenseFile.objects.defer("body"))
ONE = extend_schema(responses=LicenseRequestSerializer)
ENVELOPE = 64 * 1024  # what a form needs around its files, bytes


class RequestViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, PanelViewSet[LicenseRequest]):
    """License requests."""

    queryset = LicenseRequest.objects.prefetch_related(FILES)
    serializer_class = LicenseRequestSerializer
    filters = RequestFilters
    of_store = "subscription__order__store"
    lookup_value_converter = "int"

    def search(self, queryset: QuerySet[LicenseRequest, Any], text: str) -> QuerySet[LicenseRequest, Any]:
        """As the panel's list does."""
        return queryset.filter(selectors.found_by(text).requests_of_it())

    @extend_schema(responses=CandidateSerializer(many=True))
    @action(detail=True, filter_backends=[], pagination_class=None)
    def candidates(self, *_: Any, **__: Any) -> Response:
        """The keys among which somebody has to choose for a request in doubt, with what each costs; empty without."""
        return Response(CandidateSerializer(doubts.candidates_of(self.get_object()), many=True).data)

    @extend_schema(request=NewLicensesSerializer, responses={201: NewRequestsSerializer})
    @once_per_key
    def create(self, request: Request) -> Response:
        """New License: ask for a number of equal licenses of one class, for one subscription or for stock."""
        asked = read_body(NewLicensesSerializer, request)
        made = services.new_licenses(
            configuration=asked["plugin"],
            license_class=asked["license_class"],
            number=asked["number"],
            subscription_id=asked["subscription"],
            options=asked.get("options"),
            actor=staff(request.user),
        )
        rows = self.get_queryset().filter(pk__in=[one.pk for one in made]).order_by("pk")
        return Response(NewRequestsSerializer({"requests": rows}).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=LicenseRequestSerializer)
    @action(detail=True, methods=["post"])
    @once_per_key
    def retry(self, request: Request, **_: Any) -> Response:
        """Try now what waits, or go on where a request stopped."""
        return self._act(request, services.retry_request)

    @extend_schema(request=ReasonSerializer, responses=LicenseRequestSerializer)
    @action(detail=True, methods=["post"])
    @once_per_key
    def hold(self, request: Request, **_: Any) -> Response:
        """Stop the clock until the request is released."""
        return self._act(request, services.hold_request, **read_body(ReasonSerializer, request))

    @extend_schema(request=None, responses=LicenseRequestSerializer)
    @action(detail=True, methods=["post"])
    @once_per_key
    def release(self, request: Request, **_: Any) -> Response:
        """End a hold."""
        return self._act(request, services.release_request)

    @extend_schema(request=CancelSerializer, responses=LicenseRequestSerializer)
    @action(detail=True, methods=["post"])
    @once_per_key
    def cancel(self, request: Request, **_: Any) -> Response:
        """Give up a request for which nothing was bought. In doubt the vendor is asked first."""
        return self._act(request, services.cancel_request, **read_body(CancelSerializer, request))

    @extend_schema(request=None, responses=LicenseRequestSerializer)
    @action(detail=True, methods=["post"])
    @once_per_key
    def install(self, request: Request, **_: Any) -> Response:
        """Install by hand what was bought or uploaded."""
        return self._act(request, services.install_request)

    @extend_schema(request=AdoptSerializer, responses=LicenseRequestSerializer)
    @action(detail=True, methods=["post"])
    @once_per_key
    def adopt(self, request: Request, **_: Any) -> Response:
        """Take a key that was sold for this request though its answer was lost, or one of its candidates."""
        given = read_body(AdoptSerializer, request)
        if "candidate" in given:
            given["key"] = doubts.candidate_key(self.get_object(), given.pop("candidate"))
        return self._act(request, services.adopt_key, **given)

    @extend_schema(request=ReasonSerializer, responses=LicenseRequestSerializer)
    @action(detail=True, methods=["post"], url_path="order-again")
    @once_per_key
    def order_again(self, request: Request, **_: Any) -> Response:
        """Somebody knows that the vendor sold nothing for a request in doubt; `reason` is required."""
        return self._act(request, services.order_again, **read_body(ReasonSerializer, request))

    @extend_schema(request=ReasonSerializer, responses=LicenseRequestSerializer)
    @action(detail=True, methods=["post"])
    @once_per_key
    def ended(self, request: Request, **_: Any) -> Response:
        """Somebody has ended the license with its vendor, which the panel could not; `reason` is required."""
        return self._act(request, services.write_down_end, **read_body(ReasonSerializer, request))

    @extend_schema(request={"multipart/form-data": UploadSerializer}, responses=LicenseRequestSerializer)
    @action(
        detail=True,
        methods=["post"],
        parser_classes=[MultiPartParser, FormParser, BodyParser],
        largest_body=uploads.MAX_FILES * uploads.MAX_FILE_BYTES + ENVELOPE,
    )
    @once_per_key
    def upload(self, request: Request, **_: Any) -> Response:
        """Bring key, activation code and files by hand; what is still missing is awaited next."""
        brought = read_body(UploadSerializer, request)
        files = [KeyFile(file.name, file.read()) for file in brought.pop("files")]
        return self._act(request, uploads.upload, files=files, **brought)

    def _act(self, request: Request, service: Callable[..., LicenseRequest], **given: Any) -> Response:
        """Let the service do it, and show the request as it is then."""
        service(request=self.get_object(), actor=staff(request.user), **given)
        return Response(self.get_serializer(self.get_object()).data)
