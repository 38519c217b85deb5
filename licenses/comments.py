"""What staff write into the story of a request or a license."""

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse  # noqa: TID251 (the door of pages)
from django.shortcuts import redirect  # noqa: TID251 (the door of pages)
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from licenses.models import License, LicenseRequest
from pbas.core.story import staff, tell
from pbas.core.web import staff_only

LONGEST = 2000


class CommentForm(forms.Form):
    """One remark; who reads the story sees it for good."""

    text = forms.CharField(max_length=LONGEST)


@staff_only
@require_POST
def comment_request(request: HttpRequest, pk: int) -> HttpResponse:
    """Write into the story of a request."""
    asked = LicenseRequest.objects.select_related("license", "subscription", "configuration").filter(pk=pk).first()
    if asked is None:
        raise Http404(_("There is no license request %(pk)s.") % {"pk": pk})
    _tell(request, request_=asked, license_=asked.license)
    return redirect("license_request", pk)


@staff_only
@require_POST
def comment_license(request: HttpRequest, pk: int) -> HttpResponse:
    """Write into the story of a license."""
    license_ = License.objects.select_related("subscription", "configuration").filter(pk=pk).first()
    if license_ is None:
        raise Http404(_("There is no license %(pk)s.") % {"pk": pk})
    _tell(request, license_=license_)
    return redirect("license", pk)


def _tell(request: HttpRequest, *, license_: License | None, request_: LicenseRequest | None = None) -> None:
    form = CommentForm(request.POST)
    subject = request_ or license_
    if not form.is_valid():
        messages.error(request, _("Write something, at most %(n)s signs.") % {"n": LONGEST})
    elif subject is not None:
        words = form.cleaned_data["text"]
        tell(
            staff(request.user),
            "comment",
            words,
            request=request_,
            license=license_,
            subscription=subject.subscription,
            configuration=subject.configuration,
        )
