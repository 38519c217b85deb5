"""Rules about our Python: sizes and words. What ruff, mypy and import-linter can say, they say."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("pbas", "subscriptions", "licenses", "ka_plugins", "tests")
FILE_LINES = 300
FUNCTION_LINES = 30  # of its body; signature and docstring do not count
DJANGOS = {"handler400", "handler403", "handler404", "handler500"}
# One word per thing: each of these stands for none, or for one that has another name here.
NO_WORDS = {"util", "utils", "helper", "helpers", "common", "manager", "handler", "job", "jobs", "item", "entity"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def _sources() -> list[Path]:
    found = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py") if "migrations" not in path.parts]
    return sorted(found)


def _lines_of_body(function: Function) -> int:
    body = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def _defined(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and name of all that a module gives a name to."""
    for node in ast.walk(tree):
        if isinstance(node, Function | ast.ClassDef):
            yield node.lineno, "" if node.name.startswith("test_") else node.name  # a sentence may have any word
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id


def _words(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


@pytest.mark.parametrize("path", _sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_keeps_to_the_sizes_and_words_of_the_house(path: Path) -> None:
    text = path.read_text()
    tree = ast.parse(text)
    lines = len(text.splitlines())
    found = [f"the file has {lines} lines"] if lines > FILE_LINES else []
    if "tests" not in path.parts:
        found += [
            f"line {node.lineno}: {node.name} has {_lines_of_body(node)} lines"
            for node in ast.walk(tree)
            if isinstance(node, Function) and _lines_of_body(node) > FUNCTION_LINES
        ]
    found += [
        f"line {line}: {name}" for line, name in _defined(tree) if name not in DJANGOS and _words(name) & NO_WORDS
    ]
    found += [f"the file's name: {path.name}"] if _words(path.stem) & NO_WORDS else []
    assert not found, "\n".join(found)


def test_the_rules_see_what_they_forbid() -> None:
    assert _words("LicenseManager") & NO_WORDS
    assert _words("next_item") & NO_WORDS
    assert not _words("itemise") & NO_WORDS
    long = ast.parse("def f():\n    'Says.'\n" + "    pass\n" * 31).body[0]
    assert isinstance(long, ast.FunctionDef)
    assert _lines_of_body(long) == 31
