"""Pages of what was made with a plug-in whose package does not load any more."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client

from ka_plugins import registry
from licenses.models import LicenseRequest, PluginConfiguration
from tests.factories import World

pytestmark = pytest.mark.django_db

NAME = "fell_apart"
PROJECT = f"""\
[project]
name = "pbas-fell-apart"
version = "1"
[project.entry-points."pbas.ka_plugins"]
{NAME} = "{NAME}:Plugin"
[tool.setuptools]
py-modules = ["{NAME}"]
"""


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A package, really installed, that cannot be imported."""
    source, packages = tmp_path / "source", tmp_path / "packages"
    source.mkdir()
    (source / "pyproject.toml").write_text(PROJECT)
    (source / f"{NAME}.py").write_text("import a_library_that_nobody_has\n")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-index"]
    pip += ["--no-deps", "--no-build-isolation", "--target", str(packages), str(source)]
    subprocess.run(pip, check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=120)
    monkeypatch.syspath_prepend(str(packages))
    registry.forget()
    yield NAME
    registry.forget()


@pytest.fixture
def made(world: World, broken: str) -> World:
    """A configuration with a request and a license from the time when it loaded."""
    assert world.request.configuration == world.license.configuration
    PluginConfiguration.objects.update(template=broken, mode="online")
    LicenseRequest.objects.update(state="key", due_at=None)
    return world


def test_the_plugins_page_says_that_it_does_not_load_and_why(staff_client: Client, made: World, broken: str) -> None:
    page = staff_client.get("/plugins/").text
    assert "Failed to load" in page
    assert made.configuration.name in page
    assert f'<dt class="mono">{broken}</dt>' in page
    assert "It does not load: ModuleNotFoundError: No module named &#39;a_library_that_nobody_has&#39;" in page
    assert f"(from pbas-{broken.replace('_', '-')})" in page
    assert "Cannot be used" in page


def test_new_license_says_before_it_asks_that_the_plugin_cannot_work(staff_client: Client, made: World) -> None:
    """And where a plug-in works, nothing of the kind."""
    given: dict[str, str | int] = {"plugin": made.configuration.pk, "license_class": made.license_class.pk}
    given |= {"number": 1, "purpose": "stock"}
    assert "requests wait until the plug-in works" in staff_client.get("/licenses/new/", given).text
    PluginConfiguration.objects.update(template="manual")
    assert "requests wait until the plug-in works" not in staff_client.get("/licenses/new/", given).text


def test_every_page_of_what_was_made_with_it_still_answers(staff_client: Client, made: World) -> None:
    configuration = made.configuration.pk
    for path in (
        f"/plugins/{configuration}/",
        f"/plugins/{configuration}/classes/",
        f"/licenses/?plugin={configuration}",
        f"/licenses/{made.license.pk}/",
        f"/licenses/new/?plugin={configuration}",
        f"/license-requests/?plugin={configuration}",
        f"/license-requests/{made.request.pk}/",
        f"/subscriptions/{made.subscription.pk}/",
        "/plugins/new/",
    ):
        assert staff_client.get(path).status_code == 200, path
    assert "fell_apart" not in staff_client.get("/plugins/new/").text
