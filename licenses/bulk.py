"""What staff may have done with many requests or licenses at once: each row by the service that one alone goes by."""

from collections.abc import Callable
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from licenses import doubts, services
from licenses.hand import busy, refusal
from licenses.mass_upload.services import take
from licenses.mass_upload.undoing import give_back
from licenses.models import License, LicenseRequest
from licenses.proving.services import HAS_TARGET, IS_MOVING, reinstall_license, why_not_reinstall
from licenses.verbs import why_not
from pbas.core.lists.actions import Action, Decision, Rule
from pbas.core.problems import Problem

# --- what each row is done by ---------------------------------------------------------------------------------------


_Kind = LicenseRequest.Kind


def _retry(request: LicenseRequest, decision: Decision) -> None:
    services.retry_request(request=request, actor=decision.actor, reason=decision.reason)


def _hold(request: LicenseRequest, decision: Decision) -> None:
    services.hold_request(request=request, actor=decision.actor, reason=decision.reason)


def _release(request: LicenseRequest, decision: Decision) -> None:
    services.release_request(request=request, actor=decision.actor, reason=decision.reason)


def _cancel(request: LicenseRequest, decision: Decision) -> None:
    if doubts.is_doubtful(request):  # a vendor is not asked in the transaction of a row
        raise _may_be_sold(request)
    services.cancel_request(request=request, actor=decision.actor, reason=decision.reason)


def _take_upload(request: LicenseRequest, decision: Decision) -> None:
    take(request=request, actor=decision.actor)


def _give_upload_back(request: LicenseRequest, decision: Decision) -> None:
    give_back(request=request, actor=decision.actor, reason=decision.reason)


def _reinstall(license_: License, decision: Decision) -> None:
    reinstall_license(license=license_, actor=decision.actor, reason=decision.reason)


def _asking(service: Callable[..., Any], *, is_told_why: bool) -> Callable[[License, Decision], None]:
    def do(license_: License, decision: Decision) -> None:
        why = {"reason": decision.reason} if is_told_why else {}
        service(license=license_, actor=decision.actor, once=decision.once, **why)

    return do


# --- which rows it will be done with --------------------------------------------------------------------------------


_REQUEST_STANDS = (
    *("state", "held", "leased", "kind", "stopped_in"),
    *("configuration", "license__state", "subscription__state"),
)
_LICENSE_STANDS = (
    *("state", "configuration", "subscription__state"),
    *(Q(subscription=None), Q(parent=None), Q(expires_at=None, renew_at=None)),
)
_LICENSE_RELATED = ("configuration", "parent", "subscription")


def _request_rule(why_not: Callable[..., Problem | None], *facts: Any) -> Rule:
    """The rule of an action of requests: whatever is decided, a worker who is busy with one comes first."""
    return Rule(
        lambda request, *known: busy(request) if request.leased else why_not(request, *known),
        (*_REQUEST_STANDS, Q(intent_at=None)),
        ("configuration", "license", "license_class", "subscription"),
        facts,
        _called,
    )


def _called(request: LicenseRequest) -> str:
    label = request.get_state_display()
    return gettext("%(state)s, on hold") % {"state": label} if request.held and not request.is_final else label


def _why_not_cancel(request: LicenseRequest, told: str) -> Problem | None:
    sold = _may_be_sold(request) if doubts.is_doubtful(request, told) else None
    return doubts.why_not_cancel(request) or sold


def _may_be_sold(request: LicenseRequest) -> Problem:
    return refusal(
        request, "Request %(request)s may have been sold: give it up on its own page, where the vendor is asked first."
    )


def _asking_rule(kind: str) -> Rule:
    """The rule of an action that asks a vendor for something about a license."""
    kinds = (kind, _Kind.TERMINATE)
    opened = LicenseRequest.objects.filter(license=OuterRef("pk"), finished_at__isnull=True)
    facts = [Exists(opened.filter(kind=one)) for one in kinds]

    def why(license_: License, *is_asked: bool) -> Problem | None:
        return why_not(license_, kind, [one for one, yes in zip(kinds, is_asked, strict=True) if yes])

    return Rule(why, _LICENSE_STANDS, _LICENSE_RELATED, facts)


