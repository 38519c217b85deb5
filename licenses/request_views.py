"""License requests: the list, one request, and what a person may do with it."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse  # noqa: TID251 (the door of pages)
from django.shortcuts import redirect, render  # noqa: TID251 (the door of pages)
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from licenses import doubts, services
from licenses.forms import AdoptForm, CancelForm, ReasonForm, UploadForm, show_problem
from licenses.lists import RequestList
from licenses.models import LicenseRequest
from licenses.selectors import files_of, request_for_page, sealed_parts, story_of_request, target_of
from licenses.target_forms import TargetForm
from licenses.targets import set_install_target
from licenses.uploads import upload as keep_upload
from licenses.wording import actions_of, next_step, ordered, text_for_vendor, timed_steps
from pbas.core.jinja import ago
from pbas.core.lists.pages import show_list
from pbas.core.models import Event
from pbas.core.problems import ConflictProblem, Problem
from pbas.core.stories import Story
from pbas.core.story import staff
from pbas.core.web import STOP_POLLING, staff_only


@staff_only
@require_GET
def list_requests(request: HttpRequest) -> HttpResponse:
    """The requests of one tab."""
    listed = RequestList(request.GET, request.user)
    return show_list(request, listed, "requests/requests.html", "requests/_requests.html")


@staff_only
@require_GET
def show_request(request: HttpRequest, pk: int) -> HttpResponse:
    """One request: where it stands, what comes next, what was ordered, what came, its story.

    Of one in doubt the vendor is asked now: somebody waits for the answer.
    """
    asked = _request_or_404(pk)
    doubts.ask_soon(asked)
    return _page(request, asked)


@staff_only
@require_GET
def follow_request(request: HttpRequest, pk: int) -> HttpResponse:
    """What has changed since the page was drawn: 204 for nothing, the changed parts, or these and an end of asking."""
    asked = _request_or_404(pk)
    if request.GET.get("seen") == _mark(asked, story_of_request(asked, newest=1)):
        return HttpResponse(status=204)
    story = story_of_request(asked, request.GET.get("story", ""))
    status = STOP_POLLING if asked.is_final else 200
    return render(request, "requests/_changed.html", {**_context(asked, story), "is_part": True}, status=status)


@staff_only
@never_cache
@require_POST
def upload(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep what a person brought: key, activation code, files."""
    asked = _request_or_404(pk)
    form = UploadForm(request.POST, request.FILES, request=asked)
    form.refuse_larger_than_all(int(request.META.get("CONTENT_LENGTH") or 0))
    if form.is_valid():
        given = {name: form.cleaned_data[name] for name in ("key", "activation_code")}
        try:
            keep_upload(request=asked, files=form.key_files(), actor=staff(request.user), **given)
        except Problem as problem:
            show_problem(form, problem)
        else:
            messages.success(request, _("What you uploaded is kept."))
            return redirect("license_request", pk)
    form.ask_for_files_again()
    return _page(request, _request_or_404(pk), upload_form=form)


@staff_only
@require_POST
def set_target(request: HttpRequest, pk: int) -> HttpResponse:
    """Give or mend the install target of the request's subscription."""
    asked = _request_or_404(pk)
    form = TargetForm(request.POST, kept=target_of(asked), prefix="target")
    if asked.subscription_id is not None and form.is_valid():
        try:
            set_install_target(subscription_id=asked.subscription_id, target=form.target(), actor=staff(request.user))
        except Problem as problem:
            form.show_problem(problem)
        else:
            messages.success(request, _("The install target is saved. Install again when you are ready."))
            return redirect("license_request", pk)
    return _page(request, asked, target_form=form)


