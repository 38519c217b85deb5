"""The sentences about orders and plans that are written down with names in them; see `pbas.core.records`."""

from django.utils.translation import gettext_noop as sentence

FORMS = (
    sentence("Order %(number)s was placed: %(plan)s."),
    sentence("Order %(number)s was paid."),
    sentence("Order %(number)s was cancelled."),
    sentence("%(service)s is ready."),
    sentence("%(service)s failed."),
    sentence("Hosting plan %(name)s was saved."),
    sentence("The options of %(class)s in hosting plan %(plan)s were saved."),
    sentence("%(user)s has a login for this account."),
    sentence("The subscription is active."),
)
