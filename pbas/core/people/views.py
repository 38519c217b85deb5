"""The staff: who works here with which role, invitations, sessions, second factors and API tokens."""

from collections.abc import Callable
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse  # noqa: TID251 (the door of pages)
from django.shortcuts import redirect, render  # noqa: TID251 (the door of pages)
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from knox.models import AuthToken

from pbas.core.accounts import password_link
from pbas.core.people import services
from pbas.core.people.forms import InviteForm, RoleForm
from pbas.core.problems import Problem
from pbas.core.rights import ROLE_LABELS, STORE, role_of
from pbas.core.story import staff


@require_GET
def list_staff(request: HttpRequest) -> HttpResponse:
    """Everybody who works here, those who are switched off last. Two statements."""
    people = _people().order_by("-is_active", "username")
    return render(request, "people/staff.html", {"people": [(one, _role_words(one)) for one in people]})


@never_cache
@require_http_methods(["GET", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    """Make an account, and show the link by which its owner chooses a password: once, here and nowhere else."""
    form = InviteForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            user = services.invite(actor=staff(request.user), **form.cleaned_data)
        except Problem as problem:
            form.add_error(problem.field or None, problem.message)
        else:
            if role_of(user) == STORE:
                messages.success(request, _("The store's account is made. Make its API token here."))
                return redirect("staff_member", user.pk)
            return _show_link(request, user)
    return render(request, "people/invite.html", {"form": form})


@require_GET
def show_member(request: HttpRequest, pk: int) -> HttpResponse:
    """One person: role, sessions, second factor, tokens, and what an administrator can do about them."""
    user = _person_or_404(pk)
    context = {
        "person": user,
        "role": _role_words(user),
        "form": RoleForm(initial={"role": role_of(user)}),
        "sessions": UserSession.objects.filter(user=user).order_by("-created_at"),
        "tokens": AuthToken.objects.filter(user=user).order_by("-created"),
    }
    return render(request, "people/member.html", context)


@require_POST
def change_role(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a person another role."""
    form = RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("There is no such role."))
        return redirect("staff_member", pk)
    return _do(request, pk, lambda **given: services.change_role(**given, **form.cleaned_data), _("The role is saved."))


@require_POST
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch an account off, or on again: what the button said, whatever happened meanwhile."""
    if request.POST.get("to") == "on":
        return _do(request, pk, services.switch_on, gettext_lazy("The account is switched on again."))
    return _do(request, pk, services.switch_off, gettext_lazy("The account is switched off and signed out everywhere."))


@require_POST
def end_all_sessions(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign a person out everywhere."""
    return _do(request, pk, services.end_sessions, gettext_lazy("All sessions are ended."))


@require_POST
def remove_factor(request: HttpRequest, pk: int) -> HttpResponse:
    """For who has lost his phone."""
    return _do(request, pk, services.remove_second_factor, gettext_lazy("The second factor is removed."))


@require_POST
def delete_token(request: HttpRequest, pk: int, digest: str) -> HttpResponse:
    """Withdraw an API token."""
    said = gettext_lazy("The token is withdrawn.")
    return _do(request, pk, lambda **given: services.withdraw_token(digest=digest, **given), said)


@never_cache
@require_POST
def new_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a new link by which a person chooses his password."""
    user = _person_or_404(pk)
    try:
        services.record_link(user=user, actor=staff(request.user))
    except Problem as problem:
        messages.error(request, problem.message)
        return redirect("staff_member", pk)
    return _show_link(request, user)


@never_cache
@require_POST
def new_token(request: HttpRequest, pk: int) -> HttpResponse:
    """Make an API token, and show it: once, here and nowhere else."""
    user = _person_or_404(pk)
    try:
        token = services.make_token(user=user, actor=staff(request.user))
    except Problem as problem:
        messages.error(request, problem.message)
        return redirect("staff_member", pk)
    return render(request, "people/shown_once.html", {"person": user, "token": token, "link": ""})


def _show_link(request: HttpRequest, user: User) -> HttpResponse:
    link = request.build_absolute_uri(password_link(user))
    return render(request, "people/shown_once.html", {"person": user, "link": link, "token": ""})


def _do(request: HttpRequest, pk: int, service: Callable[..., Any], said: Any) -> HttpResponse:
    try:
        service(user=_person_or_404(pk), actor=staff(request.user))
    except Problem as problem:
        messages.error(request, problem.message)
    else:
        messages.success(request, str(said))
    return redirect("staff_member", pk)


def _people() -> QuerySet[User]:
    factor = Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP)
    rows = User.objects.filter(is_staff=True).prefetch_related("groups")
    return rows.annotate(has_factor=Exists(factor), open_sessions=Count("usersession"))


def _person_or_404(pk: int) -> User:
    user = _people().filter(pk=pk).first()
    if user is None:
        raise Http404(_("Nobody of the staff has the number %(pk)s.") % {"pk": pk})
    return user


def _role_words(user: User) -> str:
    if user.is_superuser:
        return _("May do everything")
    role = role_of(user)
    return str(ROLE_LABELS[role]) if role else _("No role")