@staff_only
@never_cache
@require_POST
def adopt(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a key that was sold though its answer was lost."""
    asked = _request_or_404(pk)
    form = AdoptForm(request.POST, prefix="adopt")
    if form.is_valid():
        try:
            services.adopt_key(request=asked, actor=staff(request.user), **form.cleaned_data)
        except Problem as problem:
            show_problem(form, problem)
        else:
            messages.success(request, _("The key was adopted. What is missing is fetched now."))
            return redirect("license_request", pk)
    return _page(request, _request_or_404(pk), adopt_form=form)


def _say_who_was_faster(request: HttpRequest, problem: Problem, pk: int) -> None:
    """Where a decision came too late: who changed the request last, when, and to what."""
    last = Event.objects.filter(request=pk).order_by("-pk").first()
    if isinstance(problem, ConflictProblem) and last is not None:
        words = {"who": last.actor or last.get_actor_kind_display(), "when": ago(last.at), "what": _(last.text)}
        messages.info(request, _("Changed last by %(who)s, %(when)s: %(what)s") % words)


def _form_of_cancelling(asked: LicenseRequest, given: Any) -> CancelForm:
    return CancelForm(given, is_doubtful=doubts.is_doubtful(asked))


def _form_of_reason(_asked: LicenseRequest, given: Any) -> ReasonForm:
    return ReasonForm(given)


def _with_reason(
    service: Callable[..., LicenseRequest],
    template: str,
    said: Any,
    form_of: Callable[[LicenseRequest, Any], ReasonForm] = _form_of_reason,
) -> Callable[..., HttpResponse]:
    """A decision that is asked for first, and for its reason."""

    @staff_only
    @require_http_methods(["GET", "POST"])
    def view(request: HttpRequest, pk: int) -> HttpResponse:
        asked = _request_or_404(pk)
        form = form_of(asked, request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                service(request=asked, actor=staff(request.user), **form.cleaned_data)
            except Problem as problem:
                show_problem(form, problem)
                _say_who_was_faster(request, problem, pk)
            else:
                messages.success(request, str(said))
                return redirect("license_request", pk)
        return render(request, template, {"asked": asked, "form": form})

    return view


cancel = _with_reason(
    services.cancel_request, "requests/cancel.html", gettext_lazy("The request is cancelled."), _form_of_cancelling
)
ended = _with_reason(
    services.write_down_end, "requests/ended.html", gettext_lazy("It is written down: the license has ended.")
)
order_again = _with_reason(services.order_again, "requests/order_again.html", gettext_lazy("The key is ordered again."))


@staff_only
@never_cache
@require_POST
def adopt_candidate(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one of the keys that may be the one of this request."""
    asked, number = _request_or_404(pk), request.POST.get("candidate", "")
    try:
        key = doubts.candidate_key(asked, int(number) if number.isdecimal() else 0)
        services.adopt_key(request=asked, key=key, actor=staff(request.user), reason=_("Chosen among the candidates."))
    except Problem as problem:
        messages.error(request, problem.message)
    else:
        messages.success(request, _("The key was adopted. What is missing is fetched now."))
    return redirect("license_request", pk)


@staff_only
@require_GET
def show_text(request: HttpRequest, pk: int) -> HttpResponse:
    """The request as text for the vendor's sales desk."""
    asked = _request_or_404(pk)
    context = {"asked": asked, "text": text_for_vendor(asked, target_of(asked))}
    return render(request, "requests/text.html", context)


def _one_click(service: Callable[..., LicenseRequest], said: Any) -> Callable[..., HttpResponse]:
    """A button on a request's page: it calls one service and comes back."""

    @staff_only
    @require_POST
    def view(request: HttpRequest, pk: int) -> HttpResponse:
        try:
            service(request=_request_or_404(pk), actor=staff(request.user))
        except Problem as problem:
            messages.error(request, problem.message)
            _say_who_was_faster(request, problem, pk)
        else:
            messages.success(request, str(said))
        return redirect("license_request", pk)

    return view


retry = _one_click(services.retry_request, gettext_lazy("It is tried now."))
install = _one_click(services.install_request, gettext_lazy("It is being installed."))
hold = _one_click(services.hold_request, gettext_lazy("The request is on hold."))
release = _one_click(services.release_request, gettext_lazy("The request goes on."))


def _page(request: HttpRequest, asked: LicenseRequest, **forms: Any) -> HttpResponse:
    context = _context(asked, story_of_request(asked, request.GET.get("story", "")))
    target = context["target"]
    context.update(
        upload_form=forms.get("upload_form") or UploadForm(request=asked),
        target_form=forms.get("target_form") or TargetForm(kept=target, prefix="target"),
        adopt_form=forms.get("adopt_form") or AdoptForm(prefix="adopt"),
        opened=request.GET.get("open", ""),
        is_part=False,
    )
    return render(request, "requests/request.html", context)


def _context(asked: LicenseRequest, story: Story) -> dict[str, Any]:
    """All of a request's page that changes by itself."""
    target, files = target_of(asked), files_of(asked.license_id, asked)
    subscription = asked.subscription
    opened = list(subscription.services.all()) if subscription and asked.state == LicenseRequest.State.SERVICES else []
    sealed = sealed_parts(asked.license)
    return {
        "asked": asked,
        "sealed": sealed,
        "candidates": doubts.candidates_of(asked),
        "target": target,
        "files": files,
        "story": story,
        "next_step": next_step(asked, services=opened, target=target),
        "steps": timed_steps(asked, story.times),
        "ordered": ordered(asked),
        "may": actions_of(
            asked,
            has_files=bool(files or "activation_code" in sealed),
            has_target=target is not None,
            is_answered=any(file.request_id == asked.pk for file in files),
        ),
        "mark": _mark(asked, story),
    }


def _mark(asked: LicenseRequest, story: Story) -> str:
    """What tells a page that it has the newest: changes with every move and every event."""
    return f"{asked.attempt}-{asked.state}-{story.newest}-{asked.configuration.parkings}"


def _request_or_404(pk: int) -> LicenseRequest:
    found = request_for_page(pk)
    if found is None:
        raise Http404(_("There is no license request %(pk)s.") % {"pk": pk})
    return found
