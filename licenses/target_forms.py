"""The form of an install target: each kind's fields are built from what its installer declares."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ka_plugins import registry
from ka_plugins.installing import Installer, Target
from licenses.models import InstallTarget
from licenses.plugins import is_secret, words_of
from pbas.core.crypto import CannotDecryptError
from pbas.core.problems import Problem

_LONGEST = 20_000  # characters: a private key, some certificates


class _SecretText(forms.Textarea):
    """A text area that never shows what it was given, as a password's field does not."""

    template_name = "django/forms/widgets/textarea.html"

    def format_value(self, value: Any) -> str:
        """Nothing."""
        del value
        return ""


class TargetForm(forms.Form):
    """Where the licenses of a subscription go. A secret is never shown; an empty one keeps the old of that kind.

    All kinds' fields are there, named `<kind>-<name>`; those of the chosen kind count, and the page shows those only.
    """

    template_name = "forms/target.html"
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), widget=forms.RadioSelect(attrs={"class": "form-check-input"}))

    def __init__(self, *args: Any, kept: InstallTarget | None, **options: Any) -> None:
        self.kept = kept
        self.installers = registry.installers()
        super().__init__(*args, **options)
        kinds = [(one.kind, _(one.label)) for one in self.installers]
        self.fields["kind"].choices = kinds  # type: ignore[attr-defined] # a ChoiceField
        self.initial.setdefault("kind", kept.kind if kept else next((kind for kind, _label in kinds), ""))
        for one in self.installers:
            self._add_fields(one)

    def clean(self) -> dict[str, Any]:
        """What the other kinds' fields say is no matter."""
        super().clean()
        kind = self.cleaned_data.get("kind", "")
        for name in [name for name in self.errors if name in self.fields and name != "kind"]:
            if not name.startswith(f"{kind}-"):
                del self.errors[name]
        return self.cleaned_data

    def target(self) -> Target:
        """What was typed, together with what is kept of the credentials: the secrets, and what no field is for."""
        kind = self.cleaned_data["kind"]
        credentials = dict(self._kept_credentials(kind) or {})
        for declared in dataclasses.fields(registry.installer(kind).Credentials):
            given = self.cleaned_data[f"{kind}-{declared.name}"].replace("\r\n", "\n")  # as browsers send line breaks
            if given or not is_secret(declared):
                credentials[declared.name] = given
        credentials = {name: value for name, value in credentials.items() if value}
        return Target(kind=kind, address=self.cleaned_data[f"{kind}-address"], credentials=credentials)

    def show_problem(self, problem: Problem) -> None:
        """Put a problem at the field that it names, or above the form."""
        of_kind = f"{self.cleaned_data.get('kind', '')}-{problem.field}"
        at = of_kind if of_kind in self.fields else problem.field if problem.field in self.fields else None
        self.add_error(at, problem.message)

    def fields_of(self, kind: str) -> list[forms.BoundField]:
        """The fields of one kind, its address first."""
        return [self[name] for name in self.fields if name.startswith(f"{kind}-")]

    def _add_fields(self, installer: Installer) -> None:
        kind = installer.kind
        is_kept = self.kept is not None and self.kept.kind == kind
        address = self.kept.address if self.kept is not None and is_kept else ""
        self.fields[f"{kind}-address"] = forms.CharField(
            label=_("Address"), max_length=500, help_text=_(installer.address_help), initial=address
        )
        kept = self._kept_credentials(kind)
        for declared in dataclasses.fields(installer.Credentials):
            self.fields[f"{kind}-{declared.name}"] = _field(declared, kept)

    def _kept_credentials(self, kind: str) -> Mapping[str, str] | None:
        """The credentials that are stored for this kind; None where they cannot be read any more."""
        if self.kept is None or self.kept.kind != kind:
            return {}
        try:
            return dict(self.kept.credentials)
        except CannotDecryptError:
            return None


def _field(declared: "dataclasses.Field[Any]", kept: Mapping[str, str] | None) -> forms.Field:
    """A form field for one declared credential: choice, text or secret, of one line or several."""
    rules, has_default = declared.metadata, declared.default is not dataclasses.MISSING
    value = (kept or {}).get(declared.name) or (declared.default if has_default else "")
    label, help_text = words_of(declared)
    shared: dict[str, Any] = {"label": label, "help_text": help_text, "required": not has_default}
    if rules["choices"]:
        choices = dict.fromkeys((*rules["choices"], value))  # what the API was given stays, whatever it is
        return forms.ChoiceField(choices=[(one, one) for one in choices], initial=value, **shared | {"required": True})
    attrs = {"autocomplete": "off", "spellcheck": "false"}
    if rules["lines"] > 1:
        area = _SecretText if is_secret(declared) else forms.Textarea
        shared["widget"] = area(attrs=attrs | {"rows": rules["lines"]})
    elif is_secret(declared):
        shared["widget"] = forms.PasswordInput(attrs={"autocomplete": "new-password"})
    else:
        shared["widget"] = forms.TextInput(attrs=attrs)
    if not is_secret(declared):
        return forms.CharField(max_length=_LONGEST, initial=value, **shared)
    if kept is None:
        shared["help_text"] = _("It is stored, but cannot be read any more: give it once more.")
    elif value:
        hint = " ".join((_("Leave blank to keep the one that is set."), shared["help_text"])).strip()
        shared |= {"help_text": hint, "required": False}
    return forms.CharField(max_length=_LONGEST, strip=rules["lines"] > 1, **shared)
