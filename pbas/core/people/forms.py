"""What is typed by and about people."""

from typing import Any

from allauth.account import forms as account
from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from pbas.core.rights import OPERATOR, ROLE_LABELS


class LoginForm(account.LoginForm):  # type: ignore[misc] # allauth has no types
    """The login; the way to a forgotten password is the page's to show, where the panel sends mail."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = ""


class RoleForm(forms.Form):
    """One of the roles."""

    role = forms.ChoiceField(label=_("Role"), choices=tuple(ROLE_LABELS.items()), initial=OPERATOR)


class InviteForm(RoleForm):
    """Who is to work here."""

    field_order = ("username", "name", "email", "role")
    says_what_is_optional = True
    username = forms.CharField(
        label=_("Login name"),
        max_length=150,
        validators=[User.username_validator],
        help_text=_("Letters, digits and @ . + - _"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    name = forms.CharField(label=_("Name"), max_length=150, required=False)
    email = forms.EmailField(
        label=_("E-mail"), required=False, help_text=_("Where a forgotten password is asked for by mail.")
    )
