"""The back office. States move through services only; secrets are not shown."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from pbas.core.problems import Problem
from pbas.core.story import staff
from subscriptions.models import Account, HostingPlan, Order, OrderLine, PlanLicense, PlanService, Service, Subscription
from subscriptions.services import cancel_order, pay_order


class Shown:
    """What may be looked at here and is changed elsewhere."""

    def has_add_permission(self, *_args: Any, **_options: Any) -> bool:
        """Refuse: these rows are made by services."""
        return False

    def has_change_permission(self, *_args: Any, **_options: Any) -> bool:
        """Refuse: these rows are changed by services."""
        return False

    def has_delete_permission(self, *_args: Any, **_options: Any) -> bool:
        """Refuse: what was bought stays."""
        return False


class ServiceRows(Shown, admin.TabularInline):  # type: ignore[type-arg] # generic in the stubs only
    """The services on their subscription."""

    model = Service
    fields = ("name", "label", "is_hosting", "state", "reason", "changed_at")


class LineRows(Shown, admin.TabularInline):  # type: ignore[type-arg] # generic in the stubs only
    """The ordered licenses on their order."""

    model = OrderLine
    fields = ("license_class", "setup_fee", "monthly_fee")


class PlanServiceRows(admin.TabularInline):  # type: ignore[type-arg] # generic in the stubs only
    """The services on their plan."""

    model = PlanService
    extra = 0


class PlanLicenseRows(admin.TabularInline):  # type: ignore[type-arg] # generic in the stubs only
    """The offered licenses on their plan."""

    model = PlanLicense
    raw_id_fields = ("license_class",)
    extra = 0


@admin.register(Account)
class AccountAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # generic in the stubs only
    """Customers: name and e-mail can be mended."""

    list_display = ("name", "email", "store", "reference", "created_at")
    search_fields = ("name", "email", "reference")
    readonly_fields = ("store", "reference", "created_at")
    show_full_result_count = False

    def has_add_permission(self, *_args: Any) -> bool:
        """Refuse: accounts come with their first order."""
        return False

    def has_delete_permission(self, *_args: Any) -> bool:
        """Refuse: what was bought stays."""
        return False


@admin.register(HostingPlan)
class HostingPlanAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # generic in the stubs only
    """Plans, with services and licenses."""

    list_display = ("name", "code", "is_active", "in_store", "setup_fee", "monthly_fee", "currency")
    list_filter = ("is_active", "in_store")
    search_fields = ("name", "code")
    inlines = (PlanServiceRows, PlanLicenseRows)


@admin.register(Order)
class OrderAdmin(Shown, admin.ModelAdmin):  # type: ignore[type-arg] # generic in the stubs only
    """Orders; paid and cancelled through the services."""

    list_display = ("number", "state", "account", "plan", "subscription_name", "placed_at")
    list_filter = ("state",)
    list_select_related = ("account", "plan")
    search_fields = ("=number", "=reference", "subscription_name")
    show_full_result_count = False
    inlines = (LineRows,)
    actions = ("pay", "cancel")

    @admin.action(description=_("Pay by hand"))
    def pay(self, request: Any, rows: QuerySet[Order]) -> None:
        """The guarded way, one order after the other."""
        for order in rows:
            self._try(request, order, lambda one: pay_order(order=one, actor=staff(request.user)))

    @admin.action(description=_("Cancel"))
    def cancel(self, request: Any, rows: QuerySet[Order]) -> None:
        """The guarded way, one order after the other."""
        for order in rows:
            self._try(request, order, lambda one: cancel_order(order=one, actor=staff(request.user)))

    def _try(self, request: Any, order: Order, call: Any) -> None:
        try:
            call(order)
        except Problem as problem:
            self.message_user(request, problem.message, messages.ERROR)
        else:
            self.message_user(request, f"{order.number}: {order.get_state_display()}", messages.SUCCESS)


@admin.register(Subscription)
class SubscriptionAdmin(Shown, admin.ModelAdmin):  # type: ignore[type-arg] # generic in the stubs only
    """Subscriptions, with their services."""

    list_display = ("name", "state", "account", "plan", "order", "created_at")
    list_filter = ("state",)
    list_select_related = ("account", "plan", "order")
    search_fields = ("search_text",)
    show_full_result_count = False
    exclude = ("search_text",)
    inlines = (ServiceRows,)
