"""What the API shows and takes of accounts, orders and subscriptions."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from licenses.api.serializers import OptionsSerializer
from licenses.models import InstallTarget
from pbas.core.api.fields import IdField, IdOrCodeField
from pbas.core.problems import ConflictProblem
from subscriptions.models import Account, HostingPlan, Order, OrderLine, PlanLicense, Service, Subscription
from subscriptions.services import AccountDetails

Text = serializers.CharField


class AccountSerializer(serializers.ModelSerializer[Account]):
    """An account; its store is the user who made it."""

    class Meta:
        model = Account
        fields = ["id", "store", "reference", "name", "email", "created_at"]
        read_only_fields = ["id", "store", "created_at"]
        validators: list[Any] = []  # the store is not in the body; `create` looks itself

    def create(self, validated_data: dict[str, Any]) -> Account:
        """Raises ConflictProblem where the store has an account of that reference."""
        reference = validated_data.get("reference", "")
        account = Account(**validated_data)
        if reference:
            account, made = Account.objects.get_or_create(
                store=validated_data["store"], reference=reference, defaults=validated_data
            )
            if not made:
                raise ConflictProblem(f"Reference {reference} already is account {account.pk}.", field="reference")
        else:
            account.save()
        return account


class StoreFilters(serializers.Serializer[dict[str, Any]]):
    """References are a store's own: without a store they are those of the calling one."""

    store = Text(required=False, max_length=150)
    reference = Text(required=False, max_length=100)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Add the calling store to a reference."""
        if "reference" in attrs:
            attrs.setdefault("store", self.context["request"].user.get_username())
        return attrs


class AccountFilters(StoreFilters):
    """The query string of the list of accounts."""


# --- orders -----------------------------------------------------------------------------------------------------


class LineSerializer(serializers.ModelSerializer[OrderLine]):
    """One ordered license, as it was when the order was placed."""

    code = Text(source="license_class.code", read_only=True)
    name = Text(source="license_class.name", read_only=True)
    options = OptionsSerializer(read_only=True)

    class Meta:
        model = OrderLine
        fields = ["license_class", "code", "name", "options", "setup_fee", "monthly_fee"]
        read_only_fields = fields


class OrderSerializer(serializers.ModelSerializer[Order]):
    """An order. Its number is ours, its reference the store's."""

    account = AccountSerializer(read_only=True)
    plan = Text(source="plan.code", read_only=True, help_text="The plan's code.")
    name = Text(source="subscription_name", read_only=True, help_text="What its subscription is called.")
    lines = LineSerializer(many=True, read_only=True)
    subscription = serializers.SerializerMethodField()

    class Meta:
        model = Order
        fields = [
            *("number", "store", "reference", "state", "plan", "name", "account", "lines", "setup_total"),
            *("monthly_total", "subscription", "placed_at", "paid_at", "cancelled_at"),
        ]
        read_only_fields = fields

    def get_subscription(self, order: Order) -> int | None:
        """The id of what it opened; None until it is paid."""
        subscription = getattr(order, "subscription", None)
        return subscription.pk if subscription else None


class AccountDetailsSerializer(serializers.Serializer[AccountDetails]):
    """Who buys. A known reference means the account that is there, brought up to date."""

    name = Text(max_length=150)
    email = serializers.EmailField(max_length=254)
    reference = Text(required=False, allow_blank=True, default="", max_length=100)


