"""What staff may have done with many requests or licenses at once: each row by the service that one alone goes by."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from licenses import services
from licenses.mass_upload.services import take
from licenses.mass_upload.undoing import give_back
from licenses.models import License, LicenseRequest
from licenses.proving.services import reinstall_license
from pbas.core.lists.actions import Action, Decision


def _retry(request: LicenseRequest, decision: Decision) -> None:
    services.retry_request(request=request, actor=decision.actor, reason=decision.reason)


def _hold(request: LicenseRequest, decision: Decision) -> None:
    services.hold_request(request=request, actor=decision.actor, reason=decision.reason)


def _release(request: LicenseRequest, decision: Decision) -> None:
    services.release_request(request=request, actor=decision.actor, reason=decision.reason)


def _cancel(request: LicenseRequest, decision: Decision) -> None:
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


REQUEST_ACTIONS = (
    Action(
        *("retry", _("Try again"), ngettext_lazy("Try %(n)s request again now?", "Try %(n)s requests again now?", "n")),
        _("Each goes on where it stopped. What may have been sold already is asked for first, never bought again."),
        *(_retry, "refresh"),
    ),
    Action(
        *("hold", _("Hold"), ngettext_lazy("Put %(n)s request on hold?", "Put %(n)s requests on hold?", "n")),
        _("Nothing is done for them until somebody releases them."),
        *(_hold, "player-pause"),
    ),
    Action(
        *("release", _("Release"), ngettext_lazy("Release %(n)s request?", "Release %(n)s requests?", "n")),
        _("What they would have done meanwhile they do now."),
        *(_release, "player-play"),
    ),
    Action(
        *("cancel", _("Cancel"), ngettext_lazy("Cancel %(n)s request?", "Cancel %(n)s requests?", "n")),
        _("Nothing is bought for them any more. A request whose key was bought, or may have been, is left as it is."),
        *(_cancel, "x"),
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
        *(_asking(services.renew_license, is_told_why=False), "refresh"),
    ),
    Action(
        *("suspend", _("Suspend"), ngettext_lazy("Suspend %(n)s license?", "Suspend %(n)s licenses?", "n")),
        _("They and their additional keys stop at the vendor until they are resumed."),
        *(_asking(services.suspend_license, is_told_why=True), "player-pause"),
        needs_reason=True,
    ),
    Action(
        *("resume", _("Resume"), ngettext_lazy("Resume %(n)s license?", "Resume %(n)s licenses?", "n")),
        _("Their suspension ends at the vendor."),
        *(_asking(services.resume_license, is_told_why=False), "player-play"),
    ),
    Action(
        *(
            "reinstall",
            _("Install again"),
            ngettext_lazy("Install %(n)s license again?", "Install %(n)s licenses again?", "n"),
        ),
        _("Our newest files are put where they belong and read back. Nothing is bought."),
        *(_reinstall, "download"),
    ),
    Action(
        *("terminate", _("Terminate"), ngettext_lazy("Terminate %(n)s license?", "Terminate %(n)s licenses?", "n")),
        _("They and their additional keys end at the vendor for good. This cannot be taken back."),
        *(_asking(services.terminate_license, is_told_why=True), "ban"),
        needs_reason=True,
        is_ending=True,
    ),
)
