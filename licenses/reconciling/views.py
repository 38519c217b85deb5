"""Reconciliation: the list of findings, one finding with what can be done, and a plug-in's rounds."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse  # noqa: TID251 (the door of pages)
from django.shortcuts import redirect, render  # noqa: TID251 (the door of pages)
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from licenses.forms import ReasonForm, show_problem
from licenses.models import Finding, License, LicenseClass, LicenseRequest
from licenses.plugin_pages.views import configuration_or_404
from licenses.reconciling import adopting, rounds, services
from licenses.reconciling.forms import AdoptOrphanForm, CostForm, IgnoreForm
from licenses.reconciling.lists import FindingList
from licenses.reconciling.selectors import cost_of, counts_of, findings, open_ones, progress_of
from pbas.core.lists.pages import show_list
from pbas.core.problems import Problem
from pbas.core.story import Actor, staff
from pbas.core.web import STOP_POLLING, staff_only


@staff_only
@require_GET
def list_findings(request: HttpRequest) -> HttpResponse:
    """The findings of one tab."""
    listed = FindingList(request.GET, request.user)
    return show_list(request, listed, "reconciling/findings.html", "reconciling/_findings.html")


@staff_only
@never_cache
@require_GET
def show_finding(request: HttpRequest, pk: int) -> HttpResponse:
    """One finding: who says what, and what can be done about it."""
    finding = _finding_or_404(pk)
    context = {
        "finding": finding,
        "may_adopt": finding.kind == Finding.Kind.ORPHAN,
        "may_terminate": services.may_terminate(finding),
        "may_fetch": services.may_fetch(finding),
        "is_ignored": finding.is_ignored,
    }
    return render(request, "reconciling/finding.html", context)


@staff_only
@require_GET
def show_finding_of_license(_request: HttpRequest, pk: int) -> HttpResponse:
    """From a license that is not in sync to what was found."""
    finding = Finding.objects.filter(license=pk, kind__in=["missing", "different"]).first()
    return redirect("license", pk) if finding is None else redirect("finding", finding.pk)


# --- decisions ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Asked:
    """A decision that is asked for on a page of its own."""

    form: Callable[..., forms.Form]
    decide: Callable[[Finding, Actor, dict[str, Any]], LicenseRequest | License | None]
    title: Any
    text: Any
    button: Any
    picture: str
    said: Any
    ends: bool = False


def _adopt(finding: Finding, actor: Actor, given: dict[str, Any]) -> LicenseRequest | License | None:
    return adopting.adopt(finding=finding, subscription_id=given["subscription"], actor=actor, reason=given["reason"])


def _terminate(finding: Finding, actor: Actor, given: dict[str, Any]) -> None:
    services.terminate(finding=finding, actor=actor, **given)


def _ignore(finding: Finding, actor: Actor, given: dict[str, Any]) -> None:
    services.ignore(finding=finding, actor=actor, **given)


_DECISIONS: dict[str, _Asked] = {
    "adopt": _Asked(
        *(AdoptOrphanForm, _adopt, gettext_lazy("Adopt the key")),
        gettext_lazy("The key becomes a license of the panel. Nothing is bought: the vendor has sold it already."),
        *(gettext_lazy("Adopt"), "link", gettext_lazy("The key was adopted.")),
    ),
    "terminate": _Asked(
        *(ReasonForm, _terminate, gettext_lazy("End the key at the vendor?")),
        gettext_lazy(
            "The vendor ends it for good, with its additional keys, and stops billing it. Who uses it loses it."
        ),
        *(gettext_lazy("End it at the vendor"), "ban", gettext_lazy("The key was ended at the vendor.")),
        ends=True,
    ),
    "ignore": _Asked(
        *(IgnoreForm, _ignore, gettext_lazy("Ignore this finding")),
        gettext_lazy("It leaves the list, the counts and the cost until that day."),
        *(gettext_lazy("Ignore"), "clock", gettext_lazy("It is ignored.")),
    ),
}


@staff_only
@never_cache
@require_http_methods(["GET", "POST"])
def decide(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Ask first: a page that says what follows; its button does it."""
    finding, asked = _finding_or_404(pk), _DECISIONS[act]
    form = asked.form(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            made = asked.decide(finding, staff(request.user), form.cleaned_data)
        except Problem as problem:
            show_problem(form, problem)
        else:
            messages.success(request, str(asked.said))
            return _to(made, finding)
    return render(request, "reconciling/decide.html", {"finding": finding, "asked": asked, "form": form})


def _to(made: LicenseRequest | License | None, finding: Finding) -> HttpResponse:
    """The page of what a decision made; else the list."""
    if isinstance(made, LicenseRequest):
        return redirect("license_request", made.pk)
    return redirect("license", made.pk) if made is not None else _to_list(finding)


def _to_list(finding: Finding) -> HttpResponse:
    answer = redirect("findings")
    answer["Location"] += f"?plugin={finding.configuration_id}"
    return answer


@staff_only
@require_POST
def fetch_anew(request: HttpRequest, pk: int) -> HttpResponse:
    """Take over what the vendor says now, and install it again."""
    finding = _finding_or_404(pk)
    try:
        made = services.fetch_anew(finding=finding, actor=staff(request.user))
    except Problem as problem:
        messages.error(request, problem.message)
        return redirect("finding", pk)
    messages.success(request, _("What the vendor says was taken over."))
    return _to(made or finding.license, finding)


@staff_only
@require_POST
def heed(request: HttpRequest, pk: int) -> HttpResponse:
    """End an ignoring."""
    try:
        services.heed(finding=_finding_or_404(pk), actor=staff(request.user))
    except Problem as problem:
        messages.error(request, problem.message)
    return redirect("finding", pk)


# --- a plug-in ------------------------------------------------------------------------------------------------------


@staff_only
@never_cache
@require_GET
def show_plugin(request: HttpRequest, pk: int) -> HttpResponse:
    """How a configuration stands with its vendor: the last round, what it found, and a button for the next."""
    return render(request, "reconciling/plugin.html", {**_standing(pk), "tab": "reconciling"})


@staff_only
@never_cache
@require_GET
def show_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a round is, asked for again and again while it goes on."""
    context = _standing(pk)
    goes_on = context["round"] is not None and context["round"].step
    return render(request, "reconciling/_round.html", context, status=200 if goes_on else STOP_POLLING)


@staff_only
@require_POST
def reconcile_now(request: HttpRequest, pk: int) -> HttpResponse:
    """Have a worker compare now."""
    try:
        rounds.want_round(configuration=configuration_or_404(pk), actor=staff(request.user))
    except Problem as problem:
        messages.error(request, problem.message)
    return redirect("plugin_reconciling", pk)


@staff_only
@require_http_methods(["GET", "POST"])
def set_cost(request: HttpRequest, pk: int, class_pk: int) -> HttpResponse:
    """What a license class costs a month at the vendor."""
    one = LicenseClass.objects.select_related("configuration").filter(pk=class_pk, configuration=pk).first()
    if one is None:
        raise Http404(_("There is no license class %(pk)s in this plug-in.") % {"pk": class_pk})
    initial = {"monthly_fee": one.monthly_fee, "currency": one.currency}
    form = CostForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        services.set_cost(license_class=one, actor=staff(request.user), **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("plugin_class", pk, class_pk)
    return render(request, "reconciling/cost.html", {"configuration": one.configuration, "one": one, "form": form})


def _standing(pk: int) -> dict[str, Any]:
    configuration = configuration_or_404(pk)
    return {
        "configuration": configuration,
        "round": progress_of(configuration),
        "why_not": rounds.why_not(configuration),
        "counts": counts_of(configuration),
        "kinds": Finding.Kind.choices,
        "cost": cost_of(open_ones(findings(configuration))),
    }


def _finding_or_404(pk: int) -> Finding:
    found = findings().select_related(
        "configuration", "license_class", "license__license_class", "license__subscription", "request"
    )
    finding = found.filter(pk=pk).first()
    if finding is None:
        raise Http404(_("There is no finding %(pk)s any more: it is settled.") % {"pk": pk})
    return finding
