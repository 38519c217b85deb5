"""What all decisions about findings share: one person at a time, and the vendor's word of this moment."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from ka_plugins.contract import Key
from licenses.asking import ask
from licenses.intake import fingerprint
from licenses.models import Finding, License, ReadyKey
from licenses.plugins import plugin_class
from licenses.reconciling.reading import describes
from licenses.reconciling.storing import buying, may_be_of
from pbas.core.crypto import CannotDecryptError
from pbas.core.problems import ConflictProblem, Problem

LONGEST = timedelta(minutes=2)  # that a decision may take, longer than any call


@contextmanager
def claimed(finding: Finding) -> Iterator[None]:
    """Nobody else decides about this key meanwhile. Raises ConflictProblem where somebody does, or it is settled."""
    now = timezone.now()
    rows = Finding.objects.filter(pk=finding.pk)
    free = rows.filter(Q(busy_until=None) | Q(busy_until__lt=now), kind=finding.kind)
    if not free.update(busy_until=now + LONGEST):
        if rows.exists():
            raise ConflictProblem(f"Somebody else is deciding about key {finding.shown} right now. Look at it again.")
        raise ConflictProblem(f"The finding about key {finding.shown} is settled meanwhile.")
    try:
        yield
    finally:
        rows.update(busy_until=None)


def number_of(finding: Finding) -> str:
    """The vendor's key in clear. Raises Problem where it cannot be read any more."""
    try:
        return finding.license.full_key if finding.license else str(finding.key)
    except CannotDecryptError as error:
        raise Problem(f"Key {finding.shown} cannot be read: {error}") from None


def described(finding: Finding) -> Key:
    """What the vendor knows of a key now. Raises Problem where he cannot be asked or will not say."""
    configuration, number = finding.configuration, number_of(finding)
    if not configuration.is_online:
        raise Problem(f"{configuration.name} is offline: its vendor cannot be asked.")
    if not describes(configuration.template):
        raise Problem(f"{configuration.name} cannot describe a key; look at the vendor's own pages.")
    return ask(configuration, lambda plugin: plugin.describe(number))


def check_stranger(finding: Finding, key: Key | None = None) -> None:
    """Raises ConflictProblem where a key is ours and lives, is ready, or may be what a request bought."""
    mine = License.objects.filter(fingerprint=finding.fingerprint).first()
    if mine is not None and mine.state != License.State.TERMINATED:
        raise ConflictProblem(f"Key {finding.shown} is on license {mine.pk} by now; it is no orphan any more.")
    if key is not None and mine is not None:
        raise ConflictProblem(f"Key {finding.shown} was on license {mine.pk}, which is terminated.")
    if ReadyKey.objects.filter(fingerprint=finding.fingerprint).exists():
        raise ConflictProblem(f"Key {finding.shown} is one of the ready keys.")
    known = key or Key(finding.shown, class_code=finding.class_code)
    for request in buying(finding.configuration) if mine is None else ():
        if may_be_of(request, known):
            message = f"Request {request.pk} may have bought key {finding.shown}. Settle that request first."
            raise ConflictProblem(message)


def drop(finding: Finding, license_: License) -> None:
    """The findings about a license, and about its additional keys, are settled."""
    plugin = plugin_class(finding.configuration.template)
    prints = {finding.fingerprint, fingerprint(plugin, license_.full_key)}
    prints |= set(license_.children.values_list("fingerprint", flat=True))
    Finding.objects.filter(configuration=finding.configuration, fingerprint__in=prints).delete()
