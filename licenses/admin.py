"""The back office: everything can be looked at; secrets are not shown, states move through the services only."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest  # noqa: TID251 (the door of the back office)
from django.utils.translation import gettext_lazy as _

from licenses import services
from licenses.models import (
    InstallTarget,
    License,
    LicenseClass,
    LicenseFile,
    LicenseRequest,
    PluginConfiguration,
    StateCount,
)
from pbas.core.problems import Problem
from pbas.core.story import staff


class LookOnly(admin.ModelAdmin):  # type: ignore[type-arg] # generic in the stubs only
    """Rows that the panel writes: they are looked at here, and changed on the panel's own pages."""

    list_per_page = 50
    show_full_result_count = False
    secrets: ClassVar[tuple[str, ...]] = ()

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """Rows are made by the services."""
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: Model | None = None) -> bool:
        """Rows are changed by the services."""
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: Model | None = None) -> bool:
        """What was bought is never forgotten."""
        return False

    def get_fields(self, _request: HttpRequest, _obj: Model | None = None) -> Any:
        """All columns but the secret ones."""
        names = [field.name for field in self.model._meta.fields if field.name not in self.secrets]  # noqa: SLF001
        return [name for name in names if name not in {"uid", "fingerprint"}]


@admin.register(PluginConfiguration)
class PluginConfigurationAdmin(LookOnly):
    """Configurations; their passwords are not even masked here, but absent."""

    list_display = ("name", "template", "mode", "status", "limit", "parked_until")
    list_filter = ("mode", "status")
    secrets = ("secrets",)


@admin.register(LicenseClass)
class LicenseClassAdmin(LookOnly):
    """Classes as the vendors list them."""

    list_display = ("name", "code", "configuration", "sold", "retired")
    list_filter = ("sold", "retired", "configuration")
    list_select_related = ("configuration",)
    search_fields = ("name", "code")


@admin.register(InstallTarget)
class InstallTargetAdmin(LookOnly):
    """Install targets without their credentials."""

    list_display = ("subscription", "kind", "address")
    list_select_related = ("subscription",)
    secrets = ("credentials",)


@admin.register(License)
class LicenseAdmin(LookOnly):
    """Licenses; the key as people may see it, without secret key and activation code."""

    list_display = ("key", "license_class", "subscription", "state", "issued_at", "expires_at")
    list_filter = ("state", "configuration")
    list_select_related = ("license_class", "subscription")
    search_fields = ("key__istartswith",)
    raw_id_fields = ("subscription", "parent")
    secrets = ("secret_key", "activation_code")


def _one_by_one(service: Callable[..., LicenseRequest], description: Any, name: str) -> Callable[..., None]:
    """An action that asks a service for each ticked request; what it refuses is said and skipped."""

    @admin.action(description=description)
    def act(_admin: Any, request: HttpRequest, rows: QuerySet[LicenseRequest]) -> None:
        done = 0
        for row in rows.select_related("configuration", "license"):
            try:
                service(request=row, actor=staff(request.user))
            except Problem as problem:
                messages.error(request, problem.message)
            else:
                done += 1
        messages.info(request, _("Done for %(n)s.") % {"n": done})

    act.__name__ = name
    return act


@admin.register(LicenseRequest)
class LicenseRequestAdmin(LookOnly):
    """Requests; their moves go through the services, which refuse what makes no sense."""

    list_display = ("id", "kind", "state", "held", "license_class", "subscription", "attempt", "due_at")
    list_filter = ("state", "kind", "held", "configuration")
    list_select_related = ("license_class", "subscription")
    search_fields = ("order_number",)
    actions = (
        _one_by_one(services.retry_request, _("Try now"), "retry_requests"),
        _one_by_one(services.hold_request, _("Hold"), "hold_requests"),
        _one_by_one(services.release_request, _("Release"), "release_requests"),
        _one_by_one(services.install_request, _("Install"), "install_requests"),
    )


@admin.register(LicenseFile)
class LicenseFileAdmin(LookOnly):
    """Files without their bytes; those are downloaded on the panel's pages, which records it."""

    list_display = ("name", "version", "license", "request", "size", "source", "created_at")
    list_select_related = ("license", "request")
    secrets = ("body",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[LicenseFile]:
        """Without reading the bytes."""
        return super().get_queryset(request).defer("body")


@admin.register(StateCount)
class StateCountAdmin(LookOnly):
    """What the database has counted."""

    list_display = ("subject", "configuration_id", "state", "n")
    list_filter = ("subject", "state")
