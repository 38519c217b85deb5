"""Licenses: the list, one license, New License, and what is shown in clear on request."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse  # noqa: TID251 (the door of pages)
from django.shortcuts import get_object_or_404, redirect, render  # noqa: TID251 (the door of pages)
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ka_plugins.contract import Verb
from licenses.forms import NewLicenseForm, ReasonForm, show_problem
from licenses.lists import LicenseList
from licenses.models import License, LicenseFile, PluginConfiguration
from licenses.plugins import plugin_class
from licenses.selectors import configurations, files_of, license_for_page, sealed_parts, story_of_license
from licenses.services import new_licenses, renew_license, terminate_license
from licenses.uploads import read_file, reveal_activation_code, reveal_key
from pbas.core.problems import Problem
from pbas.core.story import staff
from pbas.core.web import render_page, staff_only


@staff_only
@require_GET
def list_licenses(request: HttpRequest) -> HttpResponse:
    """The licenses of one tab."""
    return render_page(request, "licenses/licenses.html", "licenses/_licenses.html", {"list": LicenseList(request.GET)})


@staff_only
@require_GET
def show_license(request: HttpRequest, pk: int) -> HttpResponse:
    """One license: key, files, dates, additional keys, requests, story."""
    license_ = _license_or_404(pk)
    context = {
        "license": license_,
        "children": license_.children.select_related("license_class"),
        "requests": license_.requests.order_by("-id"),
        "files": files_of(license_.pk),
        "story": story_of_license(license_),
        "may": _verbs_of(license_),
        "sealed": sealed_parts(license_),
    }
    return render(request, "licenses/license.html", context)


@staff_only
@require_http_methods(["GET", "POST"])
def new_license(request: HttpRequest) -> HttpResponse:
    """New License for the tab that was open; without one, the tab is chosen first."""
    wanted = request.POST.get("plugin") or request.GET.get("plugin") or ""
    tabs = configurations()
    configuration = next((one for one in tabs if str(one.pk) == wanted), None)
    if configuration is None:
        return render(request, "licenses/new_choose.html", {"configurations": tabs})
    form = NewLicenseForm(
        request.POST if request.method == "POST" else None,
        configuration=configuration,
        initial={"subscription": request.GET.get("subscription", "")},
    )
    if form.is_valid():
        answer = _request_licenses(request, configuration, form)
        if answer is not None:
            return answer
    return render(request, "licenses/new_license.html", {"form": form, "configuration": configuration})


def _request_licenses(
    request: HttpRequest, configuration: PluginConfiguration, form: NewLicenseForm
) -> HttpResponse | None:
    given = form.cleaned_data
    try:
        made = new_licenses(
            configuration=configuration,
            license_class=given["license_class"],
            number=given["number"],
            subscription_id=given["subscription"],
            actor=staff(request.user),
            once=given["once"],
        )
    except Problem as problem:
        show_problem(form, problem)
        return None
    said = ngettext("%(n)s license was requested.", "%(n)s licenses were requested.", len(made)) % {"n": len(made)}
    messages.success(request, said)
    if len(made) == 1:
        return redirect("license_request", made[0].pk)
    return redirect(reverse("license_requests", query={"plugin": configuration.pk}))


@staff_only
@require_http_methods(["GET", "POST"])
def renew(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask first: a renewal costs money."""
    return _confirmed(request, _license_or_404(pk), "licenses/renew.html")


@staff_only
@require_http_methods(["GET", "POST"])
def terminate(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask first: the end of a license is for good."""
    return _confirmed(request, _license_or_404(pk), "licenses/terminate.html")


def _confirmed(request: HttpRequest, license_: License, page: str) -> HttpResponse:
    """A page that names the license and what follows; its button does it."""
    is_end = page == "licenses/terminate.html"
    form = ReasonForm(request.POST if request.method == "POST" else None, is_required=is_end)
    if form.is_valid():
        actor = staff(request.user)
        try:
            if is_end:
                made = terminate_license(license=license_, actor=actor, reason=form.cleaned_data["reason"])
            else:
                made = renew_license(license=license_, actor=actor)
        except Problem as problem:
            show_problem(form, problem)
        else:
            return redirect("license_request", made.pk)
    return render(request, page, {"license": license_, "form": form})


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


def _verbs_of(license_: License) -> frozenset[str]:
    """What the services would not refuse for this license."""
    if license_.state == License.State.TERMINATED:
        return frozenset()
    if not license_.configuration.is_online:
        return frozenset({"renew"})
    try:
        verbs = plugin_class(license_.configuration.template).verbs
    except Problem:
        return frozenset()
    return frozenset(verb.value for verb in verbs if verb in {Verb.RENEW, Verb.TERMINATE})


def _license_or_404(pk: int) -> License:
    license_ = license_for_page(pk)
    if license_ is None:
        raise Http404(_("There is no license %(pk)s.") % {"pk": pk})
    return license_
