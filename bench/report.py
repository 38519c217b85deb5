"""What a benchmark found, as Markdown: what was measured, how, the naive way, ours, the ratio, the bar, met or not."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

HEAD = """# Benchmarks

`script/bench` writes this page; each figure stands beside the naive way, measured in the same run on the same machine.
Clients, database, broker and vendor share its cores, and other work may run on it: read the ratios first. All figures
are medians of several runs, with the least and the greatest behind them.
"""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the report; the last columns are the bar and whether it is met."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    def __str__(self) -> str:
        lines = [self.columns, tuple("---" for _ in self.columns), *self.rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


@dataclass(frozen=True, slots=True)
class Section:
    """One benchmark's part of the page. `misses` are the bars that were not met."""

    title: str
    parts: list[str | Table]
    misses: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"## {self.title}\n\n" + "\n\n".join(str(part) for part in self.parts) + "\n"


def spread(values: Sequence[float], digits: int = 0) -> str:
    """Median, and the least and the greatest of several runs."""
    middle, least, most = (f"{value:,.{digits}f}" for value in (median(values), min(values), max(values)))
    return middle if len(values) == 1 else f"**{middle}** ({least} to {most})"


def percentile(values: Sequence[float], share: float) -> float:
    """The value that a share of all values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def met(*conditions: bool) -> str:
    """The word for a bar."""
    return "met" if all(conditions) else "**not met**"


def write(page: Path, sections: Sequence[Section]) -> None:
    """Put the sections into the page; those of benchmarks that did not run stay as they were."""
    old = page.read_text() if page.exists() else ""
    known = {part.partition("\n")[0]: f"## {part.strip()}\n" for part in re.split(r"^## ", old, flags=re.MULTILINE)[1:]}
    known.update({section.title: str(section) for section in sections})
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("\n".join([HEAD, *known.values()]))
