"""What all decisions about findings share: one person at a time, and the vendor's word of this moment."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from ka_plugins.contract import Delivers, Key
from licenses import bell
from licenses.asking import ask
from licenses.intake import fingerprint
from licenses.models import Finding, License, LicenseRequest, ReadyKey
from licenses.moves import event_of
from licenses.owed import uids_of
from licenses.plugins import plugin_class
from licenses.reconciling.reading import describes
from licenses.reconciling.storing import buying, may_be_of
from licenses.retry import PATIENCE
from pbas.core.crypto import CannotDecryptError
from pbas.core.problems import ConflictProblem, Problem
from pbas.core.story import Actor

State = License.State

LONGEST = timedelta(minutes=2)  # that a decision may take, longer than any call


@contextmanager
def claimed(finding: Finding) -> Iterator[None]:
    """Nobody else decides about this key meanwhile. Raises ConflictProblem where somebody does, or it is settled."""
    now = timezone.now()
    rows = Finding.objects.filter(pk=finding.pk)
    free = rows.filter(Q(busy_until=None) | Q(busy_until__lt=now), kind=finding.kind)
    if not free.update(busy_until=now + LONGEST):
        if rows.exists():
            raise ConflictProblem(
                "Somebody else is deciding about key %(finding)s right now. Look at it again.", finding=finding.shown
            )
        raise ConflictProblem("The finding about key %(finding)s is settled meanwhile.", finding=finding.shown)
    try:
        yield
    finally:
        rows.update(busy_until=None)


def number_of(finding: Finding) -> str:
    """The vendor's key in clear. Raises Problem where it cannot be read any more."""
    try:
        is_ours = finding.license is not None and finding.kind != Finding.Kind.ORPHAN
        return finding.license.full_key if finding.license and is_ours else str(finding.key)
    except CannotDecryptError as error:
        raise Problem("Key %(finding)s cannot be read: %(error)s", finding=finding.shown, error=error) from None


def described(finding: Finding) -> Key:
    """What the vendor knows of a key now. Raises Problem where he cannot be asked or will not say."""
    configuration, number = finding.configuration, number_of(finding)
    if not configuration.is_online:
        raise Problem("%(configuration)s is offline: its vendor cannot be asked.", configuration=configuration.name)
    if not describes(configuration.template):
        raise Problem(
            "%(configuration)s cannot describe a key; look at the vendor's own pages.", configuration=configuration.name
        )
    return ask(configuration, lambda plugin: plugin.describe(number))


def check_stranger(finding: Finding, key: Key) -> None:
    """Raises ConflictProblem where a key, or one that hangs on it, is ours and lives, is ready, or is being bought."""
    plugin = plugin_class(finding.configuration.template)
    own = fingerprint(plugin, key.number)
    prints = {own, finding.fingerprint, *(fingerprint(plugin, one.number) for one in key.additional)}
    mine = License.objects.filter(fingerprint__in=prints).exclude(state=License.State.TERMINATED).first()
    if mine is not None and mine.fingerprint in {own, finding.fingerprint}:
        raise ConflictProblem(
            "Key %(finding)s is on license %(mine)s by now; it is no orphan any more.",
            finding=finding.shown,
            mine=mine.pk,
        )
    if mine is not None:
        raise ConflictProblem(
            "Key %(key)s, which hangs on key %(finding)s, is on license %(license)s and lives.",
            key=mine.key,
            finding=finding.shown,
            license=mine.pk,
        )
    if ReadyKey.objects.filter(fingerprint__in=prints).exists():
        raise ConflictProblem("Key %(finding)s is one of the ready keys.", finding=finding.shown)
    if finding.kind != Finding.Kind.ORPHAN:
        return
    for request in buying(finding.configuration):
        if may_be_of(request, key):
            raise ConflictProblem(
                "Request %(request)s may have bought key %(finding)s. Settle that request first.",
                request=request.pk,
                finding=finding.shown,
            )


def drop(finding: Finding, license_: License) -> None:
    """The findings about a license, and about its additional keys, are settled."""
    plugin = plugin_class(finding.configuration.template)
    prints = {finding.fingerprint, fingerprint(plugin, license_.full_key)}
    prints |= set(license_.children.values_list("fingerprint", flat=True))
    Finding.objects.filter(configuration=finding.configuration, fingerprint__in=prints).delete()


def bring_files_again(license_: License, actor: Actor) -> LicenseRequest | None:
    """The request that brings the files of an installed license once more: as a change that is bought already."""
    delivers = plugin_class(license_.configuration.template).delivers
    main = license_.parent or license_
    is_in_use = main.state == State.INSTALLED and license_.state in {State.ISSUED, State.INSTALLED}
    if not is_in_use or Delivers.FILES not in delivers:
        return None
    if main.subscription_id is None or main.requests.filter(finished_at__isnull=True).exists():
        return None
    (uid,) = uids_of(None, 1)
    now = timezone.now()
    request = LicenseRequest(
        uid=uid,
        kind=LicenseRequest.Kind.CHANGE,
        state=LicenseRequest.State.FILES,
        configuration_id=main.configuration_id,
        license_class_id=main.license_class_id,
        subscription_id=main.subscription_id,
        order_number=main.requests.order_by("pk").values_list("order_number", flat=True).first() or "",
        license=main,
        due_at=now,
        deadline=now + PATIENCE,
    )
    try:
        with transaction.atomic():
            request.save()
    except IntegrityError:
        raise ConflictProblem("License %(main)s already has an open request of this kind.", main=main.key) from None
    text = "Its files are fetched and installed once more, as the vendor has them now. Nothing is bought."
    event_of(request, actor, "requested", text).save()
    bell.ring()
    return request
