"""The embedded mode's supervisor: makes what is missing, starts the parts, says when they are ready, stops them."""

import dataclasses
import fcntl
import json
import os
import secrets
import signal
import socket
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from knox.crypto import hash_token
from knox.models import AuthToken

from pbas.demo import Api, ApiError, Outcome, Provisioner, follow_order
from pbas.embedded import serving, simulating

USER = "admin"
FIRST_ORDER = "first-demo-order"
UNUSABLE = 2  # exit status where the port or the data folder cannot be used
BOOT_SECONDS = 30.0
FOLLOW_SECONDS = 60.0
STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Command(BaseCommand):
    help = "Serve panel, store, API, worker and simulator from this one command (embedded mode)."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="0 takes a free one")
        parser.add_argument("--no-demo", action="store_true", help="neither demo data nor a demo order")
        parser.add_argument("--once", action="store_true", help="place a demo order, follow it, print it and exit")

    def handle(self, *_args: Any, port: int, no_demo: bool, once: bool, **_options: Any) -> None:
        if no_demo and once:
            raise CommandError("--once follows a demo order, so it does not go with --no-demo.", returncode=UNUSABLE)
        if not settings.EMBEDDED:
            message = "DATABASE_URL is set; serve is for the embedded mode. Unset it, or run gunicorn and celery."
            raise CommandError(message, returncode=UNUSABLE)
        settings.PBAS_DEMO = not no_demo
        os.umask(0o077)
        for sign in STOPPING:
            signal.signal(sign, partial(_end, once=once))
        with ExitStack() as parts:
            web, api = _start(parts, port, demo=not no_demo)
            if not no_demo:
                _demonstrate(parts, api, once=once)
            web.join()
            raise CommandError(f"The web process ended; {settings.DATA_DIR / 'log' / 'panel.log'} says why.")


def _end(sign: int, _frame: Any, *, once: bool) -> NoReturn:
    """Unwind: every part stops on the way out."""
    for one in STOPPING:
        signal.signal(one, signal.SIG_IGN)
    raise SystemExit(128 + sign if once else 0)


def _start(parts: ExitStack, port: int, *, demo: bool) -> tuple[Any, Api]:
    """Start all parts and say that they are ready; answers the web process and a client of it."""
    folder = settings.DATA_DIR
    listener = _listen(port)
    parts.enter_context(_owning(folder))
    (folder / "log").mkdir(exist_ok=True)
    call_command("migrate", verbosity=0, interactive=False)
    access = _access(folder / "secrets")
    simulator = parts.enter_context(simulating(folder / "simulator", folder / "log" / "simulator.log"))
    if demo:
        call_command("make_demo", simulator["https"], simulator["ca_file"])
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    connections.close_all()  # a forked process must not share them
    web = parts.enter_context(serving(listener, folder / "log" / "panel.log"))
    api = Api(url, access["token"])
    _wait_until_up(api, web)
    _print({"ready": True, "url": url, **access, "simulator": simulator, "data": str(folder)})
    return web, api


def _wait_until_up(api: Api, web: Any) -> None:
    try:
        api.wait_until_up(BOOT_SECONDS, alive=web.is_alive)
    except ApiError as error:
        log = settings.DATA_DIR / "log" / "panel.log"
        raise CommandError(f"The panel did not start; {log} says why. {error}") from error


def _demonstrate(parts: ExitStack, api: Api, *, once: bool) -> None:
    """Place a demo order and follow it: the first start's, or always another and then leave with its result."""
    parts.enter_context(Provisioner(api.url, api.token, settings.DATA_DIR / "targets"))
    reference = f"demo-{time.time_ns()}" if once else FIRST_ORDER
    try:
        outcome = follow_order(api, reference, seconds=FOLLOW_SECONDS)
    except ApiError as error:
        outcome = Outcome("", None, "unknown", "", [], 0.0, f"The demo order failed. {error}")
    if outcome.problem:
        print(outcome.problem, file=sys.stderr, flush=True)
    if once:
        _print({name: value for name, value in dataclasses.asdict(outcome).items() if name != "problem"})
        raise SystemExit(1 if outcome.problem else 0)


def _print(line: dict[str, Any]) -> None:
    print(json.dumps(line), flush=True)


def _listen(port: int) -> socket.socket:
    """Take the port, so that early callers wait instead of being refused."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(1024)
    except (OSError, OverflowError) as error:
        message = f"Port {port} cannot be used ({getattr(error, 'strerror', None) or error}). Choose another by --port."
        raise CommandError(message, returncode=UNUSABLE) from error
    return listener


@contextmanager
def _owning(folder: Path) -> Iterator[None]:
    """Keep a second panel out of the same data folder."""
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = f"Another panel runs on {folder}. Stop it, or choose another folder by --data."
            raise CommandError(message, returncode=UNUSABLE) from error
        yield


def _access(folder: Path) -> dict[str, str]:
    """How to get in: the first staff user and his API token, both made once."""
    password = _kept(folder / "admin_password", lambda: secrets.token_urlsafe(12))
    user, made = User.objects.get_or_create(username=USER, defaults={"is_staff": True, "is_superuser": True})
    if made:
        user.set_password(password)
        user.save()
    path = folder / "admin_token"
    if path.exists() and not AuthToken.objects.filter(user=user, digest=hash_token(path.read_text())).exists():
        path.unlink()  # of a database that is gone
    token = _kept(path, lambda: str(AuthToken.objects.create(user=user)[1]))
    return {"user": USER, "password": password, "token": token}


def _kept(path: Path, make: Callable[[], str]) -> str:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(make())
    return path.read_text()
