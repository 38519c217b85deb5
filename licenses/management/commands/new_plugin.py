"""Make the package of a new KA plug-in from the template beside this folder."""

import keyword
import re
from argparse import ArgumentParser
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ka_plugins import registry

TEMPLATE = Path(__file__).parents[1] / "plugin_template"
SUFFIX = "-tpl"  # keeps the template's Python from being taken for the panel's own
NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
NEXT = """\
Made {folder}. Its tests are green as it is:
  cd {folder} && python -m pytest
Then make it speak the vendor's protocol: README.md says where. docs/plugin-authors.md has the rest."""


class Command(BaseCommand):
    help = "Make the package of a new KA plug-in: plug-in, simulator, conformance tests, README."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the plug-in's name: lower case letters, digits, underscores")
        parser.add_argument("--to", type=Path, default=Path(), metavar="FOLDER", help="where to put it; default: here")

    def handle(self, *_: Any, name: str, to: Path, **__: Any) -> None:
        folder = to / name
        if problem := _problem(name, folder):
            raise CommandError(problem, returncode=2)
        words = {"acme": name, "Acme": _camel(name), "ACME": name.replace("_", " ").title()}
        try:
            for source in sorted(TEMPLATE.rglob(f"*{SUFFIX}")):
                path = folder / _renamed(str(source.relative_to(TEMPLATE)).removesuffix(SUFFIX), words)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(_renamed(source.read_text(encoding="utf-8"), words), encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{folder} cannot be written: {error.strerror}.", returncode=2) from error
        self.stdout.write(NEXT.format(folder=folder))


def _problem(name: str, folder: Path) -> str:
    """Why there can be no new plug-in of this name, for a person; "" where there can."""
    if NAME.fullmatch(name) is None or keyword.iskeyword(name):
        return f"{name!r} is no name for a plug-in: take lower case letters, digits and single underscores, as in acme."
    if name in {one.name for one in registry.all_plugins()} | {one.name for one in registry.failures()}:
        return f"There is a plug-in of the name {name} already."
    if find_spec(name) is not None:
        return f"Python has a module of the name {name} already; the plug-in's package would hide it. Take another."
    return f"{folder} exists already; nothing was changed." if folder.exists() else ""


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _renamed(text: str, words: dict[str, str]) -> str:
    return re.sub("|".join(words), lambda match: words[match.group()], text)
