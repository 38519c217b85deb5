"""Plug-in configurations: the list, the form built from what a plug-in declares, test, pause, and delete."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse  # noqa: TID251 (the door of pages)
from django.shortcuts import redirect, render  # noqa: TID251 (the door of pages)
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from licenses.configurations import (
    MOST_COUNTED,
    check_connection,
    delete_configuration,
    hanging_on,
    pause_configuration,
    resume_configuration,
    save_configuration,
)
from licenses.forms import ReasonForm
from licenses.models import PluginConfiguration
from licenses.plugin_pages.forms import ConfigurationForm, TemplateForm
from licenses.plugin_pages.lists import PluginList
from licenses.plugin_pages.selectors import health_of, standing
from licenses.plugins import templates
from pbas.core.lists.pages import show_list
from pbas.core.models import Event
from pbas.core.problems import Problem
from pbas.core.stories import Story
from pbas.core.story import staff
from pbas.core.web import STOP_POLLING, staff_only

STORY_LENGTH = 20  # events on a configuration's page; those of its requests stand with them


@staff_only
@require_GET
def list_plugins(request: HttpRequest) -> HttpResponse:
    """All configurations with their figures, and the plug-ins that failed to load."""
    listed = PluginList(request.GET, request.user)
    return show_list(request, listed, "plugins/plugins.html", "plugins/_plugins.html")


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
    configuration = configuration_or_404(pk)
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
    configuration = configuration_or_404(pk)
    context = standing(configuration, request.GET.get("tab", ""))
    is_over = not context["fetching"]
    goes_on = not is_over or configuration.fetch_at is not None
    is_anew = is_over and "fetching" in request.GET
    if is_anew and context["tab"] == "settings":
        context |= {"is_anew": True, "health": health_of(configuration)}
    answer = render(request, "plugins/_status.html", context, status=200 if goes_on else STOP_POLLING)
    if is_anew and context["tab"] == "classes":
        answer["HX-Refresh"] = "true"  # the list below has changed
    return answer


@staff_only
@require_POST
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the vendor whether the saved settings work, and show what he says."""
    configuration = configuration_or_404(pk)
    try:
        answer, works = check_connection(configuration=configuration, actor=staff(request.user)), True
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
    configuration = configuration_or_404(pk)
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
    configuration = configuration_or_404(pk)
    try:
        resume_configuration(configuration=configuration, actor=staff(request.user))
    except Problem as problem:
        messages.error(request, problem.message)
    return redirect("plugin", pk)


@staff_only
@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a configuration on which nothing hangs; else say what does."""
    configuration = configuration_or_404(pk)
    if request.method == "POST":
        try:
            delete_configuration(configuration=configuration, actor=staff(request.user))
        except Problem as problem:
            messages.error(request, problem.message)
        else:
            messages.success(request, _("%(name)s was deleted.") % {"name": configuration.name})
            return redirect("plugins")
    context = {"configuration": configuration, "hanging": hanging_on(configuration), "most": MOST_COUNTED}
    return render(request, "plugins/delete.html", context)


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
    rows = Event.objects.filter(configuration=configuration, request=None)
    context = {
        **standing(configuration, "settings"),
        "form": form,
        "reason": reason,
        "template": configuration.template,
        "label": dict(templates()).get(configuration.template, configuration.template),
        "pause_form": pause_form or ReasonForm(),
        "health": health_of(configuration),
        "story": Story(rows, request.GET.get("story", ""), newest=STORY_LENGTH),
    }
    return render(request, "plugins/plugin.html", context)


def configuration_or_404(pk: int) -> PluginConfiguration:
    """The configuration of an address."""
    configuration = PluginConfiguration.objects.filter(pk=pk).first()
    if configuration is None:
        raise Http404(_("There is no plug-in %(pk)s.") % {"pk": pk})
    return configuration