REQUEST_ACTIONS = (
    Action(
        *("retry", _("Try again"), ngettext_lazy("Try %(n)s request again now?", "Try %(n)s requests again now?", "n")),
        _("Each goes on where it stopped. What may have been sold already is asked for first, never bought again."),
        *(_retry, "refresh", _request_rule(services.why_not_retry)),
    ),
    Action(
        *("hold", _("Hold"), ngettext_lazy("Put %(n)s request on hold?", "Put %(n)s requests on hold?", "n")),
        _("Nothing is done for them until somebody releases them."),
        *(_hold, "player-pause", _request_rule(services.why_not_hold)),
    ),
    Action(
        *("release", _("Release"), ngettext_lazy("Release %(n)s request?", "Release %(n)s requests?", "n")),
        _("What they would have done meanwhile they do now."),
        *(_release, "player-play", _request_rule(services.why_not_release)),
    ),
    Action(
        *("cancel", _("Cancel"), ngettext_lazy("Cancel %(n)s request?", "Cancel %(n)s requests?", "n")),
        _("Nothing is bought for them any more. A request whose key was bought, or may have been, is left as it is."),
        *(_cancel, "x", _request_rule(_why_not_cancel, doubts.TOLD_OF_DOUBT)),
        needs_reason=True,
        is_ending=True,
    ),
    Action(
        *("take_upload", _("Upload"), _("Give %(n)s requests what was uploaded for them?")),
        _("Each takes its key and files, and goes on."),
        *(_take_upload, "upload"),
        is_offered=False,
    ),
    Action(
        *("give_upload_back", _("Undo of an upload"), _("Take back what was uploaded for %(n)s requests?")),
        _("What is installed already stays as it is."),
        *(_give_upload_back, "history"),
        needs_reason=True,
        is_offered=False,
    ),
)

LICENSE_ACTIONS = (
    Action(
        *("renew", _("Renew"), ngettext_lazy("Renew %(n)s license?", "Renew %(n)s licenses?", "n")),
        _("The vendor bills each renewal. For each license a request is made that shows how it goes."),
        *(_asking(services.renew_license, is_told_why=False), "refresh", _asking_rule(_Kind.RENEW)),
    ),
    Action(
        *("suspend", _("Suspend"), ngettext_lazy("Suspend %(n)s license?", "Suspend %(n)s licenses?", "n")),
        _("They and their additional keys stop at the vendor until they are resumed."),
        *(_asking(services.suspend_license, is_told_why=True), "player-pause", _asking_rule(_Kind.SUSPEND)),
        needs_reason=True,
    ),
    Action(
        *("resume", _("Resume"), ngettext_lazy("Resume %(n)s license?", "Resume %(n)s licenses?", "n")),
        _("Their suspension ends at the vendor."),
        *(_asking(services.resume_license, is_told_why=False), "player-play", _asking_rule(_Kind.RESUME)),
    ),
    Action(
        *(
            "reinstall",
            _("Install again"),
            ngettext_lazy("Install %(n)s license again?", "Install %(n)s licenses again?", "n"),
        ),
        _("Our newest files are put where they belong and read back. Nothing is bought."),
        *(_reinstall, "download", Rule(why_not_reinstall, _LICENSE_STANDS, _LICENSE_RELATED, (HAS_TARGET, IS_MOVING))),
    ),
    Action(
        *("terminate", _("Terminate"), ngettext_lazy("Terminate %(n)s license?", "Terminate %(n)s licenses?", "n")),
        _("They and their additional keys end at the vendor for good. This cannot be taken back."),
        *(_asking(services.terminate_license, is_told_why=True), "ban", _asking_rule(_Kind.TERMINATE)),
        needs_reason=True,
        is_ending=True,
    ),
)
