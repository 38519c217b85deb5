"""Writes down how requests move while tests run: what `tests/unit/licenses/histories.jsonl` is made of.

RECORD_HISTORIES=FILE has every test of `tests/flow` append to FILE; doubled histories are left out.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from licenses import statements
from licenses.models import LicenseRequest

Step = list[str]  # from, to, the kind of problem, where attention stopped


@contextmanager
def recorded(file: Path, test: str) -> Iterator[None]:
    """Append the histories of all requests that move meanwhile."""
    steps: dict[int, list[Step]] = defaultdict(list)
    real_move, real_claim = statements.move, statements.claim

    def move(rows: Sequence[tuple[Any, ...]]) -> set[int]:
        won = real_move(rows)
        for row in rows:
            if row[0] in won:
                steps[row[0]].append([str(row[2]), str(row[3]), row[9], str(row[13])])
        return won

    def claim(*arguments: Any, **named: Any) -> list[tuple[Any, ...]]:
        rows = real_claim(*arguments, **named)
        for row in rows:
            if row[-1]:  # the claim was the intent to buy
                steps[row[0]].append(["key", "buying", "", ""])
        return rows

    with mock.patch.object(statements, "move", move), mock.patch("licenses.ledger.claim", claim):
        yield
    kinds = dict(LicenseRequest.objects.filter(pk__in=steps).values_list("pk", "kind"))
    _append(file, ({"seen_in": test, "kind": kinds[pk], "steps": steps[pk]} for pk in sorted(kinds)))


def _append(file: Path, histories: Iterable[dict[str, Any]]) -> None:
    known = {_of(json.loads(line)) for line in file.read_text().splitlines()} if file.exists() else set()
    with file.open("a") as lines:
        for one in histories:
            if one["steps"] and _of(one) not in known:
                known.add(_of(one))
                lines.write(json.dumps(one, separators=(",", ":")) + "\n")


def _of(history: dict[str, Any]) -> str:
    return json.dumps([history["kind"], history["steps"]])
