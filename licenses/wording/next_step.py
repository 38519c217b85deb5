"""What stands first on a request's page: what happened, whose fault, what comes by itself, and the one thing to do."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from licenses.models import InstallTarget, LicenseRequest, PluginConfiguration
from pbas.core.jinja import recorded

if TYPE_CHECKING:
    from subscriptions.models import Service

State, Kind = LicenseRequest.State, LicenseRequest.Kind

_FAULTS = {  # whose fault it is, as the engine and the plug-ins name it
    "vendor": gettext_lazy("Vendor"),
    "vendor or network": gettext_lazy("Vendor or network"),
    "order or vendor account": gettext_lazy("The order, or our account at the vendor"),
    "plug-in configuration": gettext_lazy("The plug-in's configuration"),
    "plug-in": gettext_lazy("The plug-in's program"),
    "install target": gettext_lazy("The install target"),
    "subscription": gettext_lazy("The subscription"),
    "this panel": gettext_lazy("This panel"),
}
_PROBLEMS = {  # the question or statement that a person reads first
    "refused": gettext_lazy("The vendor refused"),
    "unknown": gettext_lazy("The vendor did not answer clearly: was it sold?"),
    "no_target": gettext_lazy("Where should it be installed?"),
    "install_failed": gettext_lazy("The license is here, but it could not be installed"),
    "plugin_error": gettext_lazy("The plug-in failed"),
    "not_kept": gettext_lazy("What the vendor sold could not be kept"),
    "options": gettext_lazy("What was ordered cannot be had"),
    "deadline": gettext_lazy("It was tried for days without success"),
    "unreadable": gettext_lazy("A stored secret cannot be read"),
}
_WAITS_FOR_VENDOR = {  # while all goes well, an online request passes these in seconds
    State.KEY: (gettext_lazy("The vendor is asked next"), gettext_lazy("The vendor's answer takes a few seconds.")),
    State.BUYING: (
        gettext_lazy("The vendor is being asked right now"),
        gettext_lazy("If his answer is lost, he is asked what he sold before anything is bought again."),
    ),
    State.FILES: (
        gettext_lazy("The key is here; its files are fetched"),
        gettext_lazy("They may be fetched any number of times; this costs nothing."),
    ),
    State.INSTALL: (
        gettext_lazy("Key and files are here; the install comes next"),
        gettext_lazy("The vendor is not needed for this any more."),
    ),
    State.PROOF: (
        gettext_lazy("Installed; now it is read back"),
        gettext_lazy("It counts as delivered when the target really holds the files."),
    ),
    State.IN_DOUBT: (
        gettext_lazy("The vendor did not answer clearly: was it sold?"),
        gettext_lazy("The answer to the order was lost. It is never bought again on a guess."),
    ),
}
_PICTURES = {"bad": "alert-triangle", "ok": "circle-check", "wait": "hourglass", "calm": "info-circle"}


@dataclass(frozen=True, slots=True)
class NextStep:
    """What happened, whose fault it is, what comes by itself and when, the vendor's words, and the main thing to do."""

    tone: str  # bad: a person has to act; wait: it goes on by itself, or waits for his turn; ok; calm: over
    heading: str
    text: str
    by_itself: str = ""
    when: datetime | None = None
    fault: str = ""
    vendor_says: str = ""
    # retry, install, target, upload, text, adopt, release, subscription, plugin, assign, cancel, ended
    primary: str = ""
    services: Sequence["Service"] = field(default=())

    @property
    def picture(self) -> str:
        """The icon of the tone."""
        return _PICTURES[self.tone]


def next_step(request: LicenseRequest, *, services: Sequence["Service"], target: InstallTarget | None) -> NextStep:
    """The sheet that stands first on a request's page. Asks the database nothing."""
    if request.is_final:
        return _over(request)
    if request.held:
        text = _("Nothing happens until it is released; what was brought so far is kept.")
        return NextStep("wait", _("This request is on hold"), text, _("Nothing"), primary="release")
    if request.state == State.SERVICES:
        return _waits_for_services(services)
    if is_in_stock(request) or request.state == State.ATTENTION:
        return _needs_attention(request, target)
    if request.configuration.is_online or request.leased or request.due_at is not None:
        return _goes_by_itself(request)
    return _waits_for_person(request, target)


