"""The login, with what somebody typed before he was asked for it; and the page that gives it back."""

from typing import Any

from allauth.account import views as account
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse  # noqa: TID251 (the door of pages)
from django.shortcuts import redirect, render  # noqa: TID251 (the door of pages)
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from pbas.core import kept


class LoginView(account.LoginView):  # type: ignore[misc] # allauth has no types
    """The one login of panel, back office and customers' pages."""

    def form_valid(self, form: Any) -> Any:
        """Take along what was typed before the login."""
        sealed = self.request.POST.get("kept", "")
        if sealed and kept.unseal(sealed):
            self.request.session[kept.SESSION_KEY] = sealed
        return super().form_valid(form)


@never_cache
@require_GET
def show_kept(request: HttpRequest) -> HttpResponse:
    """What was typed when the login had run out, to be sent again; files have to be chosen once more."""
    form = kept.unseal(request.session.get(kept.SESSION_KEY, ""))
    if form is None:
        return redirect(settings.HOME if getattr(request.user, "is_staff", False) else settings.CUSTOMER_HOME)
    title = _("You are signed in again")
    text = _("Your login had run out when you sent this form. Nothing was done, and nothing is lost.")
    return render(request, "errors/kept.html", {"title": title, "text": text, "kept": form, "reference": ""})


class PasswordResetView(account.PasswordResetView):  # type: ignore[misc] # allauth has no types
    """Asks for a link by mail; not there where the panel sends none."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Raises Http404 without EMAIL_URL."""
        if not settings.HAS_MAIL:
            raise Http404(_("This panel sends no mail. Ask your administrator for a new link."))
        return super().dispatch(request, *args, **kwargs)


login = LoginView.as_view()
password_reset = PasswordResetView.as_view()
