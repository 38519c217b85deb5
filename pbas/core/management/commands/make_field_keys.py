from typing import Any

from django.core.management.base import BaseCommand

from pbas.environment import make_field_keys


class Command(BaseCommand):
    help = "Print fresh keys for PBAS_FIELD_KEYS. Keep them: what is encrypted under lost keys is lost."
    requires_system_checks = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        self.stdout.write(make_field_keys())
