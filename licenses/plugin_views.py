"""Plug-in configurations: the list, the form built from what a plug-in declares, and the classes that we sell."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse  # noqa: TID251 (the door of pages)
from django.shortcuts import redirect, render  # noqa: TID251 (the door of pages)
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ka_plugins import registry
from ka_plugins.contract import ClassInfo
from licenses.configurations import (
    check_connection,
    fetch_classes,
    keep_classes,
    pause_configuration,
    resume_configuration,
    save_configuration,
    sell_class,
)
from licenses.forms import ReasonForm
from licenses.models import LicenseClass, LicenseRequest, PluginConfiguration
from licenses.plugin_forms import ClassForm, ConfigurationForm, TemplateForm
from licenses.plugins import templates
from licenses.selectors import counts
from pbas.core.models import Event
from pbas.core.problems import Problem
from pbas.core.story import staff, tell
from pbas.core.web import STOP_POLLING, staff_only

STORY_LENGTH = 20  # events on a configuration's page; those of its requests stand with them


@staff_only
@require_GET
def list_plugins(request: HttpRequest) -> HttpResponse:
    """All configurations with their figures, and the plug-ins that failed to load."""
    context = {
        "plugins": PluginConfiguration.objects.defer("settings", "secrets"),
        "counts": counts(),
        "labels": dict(templates()),
        "failures": registry.failures(),
        "open_states": LicenseRequest.OPEN,
    }
    return render(request, "plugins/plugins.html", context)


@staff_only
@require_http_methods(["GET", "POST"])
def new_plugin(request: HttpRequest) -> HttpResponse:
    """Two steps, as a plug-in's template decides what there is to fill in."""
    template = request.POST.get("template") or request.GET.get("template", "")
    labels = dict(templates())
    if template not in labels:
        first = TemplateForm(request.GET if "template" in request.GET else None)
        return render(request, "plugins/new.html", {"form": first})
    given = request.POST if request.method == "POST" else None
    form = ConfigurationForm(given, template=template, initial={"name": request.GET.get("name", "")})
    saved = _save(request, form) if given is not None else None
    if saved is not None:
        return redirect("plugin", saved.pk)
    context = {"form": form, "configuration": None, "template": template, "label": labels[template]}
    return render(request, "plugins/plugin.html", context)


@staff_only
@never_cache
@require_http_methods(["GET", "POST"])
def show_plugin(request: HttpRequest, pk: int) -> HttpResponse:
    """One configuration: its status, its settings, Test connection, pause and resume."""
    configuration = _configuration_or_404(pk)
    if request.method == "GET":
        return _page(request, configuration)
    try:
        form = ConfigurationForm(request.POST, template=configuration.template, configuration=configuration)
    except Problem:  # the template cannot be used; the page says why
        return _page(request, configuration)
    return redirect("plugin", pk) if _save(request, form) else _page(request, configuration, form=form)


@staff_only
@never_cache
@require_GET
def show_status(request: HttpRequest, pk: int) -> HttpResponse:
    """The status alone; asked for again and again while the license classes are fetched."""
    configuration = _configuration_or_404(pk)
    is_fetching = configuration.status == PluginConfiguration.Status.FETCHING
    context = {"configuration": configuration, "sells": configuration.classes.filter(sold=True).exists()}
    return render(request, "plugins/_status.html", context, status=200 if is_fetching else STOP_POLLING)


@staff_only
@require_POST
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the vendor whether the saved settings work, and show what he says."""
    configuration = _configuration_or_404(pk)
    try:
        answer, works = check_connection(configuration=configuration), True
    except Problem as problem:
        answer, works = problem.message, False
    if request.headers.get("HX-Request"):
        return render(request, "plugins/_answer.html", {"answer": answer, "works": works})
    messages.add_message(request, messages.SUCCESS if works else messages.ERROR, answer)
    return redirect("plugin", pk)


@staff_only
@require_POST
def pause(request: HttpRequest, pk: int) -> HttpResponse:
    """Send nothing more to this vendor, and say why."""
    configuration = _configuration_or_404(pk)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _page(request, configuration, pause_form=form)
    try:
        reason = form.cleaned_data["reason"]
        pause_configuration(configuration=configuration, reason=reason, actor=staff(request.user))
    except Problem as problem:
        messages.error(request, problem.message)
    return redirect("plugin", pk)


@staff_only
@require_POST
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Go on with a paused or parked plug-in."""
    configuration = _configuration_or_404(pk)
    try:
        resume_configuration(configuration=configuration, actor=staff(request.user))
    except Problem as problem:
        messages.error(request, problem.message)
    return redirect("plugin", pk)


