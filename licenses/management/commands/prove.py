"""Read installed licenses back from their targets now."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from licenses.models import License
from licenses.proving.rounds import prove_due
from licenses.statements import in_seconds

PATIENCE = 24 * 3600.0  # seconds


class Command(BaseCommand):
    help = "Read licenses back from their install targets, as the panel does every day. Puts nothing there."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("license", nargs="*", type=int, help="ids of licenses; none: what is due")
        parser.add_argument("--all", action="store_true", help="every installed license")

    def handle(self, *_: Any, license: list[int], all: bool, **__: Any) -> None:  # noqa: A002 (the arguments' names)
        installed = License.objects.filter(state=License.State.INSTALLED, parent=None)
        wanted = None if all or not license else license
        if wanted is not None:
            found = set(installed.filter(pk__in=wanted).values_list("pk", flat=True))
            if absent := sorted(set(wanted) - found):
                raise CommandError(
                    f"Not installed, an additional key, or not there: license {absent[0]}.", returncode=2
                )
        if all or wanted is not None:
            rows = installed if wanted is None else installed.filter(pk__in=wanted)
            rows.update(prove_at=in_seconds(0))
        count = bad = 0
        for look, outcome in prove_due(PATIENCE, only=wanted):
            count, bad = count + 1, bad + (outcome.found is not None)
            if outcome.found is not None:
                self.stdout.write(f"License {look.license.pk}, {look.license.key}: {outcome.found}. {outcome.text}")
        self.stdout.write(f"{count:,} licenses read back, {count - bad:,} as they should be.")
        if bad:
            raise CommandError(f"{bad} are not, or could not be read.", returncode=1)
