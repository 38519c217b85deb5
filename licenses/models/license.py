"""What a request ends in: a license in a subscription, and where its files are installed."""

import uuid

from django.db import models
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ka_plugins import registry
from licenses.models.catalog import NEVER, LicenseClass, PluginConfiguration
from pbas.core.fields import SealedJSONField, SealedTextField


class InstallTarget(models.Model):
    """Where the licenses of a subscription go; reported when its hosting service is ready."""

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    subscription = models.OneToOneField("subscriptions.Subscription", models.PROTECT, related_name="install_target")
    kind = models.CharField(max_length=20)
    address = models.CharField(max_length=500)
    credentials = SealedJSONField()

    def __str__(self) -> str:
        return f"{self.kind}: {self.address}"

    @property
    def label(self) -> str:
        """Its kind in words; the bare kind where no installer of it is there (any more)."""
        return next((gettext(one.label) for one in registry.installers() if one.kind == self.kind), self.kind)


class License(models.Model):
    """The result: a key with its files and dates, in a subscription; additional keys have a parent."""

    class State(models.TextChoices):
        ISSUED = "issued", _("Not installed yet")
        INSTALLED = "installed", _("Installed")
        SUSPENDED = "suspended", _("Suspended")
        EXPIRED = "expired", _("Expired")
        TERMINATED = "terminated", _("Terminated")

    class Found(models.TextChoices):
        MISSING = "missing", _("Not there any more")
        DIFFERENT = "different", _("Other content")
        OLDER = "older", _("Older than ours")
        UNKNOWN = "unknown", _("Not known")
        REINSTALL = "reinstall", _("Being re-installed")
        LEFT = "left", _("Ended, still to be taken out")

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    configuration = models.ForeignKey(PluginConfiguration, models.PROTECT, related_name="+", db_index=False)
    license_class = models.ForeignKey(LicenseClass, models.PROTECT, related_name="+")
    subscription = models.ForeignKey(
        "subscriptions.Subscription", models.PROTECT, null=True, blank=True, related_name="licenses"
    )
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    state = models.CharField(max_length=12, choices=State, default=State.ISSUED)
    key = models.CharField(max_length=200)  # as people see it: masked where the plug-in's keys are secrets
    secret_key = SealedTextField()  # the key itself, where it is a secret
    fingerprint = models.CharField(max_length=64, unique=True, editable=False)
    activation_code = SealedTextField()
    features = models.JSONField(default=list, blank=True)
    issued_at = models.DateTimeField(db_default=Now())
    renew_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    expires_order = models.GeneratedField(
        expression=Coalesce("expires_at", models.Value(NEVER, output_field=models.DateTimeField())),
        output_field=models.DateTimeField(),
        db_persist=True,
    )
    installed_at = models.DateTimeField(null=True, blank=True)
    proven_at = models.DateTimeField(null=True, blank=True)
    in_sync = models.BooleanField(null=True, blank=True)  # whether the vendor said the same; NULL: not known
    checked_at = models.DateTimeField(null=True, blank=True)  # when he was last asked, or named it in his list
    # What the last read-back found; NULL: all is there. It never touches the state: what was delivered did not fail.
    found = models.CharField(max_length=12, null=True, blank=True, choices=Found)
    found_text = models.TextField(null=True, blank=True)
    found_tries = models.PositiveSmallIntegerField(null=True, blank=True)  # times in a row that nobody could look
    prove_at = models.DateTimeField(null=True, blank=True)  # when the target is read back next

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["configuration", "id"], name="license_tab"),
            models.Index(fields=["configuration", "state", "id"], name="license_tab_state"),
            models.Index(fields=["configuration", "key", "id"], name="license_tab_key"),
            models.Index(fields=["configuration", "expires_order", "id"], name="license_tab_expires"),
            models.Index(fields=["configuration", "state", "expires_order", "id"], name="license_tab_state_expires"),
            models.Index(fields=["state", "id"], name="license_state"),
            models.Index(fields=["state", "expires_order", "id"], name="license_state_expires"),
            models.Index(fields=["key", "id"], name="license_key"),
            models.Index(fields=["issued_at"], name="license_issued"),
            models.Index(fields=["expires_order", "id"], name="license_expires"),
            models.Index(fields=["configuration", "id"], condition=models.Q(in_sync=False), name="license_not_in_sync"),
            models.Index(fields=["id"], condition=models.Q(in_sync=False), name="license_all_not_in_sync"),
            models.Index(fields=["prove_at"], condition=models.Q(prove_at__isnull=False), name="license_prove_at"),
            models.Index(fields=["configuration", "id"], condition=models.Q(found__isnull=False), name="license_found"),
            models.Index(fields=["id"], condition=models.Q(found__isnull=False), name="license_all_found"),
        ]
        constraints = [
            models.CheckConstraint(
                name="license_state_known",
                condition=models.Q(state__in=["issued", "installed", "suspended", "expired", "terminated"]),
            ),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def class_name(self) -> str:
        """What it is, for people: an additional key has the name of its own class, not that of its license's."""
        return self._additional_class() or self.license_class.name

    @property
    def own_features(self) -> list[str]:
        """Its features, without the class that stands first in those of an additional key."""
        return list(self.features[1:] if self._additional_class() else self.features)

    def _additional_class(self) -> str:
        """The name of the class that its features begin with, "" where they begin with none."""
        known = {one["code"]: one["name"] for one in self.license_class.properties.get("additional", ())}
        return str(known.get(self.features[0], "")) if self.parent_id and self.features else ""

    @property
    def full_key(self) -> str:
        """The key itself. Where it is a secret, whoever shows it records an event."""
        return str(self.secret_key) or self.key
