"""The parts of a timeline, as data."""

import re
from pathlib import Path
from typing import Any

from pbas.core.models import PROBLEMS
from pbas.core.stories import PARTS

EVENTS = Path(__file__).parents[3] / "docs" / "reference" / "events.md"


def test_the_parts_of_a_timeline_name_kinds_of_events_that_there_are_and_are_documented() -> None:
    said, _head, table = EVENTS.read_text().partition("| kind | told when |")
    documented = {kind for row in table.splitlines() for kind in re.findall(r"`(\w+)`", row.split(" | ")[0])}
    conditions: list[Any] = [condition for _label, where in PARTS.values() for condition in where.children]
    named = {kind for lookup, kinds in conditions if lookup == "kind__in" for kind in kinds}
    assert PROBLEMS < named <= documented
    assert set(PARTS) <= set(re.findall(r"`(\w+)`", said))
