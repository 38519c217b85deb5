"""Forms of ready keys."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from licenses.models import ReadyKeyRule


class FileForm(forms.Form):
    """A file with ready keys."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        allow_empty_file=True,
        help_text=gettext_lazy(
            "CSV or XLSX with the columns key and activation_code, or a list with a key on each line."
            " Nothing is kept before you have seen what comes."
        ),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.xlsx"}),
    )


class RuleForm(forms.Form):
    """When the keys of a class are few, and how they look."""

    low_mark = forms.IntegerField(
        label=gettext_lazy("Low mark"),
        min_value=0,
        max_value=1_000_000,
        help_text=gettext_lazy("With fewer ready keys than this the panel says so. 0: never."),
    )
    pattern = forms.CharField(
        label=gettext_lazy("Form of a key"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("A regular expression that a whole key fits, as [A-Z]{4}-[0-9]{6}. Blank: any key."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    example = forms.CharField(
        label=gettext_lazy("Example"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("What is shown where a key does not fit. No real key: everybody may see it."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    @classmethod
    def of(cls, rule: ReadyKeyRule | None, given: Any = None) -> "RuleForm":
        """The form with what is kept."""
        kept = rule or ReadyKeyRule()
        initial = {"low_mark": kept.low_mark, "pattern": kept.pattern, "example": kept.example}
        return cls(given, initial=initial)
