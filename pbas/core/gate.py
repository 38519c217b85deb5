"""The gate before all pages: who is not signed in comes to the login, who may not do this is refused."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode, urlsplit

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware, get_user
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed  # noqa: TID251 (the door of pages)
from django.shortcuts import redirect  # noqa: TID251 (the door of pages)
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from pbas.core import at_hand
from pbas.core.access import API, FRESH, PUBLIC, SIGNED_IN, is_allowed, need_of
from pbas.core.accounts import is_fresh
from pbas.core.kept import login_with_kept
from pbas.core.rights import rights_of
from pbas.core.web import not_allowed

if TYPE_CHECKING:
    from pbas.core.sessions import SessionStore


class GateMiddleware(LoginRequiredMiddleware):
    """Asks the table of `access` before each page."""

    def process_view(self, request: HttpRequest, view_func: Callable[..., Any], *_args: Any) -> HttpResponse | None:
        """None where the page may be shown."""
        name = _name(request)
        need = need_of(name, request.method or "GET")
        if name in API or PUBLIC in need:
            return None
        session = cast("SessionStore", request.session)
        at_hand.bring(session, name)
        request.user = get_user(request)  # himself: who is only looked up when asked for costs at each look
        if not request.user.is_authenticated:
            return self._to_login(request, view_func)
        at_hand.give(request.user, session, name)
        if not is_allowed(request.user, name, request.method or "GET"):
            return _refused(request, name)
        if name in FRESH and not is_fresh(request):
            return ask_again(request)
        if settings.REQUIRE_SECOND_FACTOR and SIGNED_IN not in need and not is_mfa_enabled(request.user):
            messages.warning(request, _("The staff of this panel signs in with a second factor. Please set up yours."))
            return _away(request, reverse("mfa_activate_totp"))
        return None

    def process_response(self, request: HttpRequest, answer: HttpResponse) -> HttpResponse:
        """A page in words where Django says with an empty one that an address is only sent to, or only read."""
        is_empty = answer.status_code == HttpResponseNotAllowed.status_code and not answer.content
        return not_allowed(request, answer) if is_empty else answer

    def _to_login(self, request: HttpRequest, view_func: Callable[..., Any]) -> HttpResponse:
        if request.headers.get("HX-Request"):
            return _away(request, _with_next(settings.LOGIN_URL, _page_before(request)))
        if request.method == "POST":
            return login_with_kept(request, back=_page_before(request))
        return self.handle_no_permission(request, view_func)


def _refused(request: HttpRequest, name: str) -> HttpResponse:
    """A customer at the staff's front door comes to his own pages. Raises PermissionDenied anywhere else."""
    if not need_of(name, request.method or "GET") and rights_of(request.user):
        return HttpResponseNotAllowed([method for method in ("GET", "POST") if need_of(name, method)])
    if (name, request.method) != (settings.HOME, "GET"):
        raise PermissionDenied
    return redirect(settings.CUSTOMER_HOME)


def ask_again(request: HttpRequest) -> HttpResponse:
    """To the page that asks whether it is he; from there back to where he was, to press the button once more."""
    messages.info(request, _("Please confirm that it is you; after that, do it once more."))
    back = request.get_full_path() if request.method == "GET" else _page_before(request)
    return _away(request, _with_next("account_reauthenticate", back))


def _name(request: HttpRequest) -> str:
    match = request.resolver_match
    return match.view_name if match is not None else ""


def _with_next(name: str, back: str) -> str:
    return f"{reverse(name)}?{urlencode({'next': back})}"


def _page_before(request: HttpRequest) -> str:
    """The page on which a button was pressed, if it is one of ours."""
    page = request.headers.get("HX-Current-URL") or request.headers.get("Referer") or ""
    if not url_has_allowed_host_and_scheme(page, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return reverse(settings.HOME)
    parts = urlsplit(page)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _away(request: HttpRequest, link: str) -> HttpResponse:
    """Go there; htmx, which only fetched a part, is told to take the whole page there."""
    if not request.headers.get("HX-Request"):
        return redirect(link)
    answer = HttpResponse(status=204)
    answer["HX-Redirect"] = link
    return answer
