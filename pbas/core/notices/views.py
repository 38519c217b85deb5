"""The reader's own notices: all of them, the one that leads on, and the part of the frame that follows along."""

from django.http import Http404, HttpRequest, HttpResponse  # noqa: TID251 (the door of pages)
from django.shortcuts import redirect, render  # noqa: TID251 (the door of pages)
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from pbas.core.notices import services
from pbas.core.notices.models import Notice
from pbas.core.web import staff_only

SHOWN = 100


@staff_only
@never_cache
@require_GET
def list_notices(request: HttpRequest) -> HttpResponse:
    """His long work, newest first; what has ended counts as read from now on."""
    notices = list(Notice.objects.filter(owner=request.user.pk)[:SHOWN])
    services.read(owner=request.user)
    return render(request, "notices/notices.html", {"rows": notices})


@staff_only
@never_cache
@require_GET
def open_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """To what it tells of."""
    notice = Notice.objects.filter(owner=request.user.pk, pk=pk).first()
    if notice is None:
        raise Http404(_("There is no such notice (any more)."))
    services.read(owner=request.user, pk=pk)
    return redirect(notice.link)


@staff_only
@never_cache
@require_GET
def follow(request: HttpRequest) -> HttpResponse:
    """The part of the frame that counts, asked for while work is under way; what has just ended is said once."""
    before = request.GET.get("unread", "")
    now = services.counted(request.user)
    fresh = now.unread - int(before) if before.isdecimal() and len(before) < len("1000") else 0
    ended = Notice.objects.filter(owner=request.user.pk, ended_at__isnull=False).order_by("-ended_at")
    context = {"notices": now, "ended": list(ended[: max(fresh, 0)])}
    return render(request, "notices/_bell.html", context)
