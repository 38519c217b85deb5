"""Forms of plug-in configurations. The settings' part is built from what the plug-in declares."""

import dataclasses
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ka_plugins.contract import ClassInfo
from licenses.models import PluginConfiguration
from licenses.plugins import is_secret, kept_secrets, kept_settings, plugin_class, settings_fields, templates, words_of
from pbas.core.crypto import CannotDecryptError
from pbas.core.problems import Problem

Mode = PluginConfiguration.Mode

USUAL_LIMIT = 50  # calls at once
_PREFIX = "setting_"  # a plug-in may name its settings as it likes, even `name` or `mode`


class TemplateForm(forms.Form):
    """The first step of a new configuration: its name and its template."""

    name = forms.CharField(
        label=gettext_lazy("Plug-in name"), max_length=80, help_text=gettext_lazy("The title of its tab.")
    )
    template = forms.ChoiceField(label=gettext_lazy("Plug-in template"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["template"].choices = templates()  # type: ignore[attr-defined] # a ChoiceField


class ClassForm(forms.Form):
    """A license class of an offline configuration: as the vendor calls it."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=200,
        help_text=gettext_lazy("The vendor's own name of it, as it stands in your orders to him."),
    )

    def __init__(self, *args: Any, configuration: PluginConfiguration, **options: Any) -> None:
        super().__init__(*args, **options)
        self.configuration = configuration

    def clean_code(self) -> str:
        """A code is there once."""
        code = str(self.cleaned_data["code"])
        if self.configuration.classes.filter(code=code, retired=False).exists():
            raise forms.ValidationError(_("There is already a license class with this code."))
        return code

    def class_info(self) -> ClassInfo:
        """As the service takes it."""
        return ClassInfo(code=self.cleaned_data["code"], name=self.cleaned_data["name"])


class ClassListForm(forms.Form):
    """A file with license classes, JSON or CSV."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        allow_empty_file=True,
        help_text=gettext_lazy(
            "A class list as JSON or CSV, in UTF-8. Nothing is kept before you have seen what it changes."
        ),
        widget=forms.ClearableFileInput(attrs={"accept": ".json,.csv"}),
    )


class ConfigurationForm(forms.Form):
    """A configuration's name, mode and limit, and the settings of its template."""

    name = forms.CharField(
        label=gettext_lazy("Plug-in name"), max_length=80, help_text=gettext_lazy("The title of its tab.")
    )
    mode = forms.ChoiceField(
        label=gettext_lazy("Mode"),
        choices=[(Mode.OFFLINE, Mode.OFFLINE.label), (Mode.ONLINE, Mode.ONLINE.label)],
        widget=forms.RadioSelect,
    )
    limit = forms.IntegerField(
        label=gettext_lazy("Calls at once"),
        initial=USUAL_LIMIT,
        min_value=1,
        max_value=2000,
        help_text=gettext_lazy("How many requests may be at this vendor at the same time, over all workers."),
    )

    def __init__(
        self, *args: Any, template: str, configuration: PluginConfiguration | None = None, **options: Any
    ) -> None:
        self.template, self.kept = template, configuration
        self.declared = settings_fields(template)
        options["initial"] = {**self._kept_values(), **options.get("initial", {})}
        super().__init__(*args, **options)
        limit = self.fields.pop("limit")
        if not plugin_class(template).verbs:
            self.fields["mode"].choices = [(Mode.OFFLINE, Mode.OFFLINE.label)]  # type: ignore[attr-defined]
        for declared in self.declared:
            self.fields[_PREFIX + declared.name] = self._field(declared)
        self.fields["limit"] = limit  # last: its default is right for most

    def clean(self) -> dict[str, Any]:
        """What the vendor's connection needs is asked for in online mode only."""
        super().clean()
        if self.cleaned_data.get("mode") == Mode.OFFLINE:
            for name in ("limit", *(_PREFIX + declared.name for declared in self.declared)):
                self.errors.pop(name, None)
            self.cleaned_data.setdefault("limit", self.initial.get("limit", USUAL_LIMIT))
        return self.cleaned_data

    def settings(self) -> dict[str, Any]:
        """The settings as the service takes them, secrets too."""
        values = {one.name: self.cleaned_data.get(_PREFIX + one.name) for one in self.declared}
        return {name: "" if value is None else value for name, value in values.items()}

    def show_problem(self, problem: Problem) -> None:
        """Put a service's problem at the field it names."""
        setting = _PREFIX + problem.field
        at = setting if setting in self.fields else problem.field if problem.field in self.fields else None
        self.add_error(at, problem.message)

    def _kept_values(self) -> dict[str, Any]:
        if self.kept is None:
            is_online = bool(plugin_class(self.template).verbs)
            return {"mode": Mode.ONLINE if is_online else Mode.OFFLINE, "limit": USUAL_LIMIT}
        own = {"name": self.kept.name, "mode": self.kept.mode, "limit": self.kept.limit}
        return own | {_PREFIX + name: value for name, value in kept_settings(self.kept).items()}

    def _secret_hint(self, declared: "dataclasses.Field[Any]") -> str:
        """What there is to say of a secret that is stored; nothing where none is."""
        try:
            is_set = self.kept is not None and kept_secrets(self.kept).get(declared.name)
        except CannotDecryptError:
            return _("It is stored, but cannot be read any more: type it once more.")
        return _("Leave blank to keep the one that is set.") if is_set else ""

    def _field(self, declared: "dataclasses.Field[Any]") -> forms.Field:
        """A form field for one declared setting: number, choice, secret or text."""
        rules = declared.metadata
        default = None if declared.default is dataclasses.MISSING else declared.default
        label, help_text = words_of(declared)
        shared: dict[str, Any] = {"label": label, "help_text": help_text, "required": default != ""}
        if is_secret(declared):
            widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
            if hint := self._secret_hint(declared):
                shared |= {"help_text": hint, "required": False}
            return forms.CharField(widget=widget, strip=False, max_length=10_000, **shared)
        shared["initial"] = default
        if rules["choices"]:
            return forms.ChoiceField(choices=[(one, one) for one in rules["choices"]], **shared)
        if declared.type in (int, "int"):
            return forms.IntegerField(min_value=rules["minimum"], max_value=rules["maximum"], **shared)
        return forms.CharField(max_length=2000, widget=forms.TextInput(attrs={"autocomplete": "off"}), **shared)
