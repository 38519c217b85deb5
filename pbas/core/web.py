"""What all pages share: the frame around them, who may see them, parts for htmx, and the pages that say no."""

import sys
from collections.abc import Callable, Mapping
from functools import lru_cache, wraps
from typing import Any, Concatenate, NamedTuple, ParamSpec

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import DisallowedHost, PermissionDenied, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect  # noqa: TID251 (the door of pages)
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render  # noqa: TID251 (the door of pages)
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from pbas.core import at_hand, kept
from pbas.core.access import doors_of
from pbas.core.jinja import icon
from pbas.core.migrating import is_behind
from pbas.core.notices import services as notices
from pbas.core.reference import reference_of
from pbas.core.rights import rights_of

P = ParamSpec("P")

STOP_POLLING = 286  # htmx takes the answer and asks no more
THEME_COOKIE = "theme"
THEMES = {"auto": _("As the system"), "light": _("Light"), "dark": _("Dark")}
_THEME_ICONS = {"auto": "device-desktop", "light": "sun", "dark": "moon"}
_YEAR = 365 * 24 * 3600
_CSRF_INPUT = '<input type="hidden" name="csrfmiddlewaretoken" value="{}">'

_MENU = (
    ("dashboard", _("Dashboard"), "layout-dashboard"),
    ("licenses", _("Licenses"), "key"),
    ("license_requests", _("License Requests"), "clipboard-list"),
    ("failures", _("Failures"), "alert-triangle"),
    ("findings", _("Reconciliation"), "zoom-question"),
    ("subscriptions", _("Subscriptions"), "server-2"),
    ("orders", _("Orders"), "shopping-cart"),
    ("plans", _("Plans"), "list-details"),
    ("plugins", _("Plug-ins"), "plug"),
    ("activity", _("Activity"), "activity"),
    ("staff", _("Staff"), "users"),
)

_ALSO_AT = {"license_requests": "/uploads/", "failures": "/runs/", "plugins": "/ready-keys/"}  # entries of their own


class MenuEntry(NamedTuple):
    """One link of the menu."""

    label: str
    icon: str  # as it is drawn
    link: str
    is_current: bool
    waiting: int = 0  # what needs a person there


def frame(request: HttpRequest) -> dict[str, Any]:
    """What base.html needs on every page; `can` tells whether this reader may open or post to an address."""
    user = getattr(request, "user", None) or AnonymousUser()  # an address that is refused outright has none yet

    doors, language = doors_of(user), get_language()
    token = SimpleLazyObject(lambda: get_token(request))  # one for all forms of the page

    def can(name: str, method: str = "POST") -> bool:
        return doors(name, method)

    return {
        "user": user,
        "can": can,
        "csrf_token": token,
        "csrf_input": SimpleLazyObject(lambda: format_html(_CSRF_INPUT, token)),
        "zone": timezone.get_current_timezone(),
        "menu": [
            MenuEntry(label, icon, link, _is_at(request.path, link, _ALSO_AT.get(name, "")), _count_of(name, user))
            for name, label, icon, link in _menu(language)
            if can(name, "GET")
        ],
        "theme": theme_of(request),
        "themes": _themes(language),
        "lang": language,
        "languages": settings.LANGUAGES,
        "is_demo": settings.PBAS_DEMO,
        "has_mail": settings.HAS_MAIL,
        "messages": messages.get_messages(request),
        "here": request.get_full_path(),
        "now": timezone.now(),
        "notices": notices.counted(user),
    }


@lru_cache
def _menu(_language: str | None) -> list[tuple[str, str, str, str]]:
    return [(name, str(label), icon(picture), reverse(name)) for name, label, picture in _MENU]


@lru_cache
def _themes(_language: str | None) -> list[tuple[str, str, str]]:
    return [(name, str(label), icon(_THEME_ICONS[name], str(label))) for name, label in THEMES.items()]


def _count_of(name: str, reader: Any) -> int:
    """What needs a person behind an entry of the menu, as those who know wrote it down; it costs no statement."""
    return int(at_hand.look(at_hand.FAILURES, reader) or 0) if name == "failures" else 0


def _is_at(path: str, link: str, also: str) -> bool:
    return path == link if link == "/" else path.startswith(link) or bool(also and path.startswith(also))


def theme_of(request: HttpRequest) -> str:
    """The theme that this reader chose; "auto" follows his system."""
    chosen = request.COOKIES.get(THEME_COOKIE, "auto")
    return chosen if chosen in THEMES else "auto"


