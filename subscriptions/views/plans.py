"""Hosting plans: what the store sells."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse  # noqa: TID251 (the door of pages)
from django.shortcuts import get_object_or_404, redirect, render  # noqa: TID251 (the door of pages)
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from pbas.core.story import staff
from pbas.core.web import staff_only
from subscriptions.forms import PlanEditor
from subscriptions.models import HostingPlan
from subscriptions.selectors import plans_for_list


@staff_only
@require_GET
def list_plans(request: HttpRequest) -> HttpResponse:
    """All plans; there are few."""
    return render(request, "subscriptions/plans.html", {"plans": plans_for_list()})


@staff_only
@require_GET
def show_plan(request: HttpRequest, code: str) -> HttpResponse:
    """One plan with its services, licenses and fees."""
    return render(request, "subscriptions/plan.html", {"plan": get_object_or_404(plans_for_list(), code=code)})


@staff_only
@require_http_methods(["GET", "POST"])
def new_plan(request: HttpRequest) -> HttpResponse:
    """A new plan."""
    return _edit(request, None)


@staff_only
@require_http_methods(["GET", "POST"])
def edit_plan(request: HttpRequest, code: str) -> HttpResponse:
    """Change a plan; orders that were placed keep what they were."""
    return _edit(request, get_object_or_404(HostingPlan, code=code))


def _edit(request: HttpRequest, plan: HostingPlan | None) -> HttpResponse:
    title = plan.name if plan else _("New plan")
    editor = PlanEditor(plan, request.POST if request.method == "POST" else None)
    if request.method == "POST" and editor.is_valid():
        saved = editor.save(staff(request.user))
        messages.success(request, _("Plan %(name)s is saved.") % {"name": saved.name})
        return redirect("plan", saved.code)
    return render(request, "subscriptions/plan_form.html", {"editor": editor, "plan": plan, "title": title})