def is_in_stock(request: LicenseRequest) -> bool:
    """Whether all of a new license is here but the subscription that it is for."""
    waits = request.state == State.INSTALL or (request.state == State.ATTENTION and request.problem_kind == "no_target")
    return waits and request.subscription_id is None and request.license_id is not None


def _over(request: LicenseRequest) -> NextStep:
    if request.state == State.CANCELLED and request.license_id is not None:
        text = _("Nothing more is done for it. It stays in the story.")
        return NextStep("calm", _("This request was cancelled"), text)
    if request.state == State.CANCELLED:
        return NextStep("calm", _("This request was cancelled"), _("Nothing was bought for it. It stays in the story."))
    if request.kind in {Kind.ISSUE, Kind.RENEW, Kind.CHANGE}:
        heading = _("Installed and proven")
        return NextStep("ok", heading, _("What is in the install target was read back and is what the vendor sent."))
    return NextStep("ok", _("Done"), _("The vendor has confirmed it."))


def _waits_for_services(services: Sequence["Service"]) -> NextStep:
    opened = [service for service in services if service.state != "ready"]
    failed = [service for service in opened if service.state == "failed"]
    itself = _("It starts when all services of the subscription are ready.")
    if failed:
        names = ", ".join(service.label for service in failed)
        text = _("Without %(services)s the subscription is not ready, and its licenses go on waiting.")
        return NextStep(
            *("bad", _("A service of the subscription failed"), text % {"services": names}, itself),
            fault=_("The subscription"),
            primary="subscription",
            services=opened,
        )
    text = _("Licenses start when everything else of the subscription is ready. Nothing was bought yet.")
    heading = _("Waits for the services of the subscription")
    return NextStep("wait", heading, text, itself, primary="subscription", services=opened)


def _needs_attention(request: LicenseRequest, target: InstallTarget | None) -> NextStep:
    if is_in_stock(request):
        text = _("Its key and files are kept here. Assign it to a subscription, and it is installed there.")
        return NextStep("calm", _("In stock"), text, _("Nothing until it is assigned"), primary="assign")
    heading = str(_PROBLEMS.get(request.problem_kind, gettext_lazy("This request needs you")))
    if request.problem_kind == "no_target" and target is not None:
        primary, heading = "install", _("The install target is there now")
    elif request.problem_kind in {"no_target", "install_failed"}:
        primary = "target" if target is None else "install"
    elif request.problem_kind == "unknown" and request.license_id is None:
        primary = "retry"
    elif request.problem_kind == "options":
        primary = "cancel"
    else:
        primary = "retry" if request.configuration.is_online else "upload"
    itself = _("Nothing: it is never bought again on a guess") if request.problem_kind == "unknown" else _("Nothing")
    return NextStep(
        *("bad", heading, recorded(request.problem_text) or _("The story below says what happened."), itself),
        fault=fault_of(request),
        vendor_says=request.problem_vendor,
        primary=primary,
    )


def _waits_for_person(request: LicenseRequest, target: InstallTarget | None) -> NextStep:
    """An offline configuration: nothing goes by itself."""
    itself = _("Nothing: %(plugin)s works by hand") % {"plugin": request.configuration.name}
    if request.state == State.KEY:
        return _waits_for_vendor_by_hand(request, itself)
    if request.state == State.FILES:
        text = _("The key is here. Its license file is still missing.")
        return NextStep("wait", _("Upload the license file"), text, itself, primary="upload")
    if request.problem_text:
        return NextStep(
            *("bad", str(_PROBLEMS["install_failed"]), recorded(request.problem_text), itself),
            fault=fault_of(request),
            primary="install",
        )
    if target is None:
        text = _("Key and files are here, but nobody has said yet where they go.")
        return NextStep("wait", str(_PROBLEMS["no_target"]), text, itself, primary="target")
    text = _("Key and files are here. Install them into %(target)s when you are ready.") % {"target": target.address}
    return NextStep("wait", _("Ready to install"), text, itself, primary="install")


