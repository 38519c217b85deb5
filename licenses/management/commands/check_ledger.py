"""Verify the invariants on the live database."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from licenses.invariants import INVARIANTS, broken


class Command(BaseCommand):
    help = "Verify that no request is stuck, doubled or unproven and that the counters are right. Changes nothing."

    def handle(self, *_: Any, **__: Any) -> None:
        found = list(broken())
        for one in found:
            self.stdout.write(f"{one.invariant}: {one.text}")
        if found:
            raise CommandError(f"{len(found)} rows break an invariant.", returncode=1)
        self.stdout.write(f"{len(INVARIANTS)} invariants hold.")
