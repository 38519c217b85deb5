"""What people type about plans, orders and subscriptions. Forms check the shape; the services keep the rules."""

import re
import secrets
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.db import transaction
from django.forms import BaseInlineFormSet, inlineformset_factory
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from licenses.forms import show_problem
from licenses.options import class_info, first_choice
from pbas.core.problems import Problem
from pbas.core.story import Actor, changes, tell
from subscriptions.models import HostingPlan, PlanLicense, PlanService
from subscriptions.selectors import sold_classes
from subscriptions.services import AccountDetails

_TOKEN = re.compile(r"[\w-]{40,64}")
_HOST_NAME = r"^(?=.{1,200}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$"


class CheckoutForm(forms.Form):
    """Who orders, and for which host. `token` makes a second submit of the same page the same order."""

    token = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput, initial=secrets.token_urlsafe)
    name = forms.CharField(
        label=gettext_lazy("Your name or company"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        help_text=gettext_lazy("We write to you about this order only."),
    )
    host = forms.CharField(
        label=gettext_lazy("Host name"),
        max_length=200,
        help_text=gettext_lazy("What your server is called, for example www.example.com."),
        validators=[
            RegexValidator(
                _HOST_NAME, gettext_lazy("A host name has letters, digits, hyphens and dots, like www.example.com.")
            )
        ],
    )

    def __init__(self, data: Mapping[str, Any] | None = None, **options: Any) -> None:
        if data is not None and data.get("host"):
            data = {**{name: data.get(name) for name in data}, "host": str(data["host"]).strip().lower()}
        super().__init__(data, **options)

    def clean_token(self) -> str:
        """A page that lost its token gets a new one; its order is then simply a new order."""
        token = str(self.cleaned_data["token"])
        return token if _TOKEN.fullmatch(token) else secrets.token_urlsafe()

    def show_problem(self, problem: Problem) -> None:
        """Put a service's problem at the field that it names, or above the form."""
        show_problem(self, Problem(problem.message, field=problem.field.removeprefix("account.")))

    def account(self) -> AccountDetails:
        """Who buys, as the service takes it."""
        return AccountDetails(name=self.cleaned_data["name"], email=self.cleaned_data["email"])


# --- plans --------------------------------------------------------------------------------------------------------


class PlanForm(forms.ModelForm):  # type: ignore[type-arg] # generic in the stubs only
    """The plan itself."""

    class Meta:
        model = HostingPlan
        fields = ("name", "code", "description", "currency", "setup_fee", "monthly_fee", "is_active", "in_store")
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}
        labels = {"currency": gettext_lazy("Currency")}
        help_texts = {
            "code": gettext_lazy("Stands in the address of its store page: small letters, digits, hyphens."),
            "currency": gettext_lazy("Three letters, for example EUR."),
            "is_active": gettext_lazy("An inactive plan cannot be ordered, in the store or otherwise."),
        }

    def clean_currency(self) -> str:
        """Three capital letters."""
        currency = str(self.cleaned_data["currency"]).upper()
        if len(currency) != len("EUR") or not currency.isalpha():
            raise forms.ValidationError(_("A currency has three letters, for example EUR."))
        return currency


class _ServiceForm(forms.ModelForm):  # type: ignore[type-arg] # generic in the stubs only
    class Meta:
        model = PlanService
        fields = ("label", "name", "is_hosting")
        labels = {
            "label": gettext_lazy("Label"),
            "name": gettext_lazy("Name in the API"),
            "is_hosting": gettext_lazy("Brings the install target"),
        }


class _LicenseForm(forms.ModelForm):  # type: ignore[type-arg] # generic in the stubs only
    class Meta:
        model = PlanLicense
        fields = ("license_class", "setup_fee", "monthly_fee", "is_included")
        labels = {"license_class": gettext_lazy("License class"), "is_included": gettext_lazy("Included in the plan")}

    def clean(self) -> dict[str, Any]:
        """Of another class it has that one's own first choice; its page of options offers the rest."""
        if "license_class" in self.changed_data and (found := self.cleaned_data.get("license_class")):
            info = class_info(found)
            self.instance.options = first_choice(info) if info else {}
        return self.cleaned_data


