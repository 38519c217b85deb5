"""The store's door: plans, accounts, orders that are placed and paid, services that get ready."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from ka_plugins.installing import Target
from licenses.models import LicenseRequest
from pbas.core.api.fields import ReasonSerializer
from pbas.core.api.idempotency import once_per_key
from pbas.core.api.views import PanelViewSet, read_body
from pbas.core.problems import Problem
from pbas.core.story import store
from subscriptions import selectors, services
from subscriptions.api.serializers import (
    AccountFilters,
    AccountSerializer,
    NewOrderSerializer,
    OrderFilters,
    OrderSerializer,
    ReadySerializer,
    ServiceSerializer,
    SubscriptionFilters,
    SubscriptionSerializer,
)
from subscriptions.api.serializers_plans import PlanSerializer
from subscriptions.ending import end_subscription
from subscriptions.models import Account, HostingPlan, Order, OrderLine, Subscription

OPEN_REQUESTS = Prefetch(
    "license_requests",
    LicenseRequest.objects.filter(finished_at__isnull=True).only("subscription").order_by("pk"),
    to_attr="open_requests",
)
LINES = Prefetch("lines", OrderLine.objects.select_related("license_class"))


class PlanViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.UpdateModelMixin,
    PanelViewSet[HostingPlan],
):
    """Hosting plans."""

    queryset = selectors.plans_for_list()
    serializer_class = PlanSerializer
    lookup_value_converter = "int"

    @extend_schema(request=PlanSerializer, responses={201: PlanSerializer})
    @once_per_key
    def create(self, request: Request) -> Response:
        """Make a plan with its services and licenses."""
        return _created(self.get_serializer(data=request.data))


class AccountViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, PanelViewSet[Account]):
    """Accounts."""

    queryset = Account.objects.all()
    serializer_class = AccountSerializer
    filters = AccountFilters
    of_store = "store"
    lookup_value_converter = "int"

    @extend_schema(request=AccountSerializer, responses={201: AccountSerializer})
    @once_per_key
    def create(self, request: Request) -> Response:
        """Make an account of the calling store."""
        return _created(self.get_serializer(data=request.data), store=request.user.get_username())


class OrderViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, PanelViewSet[Order]):
    """Orders."""

    queryset = selectors.orders_for_list().prefetch_related(LINES)
    serializer_class = OrderSerializer
    filters = OrderFilters
    of_store = "store"
    lookup_field = "number"
    lookup_value_converter = "slug"

    def search(self, queryset: QuerySet[Order, Any], text: str) -> QuerySet[Order, Any]:
        """As the panel's list does."""
        return selectors.orders_matching(queryset, text)

    @extend_schema(request=NewOrderSerializer, responses={201: OrderSerializer, 200: OrderSerializer})
    @once_per_key
    def create(self, request: Request) -> Response:
        """Place an order: 201. A reference that the store used before answers its order: 200."""
        name = request.user.get_username()
        asked = read_body(NewOrderSerializer, request)
        known = Order.objects.filter(store=name, reference=asked["reference"]).exists()
        order = services.place_order(store=name, chosen=asked.pop("licenses"), actor=store(name), **asked)
        return self._answer(order, status.HTTP_200_OK if known else status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=OrderSerializer)
    @action(detail=True, methods=["post"])
    @once_per_key
    def pay(self, request: Request, **_: Any) -> Response:
        """The store was paid: opens the subscription and owes it its licenses. Twice is the same as once."""
        order = self.get_object()
        services.pay_order(order=order, actor=store(request.user.get_username()))
        return self._answer(order)

    @extend_schema(request=ReasonSerializer, responses=OrderSerializer)
    @action(detail=True, methods=["post"])
    @once_per_key
    def cancel(self, request: Request, **_: Any) -> Response:
        """Give up an order that was not paid. Twice is the same as once."""
        reason = read_body(ReasonSerializer, request)["reason"]
        order = services.cancel_order(order=self.get_object(), reason=reason, actor=store(request.user.get_username()))
        return self._answer(order)

    def _answer(self, order: Order, code: int = status.HTTP_200_OK) -> Response:
        return Response(OrderSerializer(self.get_queryset().get(pk=order.pk)).data, status=code)


class SubscriptionViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, PanelViewSet[Subscription]):
    """Subscriptions."""

    queryset = (
        selectors.subscriptions_for_list().select_related("install_target").prefetch_related("services", OPEN_REQUESTS)
    )
    serializer_class = SubscriptionSerializer
    filters = SubscriptionFilters
    of_store = "order__store"
    lookup_value_converter = "int"

    def search(self, queryset: QuerySet[Subscription, Any], text: str) -> QuerySet[Subscription, Any]:
        """As the panel's list does."""
        return selectors.subscriptions_matching(queryset, text)

    @extend_schema(request=ReadySerializer, responses=ServiceSerializer)
    @action(detail=True, methods=["post"], url_path="services/<slug:name>/ready")
    @once_per_key
    def ready(self, request: Request, name: str, **_: Any) -> Response:
        """A service is ready; the hosting service brings the install target. When all are, the licenses start."""
        given = read_body(ReadySerializer, request)["target"]
        target = Target(**given) if given else None
        actor = store(request.user.get_username())
        try:
            service = services.service_ready(subscription=self.get_object(), name=name, target=target, actor=actor)
        except Problem as problem:
            if problem.field in {"kind", "address"}:
                problem.field = f"target.{problem.field}"
            elif problem.field not in {"", "name", "target"}:
                problem.field = f"target.credentials.{problem.field}"
            raise
        return Response(ServiceSerializer(service).data)

    @extend_schema(request=ReasonSerializer, responses=ServiceSerializer)
    @action(detail=True, methods=["post"], url_path="services/<slug:name>/failed")
    @once_per_key
    def failed(self, request: Request, name: str, **_: Any) -> Response:
        """A service could not be set up; `reason` is required. The licenses go on waiting."""
        reason = read_body(ReasonSerializer, request)["reason"]
        actor = store(request.user.get_username())
        service = services.service_failed(subscription=self.get_object(), name=name, reason=reason, actor=actor)
        return Response(ServiceSerializer(service).data)

    @extend_schema(request=ReasonSerializer, responses=SubscriptionSerializer)
    @action(detail=True, methods=["post"])
    @once_per_key
    def end(self, request: Request, **_: Any) -> Response:
        """End it with all its licenses, with `reason`; `ending` until no request of it is open. Twice is a no-op."""
        reason = read_body(ReasonSerializer, request)["reason"]
        actor = store(request.user.get_username())
        end_subscription(subscription=self.get_object(), reason=reason, actor=actor)
        return Response(self.get_serializer(self.get_object()).data)


def _created(body: serializers.BaseSerializer[Any], **more: Any) -> Response:
    """Save what a serializer took and answer it."""
    body.is_valid(raise_exception=True)
    body.save(**more)
    return Response(body.data, status=status.HTTP_201_CREATED)
