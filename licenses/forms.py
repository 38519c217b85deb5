"""What people type about licenses and requests. Forms check the shape; the services keep the rules."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ka_plugins.contract import KeyFile
from licenses.models import LicenseClass, LicenseRequest, PluginConfiguration
from licenses.owed import MOST_AT_ONCE
from licenses.plugins import plugin_class
from licenses.selectors import sold_classes, subscriptions_called
from licenses.uploads import MAX_CODE, MAX_FILE_BYTES, MAX_FILES
from pbas.core.problems import Problem

_ENVELOPE = 64 * 1024  # bytes that a form needs around its files


def show_problem(form: forms.Form, problem: Problem) -> None:
    """Put a service's problem at the field that it names, or above the form."""
    form.add_error(problem.field if problem.field in form.fields else None, problem.message)


class _ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files; the services judge their number and size."""

    widget = _ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        """Each file for itself."""
        files = data if isinstance(data, list | tuple) else [data] if data else []
        return [super(FilesField, self).clean(one, initial) for one in files]


class UploadForm(forms.Form):
    """Key, activation code and files that a person brings for a request: whatever he has of them."""

    says_what_is_optional = True
    key = forms.CharField(label=gettext_lazy("License key"), required=False, max_length=1000)
    activation_code = forms.CharField(
        label=gettext_lazy("Activation code"),
        required=False,
        max_length=MAX_CODE,
        help_text=gettext_lazy("If the vendor sent one."),
    )

    def __init__(self, *args: Any, request: LicenseRequest, **options: Any) -> None:
        super().__init__(*args, **options)
        try:
            hint = plugin_class(request.configuration.template).key_hint
        except Problem:
            hint = ""
        sent = _("As the vendor sent it, for example %(key)s.") % {"key": hint} if hint else _("As the vendor sent it.")
        self.fields["key"].help_text = sent
        self.fields["files"] = FilesField(label=_("License files"), required=False, allow_empty_file=True)
        self.fields["files"].help_text = _(
            "Up to %(n)s files, %(size)s MiB each. They are kept exactly as they are."
        ) % {
            "n": MAX_FILES,
            "size": MAX_FILE_BYTES // 1024 // 1024,
        }
        for name in ("key", "activation_code"):
            self.fields[name].widget.attrs.update(autocomplete="off", spellcheck="false")

    def key_files(self) -> Sequence[KeyFile]:
        """The files as the service takes them."""
        return [KeyFile(str(file.name), file.read()) for file in self.cleaned_data["files"]]

    def refuse_larger_than_all(self, length: int) -> None:
        """Of a body larger than all files may be together none was taken; to say that nothing came would mislead."""
        if length > MAX_FILES * MAX_FILE_BYTES + _ENVELOPE:
            size = MAX_FILES * MAX_FILE_BYTES // 1024 // 1024
            self.add_error("files", _("Together the files are larger than %(size)s MiB.") % {"size": size})

    def ask_for_files_again(self) -> None:
        """A browser forgets chosen files with every answer: say so where some were sent."""
        if self.files.getlist("files"):
            self.add_error("files", _("Choose the files again: the browser does not keep them."))


class AdoptForm(forms.Form):
    """The key that was sold although its answer was lost."""

    key = forms.CharField(label=gettext_lazy("Key"), max_length=1000)
    reason = forms.CharField(
        label=gettext_lazy("Why this one"),
        max_length=500,
        required=False,
        help_text=gettext_lazy("For example: found on the vendor's page, sold at the minute of our order."),
    )


class ReasonForm(forms.Form):
    """Why something is done; it stays in the story."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=500)

    def __init__(self, *args: Any, is_required: bool = True, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["reason"].required = is_required


class CancelForm(ReasonForm):
    """Why a request is given up; of one in doubt a person may know that nothing was sold."""

    nothing_sold = forms.BooleanField(
        label=gettext_lazy("I looked at the vendor's own pages: nothing was sold"),
        required=False,
        help_text=gettext_lazy("The vendor is asked first. This counts where he cannot tell by himself."),
    )

    def __init__(self, *args: Any, is_doubtful: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        if not is_doubtful:
            del self.fields["nothing_sold"]


class SubscriptionForm(forms.Form):
    """The one subscription that is meant; where several fit, `matches` are offered."""

    says_what_is_optional = True
    subscription = forms.CharField(
        label=gettext_lazy("Subscription"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Its number, or its name, account, e-mail or order."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.matches: list[Any] = []
        self.found: Any = None  # the one subscription

    def clean_subscription(self) -> int | None:
        """Its id. `#17` is the number and no name."""
        text = str(self.cleaned_data["subscription"]).strip()
        number = text.removeprefix("#")
        if not number:
            raise forms.ValidationError(_("Say for which subscription: its number, name, account, e-mail or order."))
        self.matches = [one for one in subscriptions_called(number) if number == text or str(one.pk) == number]
        if len(self.matches) == 1:
            self.found = self.matches.pop()
            return int(self.found.pk)
        if not self.matches:
            raise forms.ValidationError(_("No subscription is called “%(text)s”.") % {"text": text})
        raise forms.ValidationError(_("Several subscriptions fit. Choose one of them below."))


class _ClassField(forms.ModelChoiceField):  # type: ignore[type-arg] # not at run time
    """Classes with an option button each, by name and code."""

    widget = forms.RadioSelect

    def label_from_instance(self, obj: Any) -> str:
        """The vendor's code tells two of one name apart."""
        return format_html('<span>{} <span class="soft mono">{}</span></span>', obj.name, obj.code)


class NewLicenseForm(SubscriptionForm):
    """The first step of New License: a class of the open tab's configuration, how many, and for whom."""

    SUBSCRIPTION, STOCK = "subscription", "stock"

    license_class = _ClassField(
        LicenseClass.objects.none(),
        label=gettext_lazy("License class"),
        empty_label=None,
        error_messages={
            "required": gettext_lazy("Choose a license class."),
            "invalid_choice": gettext_lazy("That class is not sold any more. Choose another one."),
        },
    )
    number = forms.IntegerField(
        label=gettext_lazy("Number of Licenses"), initial=1, min_value=1, max_value=MOST_AT_ONCE
    )
    purpose = forms.ChoiceField(
        label=gettext_lazy("What for"),
        choices=[
            (SUBSCRIPTION, gettext_lazy("For a subscription")),
            (STOCK, gettext_lazy("For stock: kept here, and assigned to a subscription later")),
        ],
        widget=forms.RadioSelect,
        initial=SUBSCRIPTION,
        required=False,
    )
    field_order = ("license_class", "number", "purpose", "subscription")

    def __init__(self, *args: Any, configuration: PluginConfiguration, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["license_class"].queryset = sold_classes(configuration).defer("properties")  # type: ignore[attr-defined]

    def clean_subscription(self) -> int | None:
        """None for stock."""
        if self.cleaned_data.get("purpose") == self.STOCK:
            return None
        return super().clean_subscription()


class ConfirmForm(ReasonForm):
    """A decision about a license; sent twice it is taken once."""

    once = forms.UUIDField(widget=forms.HiddenInput, required=False, initial=uuid4)
