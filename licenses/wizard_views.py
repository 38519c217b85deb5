"""New License: the class, its options, the review. Each page carries what came before; nothing is kept in between."""

from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse  # noqa: TID251 (the door of pages)
from django.shortcuts import redirect, render  # noqa: TID251 (the door of pages)
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from ka_plugins.contract import ClassInfo
from licenses.choosing import Choosing
from licenses.forms import NewLicenseForm, show_problem
from licenses.models import LicenseClass, LicenseRequest, PluginConfiguration
from licenses.options import class_info, has_choice
from licenses.owed import made_by_form
from licenses.selectors import configurations
from licenses.services import new_licenses
from licenses.wording import lines_of, vendor_account
from pbas.core.problems import Problem
from pbas.core.story import staff
from pbas.core.web import staff_only


@staff_only
@require_http_methods(["GET", "POST"])
def new_license(request: HttpRequest) -> HttpResponse:
    """New License for the tab that was open: class and number, then its options, then the review, which asks for it."""
    given = request.POST if request.method == "POST" else request.GET
    tabs = configurations()
    configuration = next((one for one in tabs if str(one.pk) == given.get("plugin", "")), None)
    if configuration is None:
        context = {"configurations": tabs, "subscription": given.get("subscription", "")}
        return render(request, "licenses/new_choose.html", context)
    if made := made_by_form(_once(request)):
        return _landed(request, configuration, made)
    is_first = "license_class" not in given and "number" not in given
    start = {"subscription": given.get("subscription", "")}
    form = NewLicenseForm(None if is_first else given, configuration=configuration, initial=start)
    if is_first or not form.is_valid() or given.get("step") == "class":
        return render(request, "licenses/new_license.html", {"form": form, "configuration": configuration})
    return _second_step(request, configuration, form)


def _second_step(request: HttpRequest, configuration: PluginConfiguration, form: NewLicenseForm) -> HttpResponse:
    """The options of the class; where they are right, or there are none, the review; from there, the requests."""
    license_class: LicenseClass = form.cleaned_data["license_class"]
    info = class_info(license_class) or ClassInfo(license_class.code, license_class.name)
    step = request.POST.get("step", "")
    choosing = Choosing(info, posted=request.POST if step else None)
    context = {"form": form, "given": form.cleaned_data, "configuration": configuration, "choosing": choosing}
    if step == "buy" and not choosing.faults:
        try:
            return _landed(request, configuration, _buy(request, configuration, form, choosing))
        except Problem as problem:
            show_problem(form, problem)
            return render(request, "licenses/new_license.html", context)
    if (has_choice(info) and not step) or step == "change" or choosing.faults:
        return render(request, "licenses/new_options.html", context)
    review = {
        "lines": lines_of(info, choosing.options),
        "account": vendor_account(configuration),
        "subscription": form.found,
        "once": uuid4(),
        "has_choice": has_choice(info),
    }
    return render(request, "licenses/new_review.html", {**context, **review})


def _buy(
    request: HttpRequest, configuration: PluginConfiguration, form: NewLicenseForm, choosing: Choosing
) -> list[LicenseRequest]:
    given = form.cleaned_data
    return new_licenses(
        configuration=configuration,
        license_class=given["license_class"],
        number=given["number"],
        subscription_id=given["subscription"],
        options=choosing.chosen,
        actor=staff(request.user),
        once=_once(request),
    )


def _landed(request: HttpRequest, configuration: PluginConfiguration, made: list[LicenseRequest]) -> HttpResponse:
    """The page of what was asked for; of the same form always the same one."""
    said = ngettext("%(n)s license was requested.", "%(n)s licenses were requested.", len(made)) % {"n": len(made)}
    messages.success(request, said)
    if len(made) == 1:
        return redirect("license_request", made[0].pk)
    return redirect(reverse("license_requests", query={"plugin": configuration.pk}))


def _once(request: HttpRequest) -> UUID | None:
    """The token of a form that spends; None where it was not sent, or is none."""
    try:
        return UUID(request.POST.get("once", ""))
    except ValueError:
        return None