class _Services(BaseInlineFormSet):  # type: ignore[type-arg] # generic in the stubs only
    def clean(self) -> None:
        """At most one service brings the install target."""
        super().clean()
        kept = [form.cleaned_data for form in self.forms if form.is_valid() and not form.cleaned_data.get("DELETE")]
        if sum(bool(one.get("is_hosting")) for one in kept) > 1:
            raise forms.ValidationError(_("Only one service can bring the install target."))


class _Licenses(BaseInlineFormSet):  # type: ignore[type-arg] # generic in the stubs only
    """The offered licenses; the classes to choose from are read once for all rows."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        kept = [one.license_class_id for one in self.get_queryset()] if self.instance.pk else []
        self._classes = sold_classes(kept)
        self._choices = [("", "---------"), *((one.pk, f"{one.configuration}: {one}") for one in self._classes)]

    def add_fields(self, form: "forms.ModelForm[Any]", index: int | None) -> None:
        """Offer sold classes only."""
        super().add_fields(form, index)
        field = form.fields["license_class"]
        field.queryset = self._classes  # type: ignore[attr-defined] # a ModelChoiceField
        field.widget.choices = self._choices


_SERVICES = inlineformset_factory(
    HostingPlan, PlanService, form=_ServiceForm, formset=_Services, extra=1, can_delete_extra=False
)
_LICENSES = inlineformset_factory(
    HostingPlan, PlanLicense, form=_LicenseForm, formset=_Licenses, extra=1, can_delete_extra=False
)


class PlanEditor:
    """A plan with its services and licenses, checked and saved together."""

    def __init__(self, plan: HostingPlan | None, data: Mapping[str, Any] | None = None) -> None:
        self.plan = plan or HostingPlan()
        self.form = PlanForm(data, instance=self.plan)
        self.services = _SERVICES(data, instance=self.plan, prefix="services")
        self.licenses = _LICENSES(data, instance=self.plan, prefix="licenses")

    def is_valid(self) -> bool:
        """Whether all three are; each is checked, so that all mistakes show at once."""
        return all([self.form.is_valid(), self.services.is_valid(), self.licenses.is_valid()])

    def save(self, actor: Actor) -> HostingPlan:
        """Save all three or nothing, and tell it with what was changed."""
        is_new, said = self.plan.pk is None, self._changes()
        with transaction.atomic():
            plan: HostingPlan = self.form.save()
            self.services.save()
            self.licenses.save()
            tell(actor, "plan_saved", f"Hosting plan {plan.name} was saved.", detail="" if is_new else said)
        return plan

    def _changes(self) -> str:
        """Each value that the forms change, before and after; rows that come and go by their name."""
        said = [_changes_of(self.form, "")]
        for rows in (self.services, self.licenses):
            for form in rows.forms:
                name = str(form.instance) if form.instance.pk else ""
                if form in rows.deleted_forms:
                    said.append(f"{name} → –")  # noqa: RUF001 (a dash)
                elif form.has_changed():
                    said.append(_changes_of(form, f"{name or _('New')}, "))
        return "\n".join(filter(None, said))


def _changes_of(form: "forms.ModelForm[Any]", name: str) -> str:
    labels = {field: f"{name}{form[field].label}" for field in form.changed_data}
    return changes(
        {label: _plain(form, field, form.initial.get(field)) for field, label in labels.items()},
        {label: _plain(form, field, form.cleaned_data.get(field)) for field, label in labels.items()},
    )


def _plain(form: "forms.ModelForm[Any]", field: str, value: Any) -> Any:
    """A class by its name, not its number."""
    queryset = getattr(form.fields[field], "queryset", None)
    return value if queryset is None or value is None else str(queryset.filter(pk=getattr(value, "pk", value)).first())
