"""What all view sets share: JSON in and out, a bounded body, checked filters, a problem for what is unknown."""

from typing import Any, ClassVar, Generic, TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import Http404  # noqa: TID251 (this is the API's door)
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ParseError
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from pbas.core.api.permissions import comes_as_store
from pbas.core.api.problems import NoLengthError, TooLargeError
from pbas.core.api.schema import PanelSchema
from pbas.core.problems import UnknownProblem

Row = TypeVar("Row", bound=Model)

LARGEST_BODY = 1024 * 1024
MOST_PASSED_OVER = 64 * LARGEST_BODY  # of a body that is too large, so that its sender gets to the answer
PIECE = 64 * 1024


class BodyParser(JSONParser):
    """JSON, of which the library gives up on what is nested by the thousand."""

    def parse(self, *args: Any, **kwargs: Any) -> Any:
        """The body; raises ParseError."""
        try:
            return super().parse(*args, **kwargs)
        except RecursionError:
            raise ParseError("JSON parse error - it is nested too deeply.") from None


def read_body(serializer_class: type[serializers.Serializer[Any]], request: Request, **options: Any) -> dict[str, Any]:
    """The body as `serializer_class` reads it; raises ParseError where it is no JSON, ValidationError at a field."""
    body = serializer_class(data=request.data, **options)
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)


class PanelViewSet(GenericViewSet[Row], Generic[Row]):
    """Parses, calls one service or reads, and renders.

    `filters` is a serializer of a list's query string: each field's `source` is the lookup, unless its value is a
    condition of its own; `q` goes to `search`. `of_store` is the lookup of the store that a row belongs to, where it
    does: what is another store's is not there for a store.
    """

    schema = PanelSchema()
    parser_classes = [BodyParser]
    filters: ClassVar[type[serializers.Serializer[Any]] | None] = None
    of_store: ClassVar[str] = ""
    largest_body = LARGEST_BODY  # bytes

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse a body that is too large, and one that cannot be read whoever needs it."""
        super().initial(request, *args, **kwargs)
        if "Transfer-Encoding" in request.headers:  # which the framework takes for no body at all
            raise NoLengthError
        length = int(request.META.get("CONTENT_LENGTH") or 0)
        if length > self.largest_body:
            _pass_over(request, length)
            raise TooLargeError(f"The body is larger than {self.largest_body // 1024} KiB.")
        _ = request.data

    def filter_queryset(self, queryset: QuerySet[Row, Any]) -> QuerySet[Row, Any]:
        """Keep what is there for the caller, and what the query string asks for; raises ValidationError at a filter."""
        if self.of_store and comes_as_store(self.request):
            queryset = queryset.filter(**{self.of_store: self.request.user.get_username()})
        if self.action != "list" or self.filters is None:
            return queryset
        given = {name: value for name, value in self.request.query_params.items() if value}
        filters = self.filters(data=given, context=self.get_serializer_context())
        filters.is_valid(raise_exception=True)
        lookups = dict(filters.validated_data)
        text = lookups.pop("q", "")
        conditions = [lookups.pop(name) for name, value in list(lookups.items()) if isinstance(value, Q)]
        queryset = queryset.filter(*conditions, **lookups)
        return self.search(queryset, text) if text else queryset

    def search(self, queryset: QuerySet[Row, Any], text: str) -> QuerySet[Row, Any]:
        """What `q` finds."""
        raise NotImplementedError

    def get_object(self) -> Row:
        """The row that the address names; raises UnknownProblem."""
        try:
            return super().get_object()
        except Http404:
            name = self.get_queryset().model._meta.verbose_name  # noqa: SLF001 (Django's public name)
            raise UnknownProblem(
                f"There is no {name} {self.kwargs[self.lookup_url_kwarg or self.lookup_field]}."
            ) from None


class UnknownAddress(APIView):
    """Below the API even an unknown address answers with a problem. It comes last in the map of addresses."""

    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Raise NotFound for whoever is signed in."""
        super().initial(request, *args, **kwargs)
        raise NotFound("There is nothing at this address.")


def _pass_over(request: Request, length: int) -> None:
    """Let a body go by: many clients read no answer before they have sent all."""
    for _ in range(0, min(length, MOST_PASSED_OVER), PIECE):
        if not request._request.read(PIECE):  # noqa: SLF001 (the framework's own `read` would parse it)
            return
