"""The rows of new licenses that are owed, before they are saved."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4, uuid5

from django.utils import timezone

from ka_plugins.contract import Delivers
from licenses.failing.causes import cause_of
from licenses.models import LicenseClass, LicenseRequest, PluginConfiguration
from licenses.options import checked
from licenses.plugins import plugin_class
from licenses.retry import PATIENCE
from pbas.core.problems import Problem

State = LicenseRequest.State

MOST_AT_ONCE = 1000


def owed(
    license_class: LicenseClass,
    uids: Sequence[UUID],
    *,
    subscription_id: int | None,
    options: dict[str, Any],
    order_number: str,
    start: bool,
) -> list[LicenseRequest]:
    """Unsaved requests for equal licenses. What was paid for is owed even where its options are wrong: a person's."""
    now, configuration = timezone.now(), license_class.configuration
    state, wrong = (State.KEY if start else State.SERVICES), what_is_wrong(license_class, options)
    trouble: dict[str, Any] = {}
    if wrong:
        state = State.ATTENTION
        trouble = {"problem_kind": "options", "problem_text": wrong, "problem_fault": "order or vendor account"}
        trouble |= {"stopped_in": State.KEY, "cause": cause_of("options", wrong), "troubled_at": now}
    return [
        LicenseRequest(
            uid=uid,
            configuration=configuration,
            license_class=license_class,
            subscription_id=subscription_id,
            options=options,
            order_number=order_number,
            state=state,
            due_at=now if state == State.KEY and configuration.is_online else None,
            deadline=now + PATIENCE if start else None,
            **trouble,
        )
        for uid in uids
    ]


def check_sold(configuration: PluginConfiguration, license_class: LicenseClass) -> None:
    """Raises Problem at `license_class` where it is not ticked as sold through this configuration."""
    if license_class.configuration_id != configuration.pk or not license_class.sold or license_class.retired:
        raise Problem(
            "%(name)s is not sold through %(plugin)s. Tick it on the plug-in's page first.",
            name=license_class.name,
            plugin=configuration.name,
            field="license_class",
        )


def check_stock(configuration: PluginConfiguration) -> None:
    """Raises Problem at `subscription` where a license cannot be kept: some are for an address from the start."""
    if not configuration.is_online or Delivers.ADDRESS_BINDING not in plugin_class(configuration.template).delivers:
        return
    raise Problem(
        "%(name)s sells licenses for an IP address, there is no stock of them: choose a subscription.",
        name=configuration.name,
        field="subscription",
    )


def what_is_wrong(license_class: LicenseClass, options: dict[str, Any]) -> str:
    """Why such a license cannot be had, for a person; "" where it can."""
    try:
        checked(license_class, options)
    except Problem as problem:
        return problem.message
    return ""


def uids_of(once: UUID | None, number: int) -> list[UUID]:
    """The unique ids of so many requests that one form asks for: the same form gives the same ones."""
    root = once or uuid4()
    return [uuid5(root, str(n)) for n in range(number)]


def made_by_form(once: UUID | None) -> list[LicenseRequest]:
    """What a form with this token has asked for already; nothing where it was not sent yet."""
    if once is None:
        return []
    if not LicenseRequest.objects.filter(uid__in=uids_of(once, 1)).exists():
        return []
    return list(LicenseRequest.objects.filter(uid__in=uids_of(once, MOST_AT_ONCE)).order_by("pk"))
