"""Licenses: the list, one license, New License, and what is shown in clear on request."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse  # noqa: TID251 (the door of pages)
from django.shortcuts import get_object_or_404, redirect, render  # noqa: TID251 (the door of pages)
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from licenses.choosing import Choosing
from licenses.forms import ConfirmForm, SubscriptionForm, show_problem
from licenses.lists import LicenseList
from licenses.models import License, LicenseFile, LicenseRequest
from licenses.options import class_info, has_choice, in_order, info_of_license, options_of
from licenses.owed import made_by_form
from licenses.proving.looking import is_bound
from licenses.selectors import files_of, license_for_page, sealed_parts, story_of_license
from licenses.services import change_license, renew_license, resume_license, suspend_license, terminate_license
from licenses.stock import assign_license, is_in_stock
from licenses.uploads import read_file, reveal_activation_code, reveal_key
from licenses.verbs import open_kinds, verbs_of, why_not
from licenses.wording import differences, names_of, proof_of, question_of, vendor_account
from pbas.core.lists.pages import show_list
from pbas.core.problems import Problem
from pbas.core.story import Actor, staff
from pbas.core.web import render_page, staff_only

Kind = LicenseRequest.Kind


@staff_only
@require_GET
def list_licenses(request: HttpRequest) -> HttpResponse:
    """The licenses of one tab."""
    listed = LicenseList(request.GET, request.user)
    return show_list(request, listed, "licenses/licenses.html", "licenses/_licenses.html")


@staff_only
@require_GET
def show_license(request: HttpRequest, pk: int) -> HttpResponse:
    """One license: key, files, dates, additional keys, requests, story."""
    license_ = _license_or_404(pk)
    requests = list(license_.requests.order_by("-id"))
    asked = {one.kind for one in requests if not one.is_final}
    may = verbs_of(license_, asked)
    info = class_info(license_.license_class)
    context = {
        "license": license_,
        "children": license_.children.select_related("license_class"),
        "names": names_of(license_.license_class),
        "requests": requests,
        "files": files_of(license_.pk),
        "story": story_of_license(license_, requests, request.GET.get("story", "")),
        "proof": proof_of(license_, is_bound=is_bound(license_)),
        "may": may if has_choice(info) else may - {Kind.CHANGE},
        "is_stock": is_in_stock(license_) and Kind.ISSUE in asked,
        "sealed": sealed_parts(license_),
    }
    return render(request, "licenses/license.html", context)


@staff_only
@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Ask first: a page that names the license, what goes with it and what follows; its button does it."""
    license_ = _license_or_404(pk)
    question = question_of(kind, license_.configuration)
    form = ConfirmForm(request.POST if request.method == "POST" else None, is_required=question.ends)
    if form.is_valid():
        try:
            made = _decide(license_, kind, actor=staff(request.user), **form.cleaned_data)
        except Problem as problem:
            show_problem(form, problem)
        else:
            return redirect("license_request", made.pk)
    words = {"plugin": license_.configuration.name, "key": license_.key}
    context = {
        "license": license_,
        "children": _living(license_),
        "names": names_of(license_.license_class),
        "question": question,
        "form": form,
        "title": str(question.title) % words,
        "text": str(question.text) % words,
        "problem": why_not(license_, kind, open_kinds(license_)),
    }
    return render(request, "licenses/ask.html", context)


def _decide(license_: License, kind: str, *, actor: Actor, reason: str, once: UUID | None) -> LicenseRequest:
    if kind == Kind.RENEW:
        return renew_license(license=license_, actor=actor, once=once)
    if kind == Kind.RESUME:
        return resume_license(license=license_, actor=actor, once=once)
    end = suspend_license if kind == Kind.SUSPEND else terminate_license
    return end(license=license_, actor=actor, reason=reason, once=once)


@staff_only
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """A change of capacity: the options with what the license has now, then what would change, which asks for it."""
    license_ = _license_or_404(pk)
    step, before = request.POST.get("step", ""), options_of(license_)
    form = ConfirmForm(request.POST if step == "buy" else None, is_required=False)
    if form.is_valid() and (sent := made_by_form(form.cleaned_data["once"])):
        return redirect("license_request", sent[0].pk)
    info, problem = info_of_license(license_), why_not(license_, Kind.CHANGE, open_kinds(license_))
    if info is None or problem is not None or not has_choice(info):
        return render(request, "licenses/change.html", {"license": license_, "problem": problem, "choosing": None})
    choosing = Choosing(info, chosen=before, posted=request.POST if step else None)
    context = {"license": license_, "problem": None, "choosing": choosing}
    found = [] if choosing.faults else differences(info, in_order(info, before), choosing.options)
    if step in {"", "change"} or not found:
        return render(request, "licenses/change.html", {**context, "is_unchanged": bool(step) and not choosing.faults})
    form.fields["reason"].required = any(one.mark == "gone" for one in found)
    form.full_clean()
    if form.is_valid() and (made := _change(request, license_, choosing, form)):
        return redirect("license_request", made.pk)
    more = {"differences": found, "form": form, "account": vendor_account(license_.configuration)}
    return render(request, "licenses/change_review.html", {**context, **more})


def _change(request: HttpRequest, license_: License, choosing: Choosing, form: ConfirmForm) -> LicenseRequest | None:
    try:
        return change_license(license=license_, options=choosing.chosen, actor=staff(request.user), **form.cleaned_data)
    except Problem as problem:
        show_problem(form, problem)
        return None


@staff_only
@require_http_methods(["GET", "POST"])
def assign(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a license in stock to a subscription, which installs it."""
    license_ = _license_or_404(pk)
    form = SubscriptionForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            made = assign_license(
                license=license_, subscription_id=form.cleaned_data["subscription"], actor=staff(request.user)
            )
        except Problem as problem:
            show_problem(form, problem)
        else:
            messages.success(request, _("The license is assigned. It is being installed."))
            return redirect("license_request", made.pk)
    context = {"license": license_, "children": _living(license_), "form": form, "is_stock": is_in_stock(license_)}
    context["names"] = names_of(license_.license_class)
    return render(request, "licenses/assign.html", context)


@staff_only
@never_cache
@require_POST
def reveal(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the key, or the activation code, in clear; the page hides it again after 30 seconds."""
    license_ = _license_or_404(pk)
    is_code = request.POST.get("what") == "activation_code"
    shown = (reveal_activation_code if is_code else reveal_key)(license=license_, actor=staff(request.user))
    what = "activation_code" if is_code else "key"
    context = {"license": license_, "what": what, "shown": shown}
    return render_page(request, "licenses/revealed.html", "licenses/_revealed.html", context)


@staff_only
@never_cache
@require_GET
def download_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The exact bytes of a license file, always as a download."""
    found = get_object_or_404(LicenseFile.objects.select_related("license", "request"), pk=pk)
    answer = HttpResponse(
        read_file(license_file=found, actor=staff(request.user)), content_type="application/octet-stream"
    )
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=found.name) or "attachment"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _living(license_: License) -> list[License]:
    """The additional keys that go with a license."""
    return list(license_.children.exclude(state=License.State.TERMINATED))


def _license_or_404(pk: int) -> License:
    license_ = license_for_page(pk)
    if license_ is None:
        raise Http404(_("There is no license %(pk)s.") % {"pk": pk})
    return license_