class NewOrderSerializer(serializers.Serializer[dict[str, Any]]):
    """What a store orders. The same reference again answers the same order."""

    reference = Text(max_length=100, help_text="The store's own; one order each.")
    plan = IdOrCodeField(help_text="The plan's id, or its code.")
    account = AccountDetailsSerializer()
    name = Text(required=False, allow_blank=True, default="", max_length=200, help_text="E.g. the host name.")
    licenses = serializers.ListField(
        child=IdOrCodeField(),
        required=False,
        max_length=100,
        help_text="Ids of the plan's licenses, or codes of their classes. Left out: those that are included.",
    )

    def validate_plan(self, lookup: dict[str, Any]) -> HostingPlan:
        """The plan itself."""
        plan = HostingPlan.objects.filter(**lookup).first()
        if plan is None:
            raise serializers.ValidationError(f"There is no plan {next(iter(lookup.values()))}.")
        return plan

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Find the chosen licenses among those of the plan."""
        chosen = [_offered(attrs["plan"], lookup) for lookup in attrs["licenses"]] if "licenses" in attrs else None
        return {**attrs, "licenses": chosen, "account": AccountDetails(**attrs["account"])}


class OrderFilters(StoreFilters):
    """The query string of the list of orders."""

    state = serializers.ChoiceField(Order.State.choices, required=False)
    account = IdField(source="account_id", required=False)
    plan = Text(source="plan__code", required=False, max_length=50)
    q = Text(required=False, max_length=200, help_text="Finds by number, reference, name, account, e-mail.")


# --- subscriptions ----------------------------------------------------------------------------------------------


class ServiceSerializer(serializers.ModelSerializer[Service]):
    """A service of a subscription."""

    class Meta:
        model = Service
        fields = ["name", "label", "is_hosting", "state", "reason", "changed_at"]
        read_only_fields = fields


class TargetSerializer(serializers.ModelSerializer[InstallTarget]):
    """Where licenses go. Credentials are taken and never shown."""

    credentials = serializers.DictField(
        child=Text(allow_blank=True, trim_whitespace=False, max_length=20_000), write_only=True, default=dict
    )

    class Meta:
        model = InstallTarget
        fields = ["kind", "address", "credentials"]


class ReadySerializer(serializers.Serializer[dict[str, Any]]):
    """A service is ready; the hosting service brings the install target."""

    target = TargetSerializer(required=False, allow_null=True, default=None)


class SubscriptionSerializer(serializers.ModelSerializer[Subscription]):
    """A subscription with its services, its install target, and what it still waits for."""

    order = Text(source="order.number", read_only=True, help_text="The order's number.")
    plan = Text(source="plan.code", read_only=True, help_text="The plan's code.")
    services = ServiceSerializer(many=True, read_only=True)
    install_target = serializers.SerializerMethodField()
    open_requests = serializers.SerializerMethodField()

    class Meta:
        model = Subscription
        fields = [
            *("id", "name", "state", "order", "account", "plan", "services", "install_target", "open_requests"),
            "created_at",
        ]
        read_only_fields = fields

    @extend_schema_field(TargetSerializer(allow_null=True))
    def get_install_target(self, subscription: Subscription) -> Any:
        """None until the hosting service is ready."""
        target = getattr(subscription, "install_target", None)
        return TargetSerializer(target).data if target else None

    def get_open_requests(self, subscription: Subscription) -> list[int]:
        """Ids of its license requests that are not over: what keeps it from being active, or from being ended."""
        return [one.pk for one in subscription.open_requests]  # type: ignore[attr-defined] # prefetched


class SubscriptionFilters(serializers.Serializer[dict[str, Any]]):
    """The query string of the list of subscriptions."""

    state = serializers.ChoiceField(Subscription.State.choices, required=False)
    account = IdField(source="account_id", required=False)
    order = Text(source="order__number", required=False, max_length=20)
    plan = Text(source="plan__code", required=False, max_length=50)
    q = Text(required=False, max_length=200, help_text="Finds by name, account, e-mail, order.")


def _offered(plan: HostingPlan, lookup: dict[str, Any]) -> PlanLicense:
    """One license of a plan by its id or the code of its class."""
    named = next(iter(lookup.values()))
    found = plan.licenses.select_related("license_class").filter(
        **{"pk" if name == "pk" else "license_class__code": value for name, value in lookup.items()}
    )
    if len(found) > 1:
        raise serializers.ValidationError({"licenses": f"{plan.name} has {named} of two plug-ins. Give its id."})
    if not found:
        raise serializers.ValidationError({"licenses": f"{plan.name} has no license {named}."})
    return found[0]