@staff_only
@require_http_methods(["GET", "POST"])
def classes(request: HttpRequest, pk: int) -> HttpResponse:
    """What the vendor may issue to us, and the ticks "we sell this"."""
    configuration = _configuration_or_404(pk)
    rows = list(configuration.classes.all())
    if request.method == "POST":
        ticked = set(request.POST.getlist("sold"))
        changed = [one for one in rows if one.sold != (str(one.pk) in ticked)]
        try:
            for one in changed:
                sell_class(license_class=one, sold=not one.sold, actor=staff(request.user))
        except Problem as problem:
            messages.error(request, problem.message)
        else:
            messages.success(request, _("Saved what we sell."))
        return redirect("plugin_classes", pk)
    return _classes_page(request, configuration, rows, ClassForm(configuration=configuration))


@staff_only
@require_POST
def add_class(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down what is bought by hand: nobody tells an offline plug-in its license classes."""
    configuration = _configuration_or_404(pk)
    rows = list(configuration.classes.all())
    form = ClassForm(request.POST, configuration=configuration)
    if configuration.is_online:
        messages.error(request, _("The classes of an online plug-in come from its vendor."))
    elif not form.is_valid():
        return _classes_page(request, configuration, rows, form)
    else:
        keep_classes(configuration, (*(_class_info(one) for one in rows if not one.retired), form.class_info()))
        text = f"License class {form.cleaned_data['name']} was added."
        tell(staff(request.user), "class_added", text, configuration=configuration)
        messages.success(request, _("Added. Tick it to sell it."))
    return redirect("plugin_classes", pk)


@staff_only
@require_POST
def update_classes(request: HttpRequest, pk: int) -> HttpResponse:
    """Fetch the license classes from the vendor now."""
    configuration = _configuration_or_404(pk)
    try:
        n = fetch_classes(configuration=configuration, actor=staff(request.user))
    except Problem as problem:
        messages.error(request, problem.message)
    else:
        text = ngettext("%(n)d license class received.", "%(n)d license classes received.", n) % {"n": n}
        messages.success(request, text)
    return redirect("plugin_classes", pk)


def _classes_page(
    request: HttpRequest, configuration: PluginConfiguration, rows: list[LicenseClass], form: ClassForm
) -> HttpResponse:
    context = {"configuration": configuration, "classes": rows, "form": form, "sells": any(one.sold for one in rows)}
    return render(request, "plugins/classes.html", context)


def _class_info(row: LicenseClass) -> ClassInfo:
    parts = {name: tuple(row.properties.get(name, ())) for name in ("groups", "features", "additional")}
    return ClassInfo(code=row.code, name=row.name, **parts)


def _save(request: HttpRequest, form: ConfigurationForm) -> PluginConfiguration | None:
    """The saved configuration; None where the form now says what is wrong."""
    if not form.is_valid():
        return None
    try:
        return save_configuration(
            configuration=form.kept,
            name=form.cleaned_data["name"],
            template=form.template,
            mode=form.cleaned_data["mode"],
            settings=form.settings(),
            limit=form.cleaned_data["limit"],
            actor=staff(request.user),
        )
    except Problem as problem:
        form.show_problem(problem)
        return None


def _page(
    request: HttpRequest,
    configuration: PluginConfiguration,
    *,
    form: ConfigurationForm | None = None,
    pause_form: ReasonForm | None = None,
) -> HttpResponse:
    reason = ""
    try:
        form = form or ConfigurationForm(template=configuration.template, configuration=configuration)
    except Problem as problem:
        reason = problem.message
    context = {
        "form": form,
        "reason": reason,
        "sells": configuration.classes.filter(sold=True).exists(),
        "configuration": configuration,
        "template": configuration.template,
        "label": dict(templates()).get(configuration.template, configuration.template),
        "pause_form": pause_form or ReasonForm(),
        "story": Event.objects.filter(configuration=configuration, request=None)[:STORY_LENGTH],
    }
    return render(request, "plugins/plugin.html", context)


def _configuration_or_404(pk: int) -> PluginConfiguration:
    configuration = PluginConfiguration.objects.filter(pk=pk).first()
    if configuration is None:
        raise Http404(_("There is no plug-in %(pk)s.") % {"pk": pk})
    return configuration
