"""Rules about what is not Python: locks, vendored files, templates, scripts, and what no file may tell."""

import hashlib
import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VENDORED = ROOT / "static" / "vendor"
OURS = ("pbas", "subscriptions", "licenses", "ka_plugins", "tests", "templates", "static", "docs", "script", ".ci")
TEXT = {"", ".py", ".md", ".html", ".css", ".js", ".json", ".toml", ".txt", ".in", ".yaml", ".yml", ".svg"}
# Folders of one machine: a root's or a person's home, or a build's own place
MACHINE = re.compile("|".join(f"/{name}/" for name in ("root", "work", "home/[a-z]+")))
# What the content security policy would refuse
INLINE = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>|<style\b|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE)


def _text_files() -> Iterator[Path]:
    yield from (path for path in ROOT.iterdir() if path.is_file() and path.suffix in TEXT)
    for folder in OURS:
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and path.suffix in TEXT and "__pycache__" not in path.parts:
                yield path


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_pin_of_a_lock_has_a_hash_and_no_index(name: str) -> None:
    text = (ROOT / name).read_text()
    pins = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(pins) > 20
    assert [pin.split("\n")[0] for pin in pins if "==" not in pin or "--hash=sha256:" not in pin] == []
    assert re.findall(r"^(?:-i|--\S*index\S*|--find-links).*", text, flags=re.MULTILINE) == []


def test_what_the_product_runs_on_is_pinned_alike_in_both_locks() -> None:
    run, dev = (
        dict(re.findall(r"^(\S+)==(\S+)", (ROOT / name).read_text(), flags=re.MULTILINE))
        for name in ("requirements.txt", "requirements-dev.txt")
    )
    assert {name: version for name, version in run.items() if dev.get(name) != version} == {}


def test_vendored_files_are_those_of_their_manifest() -> None:
    packages = json.loads((VENDORED / "manifest.json").read_text())["packages"]
    listed = {name: digest for package in packages for name, digest in package["files"].items()}
    licences = {package["licence_text"] for package in packages}
    there = {str(path.relative_to(VENDORED)) for path in VENDORED.rglob("*") if path.is_file()}
    assert there - {"manifest.json"} == set(listed) | licences
    real = {name: hashlib.sha256((VENDORED / name).read_bytes()).hexdigest() for name in listed}
    assert real == listed


def test_templates_have_neither_inline_script_nor_inline_style() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in sorted((ROOT / "templates").rglob("*.html"))
        for match in INLINE.finditer(path.read_text())
    ]
    assert found == []


def test_no_file_names_a_folder_of_some_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in sorted(_text_files())
        for match in MACHINE.finditer(path.read_text())
    ]
    assert found == []


@pytest.mark.parametrize(
    "path", [*sorted((ROOT / "script").iterdir()), ROOT / ".ci" / "run"], ids=lambda path: path.name
)
def test_a_script_can_be_run_and_stops_at_its_first_error(path: Path) -> None:
    text = path.read_text()
    assert os.access(path, os.X_OK)
    if text.startswith("#!/usr/bin/env bash\n"):
        assert "\nset -euo pipefail\n" in text
        subprocess.run(["bash", "-n", path], check=True)
    else:
        assert text.startswith("#!/usr/bin/env python")
