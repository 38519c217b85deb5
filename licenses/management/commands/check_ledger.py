"""Verify the invariants on the live database, and the seals of the story."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone

from licenses.invariants import INVARIANTS, broken
from pbas.core.sealing import Chain, unsealed, verify

TOLD_EVERY = 5.0  # seconds
UNREAD = 2  # exit status

CHAIN = "I5 no event was changed"  # read event by event, so not among those that a page may ask for


class Command(BaseCommand):
    help = (
        "Verify that no request is stuck, doubled or unproven, that the counters are right and that no event was "
        "changed since it was sealed. Changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--after-seal", type=int, default=0, metavar="N", help="take seals up to N on trust: goes on after a break"
        )

    def handle(self, *_: Any, after_seal: int, **__: Any) -> None:
        try:
            self._check(after_seal)
        except DatabaseError as error:
            raise CommandError(f"The database cannot be read: {error}", returncode=UNREAD) from None

    def _check(self, after_seal: int) -> None:
        found = [f"{one.invariant}: {one.text}" for one in broken()]
        if fault := self._chain(after_seal):
            found.append(f"{CHAIN}: {fault}")
        for text in found:
            self.stdout.write(text)
        if found:
            raise CommandError(f"{len(found)} rows break an invariant.", returncode=1)
        self.stdout.write(f"{len(INVARIANTS) + 1} invariants hold.")

    def _chain(self, after: int) -> str:
        """Verify the seals and say how far and how fast; answers what is wrong."""
        began = told = time.monotonic()
        so_far = Chain(seal=after)
        for so_far in verify(after):
            if time.monotonic() - told > TOLD_EVERY:
                told = time.monotonic()
                self.stderr.write(f"Seal {so_far.seal} holds; after a break go on by --after-seal {so_far.seal}.")
        seconds = max(time.monotonic() - began, 0.001)
        speed = f"{so_far.events:,} events in {seconds:.1f} s, {so_far.events / seconds:,.0f} a second"
        self.stdout.write(f"The seals hold up to {so_far.seal}: {speed}.")
        waiting, oldest = unsealed()
        if oldest is not None:
            age = (timezone.now() - oldest.at).total_seconds()
            self.stdout.write(f"{waiting:,} events are not sealed yet, the oldest of them {age:.0f} s old.")
        return so_far.fault
