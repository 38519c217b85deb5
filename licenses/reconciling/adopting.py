"""A key that the vendor has for us and nobody uses becomes a license: of a subscription, or in stock."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from ka_plugins.contract import Key, KeyStatus
from licenses import bell, intake
from licenses.claimed import living
from licenses.models import Finding, License, LicenseClass, LicenseRequest
from licenses.moves import event_of
from licenses.owed import check_stock, owed, uids_of
from licenses.owner import check_goes_on, has_open_services, subscription_or_problem
from licenses.plugins import plugin_class
from licenses.reconciling.deciding import bring_files_again, check_stranger, claimed, described, drop
from pbas.core.problems import ConflictProblem, Problem, inside
from pbas.core.story import Actor, tell

Kind, State = Finding.Kind, LicenseRequest.State


def adopt(*, finding: Finding, subscription_id: int | None, actor: Actor, reason: str = "") -> LicenseRequest | License:
    """Take an orphan for a subscription, or (None) into stock, as the vendor describes it now. Nothing is bought.

    Answers its request, which fetches and installs what there is; for an additional key its license, as that goes
    where its parent is. Raises Problem where the key is not one to adopt, ConflictProblem where it is ours by now.
    """
    if finding.kind != Kind.ORPHAN:
        raise ConflictProblem(
            "Key %(finding)s is not an orphan: %(kind)s.",
            finding=finding.shown,
            kind=inside(finding.get_kind_display()),
        )
    order_number = _checked(finding, subscription_id)
    with claimed(finding):
        key = described(finding)
        if key.status in {KeyStatus.TERMINATED, KeyStatus.EXPIRED}:
            raise Problem(
                "The vendor says that key %(finding)s is %(status)s: there is nothing to adopt.",
                finding=finding.shown,
                status=key.status,
            )
        with _once(finding), transaction.atomic():
            check_goes_on(subscription_id)
            check_stranger(finding, key)
            if finding.license is not None or key.parent:
                return _adopt_additional(finding, key, actor, reason)
            request = _request(_class_of(finding, key), subscription_id, order_number)
            license_ = _license(request, key)
            text = f"Key {license_.key}, which the vendor had and nobody used, was adopted."
            _tell_and_drop(finding, request, license_, event_of(request, actor, "adopted", text, reason.strip()))
    return request


@contextmanager
def _once(finding: Finding) -> Iterator[None]:
    """A key that is on a license already, ended or made a moment ago, is that license's."""
    try:
        yield
    except IntegrityError:
        raise ConflictProblem(
            "Key %(finding)s, or one that hangs on it, is on a license already.", finding=finding.shown
        ) from None


def _checked(finding: Finding, subscription_id: int | None) -> str:
    """The order number of the subscription. Raises Problem at `subscription` where it cannot take the license."""
    if subscription_id is None:
        check_stock(finding.configuration)
        return ""
    subscription = subscription_or_problem(subscription_id)
    if has_open_services(subscription):
        raise Problem(
            "%(name)s is still being set up. Adopt the key when all its services are ready.",
            name=subscription.name,
            field="subscription",
        )
    return str(subscription.order.number)


def _class_of(finding: Finding, key: Key) -> LicenseClass:
    code = key.class_code or finding.class_code
    found = finding.configuration.classes.select_related("configuration").filter(code=code).first()
    if found is None:
        raise Problem(
            "The vendor gives key %(finding)s the class “%(code)s”, which is none of the classes of %(name)s."
            " Update the license classes of %(name)s first.",
            finding=finding.shown,
            code=code,
            name=finding.configuration.name,
            field="license_class",
        )
    return found


def _request(license_class: LicenseClass, subscription_id: int | None, order_number: str) -> LicenseRequest:
    """Not to be taken by any worker before its transaction ends: by then it has its license."""
    (request,) = owed(
        license_class,
        uids_of(None, 1),
        subscription_id=subscription_id,
        options={},
        order_number=order_number,
        start=True,
    )
    request.state, request.stopped_in, request.due_at = State.FILES, "", timezone.now()
    request.problem_kind = request.problem_text = request.problem_fault = ""  # its options are the vendor's by now
    request.save()
    return request


def _license(request: LicenseRequest, key: Key) -> License:
    """The license and those of its additional keys that are nobody's yet."""
    intake.clean_key(request, key.number)
    made = intake.save_key(request, key)
    plugin = plugin_class(request.configuration.template)
    _in_sync([made], timezone.now())
    for one in living(key):
        if not License.objects.filter(fingerprint=intake.fingerprint(plugin, one.number)).exists():
            child = _child(made, one)
            _in_sync([child], timezone.now())
    return made


def _child(parent: License, key: Key) -> License:
    child = intake.new_license(
        plugin_class(parent.configuration.template),
        key,
        configuration_id=parent.configuration_id,
        license_class_id=parent.license_class_id,
        subscription_id=parent.subscription_id,
        parent=parent,
    )
    child.save()
    return child


def _in_sync(licenses: list[License], at: datetime) -> None:
    """They are as the vendor described them this moment; a round under way must not miss them."""
    License.objects.filter(pk__in=[one.pk for one in licenses]).update(in_sync=True, checked_at=at)


def _tell_and_drop(finding: Finding, request: LicenseRequest, license_: License, event: object) -> None:
    request.license = license_
    request.state = intake.first_state(request, license_)
    request.save(update_fields=["license", "state"])
    event.license_id = license_.pk  # type: ignore[attr-defined]
    event.save()  # type: ignore[attr-defined]
    drop(finding, license_)
    bell.ring()


def _adopt_additional(finding: Finding, key: Key, actor: Actor, reason: str) -> License:
    """An additional key goes where its parent is; where that is installed, its files are brought there at once."""
    parent = finding.license
    if parent is None:
        raise Problem(
            "Key %(finding)s is additional to a key that is not ours. Adopt that one first.", finding=finding.shown
        )
    if parent.state == License.State.TERMINATED:
        raise Problem(
            "Key %(finding)s is additional to %(parent)s, which is terminated here.",
            finding=finding.shown,
            parent=parent.key,
        )
    child = _child(parent, key)
    _in_sync([child], timezone.now())
    text = f"Key {child.key}, which the vendor had as additional to {parent.key}, was adopted."
    tell(actor, "adopted", text, detail=reason.strip(), license=child, configuration=finding.configuration,
         subscription=parent.subscription)  # fmt: skip
    drop(finding, child)
    bring_files_again(child, actor)
    return child
