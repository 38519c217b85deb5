"""Forms of reconciliation."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from licenses.forms import ReasonForm, SubscriptionForm

USUAL = timedelta(days=30)


class AdoptOrphanForm(SubscriptionForm):
    """For whom an orphan is; nothing: into stock."""

    field_order = ["subscription", "reason"]
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=500, required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        hint = _("Its number, or its name, account, e-mail or order. Blank: the license goes into stock.")
        self.fields["subscription"].help_text = hint

    def clean_subscription(self) -> int | None:
        """Its id; None for the stock."""
        return super().clean_subscription() if self.cleaned_data["subscription"].strip() else None


class IgnoreForm(ReasonForm):
    """Until when something is left out, and why."""

    field_order = ["reason", "until"]
    until = forms.DateField(
        label=gettext_lazy("Until"),
        help_text=gettext_lazy("On this day it comes back, if it is still so."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["until"].initial = timezone.localdate() + USUAL

    def clean_until(self) -> datetime:
        """The beginning of that day."""
        return timezone.make_aware(datetime.combine(self.cleaned_data["until"], time.min))


class CostForm(forms.Form):
    """What the vendor bills a month for one license of a class."""

    monthly_fee = forms.DecimalField(
        label=gettext_lazy("Cost a month"),
        min_value=0,
        max_digits=12,
        decimal_places=2,
        required=False,
        help_text=gettext_lazy("What the vendor bills you for one license. Blank: not known."),
    )
    currency = forms.RegexField(
        label=gettext_lazy("Currency"),
        regex=r"^[A-Za-z]{3}$",
        required=False,
        strip=True,
        help_text=gettext_lazy("Three letters, for example EUR."),
        error_messages={"invalid": gettext_lazy("A currency has three letters, for example EUR.")},
    )

    def clean(self) -> dict[str, Any]:
        """An amount has a currency."""
        given = super().clean() or {}
        given["currency"] = str(given.get("currency") or "").upper()
        if given.get("monthly_fee") is not None and not given["currency"] and "currency" not in self.errors:
            self.add_error("currency", _("Say in which currency."))
        return given
