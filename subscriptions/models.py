"""What was bought: accounts, hosting plans, orders, and the subscription that a paid order opens."""

from decimal import Decimal

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Fee(models.DecimalField):  # type: ignore[type-arg] # generic in the stubs only
    """An amount of the plan's currency, never negative."""

    def __init__(self, *args: object, **options: object) -> None:
        options.update(max_digits=10, decimal_places=2, default=Decimal(0), validators=[MinValueValidator(Decimal(0))])
        super().__init__(*args, **options)  # type: ignore[arg-type]


class Account(models.Model):
    """The customer, and how the store calls him."""

    store = models.CharField(max_length=150)
    reference = models.CharField(max_length=100, blank=True)  # the store's own; may be empty
    name = models.CharField(_("name"), max_length=150)
    email = models.EmailField(_("e-mail"))
    user = models.ForeignKey(  # who signs in to see what is on it; one person may have several accounts
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="accounts"
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["store", "reference"], condition=~models.Q(reference=""), name="account_reference_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class HostingPlan(models.Model):
    """What the store sells: services, and licenses with their options and fees."""

    code = models.SlugField(unique=True)
    name = models.CharField(_("name"), max_length=150)
    description = models.TextField(_("description"), blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    in_store = models.BooleanField(_("sold in the store"), default=True)
    currency = models.CharField(max_length=3, default="EUR")
    setup_fee = Fee(_("setup fee"))
    monthly_fee = Fee(_("monthly fee"))
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class PlanService(models.Model):
    """A service of the plan that every subscription gets; licenses wait for all of them."""

    plan = models.ForeignKey(HostingPlan, models.CASCADE, related_name="services")
    name = models.SlugField()
    label = models.CharField(max_length=100)
    is_hosting = models.BooleanField(default=False)  # brings the install target

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["plan", "name"], name="plan_service_once")]

    def __str__(self) -> str:
        return self.label


class PlanLicense(models.Model):
    """A license that the plan offers: included or chosen by the customer, with fixed options and its fees."""

    plan = models.ForeignKey(HostingPlan, models.CASCADE, related_name="licenses")
    license_class = models.ForeignKey("licenses.LicenseClass", models.PROTECT, related_name="+")
    is_included = models.BooleanField(default=True)
    options = models.JSONField(default=dict, blank=True)
    setup_fee = Fee(_("setup fee"))
    monthly_fee = Fee(_("monthly fee"))

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["plan", "license_class"], name="plan_license_once")]

    def __str__(self) -> str:
        return str(self.license_class)


class Order(models.Model):
    """A customer's purchase of a plan. Its number is ours, its reference the store's; both are unique."""

    class State(models.TextChoices):
        PLACED = "placed", _("Placed")
        PAID = "paid", _("Paid")
        CANCELLED = "cancelled", _("Cancelled")

    number = models.CharField(max_length=20, unique=True, editable=False)
    store = models.CharField(max_length=150)
    reference = models.CharField(max_length=100)
    account = models.ForeignKey(Account, models.PROTECT, related_name="orders")
    plan = models.ForeignKey(HostingPlan, models.PROTECT, related_name="orders")
    state = models.CharField(max_length=10, choices=State, default=State.PLACED)
    subscription_name = models.CharField(max_length=200)  # what the subscription will be called: its host name, mostly
    setup_total = Fee()
    monthly_total = Fee()
    placed_at = models.DateTimeField(db_default=Now())
    paid_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "id"], name="order_state")]
        constraints = [
            models.UniqueConstraint(fields=["store", "reference"], name="order_reference_once"),
            models.CheckConstraint(
                name="order_state_known", condition=models.Q(state__in=["placed", "paid", "cancelled"])
            ),
        ]

    def __str__(self) -> str:
        return self.number


class OrderLine(models.Model):
    """One ordered license, as it was when the order was placed."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    license_class = models.ForeignKey("licenses.LicenseClass", models.PROTECT, related_name="+")
    options = models.JSONField(default=dict, blank=True)
    setup_fee = Fee()
    monthly_fee = Fee()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return str(self.license_class)


class Subscription(models.Model):
    """What a paid order opened; holds services, licenses and the install target."""

    class State(models.TextChoices):
        PENDING = "pending", _("Being set up")
        ACTIVE = "active", _("Active")
        ENDING = "ending", _("Being ended")
        ENDED = "ended", _("Ended")

    order = models.OneToOneField(Order, models.PROTECT, related_name="subscription")
    account = models.ForeignKey(Account, models.PROTECT, related_name="subscriptions")
    plan = models.ForeignKey(HostingPlan, models.PROTECT, related_name="subscriptions")
    name = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    search_text = models.TextField(blank=True, editable=False)  # name, account, e-mail, order: what people look for
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "id"], name="subscription_state")]
        constraints = [
            models.CheckConstraint(
                name="subscription_state_known",
                condition=models.Q(state__in=["pending", "active", "ending", "ended"]),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Service(models.Model):
    """Any other part of a subscription; its licenses start when all of them are ready."""

    class State(models.TextChoices):
        PENDING = "pending", _("Pending")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")

    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="services")
    name = models.SlugField()
    label = models.CharField(max_length=100)
    is_hosting = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    reason = models.TextField(blank=True)
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["subscription", "name"], name="service_once"),
            models.CheckConstraint(
                name="service_state_known", condition=models.Q(state__in=["pending", "ready", "failed"])
            ),
        ]

    def __str__(self) -> str:
        return self.label
