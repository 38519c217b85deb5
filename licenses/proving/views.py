"""A license's proof: the part of its page that tells it, and the two buttons in it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse  # noqa: TID251 (the door of pages)
from django.shortcuts import get_object_or_404, redirect, render  # noqa: TID251 (the door of pages)
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from licenses.models import License
from licenses.proving.looking import is_bound
from licenses.proving.services import prove_license, reinstall_license
from licenses.wording import proof_of
from pbas.core.problems import Problem
from pbas.core.story import staff
from pbas.core.web import staff_only


@staff_only
@never_cache
@require_GET
def show_proof(request: HttpRequest, pk: int) -> HttpResponse:
    """The proof alone, for a page that waits for a worker's look."""
    license_ = _license_or_404(pk)
    context = {"license": license_, "proof": proof_of(license_, is_bound=is_bound(license_))}
    return render(request, "licenses/_proof.html", context)


@staff_only
@require_POST
def reinstall(request: HttpRequest, pk: int) -> HttpResponse:
    """Have our files put there again."""
    try:
        reinstall_license(license=_license_or_404(pk), actor=staff(request.user))
    except Problem as problem:
        messages.error(request, problem.message)
    else:
        messages.success(request, _("Our files are put there again and read back."))
    return redirect("license", pk)


@staff_only
@require_POST
def prove(request: HttpRequest, pk: int) -> HttpResponse:
    """Have the license read back now."""
    try:
        prove_license(license=_license_or_404(pk))
    except Problem as problem:
        messages.error(request, problem.message)
    else:
        messages.success(request, _("The license is read back now."))
    return redirect("license", pk)


def _license_or_404(pk: int) -> License:
    return get_object_or_404(License.objects.select_related("configuration", "subscription", "parent"), pk=pk)
