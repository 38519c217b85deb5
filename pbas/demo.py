"""The demo's store and provisioner: plain clients of the API from outside, as anybody could write them."""

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import requests

PLAN = "web-hosting"
PROVISIONED = {"hosting", "mail"}  # services by these names are set up here; others are left to people
TIMEOUT = 20.0  # seconds for one call
PAUSE = 0.1  # seconds between two looks
FINAL = {"done", "cancelled", "attention"}


class ApiError(Exception):
    """The panel refused or did not answer; the text says why."""


class Api:
    """A client of the API. Use one a thread."""

    def __init__(self, url: str, token: str) -> None:
        """`url` is the panel's address, without path."""
        self.url, self.token = url, token
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy does not know this machine's loopback
        self._session.headers["Authorization"] = f"Token {token}"

    def get(self, path: str, **query: Any) -> Any:
        """The JSON at a path below /api/v1/. Raises ApiError."""
        return self._send("GET", path, params=query)

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Post JSON, once however often it is sent, and give the JSON answer. Raises ApiError."""
        return self._send("POST", path, json=body or {}, headers={"Idempotency-Key": uuid4().hex})

    def rows(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """All rows of a list, page by page. Raises ApiError."""
        page = self.get(path, **query)
        yield from page["results"]
        while page["next"]:
            page = self.get(page["next"])
            yield from page["results"]

    def wait_until_up(self, seconds: float, *, alive: Callable[[], bool]) -> None:
        """Return once the panel answers; raises ApiError after `seconds`, or at once when `alive` says no."""
        until = time.monotonic() + seconds
        while True:
            try:
                self.get("plans/")
            except ApiError:
                if not alive() or time.monotonic() > until:
                    raise
                time.sleep(PAUSE)
            else:
                return

    def _send(self, method: str, path: str, **options: Any) -> Any:
        url = path if path.startswith("http") else f"{self.url}/api/v1/{path}"
        try:
            answer = self._session.request(method, url, timeout=TIMEOUT, allow_redirects=False, **options)
            content = answer.json()
        except requests.RequestException as error:
            raise ApiError(f"{method} {url}: no usable answer ({type(error).__name__}).") from error
        if not answer.ok:
            raise ApiError(f"{method} {url}: {answer.status_code} {content.get('detail', content)}")
        return content


class Provisioner:
    """Sets up the services of new subscriptions in a thread, while the context lasts: each gets a folder."""

    def __init__(self, url: str, token: str, folder: Path) -> None:
        """`folder` is where the subscriptions get theirs."""
        self._api, self._folder = Api(url, token), folder
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="provisioner", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(1.0)  # a call that hangs must not hold up the end

    def _work(self) -> None:
        pause = PAUSE
        while not self._stop.wait(pause):
            began = time.monotonic()
            try:
                for subscription in self._api.rows("subscriptions/", state="pending", page_size=200):
                    self._set_up(subscription)
            except ApiError:
                pass  # the next round tries again
            pause = max(PAUSE, 4 * (time.monotonic() - began))  # many that wait must not keep the panel busy

    def _set_up(self, subscription: dict[str, Any]) -> None:
        for service in subscription["services"]:
            if service["name"] not in PROVISIONED or service["state"] == "ready":
                continue
            target = None
            if service["is_hosting"]:
                folder = self._folder / str(subscription["id"])
                folder.mkdir(parents=True, exist_ok=True)
                target = {"kind": "directory", "address": str(folder)}
            self._api.post(f"subscriptions/{subscription['id']}/services/{service['name']}/ready/", {"target": target})


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a demo order ended; `problem` is empty where its license is installed and proven."""

    order: str
    request: int | None
    state: str
    key: str
    files: list[dict[str, str]]
    seconds: float
    problem: str = ""


def place_order(api: Api, reference: str) -> str:
    """Order the demo plan and pay for it; answers the order's number. The same reference again is the same order."""
    account = {"name": "Erika Example", "email": "erika@example.com", "reference": "demo-customer"}
    order = api.post(
        "orders/", {"reference": reference, "plan": PLAN, "account": account, "name": f"{reference}.example.com"}
    )
    api.post(f"orders/{order['number']}/pay/")
    return str(order["number"])


def follow_order(api: Api, reference: str, *, seconds: float) -> Outcome:
    """Place an order, wait until its license request has ended, at most `seconds`, and look at what was installed."""
    began = time.monotonic()
    order = place_order(api, reference)
    while True:
        request = next(api.rows("license-requests/", order=order), None)
        state = request["state"] if request else "missing"
        spent = time.monotonic() - began
        if state in FINAL or spent > seconds:
            break
        time.sleep(PAUSE)
    if request is None or state != "done":
        problem = f"Order {order}: its license request is {state} after {spent:.0f} s. {_reason(request)}".strip()
        number = request["id"] if request else None
        return Outcome(order, number, state, "", [], round(spent, 2), problem)
    license_ = api.get(f"licenses/{request['license']}/")
    folder = api.get(f"subscriptions/{request['subscription']}/")["install_target"]["address"]
    files, problem = installed_files(license_, Path(folder))
    number, key = request["id"], license_["key"]
    return Outcome(order, number, state, key, files, round(spent, 2), problem)


def _reason(request: dict[str, Any] | None) -> str:
    trouble = request["problem"] if request else None
    return f"{trouble['text']} {trouble['vendor_says']}".strip() if trouble else ""


def installed_files(license_: dict[str, Any], folder: Path) -> tuple[list[dict[str, str]], str]:
    """The license files of an API license that really lie in a folder, and what is wrong with them or ""."""
    wanted = {file["name"]: file["sha256"] for file in license_["files"]}  # of two versions the later one
    found = [
        {"path": str(path), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    files = [file for file in found if file["sha256"] in wanted.values()]
    if license_["state"] != "installed" or not license_["proven_at"]:
        return files, f"License {license_['key']} is {license_['state']} and not proven."
    if not wanted or set(wanted.values()) - {file["sha256"] for file in files}:
        return files, f"License {license_['key']}: its files do not lie in {folder} as the panel keeps them."
    return files, ""
