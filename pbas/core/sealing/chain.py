"""Verifying the chain: what was sealed is what is there."""

import hmac
from collections.abc import Iterator
from dataclasses import dataclass

from pbas.core.models import Event, Seal
from pbas.core.sealing.blocks import BEFORE_ALL, COLUMNS, block, digests, marks_of, signature

SHOWN = 5  # events named of a block that does not match


@dataclass(slots=True)
class Chain:
    """How far the verification is: the seals that hold, their events, and what is wrong with the one after them."""

    seal: int = 0
    events: int = 0
    fault: str = ""


def newest_seal() -> Seal | None:
    """The last seal, without its marks."""
    return Seal.objects.defer("marks").order_by("-position").first()


def unsealed() -> tuple[int, Event | None]:
    """How many events wait for their seal, and the oldest of them."""
    newest = newest_seal()
    rows = Event.objects.filter(pk__gt=newest.last_event if newest else BEFORE_ALL)
    return rows.order_by().count(), rows.order_by("pk").first()


def verify(after: int = 0) -> Iterator[Chain]:
    """Verify seal by seal, and stop at the first that does not hold; each step tells how far it is.

    Seals up to `after` are taken on trust: a check that was broken off goes on there.
    """
    so_far = Chain(seal=after)
    before = Seal.objects.defer("marks").filter(position=after).first()
    if after and before is None:
        so_far.fault = f"There is no seal {after} to go on from."
        yield so_far
    while not so_far.fault and (seal := _next(before)) is not None:
        so_far.fault = _fault(seal, before)
        if not so_far.fault:
            so_far.seal, so_far.events, before = seal.position, so_far.events + seal.count, seal
        yield so_far


def _next(before: Seal | None) -> Seal | None:
    above = before.position if before else 0
    return Seal.objects.defer("marks").filter(position__gt=above).order_by("position").first()


def _fault(seal: Seal, before: Seal | None) -> str:
    """What is wrong with a seal, for a person; "" where nothing is."""
    expected = before.position + 1 if before else 1
    if seal.position != expected:
        return f"Seal {expected} is missing."
    if seal.form not in COLUMNS:
        return f"Seal {seal.position} is of form {seal.form}, which this version of the panel does not know."
    after = before.last_event if before else BEFORE_ALL
    found = block(digests(after, seal.last_event, seal.form), before, seal.form)
    if found is None or not hmac.compare_digest(found.digest, seal.digest):
        return _named(seal, after)
    if not hmac.compare_digest(seal.signature, signature(seal.position, seal.digest)):
        return f"Seal {seal.position} was not made with this installation's field keys."
    return ""


def _named(seal: Seal, after: int) -> str:
    """Which events of a block are not what was sealed, as the marks tell."""
    sealed = marks_of(bytes(seal.marks))
    now = dict(digests(after, seal.last_event, seal.form))
    wrong = [f"event {pk} is missing" for pk in sorted(sealed.keys() - now.keys())]
    wrong += [f"event {pk} was inserted" for pk in sorted(now.keys() - sealed.keys())]
    wrong += [f"event {pk} was changed" for pk, mark in sorted(sealed.items()) if pk in now and now[pk][:8] != mark]
    wrong.sort(key=lambda text: int(text.split()[1]))
    more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
    what = ", ".join(wrong[:SHOWN]) + more if wrong else "the seal itself was changed"
    return f"Seal {seal.position} of {seal.sealed_at:%Y-%m-%d %H:%M} UTC does not match: {what}."
