"""The license classes of a plug-in configuration: what there is, what we sell, updates, and lists from files."""

import dataclasses
from typing import Any

from django.contrib import messages
from django.core import signing
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse  # noqa: TID251 (the door of pages)
from django.shortcuts import redirect, render  # noqa: TID251 (the door of pages)
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ka_plugins.contract import AdditionalClass, ClassInfo, FeatureGroup
from licenses import classes
from licenses.class_lists import COLUMNS, ClassList, product_list, read_class, read_list
from licenses.models import LicenseClass, PluginConfiguration
from licenses.plugin_pages.forms import ClassForm, ClassListForm
from licenses.plugin_pages.selectors import class_of, class_rows, holds, last_changes, standing
from licenses.plugin_pages.views import configuration_or_404
from pbas.core.problems import Problem
from pbas.core.story import staff
from pbas.core.web import staff_only

SALT = "licenses.class-list"
SECONDS_TO_CONFIRM = 24 * 3600
LONGEST_SEARCH = 200


@staff_only
@never_cache
@require_http_methods(["GET", "POST"])
def list_classes(request: HttpRequest, pk: int) -> HttpResponse:
    """What the vendor may issue to us, and the ticks "we sell this"."""
    configuration = configuration_or_404(pk)
    if request.method == "GET":
        return _page(request, configuration)
    ticked, shown = set(request.POST.getlist("sold")), set(request.POST.getlist("shown"))
    rows = [one for one in configuration.classes.all() if not shown or str(one.pk) in shown]
    try:
        with transaction.atomic():
            for one in rows:
                if one.sold != (str(one.pk) in ticked):
                    classes.sell_class(license_class=one, sold=not one.sold, actor=staff(request.user))
    except Problem as problem:
        messages.error(request, problem.message)
    else:
        messages.success(request, _("Saved what we sell."))
    return redirect("plugin_classes", pk)


@staff_only
@require_GET
def show_class(request: HttpRequest, pk: int, class_pk: int) -> HttpResponse:
    """All that can be chosen in one class."""
    row = LicenseClass.objects.select_related("configuration").filter(pk=class_pk, configuration=pk).first()
    if row is None:
        raise Http404(_("There is no license class %(pk)s in this plug-in.") % {"pk": class_pk})
    info, text = class_of(row), request.GET.get("q", "").strip()[:LONGEST_SEARCH]
    parts = _parts(info, text) if info else []
    context = {**standing(row.configuration, "classes"), "one": row, "is_readable": info, "parts": parts, "text": text}
    return render(request, "plugins/class.html", context)


def _parts(info: ClassInfo, text: str) -> list[dict[str, Any]]:
    """The class itself and its additional keys, each with what fits a search."""
    found = []
    every: tuple[ClassInfo | AdditionalClass, ...] = (info, *info.additional)
    for part in every:
        is_named = part is not info and holds((part.name, part.code), text)
        groups = [group for group in part.groups if is_named or _fits(group, text)]
        features = [one for one in part.features if is_named or holds((one.name, one.code), text)]
        if groups or features or is_named or not text:
            found.append({"part": part, "groups": groups, "features": features, "is_additional": part is not info})
    return found


def _fits(group: FeatureGroup, text: str) -> bool:
    return holds((group.name, *(word for one in group.options for word in (one.name, one.code))), text)


@staff_only
@require_POST
def add_class(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down what is bought by hand: nobody tells an offline plug-in its license classes."""
    configuration = configuration_or_404(pk)
    form = ClassForm(request.POST, configuration=configuration)
    if configuration.is_online:
        messages.error(request, _("The classes of an online plug-in come from its vendor."))
    elif not form.is_valid():
        return _page(request, configuration, form)
    else:
        classes.add_class(configuration=configuration, info=form.class_info(), actor=staff(request.user))
        messages.success(request, _("Added. Tick it to sell it."))
    return redirect("plugin_classes", pk)


@staff_only
@require_POST
def update_classes(request: HttpRequest, pk: int) -> HttpResponse:
    """Have the license classes fetched from the vendor now; offline take those that come with the product."""
    configuration = configuration_or_404(pk)
    if configuration.is_online:
        classes.want_classes(configuration=configuration, actor=staff(request.user))
        return redirect("plugin_classes", pk)
    changes = classes.keep_product_list(configuration=configuration, actor=staff(request.user))
    messages.success(request, _changed_text(changes))
    return redirect("plugin_classes", pk)


@staff_only
@require_http_methods(["GET", "POST"])
def import_classes(request: HttpRequest, pk: int) -> HttpResponse:
    """Bring a class list: first what it would change and what is wrong in it; nothing is kept until confirmed."""
    configuration = configuration_or_404(pk)
    if configuration.is_online:
        messages.error(request, _("The classes of an online plug-in come from its vendor."))
        return redirect("plugin_classes", pk)
    if "confirmed" in request.POST:
        return _confirm(request, configuration)
    form = ClassListForm(request.POST, request.FILES) if request.method == "POST" else ClassListForm()
    context: dict[str, Any] = {"configuration": configuration, "form": form, "columns": COLUMNS}
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            context |= _preview(configuration, read_list(str(file.name), file.read()))
        except Problem as problem:
            form.add_error("file", problem.message)
    return render(request, "plugins/import.html", context)


def _preview(configuration: PluginConfiguration, found: ClassList) -> dict[str, Any]:
    listed = [dataclasses.asdict(one) for one in found.classes]
    return {
        "changes": classes.changes_of(configuration, found.classes),
        "faults": found.faults,
        "number": len(found.classes),
        "confirmed": signing.dumps(listed, salt=f"{SALT}.{configuration.pk}", compress=True),
    }


def _confirm(request: HttpRequest, configuration: PluginConfiguration) -> HttpResponse:
    try:
        listed = signing.loads(request.POST["confirmed"], salt=f"{SALT}.{configuration.pk}", max_age=SECONDS_TO_CONFIRM)
    except signing.BadSignature:
        messages.error(request, _("This preview is out of date or of another plug-in. Choose the file again."))
        return redirect("plugin_classes_import", configuration.pk)
    infos = [read_class(raw) for raw in listed]
    changes = classes.import_classes(configuration=configuration, infos=infos, actor=staff(request.user))
    messages.success(request, _changed_text(changes))
    return redirect("plugin_classes", configuration.pk)


def _changed_text(changes: classes.Changes) -> str:
    if not str(changes):
        return _("Nothing is new: all of these license classes are here already.")
    new, changed = len(changes.came), len(changes.changed)
    text = ngettext("%(n)d new license class", "%(n)d new license classes", new) % {"n": new}
    return _("%(new)s, %(changed)s changed. Tick what you sell.") % {"new": text, "changed": changed}


def _page(request: HttpRequest, configuration: PluginConfiguration, form: ClassForm | None = None) -> HttpResponse:
    text = request.GET.get("q", "").strip()[:LONGEST_SEARCH]
    context = {
        **standing(configuration, "classes"),
        "rows": class_rows(configuration, text),
        "text": text,
        "changes": last_changes(configuration),
        "form": form or ClassForm(configuration=configuration),
        "has_product_list": not configuration.is_online and _ships_list(configuration.template),
    }
    return render(request, "plugins/classes.html", context)


def _ships_list(template: str) -> bool:
    try:
        return bool(product_list(template).classes)
    except Problem:  # the template cannot be used; its classes are shown all the same
        return False
