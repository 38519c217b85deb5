"""Ends that are asked for by the panel, and what follows from one: ended licenses leave their targets.

What a change has replaced is ended once what it brought is proven: by a request of its own, with its own tries.
"""

from collections.abc import Collection, Sequence
from uuid import UUID, uuid4, uuid5

from django.utils import timezone

from ka_plugins.contract import Key
from licenses import bell, moves
from licenses.intake import fingerprint
from licenses.models import License, LicenseRequest
from licenses.moves import Move, event_of
from licenses.plugins import plugin_class
from licenses.points import point
from licenses.retry import PATIENCE
from licenses.statements import in_seconds
from pbas.core.models import Event
from pbas.core.story import SYSTEM, Actor

State, Kind = LicenseRequest.State, LicenseRequest.Kind


def take_out(ids: Collection[int]) -> None:
    """Have licenses that have ended taken out of where they were installed, by whoever reads targets back."""
    ended = License.objects.filter(pk__in=ids, state=License.State.TERMINATED)
    installed = ended.filter(installed_at__isnull=False, subscription__isnull=False)
    installed.update(found=License.Found.LEFT, found_text=None, found_tries=None, prove_at=in_seconds(0))


def close_stock(ids: Collection[int]) -> None:
    """Close the requests whose license waited in stock for a subscription and has ended there."""
    waiting = LicenseRequest.objects.filter(license__in=ids, state=State.INSTALL, subscription=None, leased=False)
    made = {one.pk: one for one in waiting}
    won = moves.make([Move(one.pk, one.attempt, one.state, State.CANCELLED, by_hand=True) for one in made.values()])
    text = "Its license was ended while it was in stock."
    Event.objects.bulk_create(event_of(made[pk], SYSTEM, "cancelled", text) for pk in sorted(won))


def remember(request_id: int, license_: License, key: Key) -> None:
    """Keep with a change which additional keys of its license it has replaced. In the transaction that keeps `key`."""
    plugin = plugin_class(license_.configuration.template)
    prints = [fingerprint(plugin, number) for number in key.to_end]
    replaced = license_.children.filter(fingerprint__in=prints).values_list("pk", flat=True)
    LicenseRequest.objects.filter(pk=request_id).update(to_end=list(replaced) or None)


def end_replaced(changes: Collection[int]) -> None:
    """Ask for the end of what these changes have replaced, in the transaction in which they are done."""
    if not changes:
        return
    done = LicenseRequest.objects.filter(pk__in=changes, to_end__isnull=False).select_related("configuration")
    asked = [
        _request(child, uuid5(change.uid, str(child.pk)), change.order_number)
        for change in done
        for child in _still_there(change.to_end or ())
    ]
    text = "Its license was changed and is proven without it: its end is asked for."
    _ask(asked, text, SYSTEM)


def end_licenses(licenses: Sequence[License], *, order_number: str, text: str, actor: Actor, reason: str = "") -> None:
    """Ask for the end of licenses, whatever their plug-ins can, in the caller's transaction.

    What a plug-in cannot do comes to a person; of an offline one it is his from the start.
    """
    _ask([_request(one, uuid4(), order_number) for one in licenses], text, actor, reason)


def _ask(asked: Sequence[LicenseRequest], text: str, actor: Actor, reason: str = "") -> None:
    if not asked:
        return
    # Somebody may have asked for the same end by hand at this moment: then his request does it.
    LicenseRequest.objects.bulk_create(asked, ignore_conflicts=True)
    made = LicenseRequest.objects.filter(uid__in=[one.uid for one in asked])
    Event.objects.bulk_create(event_of(one, actor, "requested", text, reason) for one in made)
    point("before_ending")
    bell.ring()


def _still_there(ids: Collection[int]) -> list[License]:
    return list(License.objects.filter(pk__in=ids).exclude(state=License.State.TERMINATED))


def _request(license_: License, uid: UUID, order_number: str) -> LicenseRequest:
    now = timezone.now()
    return LicenseRequest(
        uid=uid,
        kind=Kind.TERMINATE,
        state=State.KEY,
        configuration=license_.configuration,
        license_class_id=license_.license_class_id,
        subscription_id=license_.subscription_id,
        order_number=order_number,
        license=license_,
        due_at=now if license_.configuration.is_online else None,
        deadline=now + PATIENCE,
    )
