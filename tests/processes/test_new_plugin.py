"""A plug-in of an outside author: made from the template, installed as its own package, selling in a running panel."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import requests
from django.core.management import CommandError, call_command

from ka_plugins.simulator.running import RunningSimulator
from pbas import demo
from tests.processes.commands import ROOT, SECONDS, environment

NAME = "north_star"  # two words, so that each way to write it is tried
BROKEN = {
    "bad_import": "import a_library_that_nobody_has\n",
    "bad_exit": "raise SystemExit(3)\n",
    "bad_syntax": "def\n",
}

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as the command makes it."""
    folder = tmp_path_factory.mktemp("authors")
    call_command("new_plugin", NAME, to=folder, stdout=StringIO())
    return folder / NAME


@pytest.fixture(scope="module")
def packages(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package installed, away from its source."""
    target = tmp_path_factory.mktemp("packages")
    install(made, target)
    return target


def install(source: Path, target: Path) -> None:
    """As a provider installs it, but offline and beside our own environment."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-index"]
    ended(*pip, "--no-deps", "--no-build-isolation", "--target", str(target), str(source), cwd=source)


def ended(*command: str, cwd: Path, **more: str) -> None:
    found = subprocess.run(
        command,
        cwd=cwd,
        env=environment(**more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=3 * SECONDS,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr


def path_of(packages: Path) -> str:
    return os.pathsep.join([str(packages), str(ROOT)])


def test_its_suite_is_green_as_made_against_the_installed_package(made: Path, packages: Path) -> None:
    pytest_itself = str(Path(sys.executable).with_name("pytest"))  # unlike `python -m`, it adds no source folder
    options = ["-q", "-p", "no:cacheprovider", "-o", "pythonpath="]
    ended(pytest_itself, *options, cwd=made, PYTHONPATH=path_of(packages))


def test_it_keeps_to_the_style_of_the_house(made: Path) -> None:
    ruff = [sys.executable, "-m", "ruff"]
    rules = ["--no-cache", "--config", str(ROOT / "pyproject.toml")]
    ended(*ruff, "check", *rules, ".", cwd=made)
    ended(*ruff, "format", "--check", *rules, ".", cwd=made)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("North-Star", "is no name for a plug-in"),
        ("class", "is no name for a plug-in"),
        ("plesk_ka", "There is a plug-in of the name plesk_ka already"),
        ("json", "Python has a module of the name json already"),
        (NAME, "exists already; nothing was changed"),
    ],
)
def test_a_name_that_cannot_be_is_refused_with_the_reason(made: Path, name: str, reason: str) -> None:
    before = sorted(made.parent.rglob("*"))
    with pytest.raises(CommandError, match=reason):
        call_command("new_plugin", name, to=made.parent)
    assert sorted(made.parent.rglob("*")) == before


@contextmanager
def panel(folder: Path, packages: Path) -> Iterator[dict[str, Any]]:
    """The running product with what is installed in `packages`; gives its ready line."""
    told = environment(PBAS_DATA=str(folder), PYTHONPATH=path_of(packages))
    command = [sys.executable, str(ROOT / "manage.py"), "serve", "--port", "0", "--no-demo"]
    folder.mkdir()
    with (folder / "said").open("w") as said:
        process = subprocess.Popen(
            command, env=told, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, text=True
        )
    with process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith('{"ready":'), (folder / "said").read_text()
            yield json.loads(line)
        finally:
            process.send_signal(signal.SIGTERM)


def break_in(packages: Path, source: Path) -> None:
    """Install a package that announces plug-ins which cannot be imported, each in its own way."""
    source.mkdir()
    for name, text in BROKEN.items():
        (source / f"{name}.py").write_text(text)
    announced = "".join(f'{name} = "{name}:Plugin"\n' for name in BROKEN)
    project = f'[project]\nname = "broken"\nversion = "1"\n[project.entry-points."pbas.ka_plugins"]\n{announced}'
    (source / "pyproject.toml").write_text(f"{project}[tool.setuptools]\npy-modules = {list(BROKEN)}\n")
    install(source, packages)


def plan_with(api: demo.Api, vendor: RunningSimulator) -> None:
    """Configure the plug-in, wait for its classes, and sell one of them as a part of the demo's plan."""
    settings = {**vendor.settings(), "token": "demo"}
    plugin = api.post("plugins/", {"name": "North", "template": NAME, "mode": "online", "settings": settings})
    until = time.monotonic() + SECONDS
    while api.get(f"plugins/{plugin['id']}/")["status"] != "configured":
        assert time.monotonic() < until, api.get(f"plugins/{plugin['id']}/")
        time.sleep(0.1)
    license_class = next(api.rows(f"plugins/{plugin['id']}/classes/"))
    api._send("PATCH", f"plugins/{plugin['id']}/classes/{license_class['id']}/", json={"sold": True})
    services = [{"name": "hosting", "label": "Hosting", "is_hosting": True}]
    licenses = [{"license_class": license_class["id"], "monthly_fee": "3.50", "is_included": True}]
    fee = {"code": demo.PLAN, "name": "Web hosting", "monthly_fee": "20.00"}
    api.post("plans/", {**fee, "services": services, "licenses": licenses})


def plugins_page(ready: dict[str, Any]) -> str:
    """The page as the provider's staff sees it."""
    with requests.Session() as browser:
        browser.trust_env = False
        login = f"{ready['url']}/accounts/login/"
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', browser.get(login, timeout=SECONDS).text)
        assert token is not None
        typed = {"csrfmiddlewaretoken": token[1], "login": ready["user"], "password": ready["password"]}
        browser.post(login, typed, headers={"Referer": login}, timeout=SECONDS)
        return browser.get(f"{ready['url']}/plugins/", timeout=SECONDS).text


def test_it_sells_a_license_in_the_running_product_beside_packages_that_do_not_load(
    packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(packages))  # for the vendor's simulator
    break_in(packages, tmp_path / "broken")
    vendor = RunningSimulator(dialects=[f"{NAME}.simulator:NorthStarDialect"])
    with vendor, panel(tmp_path / "data", packages) as ready:
        api = demo.Api(ready["url"], ready["token"])
        plan_with(api, vendor)
        with demo.Provisioner(api.url, api.token, tmp_path / "targets"):
            outcome = demo.follow_order(api, "cart-1", seconds=SECONDS)
        page = plugins_page(ready)
        (sale,) = vendor.ledger()["sales"]
    assert (outcome.state, outcome.problem) == ("done", "")
    assert outcome.key == f"••••{sale['number'][-4:]}"  # a secret, as the template does not say otherwise
    (file,) = outcome.files
    assert Path(file["path"]).read_text() == f"SIMULATED, NOT A LICENSE\n{sale['number']}\n"
    assert page.count("(from broken)") == len(BROKEN)
    for reason in ("ModuleNotFoundError", "SystemExit: 3", "SyntaxError"):
        assert f"It does not load: {reason}" in page
