"""Seal the story now, or print the newest seal for keeping it elsewhere."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from pbas.core.sealing import newest_seal, seal_events


class Command(BaseCommand):
    help = "Seal all events that are not sealed yet. The panel does that by itself every minute."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--show", action="store_true", help="seal nothing, print the newest seal as one line")

    def handle(self, *_: Any, show: bool, **__: Any) -> None:
        if not show:
            self.stdout.write(f"{seal_events():,} events sealed.")
            return
        seal = newest_seal()
        if seal is None:
            raise CommandError("Nothing is sealed yet.", returncode=1)
        self.stdout.write(f"seal {seal.position} event {seal.last_event} sha256 {seal.digest} {seal.sealed_at:%FT%TZ}")
