"""Ready keys: per class what is left, the keys masked, files with a preview, one key in clear."""

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse  # noqa: TID251 (the door of pages)
from django.shortcuts import redirect, render  # noqa: TID251 (the door of pages)
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from licenses.models import LicenseClass, ReadyKey, ReadyKeyRule
from licenses.plugin_pages.views import configuration_or_404
from licenses.ready_keys import bringing, services, serving
from licenses.ready_keys.forms import FileForm, RuleForm
from licenses.ready_keys.selectors import classes_with_figures, classes_with_marks
from licenses.tables import read_rows
from pbas.core.problems import Problem
from pbas.core.story import staff
from pbas.core.web import staff_only

SHOWN = 100  # keys on a page: those that are served next


@staff_only
@require_GET
def list_all(request: HttpRequest) -> HttpResponse:
    """The classes of all plug-ins that have ready keys or a low mark, those with few keys first; one statement."""
    is_few = request.GET.get("few") == "1"
    rows = [one for one in classes_with_marks() if not is_few or one.is_low]  # type: ignore[attr-defined] # annotated
    return render(request, "ready_keys/list.html", {"configuration": None, "rows": rows, "is_few": is_few})


@staff_only
@require_GET
def list_classes(request: HttpRequest, pk: int) -> HttpResponse:
    """The classes of a plug-in with how many ready keys each has; two statements."""
    configuration = configuration_or_404(pk)
    rows = [one for one in classes_with_figures().filter(configuration=pk) if one.sold or one.ready]  # type: ignore[attr-defined] # annotated
    return render(request, "ready_keys/list.html", {"configuration": configuration, "rows": rows})


@staff_only
@never_cache
@require_http_methods(["GET", "POST"])
def show_class(request: HttpRequest, pk: int, class_pk: int) -> HttpResponse:
    """The ready keys of one class, oldest first; its low mark and the form of its keys."""
    license_class = _class_or_404(pk, class_pk)
    rule = ReadyKeyRule.objects.filter(license_class=license_class).first()
    form = RuleForm.of(rule, request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            services.set_rule(license_class=license_class, actor=staff(request.user), **form.cleaned_data)
        except Problem as problem:
            form.add_error(problem.field or None, problem.message)
        else:
            messages.success(request, _("Saved."))
            return redirect("class_ready_keys", pk, class_pk)
    keys = ReadyKey.objects.filter(license_class=license_class).defer("key", "activation_code")
    keys = keys.annotate(has_code=Q(activation_code__isnull=False))
    context = {**_place(license_class), "rule": rule, "form": form, "keys": keys[:SHOWN], "ready": keys.count()}
    context["waiting"] = len(serving.waiting_for_keys(license_class))
    return render(request, "ready_keys/class.html", context)


@staff_only
@never_cache
@require_http_methods(["GET", "POST"])
def bring(request: HttpRequest, pk: int, class_pk: int) -> HttpResponse:
    """Bring a file of keys: first what is new, here already, or malformed; nothing is kept until confirmed."""
    license_class = _class_or_404(pk, class_pk)
    if "confirmed" in request.POST:
        return _confirm(request, license_class)
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    context: dict[str, Any] = {**_place(license_class), "form": form}
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            found = bringing.look_through(license_class, read_rows(str(file.name), file.read()))
        except Problem as problem:
            form.add_error("file", problem.message)
        else:
            context |= {"found": found, "confirmed": bringing.seal_found(license_class, found)}
    return render(request, "ready_keys/import.html", context)


def _confirm(request: HttpRequest, license_class: LicenseClass) -> HttpResponse:
    place = (license_class.configuration_id, license_class.pk)
    try:
        came, served = bringing.import_keys(
            license_class=license_class, confirmed=request.POST["confirmed"], actor=staff(request.user)
        )
    except Problem as problem:
        messages.error(request, problem.message)
        return redirect("ready_keys_import", *place)
    text = ngettext("%(n)d ready key came.", "%(n)d ready keys came.", came) % {"n": came}
    if served:
        text += " " + _served_text(served)
    messages.success(request, text)
    return redirect("class_ready_keys", *place)


@staff_only
@require_POST
def serve_now(request: HttpRequest, pk: int, class_pk: int) -> HttpResponse:
    """Serve what waits although there are keys: after a hold, or where keys could not be read."""
    served = serving.serve(_class_or_404(pk, class_pk))
    if served:
        messages.success(request, _served_text(len(served)))
    else:
        messages.error(request, _("No request could be served. Show a key: the panel may not be able to read it."))
    return redirect("class_ready_keys", pk, class_pk)


@staff_only
@never_cache
@require_POST
def reveal(request: HttpRequest, pk: int) -> HttpResponse:
    """One ready key, and its activation code, in clear; recorded."""
    ready_key = _key_or_404(pk)
    context = {**_place(ready_key.license_class), "ready_key": ready_key}
    try:
        context["key"], context["code"] = services.reveal_ready_key(ready_key=ready_key, actor=staff(request.user))
    except Problem as problem:
        context["problem"] = problem.message
    return render(request, "ready_keys/revealed.html", context)


@staff_only
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a ready key out."""
    ready_key = _key_or_404(pk)
    try:
        services.take_out(ready_key=ready_key, actor=staff(request.user))
    except Problem as problem:
        messages.error(request, problem.message)
    else:
        messages.success(request, _("The key was taken out."))
    return redirect("class_ready_keys", ready_key.license_class.configuration_id, ready_key.license_class_id)


def _served_text(n: int) -> str:
    return ngettext("%(n)d request was served.", "%(n)d requests were served.", n) % {"n": n}


def _place(license_class: LicenseClass) -> dict[str, Any]:
    return {"configuration": license_class.configuration, "one": license_class}


def _class_or_404(pk: int, class_pk: int) -> LicenseClass:
    found = LicenseClass.objects.select_related("configuration").filter(pk=class_pk, configuration=pk).first()
    if found is None or found.configuration.is_online:
        raise Http404(_("There is no such license class in a plug-in whose keys are brought by hand."))
    return found


def _key_or_404(pk: int) -> ReadyKey:
    found = ReadyKey.objects.select_related("license_class__configuration").filter(pk=pk).first()
    if found is None:
        raise Http404(_("There is no ready key %(pk)s any more.") % {"pk": pk})
    return found
