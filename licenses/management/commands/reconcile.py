"""Compare our keys with those of the vendors now, and wait for it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from licenses.models import PluginConfiguration, Reconciliation
from licenses.reconciling.rounds import reconcile, want_round, why_not
from licenses.reconciling.selectors import cost_of, counts_of, findings, open_ones
from pbas.core.problems import Problem
from pbas.core.story import SYSTEM


class Command(BaseCommand):
    help = (
        "Compare the keys of all working online plug-ins, or of one, with those of their vendors, and print what "
        "differs. Changes nothing at a vendor; 1 where a comparison did not come to its end."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--configuration", metavar="NAME", help="only this one: its name or its number")

    def handle(self, *_: Any, configuration: str | None, **__: Any) -> None:
        failed = [one.name for one in _chosen(configuration) if not self._compare(one)]
        if failed:
            raise CommandError(f"Not compared: {', '.join(failed)}.", returncode=1)

    def _compare(self, configuration: PluginConfiguration) -> bool:
        """One round to its end; False where it has none."""
        try:
            before = want_round(configuration=configuration, actor=SYSTEM).attempt
        except Problem as problem:
            self.stdout.write(problem.message)
            return False
        reconcile(configuration.pk)
        row = Reconciliation.objects.get(configuration=configuration)
        if row.attempt == before:
            self.stdout.write(
                f"{configuration.name}: a worker is at it, or its vendor is parked; nothing was done here."
            )
            return False
        if row.problem:
            self.stdout.write(f"{configuration.name}: {row.problem}")
            return False
        found = ", ".join(f"{n} {kind}" for kind, n in counts_of(configuration).items() if n) or "nothing differs"
        cost = cost_of(open_ones(findings(configuration)))
        billed = " + ".join(f"{amount} {unit}" for unit, amount in cost.amounts)
        money = f"; {billed} a month for what nobody uses" if billed else ""
        self.stdout.write(f"{configuration.name}: {row.compared} keys compared: {found}{money}.")
        return True


def _chosen(named: str | None) -> list[PluginConfiguration]:
    rows = PluginConfiguration.objects.order_by("name")
    if named is None:
        working = rows.filter(mode="online", status=PluginConfiguration.Status.CONFIGURED)
        return [one for one in working if not why_not(one)]
    found = list(rows.filter(name=named)) or list(rows.filter(pk=named) if named.isdecimal() else [])
    if not found:
        raise CommandError(f"There is no plug-in configuration {named}.")
    return found
