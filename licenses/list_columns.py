"""The columns that the lists of licenses and requests offer: none costs a statement more."""

from django.utils.translation import gettext_lazy as _

from pbas.core.lists.columns import Column, Kind

_PLUGIN = Column("plugin", _("Plug-in"), ("configuration_id",), writes=("configuration__name",), is_shown=False)
_SUBSCRIPTION = Column("subscription", _("Subscription"), ("subscription__name", "subscription_id"))
_ACCOUNT = Column("account", _("Account"), ("subscription__account__name",))
_EMAIL = Column("email", _("E-mail"), ("subscription__account__email",), is_shown=False)

LICENSE_COLUMNS = (
    Column("key", _("Key"), ("key",), sort="key"),
    Column("class", _("Class"), ("license_class__name", "parent_id")),
    _SUBSCRIPTION,
    _ACCOUNT,
    Column("state", _("State"), ("state",), Kind.WORD),
    Column("issued", _("Issued"), ("issued_at",), Kind.MOMENT, sort="id", css="end"),
    Column(
        "expires",
        _("Expires"),
        ("expires_order",),
        Kind.MOMENT,
        sort="expires_order",
        css="end",
        writes=("expires_at",),
    ),
    Column("number", _("No."), ("id",), Kind.WORD, is_shown=False),
    _PLUGIN,
    _EMAIL,
    Column("installed", _("Installed"), ("installed_at",), Kind.MOMENT, css="end", is_shown=False),
    Column("proven", _("Proven"), ("proven_at",), Kind.MOMENT, css="end", is_shown=False),
    Column("renewal", _("Renewal"), ("renew_at",), Kind.MOMENT, css="end", is_shown=False),
    Column("sync", _("With the vendor"), ("in_sync",), Kind.WORD, is_shown=False),
    Column("checked", _("Checked"), ("checked_at",), Kind.MOMENT, css="end", is_shown=False),
)

REQUEST_COLUMNS = (
    Column("number", _("Request"), ("id",), Kind.WORD, sort="id"),
    Column("class", _("Class"), ("license_class__name", "kind")),
    _SUBSCRIPTION,
    _ACCOUNT,
    Column("order", _("Order"), ("order_number",)),
    Column("state", _("State"), ("state", "held"), Kind.WORD),
    Column("key", _("Key"), ("license__key", "license_id")),
    Column("asked", _("Asked for"), ("created_at",), Kind.MOMENT, css="end"),
    Column("kind", _("Kind"), ("kind",), Kind.WORD, is_shown=False),
    _PLUGIN,
    _EMAIL,
    Column("problem", _("Problem"), ("problem_text",), is_shown=False),
    Column("fault", _("Whose fault"), ("problem_fault",), is_shown=False),
    Column("held", _("On hold"), ("held",), Kind.YES, is_shown=False),
    Column("tries", _("Tries"), ("tries",), Kind.WORD, css="end", is_shown=False),
    Column("next_try", _("Next try"), ("due_at",), Kind.MOMENT, css="end", is_shown=False),
    Column("deadline", _("Deadline"), ("deadline",), Kind.MOMENT, css="end", is_shown=False),
    Column("finished", _("Finished"), ("finished_at",), Kind.MOMENT, css="end", is_shown=False),
)
