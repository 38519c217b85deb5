"""What every test may use. The network ends at this machine, warnings are errors, and nothing of ours is replaced."""

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client, TransactionTestCase
from playwright.sync_api import Page, Response
from pytest_socket import socket_allow_hosts
from xdist.scheduler import LoadScopeScheduling

from ka_plugins.simulator.running import RunningSimulator
from tests import emptying, services
from tests.factories import World, fresh_client

HERE = ["127.0.0.1", "::1", "localhost"]
CHROMIUM = [
    "--no-sandbox",  # the suite may run as root
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
    "--no-pings",
]


def pytest_runtest_setup() -> None:
    """Close the network beyond this machine."""
    socket_allow_hosts(HERE, allow_unix_socket=True)


def pytest_collection_finish() -> None:
    """Thousands of tests stay to the end: the collector leaves them alone, as the web entry leaves what it loaded."""
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="the long tests and only these, which otherwise do not run")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long tests to `--long`; what keeps one worker busy for long comes first, and the browser last.

    From the first test of the browser on, Playwright's event loop runs in the thread of the tests.
    """
    wanted = bool(config.getoption("--long"))
    others = [one for one in items if (one.get_closest_marker("long") is not None) != wanted]
    config.hook.pytest_deselected(items=others)
    left_out = set(others)
    items[:] = [one for one in items if one not in left_out]
    items.sort(
        key=lambda one: (_has(one, "playwright"), not _has(one, "fleet"), not one.get_closest_marker("processes"))
    )


def _has(one: pytest.Item, fixture: str) -> bool:
    return fixture in getattr(one, "fixturenames", ())


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Tests are dealt out to the workers in their order, those that share servers together."""
    config.option.loadscopereorder = False
    dealer = LoadScopeScheduling(config, log)
    dealer._split_scope = _shared_by
    return dealer


def _shared_by(test: str) -> str:
    """What has servers in common: a module, or all of the fleet.

    In the browser most have none and take long: each test goes to who has time.
    """
    module = test.partition("::")[0]
    folder = module.rpartition("/")[0]
    if folder == "tests/fire":
        return folder
    return test if folder == "tests/browser" and not module.endswith("test_store.py") else module


# --- the database


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,  # noqa: ARG001 (comes first)
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """On SQLite a file, as in the product: in memory, threads would share one lock. Nothing waits for the disk.

    Workers of one suite have a copy of tables that were made once.
    """
    database = django_settings.DATABASES["default"]
    test, is_made = database.setdefault("TEST", {}), services.wait_until_made()
    if database["ENGINE"].endswith("sqlite"):
        database["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"
        test["NAME"] = str(tmp_path_factory.mktemp("sqlite") / "panel.sqlite3")
        if is_made:
            shutil.copy(database["NAME"], test["NAME"])
    elif is_made:
        test["TEMPLATE"] = database["NAME"]


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """The copy on SQLite is there before Django would make it, and goes with its folder."""
    return django_settings.EMBEDDED and services.wait_until_made()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:  # noqa: ARG001 (comes first)
    """After each test that commits the database is emptied our way."""
    with django_db_blocker.unblock():
        emptying.allow_deletes()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _: emptying.empty())
        yield


@pytest.fixture(scope="session", autouse=True)
def _light_settings() -> None:
    """Passwords cost nothing, and static files are served from their sources."""
    django_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    django_settings.STATIC_ROOT = None


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """No test goes by what another left there, and no transaction takes back: rights, figures, throttles."""
    cache.clear()


# --- people and things


@pytest.fixture
def staff(db: None) -> User:  # noqa: ARG001 (opens the database)
    """Somebody of the provider's staff who may do everything."""
    return User.objects.create_superuser("staff", password="a long password")


@pytest.fixture
def staff_client(staff: User) -> Client:
    """The panel as that person sees it, freshly signed in."""
    return fresh_client(staff)


@pytest.fixture
def world(db: None) -> World:  # noqa: ARG001 (opens the database)
    """One connected world, made as far as it is looked at: `world.subscription` has an order, a plan, an account."""
    return World()


@pytest.fixture(scope="session")
def _running_simulator() -> Iterator[RunningSimulator]:
    with RunningSimulator() as running:
        yield running


@pytest.fixture
def simulator(_running_simulator: RunningSimulator) -> Iterator[RunningSimulator]:
    """The vendor's key server, as fast as it can and without faults; its ledger goes on from test to test."""
    yield _running_simulator
    _running_simulator.heal()
    _running_simulator.latency(0)


# --- the browser


@pytest.fixture(scope="session")
def base_url() -> None:
    """Tests give whole addresses. The browser plug-in has one of its own, declared in a way that pytest warns of."""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium, by preference without windows: a page in one that nobody sees costs twice as much.

    Playwright keeps a loop running in this thread, which Django's guard takes for async code.
    """
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    program = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    return {**browser_type_launch_args, "executable_path": program, "args": CHROMIUM}


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complains about; a test that wants a complaint removes it from here."""
    return []


@pytest.fixture
def page(page: Page, complaints: list[str], settings: Any) -> Iterator[Page]:
    """A page on which every console message, script error, and answer of 400 or above fails the test."""
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False  # the test server speaks plain HTTP
    page.on("console", lambda message: complaints.append(f"console {message.type}: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(f"script error: {error}"))
    page.on("response", lambda answer: complaints.extend(_refused(answer)))
    yield page
    assert complaints == []


def _refused(answer: Response) -> list[str]:
    return [f"{answer.status} {answer.url}"] if answer.status >= 400 else []


@pytest.fixture
def signed_in(page: Page, live_server: Any, staff_client: Client) -> Callable[[str], Page]:
    """Open an address of the panel in the browser as staff: `signed_in("/licenses/")`."""
    cookie = staff_client.cookies[django_settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies(
        [{"name": django_settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}],
    )

    def opened(path: str) -> Page:
        page.goto(live_server.url + path)
        return page

    return opened