def staff_only(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[..., HttpResponse]:
    """For the staff's pages: who is signed in but no staff gets 403; who is not signed in comes to the login."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not getattr(request.user, "is_staff", False):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def render_page(
    request: HttpRequest, page: str, part: str, context: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    """The whole page, or for htmx its part alone; going back in the browser always gets the page."""
    is_part = request.headers.get("HX-Request") == "true" and "HX-History-Restore-Request" not in request.headers
    answer = render(request, part if is_part else page, {**context, "is_part": is_part}, status=status)
    patch_vary_headers(answer, ["HX-Request"])
    return answer


# --- pages of the frame itself ------------------------------------------------------------------------------------


@login_not_required
@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Keep the reader's theme in a cookie and go back to where he was."""
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        back = reverse("dashboard")
    answer = redirect(back)
    chosen = request.POST.get("theme", "")
    answer.set_cookie(
        *(THEME_COOKIE, chosen if chosen in THEMES else "auto"),
        max_age=_YEAR,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )
    return answer


@login_not_required
@require_GET
def favicon(_request: HttpRequest) -> HttpResponse:
    """The icon that browsers ask for where a page names none."""
    return HttpResponseRedirect(static("favicon.svg"))


@login_not_required
@require_GET
def livez(_request: HttpRequest) -> HttpResponse:
    """This process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


# --- pages that say no --------------------------------------------------------------------------------------------


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400."""
    if isinstance(exception, TooManyFilesSent):
        text = _("At most %(n)s are taken at once. Nothing was kept: go back, and bring them in parts.")
        words = {"n": settings.DATA_UPLOAD_MAX_NUMBER_FILES}
        return _says_no(request, 400, _("Too many files at once"), text % words)
    if isinstance(exception, DisallowedHost):
        text = _("Open it by one of the names that its administrator gave it in PBAS_ALLOWED_HOSTS.")
        return _says_no(request, 400, _("The panel does not answer to this host name"), text)
    return _says_no(request, 400, _("That address or form cannot be read"), _("Go back and try once more."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 (Django's)
    """403: signed in, but not for this."""
    text = _("These pages are for staff. Ask your administrator if you should have them.")
    if rights_of(request.user):
        text = _("Your role does not include this. An administrator can give you another one.")
    return _says_no(request, 403, _("You may not see this page"), text)


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: a form whose token does not fit the session any more. Nothing was done; what was typed can be sent again.

    Only what came from a page of ours is offered again: whoever lures somebody here from elsewhere gets nothing.
    """
    text = _("It was open for too long, or you signed in again meanwhile. Nothing was done: go back and reload it.")
    is_ours = "Origin" in request.headers and not reason.startswith("Origin")
    form = kept.form_of(request) if is_ours else None
    if form is None:
        return _says_no(request, 403, _("This form is out of date"), text)
    text = _("It was open for too long, or you signed in again meanwhile. Nothing was done, and nothing is lost.")
    context = {"title": _("This form is out of date"), "text": text, "kept": form}
    return render(request, "errors/kept.html", {**context, "reference": reference_of(request)}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404, in the words that the view gave."""
    given = exception.args[0] if exception.args and isinstance(exception.args[0], str | Promise) else ""
    if str(given).endswith("matches the given query."):  # Django's own words, which name a table
        given = ""
    text = given or _("The address may be mistyped, or what was there is gone.")
    return _says_no(request, 404, _("Not found"), text)


def not_allowed(request: HttpRequest, refused: HttpResponse) -> HttpResponse:
    """405: most often the address of a form that was sent, read by itself: typed, kept, or loaded anew."""
    text = _("This address only takes what a form sends, and nothing was sent. Open the page that the form is on.")
    answer = _says_no(request, 405, _("There is no page here"), text)
    answer["Allow"] = refused["Allow"]
    return answer


def failed(request: HttpRequest) -> HttpResponse:
    """500, or 503 where the database does not answer; asks neither it nor the session, which may be what failed."""
    error = sys.exc_info()[1]
    behind = is_behind(error)
    is_busy = isinstance(error, OperationalError | InterfaceError) and not behind
    again = request.get_full_path() if request.method == "GET" else ""  # what is sent once more needs its page
    context = {"reference": reference_of(request), "is_busy": is_busy, "is_behind": behind, "again": again}
    context |= {"theme": theme_of(request), "lang": get_language()}
    answer = HttpResponse(render_to_string("errors/500.html", context), status=503 if is_busy else 500)
    if is_busy:
        answer["Retry-After"] = "5"
    return answer


def _says_no(request: HttpRequest, status: int, title: Any, text: Any) -> HttpResponse:
    context = {"status": status, "title": title, "text": text, "reference": reference_of(request)}
    return render(request, "errors/says_no.html", context, status=status)
