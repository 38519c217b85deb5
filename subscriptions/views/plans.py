"""Hosting plans: what the store sells."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse  # noqa: TID251 (the door of pages)
from django.shortcuts import get_object_or_404, redirect, render  # noqa: TID251 (the door of pages)
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from ka_plugins.contract import ClassInfo
from licenses.choosing import Choosing
from licenses.options import class_info, faults_of, has_choice
from licenses.owed import what_is_wrong
from licenses.wording import names_of
from pbas.core.story import staff
from pbas.core.web import staff_only
from subscriptions.forms import PlanEditor
from subscriptions.models import HostingPlan, PlanLicense
from subscriptions.selectors import offers_to_complete, plans_for_list
from subscriptions.services import save_options


@staff_only
@require_GET
def list_plans(request: HttpRequest) -> HttpResponse:
    """All plans; there are few."""
    return render(request, "subscriptions/plans.html", {"plans": plans_for_list()})


@staff_only
@require_GET
def show_plan(request: HttpRequest, code: str) -> HttpResponse:
    """One plan with its services, licenses and fees."""
    plan = get_object_or_404(plans_for_list(), code=code)
    offers = [(one, *_in_words(one)) for one in plan.licenses.all()]
    return render(request, "subscriptions/plan.html", {"plan": plan, "offers": offers})


def _in_words(offered: PlanLicense) -> tuple[str, str]:
    """The options of an offered license, and what is wrong with them; "" where there is nothing to say."""
    names, options = names_of(offered.license_class), offered.options or {}
    codes = [*options.get("features", ())]
    for one in options.get("additional", ()):
        codes += [one["code"], *one.get("features", ())]
    text = ", ".join(names.get(code, code) for code in codes)
    return text, what_is_wrong(offered.license_class, options)


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


@staff_only
@require_http_methods(["GET", "POST"])
def edit_options(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """The options with which a plan sells one of its licenses, checked as New License checks them."""
    offers = PlanLicense.objects.select_related("plan", "license_class__configuration")
    offered = get_object_or_404(offers, plan__code=code, pk=pk)
    license_class = offered.license_class
    info = class_info(license_class) or ClassInfo(license_class.code, license_class.name)
    is_sent = request.method == "POST"
    choosing = Choosing(info, chosen=offered.options or None, posted=request.POST if is_sent else None)
    if not is_sent:
        choosing.faults = faults_of(info, choosing.chosen)  # what is missing shows before anything is sent
    if is_sent and not choosing.faults:
        save_options(offered=offered, options=choosing.options, actor=staff(request.user))
        messages.success(request, _("Saved."))
        return redirect("plan", code)
    context = {"plan": offered.plan, "offered": offered, "choosing": choosing, "has_choice": has_choice(info)}
    return render(request, "subscriptions/plan_options.html", context)


def _edit(request: HttpRequest, plan: HostingPlan | None) -> HttpResponse:
    title = plan.name if plan else _("New plan")
    editor = PlanEditor(plan, request.POST if request.method == "POST" else None)
    if request.method == "POST" and editor.is_valid():
        saved = editor.save(staff(request.user))
        messages.success(request, _("Plan %(name)s is saved.") % {"name": saved.name})
        if missing := offers_to_complete(saved):
            return redirect("plan_options", saved.code, missing[0].pk)
        return redirect("plan", saved.code)
    return render(request, "subscriptions/plan_form.html", {"editor": editor, "plan": plan, "title": title})
