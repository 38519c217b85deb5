"""An order's progress in the customer's words (no vendor, no inner workings); what an end brings, in the staff's."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from licenses.doubts import is_doubtful
from licenses.models import License, LicenseRequest
from subscriptions.ending import is_given_up, is_waited_for
from subscriptions.models import Order, Service, Subscription

_LICENSE_WORDS = {  # what a customer is told of a license that is on its way to him, and the mark beside it
    "services": ("later", gettext_lazy("Waits for your server")),
    "key": ("now", gettext_lazy("Being ordered")),
    "buying": ("now", gettext_lazy("Being ordered")),
    "in_doubt": ("now", gettext_lazy("Being ordered")),
    "files": ("now", gettext_lazy("Being issued")),
    "install": ("now", gettext_lazy("Being installed")),
    "proof": ("now", gettext_lazy("Being checked on your server")),
    "attention": ("late", gettext_lazy("Takes longer than usual; we are on it")),
    "done": ("done", gettext_lazy("Installed")),
    "cancelled": ("off", gettext_lazy("Cancelled")),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing on the way. Its mark is `done`, `now`, `late` (it needs us), `off` (cancelled) or `later`."""

    label: str
    mark: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """All that the order page says. `is_final`: nothing will change by itself any more."""

    headline: str
    text: str
    mark: str
    is_final: bool = False
    steps: tuple[Step, ...] = ()
    licenses: tuple[Step, ...] = ()


def progress_of(order: Order, services: Sequence[Service], requests: Sequence[LicenseRequest]) -> Progress:
    """How far an order is; `requests` are those for new licenses, oldest first. Asks the database nothing."""
    steps = _steps(order, services, requests)
    if order.state == Order.State.CANCELLED:
        return Progress(_("Order cancelled"), _("Nothing was charged."), "off", is_final=True)
    if order.state == Order.State.PLACED:
        return Progress(_("Waiting for your payment"), _("We start as soon as it is paid."), "now", steps=steps)
    if order.subscription.state in {Subscription.State.ENDING, Subscription.State.ENDED}:
        text = _("Please write to us if you did not expect this.")
        return Progress(_("Your subscription was ended"), text, "off", is_final=True)
    licenses = tuple(_license_step(request) for request in requests)
    ready = all(service.state == Service.State.READY for service in services)
    if ready and all(request.is_final for request in requests):
        return Progress(*_ending(licenses), is_final=True, steps=steps, licenses=licenses)
    late = any(step.mark == "late" for step in (*steps, *licenses))
    text = _("This page follows along by itself. You may close it and come back later.")
    if late:
        text = _("Something takes longer than usual. We know and work on it; there is nothing you need to do.")
    return Progress(_("We are setting up your order"), text, "late" if late else "now", steps=steps, licenses=licenses)


def _ending(licenses: Sequence[Step]) -> tuple[str, str, str]:
    if not licenses:
        return _("Everything is ready"), _("Your subscription can be used now."), "done"
    if all(license_.mark == "off" for license_ in licenses):
        return _("Your licenses were cancelled"), _("Please write to us if you did not expect this."), "off"
    if any(license_.mark == "off" for license_ in licenses):
        return _("The rest is installed"), _("What was cancelled is marked below."), "done"
    return _("Everything is installed"), _("Your licenses are on your server, ready to use."), "done"


def _steps(order: Order, services: Sequence[Service], requests: Sequence[LicenseRequest]) -> tuple[Step, ...]:
    """The way from the order to the installed licenses; a step is reached when the one before it is done."""
    paid = order.state == Order.State.PAID
    ready = paid and all(service.state == Service.State.READY for service in services)
    issued = ready and all(request.license_id or request.is_final for request in requests)
    installed = issued and all(request.is_final for request in requests)
    failed = any(service.state == Service.State.FAILED for service in services)
    stopped = any(request.state == LicenseRequest.State.ATTENTION for request in requests)
    marks = [
        Step(_("Ordered"), "done"),
        Step(_("Paid"), _mark(done=paid, reached=True)),
        Step(_("Server ready"), _mark(done=ready, reached=paid, late=failed)),
        Step(_("Licenses issued"), _mark(done=issued, reached=ready, late=stopped)),
        Step(_("Installed"), _mark(done=installed, reached=issued, late=stopped)),
    ]
    return tuple(marks if requests or not paid else marks[:3])


def _mark(*, done: bool, reached: bool, late: bool = False) -> str:
    if done:
        return "done"
    return ("late" if late else "now") if reached else "later"


def _license_step(request: LicenseRequest) -> Step:
    mark, words = _LICENSE_WORDS[request.state]
    if mark == "late" and request.license_id:
        words = gettext_lazy("Issued; its installation takes longer than usual")
    return Step(request.license_class.name, mark, str(words))


# --- what becomes of it when a subscription is ended ----------------------------------------------------------------


def becomes_of_license(license_: License, requests: Sequence[LicenseRequest]) -> str:
    """How a license ends with its subscription; `requests` are the subscription's open ones."""
    own = [one for one in requests if one.license_id == license_.pk]
    plugin = license_.configuration.name
    for one in own:
        if one.kind == LicenseRequest.Kind.TERMINATE:
            return _("Its end is asked for already, by request %(n)s.") % {"n": one.pk}
    if not license_.configuration.is_online:
        text = _("%(plugin)s is offline: somebody has to end it with the vendor, and then write it down here.")
        return text % {"plugin": plugin}
    for one in own:
        if is_waited_for(one):
            return _("%(plugin)s ends it for good, once request %(n)s is settled.") % {"plugin": plugin, "n": one.pk}
    return _("%(plugin)s ends it for good, and it is taken out of its install target.") % {"plugin": plugin}


def becomes_of_request(request: LicenseRequest) -> str:
    """What the end of its subscription does with an open request."""
    if request.kind == LicenseRequest.Kind.TERMINATE:
        return _("It goes on: it is the end of a license.")
    if is_given_up(request):
        return _("It is cancelled.") if request.license_id else _("It is cancelled; nothing is bought for it.")
    if is_doubtful(request) and request.state == LicenseRequest.State.ATTENTION:
        return _("It may have been sold: somebody has to decide, and the end waits for that.")
    if is_doubtful(request):
        return _("It may have been sold: the vendor is asked first, and what he has sold is ended.")
    return _("A worker is busy with it: it is waited for, and what it brings is ended.")
