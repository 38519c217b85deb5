"""Rules about the documents: what they name exists, what must be documented is, and tables equal what they show."""

import ast
import dataclasses
import inspect
import os
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import get_commands, load_command_class
from drf_spectacular.generators import SchemaGenerator

from ka_plugins import contract, errors, installing
from ka_plugins.plesk_ka.simulator import PleskKaDialect
from ka_plugins.simulator.faults import FAULTS
from ka_plugins.simulator.world import World
from licenses.invariants import INVARIANTS
from licenses.management.commands.check_ledger import CHAIN
from licenses.models import License, LicenseRequest, PluginConfiguration
from licenses.moves import MOVES, ends
from licenses.wording import next_step
from pbas.core.kinds import KINDS
from subscriptions.models import Order, Service, Subscription

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
STEPS = [ROOT / "licenses" / "steps.py", ROOT / "licenses" / "landings.py"]
PRODUCT = ("pbas", "subscriptions", "licenses", "ka_plugins")
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "ka_plugins").rglob("*.md")])
LINK = re.compile(r"\]\((?!https?:)([^)\s]+)\)")
FENCED = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
# What starts with these is a variable of ours wherever a document names it; NAME_FILE goes with NAME.
VARIABLE = re.compile(r"\b(?:PBAS|PANEL_TEST|CELERY_BROKER|DATABASE|CACHE)_[A-Z_]*[A-Z]\b")
READERS = {"value_of", "secret_of", "get", "getenv"}
SETTINGS_NOT_FROM_OUTSIDE = {"DJANGO_SETTINGS_MODULE"}


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _rows(page: str, heading: str = "") -> Iterator[list[str]]:
    """The cells of all table rows of a page, or of the part below one heading."""
    text = (DOCS / page).read_text()
    if heading:
        text = text.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    for line in text.splitlines():
        if line.startswith("| ") and not line.startswith("| ---"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def _codes(cell: str) -> set[str]:
    return set(CODE.findall(cell))


def _first_codes(page: str, heading: str = "") -> set[str]:
    return {code for row in _rows(page, heading) for code in _codes(row[0])}


@cache
def _sources() -> dict[Path, ast.Module]:
    paths = (path for package in PRODUCT for path in (ROOT / package).rglob("*.py"))
    return {path: ast.parse(path.read_text()) for path in paths if "migrations" not in path.parts}


def _calls() -> Iterator[tuple[str, ast.Call]]:
    for tree in _sources().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield getattr(node.func, "id", getattr(node.func, "attr", "")), node


# --- links and pages


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_each_link_leads_to_a_file_and_a_heading_that_exist(page: Path) -> None:
    broken = []
    for link in LINK.findall(page.read_text()):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            broken.append(link)
    assert broken == []


def test_each_page_is_reached_from_the_readme() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        links = {(page.parent / link.partition("#")[0]).resolve() for link in LINK.findall(page.read_text())}
        waiting += [link for link in links - reached if link.suffix == ".md" and link.exists()]
    generated = {DOCS / "benchmarks.md"}
    assert set(PAGES) - reached - generated == set()


def test_pictures_of_the_documents_are_small() -> None:
    assert {path.name for path in (DOCS / "pictures").iterdir() if path.stat().st_size > 150_000} == set()


def test_each_decision_says_its_price_and_what_would_reverse_it() -> None:
    pages = sorted((DOCS / "adr").glob("0*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        headings = re.findall(r"^## (.+)$", page.read_text(), flags=re.MULTILINE)
        assert headings == ["Choice", "Price", "What would reverse it"], page.name
        assert page.name in (DOCS / "adr" / "README.md").read_text()


# --- commands


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_each_command_of_a_page_exists(page: Path) -> None:
    text = page.read_text()
    for name in re.findall(r"\bscript/([a-z]+)\b", text):
        assert os.access(ROOT / "script" / name, os.X_OK), f"script/{name}"
    for name in re.findall(r"\bmanage\.py ([a-z_]+)", text):
        assert name in get_commands(), f"manage.py {name}"
    for name in re.findall(r"\bpython -m ([\w.]+)", text):
        assert find_spec(name), f"python -m {name}"


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_code_of_a_page_can_be_read(page: Path) -> None:
    for language, block in FENCED.findall(page.read_text()):
        if language == "python":
            ast.parse(block)
        elif language == "toml":
            tomllib.loads(block)


def test_options_of_script_run_are_those_of_the_command_and_the_script() -> None:
    parser = load_command_class("pbas.core", "serve").create_parser("manage.py", "serve")
    own = {"--port", "--no-demo", "--once"}
    assert own <= {option for action in parser._actions for option in action.option_strings}
    documented = {code.split()[0] for code in _first_codes("reference/commands.md", "script/run")}
    assert documented == own | {"--data", "--help"}


def test_all_scripts_and_own_commands_are_documented() -> None:
    text = (DOCS / "reference" / "commands.md").read_text()
    ours = {name for name, app in get_commands().items() if app in {"pbas.core", "licenses", "subscriptions"}}
    assert {name for name in ours if f"`manage.py {name}`" not in text} == set()
    scripts = {path.name for path in (ROOT / "script").iterdir() if path.suffix == ""}
    assert {name for name in scripts if f"script/{name}" not in text} - {"bench"} == set()
    assert {row[0] for row in _rows("reference/commands.md", "manage.py") if row[0].startswith("I")} == {
        *INVARIANTS,
        CHAIN,
    }


# --- environment and settings


@cache
def _read_variables() -> frozenset[str]:
    """All names that the product reads from the environment."""
    found = set()
    for name, call in _calls():
        if name in READERS and call.args and isinstance(call.args[0], ast.Constant):
            found.add(str(call.args[0].value))
    for tree in _sources().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
                found |= {str(node.slice.value)} if isinstance(node.slice, ast.Constant) else set()
    return frozenset(name for name in found if VARIABLE.fullmatch(name)) - SETTINGS_NOT_FROM_OUTSIDE


def test_the_environment_is_documented_and_what_is_documented_is_read() -> None:
    documented = {name for name in _first_codes("reference/environment.md") if VARIABLE.fullmatch(name)}
    assert documented == _read_variables() | {"PANEL_TEST_DB"}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_each_variable_that_a_page_names_is_read(page: Path) -> None:
    known = _read_variables() | {"PANEL_TEST_DB"}
    known |= {f"{name}_FILE" for name in known}
    assert {name for name in VARIABLE.findall(page.read_text()) if not hasattr(settings, name)} - known == set()


def test_documented_settings_exist_and_limits_are_those_of_the_code() -> None:
    names = {name for name in _first_codes("reference/settings.md") if name.isupper()}
    assert {name for name in names if not hasattr(settings, name)} == set()
    assert {name for name in dir(settings) if name.startswith("ENGINE_")} <= names
    for _limit, _value, where in (row for row in _rows("reference/settings.md", "Limits") if row[0] != "limit"):
        path, name = CODE.findall(where)
        assert re.search(rf"\b{name}\b.* = ", (ROOT / path).read_text()), where


# --- what the product is made of


def test_the_table_of_moves_is_that_of_the_code() -> None:
    rows = {row[0].strip("`"): row for row in _rows("reference/states.md", "License request") if len(row) == 4}
    del rows["state"]
    assert {state: _codes(row[3]) for state, row in rows.items()} == {
        state: ends(state, by_hand=True) for state in MOVES
    }
    assert {state: row[1] for state, row in rows.items()} == {
        str(state): str(state.label) for state in LicenseRequest.State
    }


def test_the_states_of_everything_else_are_those_of_the_code() -> None:
    rows = {row[0]: _codes(row[1]) for row in _rows("reference/states.md", "The others")}
    assert rows["order"] == set(Order.State.values)
    assert rows["subscription"] == set(Subscription.State.values)
    assert rows["service"] == set(Service.State.values)
    assert rows["license"] == set(License.State.values)
    assert rows["plug-in configuration"] == set(PluginConfiguration.Status.values)


def test_each_problem_that_a_page_explains_is_one_that_the_panel_says() -> None:
    headings = set(map(str, next_step.__globals__["_PROBLEMS"].values()))
    explained = {row[0] for row in _rows("how-to/when-a-request-needs-attention.md")} - {"the page says"}
    assert explained == headings


def test_each_kind_of_problem_is_documented() -> None:
    rows = (row for row in _rows("reference/states.md", "License request") if len(row) == 3)
    documented = {row[0].strip("`") for row in rows} - {"kind"}
    given = (call.args[1] for name, call in _calls() if name == "attention" and len(call.args) > 1)
    assert {str(one.value) for one in given if isinstance(one, ast.Constant)} <= documented
    literals = {node.value for file in STEPS for node in ast.walk(_sources()[file]) if isinstance(node, ast.Constant)}
    assert documented <= literals


def test_all_kinds_of_events_are_documented() -> None:
    place = {"tell": 1, "event_of": 2, "Line": 0}
    given = (call.args[place[name]] for name, call in _calls() if name in place and len(call.args) > place[name])
    told = {str(one.value) for one in given if isinstance(one, ast.Constant)}
    told |= {f"configuration_{status}" for status in PluginConfiguration.Status.values} - {"configuration_fetching"}
    assert _first_codes("reference/events.md") == told | {"subscription_active"} == {*KINDS}


def test_the_api_table_is_that_of_the_schema() -> None:
    schema: Any = SchemaGenerator
    paths = schema().get_schema(request=None, public=True)["paths"]
    real = {
        (method.upper(), path.removeprefix("/api/v1"), any(one["name"] == "Idempotency-Key" for one in given))
        for path, methods in paths.items()
        for method, call in methods.items()
        for given in [call.get("parameters", [])]
    }
    rows = (row for row in _rows("reference/api.md") if row[0] != "method")
    assert {(row[0], row[1].strip("`"), row[3] == "yes") for row in rows} == real


def test_the_faults_are_those_of_the_simulator_and_sell_what_is_said() -> None:
    real = {**FAULTS, **PleskKaDialect(World()).fault_names()}
    rows = [row for row in _rows("reference/simulator.md") if len(row) == 3 and row[0] != "fault"]
    assert {row[0].strip("`"): row[1] == "yes" for row in rows} == real


def test_the_page_for_plugin_authors_names_what_the_contract_has() -> None:
    page = "plugin-authors.md"
    assert _first_codes(page, "Verbs") == {str(verb) for verb in contract.Verb}
    assert _first_codes(page, "How a lost answer is settled") - {"settles"} == {one.name for one in contract.Settles}
    assert _first_codes(page, "What it declares") == set(contract.Plugin.__annotations__)
    raised = {name for name, one in vars(errors).items() if inspect.isclass(one) and one is not errors.PluginError}
    assert _first_codes(page, "Errors") == raised
    text = (DOCS / page).read_text()
    methods = {
        name for name in vars(installing.Installer) if inspect.iscoroutinefunction(vars(installing.Installer)[name])
    }
    names = methods | {str(one.name) for one in contract.Delivers} | {contract.Reply.__name__, "InstallError"}
    names |= {"clean_key", "key_identity", f"version {contract.CONTRACT_VERSION}"}
    assert {name for name in names if name not in text} == set()
    assert all(dataclasses.is_dataclass(one) for one in (contract.Key, contract.KeyFile, contract.LicenseOrder))


def test_the_import_contracts_are_those_that_are_checked() -> None:
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    rows = {row[0] for row in _rows("architecture.md", "The rules of imports")} - {"contract"}
    assert rows == {one["name"] for one in tool["contracts"]}
