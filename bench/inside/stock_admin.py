"""The back office's list of licenses replaced by the one that Django brings."""

from django.contrib import admin

from licenses.models import License


class StockAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # generic in the stubs only
    """As people write it: the columns of the panel's list, the same filters, and what belongs to a row in one go."""

    list_display = ("key", "license_class", "subscription", "account", "state", "issued_at", "expires_at")
    list_filter = ("state", "configuration")
    list_select_related = ("license_class", "subscription__account")
    list_per_page = 50
    search_fields = ("key", "subscription__name", "subscription__account__name")

    @admin.display(description="account")
    def account(self, row: License) -> str:
        """Whose subscription it is in."""
        return row.subscription.account.name if row.subscription else ""


admin.site.unregister(License)
admin.site.register(License, StockAdmin)
