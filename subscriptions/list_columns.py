"""The columns that the lists of orders, subscriptions and events offer: none costs a statement more."""

from django.utils.translation import gettext_lazy as _

from pbas.core.lists.columns import Column, Kind

_PLAN = Column("plan", _("Plan"), ("plan__name",))
_ACCOUNT = Column("account", _("Account"), ("account__name",))
_EMAIL = Column("email", _("E-mail"), ("account__email",), is_shown=False)

ORDER_COLUMNS = (
    Column("order", _("Order"), ("number",), sort="id"),
    _PLAN,
    Column("subscription", _("Subscription"), ("subscription_name", "subscription__id")),
    _ACCOUNT,
    Column("state", _("State"), ("state",), Kind.WORD),
    Column("placed", _("Placed"), ("placed_at",), Kind.MOMENT, css="end"),
    _EMAIL,
    Column("store", _("Store"), ("store",), is_shown=False),
    Column("reference", _("Reference"), ("reference",), is_shown=False),
    Column("setup", _("Setup fee"), ("setup_total", "plan__currency"), Kind.WORD, css="end", is_shown=False),
    Column("monthly", _("Monthly fee"), ("monthly_total", "plan__currency"), Kind.WORD, css="end", is_shown=False),
    Column("paid", _("Paid"), ("paid_at",), Kind.MOMENT, css="end", is_shown=False),
    Column("cancelled", _("Cancelled"), ("cancelled_at",), Kind.MOMENT, css="end", is_shown=False),
)

SUBSCRIPTION_COLUMNS = (
    Column("subscription", _("Subscription"), ("name",), sort="id"),
    _PLAN,
    _ACCOUNT,
    Column("order", _("Order"), ("order__number",)),
    Column("licenses", _("Licenses"), ()),
    Column("state", _("State"), ("state",), Kind.WORD),
    Column("opened", _("Opened"), ("created_at",), Kind.MOMENT, css="end"),
    _EMAIL,
    Column("number", _("No."), ("id",), Kind.WORD, is_shown=False),
    Column("store", _("Store"), ("order__store",), is_shown=False),
    Column("reference", _("Reference"), ("order__reference",), is_shown=False),
)

EVENT_COLUMNS = (
    Column("when", _("When"), ("at",), Kind.MOMENT, sort="id"),
    Column("who", _("Who"), ("actor_kind", "actor"), Kind.WORD, writes=("actor_kind", "actor")),
    Column("from", _("From"), ("address",), Kind.WORD),
    Column("what", _("What"), ("text", "detail"), writes=("text", "detail")),
    Column(
        *("of", _("Of")),
        (
            *("request_id", "license_id", "license__key", "order_id", "order__number", "configuration_id"),
            *("configuration__name", "subscription_id", "subscription__name"),
        ),
        writes=("order__number", "license__key", "configuration__name", "subscription__name"),
    ),
    Column("request", _("Request"), ("request_id",), Kind.WORD, css="end", is_shown=False),
    Column("kind", _("Kind"), ("kind",), Kind.WORD, is_shown=False),
    Column("attempt", _("Attempt"), ("attempt",), Kind.WORD, css="end", is_shown=False),
)