def _waits_for_vendor_by_hand(request: LicenseRequest, itself: str) -> NextStep:
    if request.kind == Kind.ISSUE:
        text = _("Send this request to the vendor's sales desk as text. When the key comes, upload it here.")
        return NextStep("wait", _("Order the key from the vendor"), text, itself, primary="text")
    if request.kind == Kind.TERMINATE:
        text = _("Tell the vendor, for example with this request as text. When he has ended it, write it down here.")
        return NextStep("wait", _("End the license with its vendor"), text, itself, primary="ended")
    text = _("Send this request to the vendor's sales desk as text. When his answer comes, upload it here.")
    return NextStep("wait", _("Ask the vendor for it"), text, itself, primary="text")


def _goes_by_itself(request: LicenseRequest) -> NextStep:
    heading, text = _WAITS_FOR_VENDOR[State(request.state)]
    configuration, asks_vendor = request.configuration, request.state in {State.KEY, State.FILES, State.IN_DOUBT}
    if asks_vendor and configuration.status != PluginConfiguration.Status.CONFIGURED:
        return _waits_for_plugin(request)
    if asks_vendor and configuration.parkings:
        return _waits_with_plugin(request)
    itself = _("The panel goes on with it")
    if not request.problem_text:
        return NextStep("wait", str(heading), str(text), itself, when=_when(request))
    if request.state == State.INSTALL:
        heading, itself = _PROBLEMS["install_failed"], _("The install is tried again")
    elif request.state == State.IN_DOUBT:
        itself = _("The vendor is asked what he sold")
    else:
        heading, itself = gettext_lazy("It did not work yet"), _("It is tried again")
    return NextStep(
        *("wait", str(heading), recorded(request.problem_text), itself),
        when=_when(request),
        fault=fault_of(request),
        vendor_says=request.problem_vendor,
        primary="retry",
    )


def _waits_for_plugin(request: LicenseRequest) -> NextStep:
    """A person paused the plug-in, or its classes are not here yet: nothing is sent to its vendor meanwhile."""
    configuration = request.configuration
    if configuration.status == PluginConfiguration.Status.PAUSED:
        heading = _("%(plugin)s is paused") % {"plugin": configuration.name}
        itself = _("It goes on when the plug-in is resumed")
    else:
        heading = _("%(plugin)s is not ready to work yet") % {"plugin": configuration.name}
        itself = _("It goes on when the plug-in is configured")
    text = configuration.status_text or _("Nothing is sent to its vendor until then.")
    return NextStep("wait", heading, text, itself, primary="plugin")


def _waits_with_plugin(request: LicenseRequest) -> NextStep:
    """The vendor failed a moment ago: all requests of the configuration wait together."""
    configuration = request.configuration
    if configuration.has_to_be_mended:
        heading = _("%(plugin)s has to be put right") % {"plugin": configuration.name}
        itself, when = _("It goes on when the plug-in's settings are saved"), None
    else:
        heading = _("%(plugin)s does not work for now") % {"plugin": configuration.name}
        itself, when = _("It is tried again, and all waiting requests with it"), configuration.parked_until
    return NextStep(
        *(
            "bad" if when is None else "wait",
            heading,
            recorded(configuration.parked_why or request.problem_text),
            itself,
        ),
        when=when,
        fault=fault_of(request),
        vendor_says=request.problem_vendor,
        primary="plugin",
    )


def _when(request: LicenseRequest) -> datetime | None:
    return None if request.leased else request.due_at


def fault_of(request: LicenseRequest) -> str:
    """Whose fault a problem is, in words."""
    return str(_FAULTS.get(request.problem_fault, request.problem_fault))
