"""The one command that a newcomer types, as real processes."""

import hashlib
import http.client
import json
import signal
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.processes.commands import SECONDS, processes_on, run, running, wait_until_gone

pytestmark = pytest.mark.processes

STOP_SECONDS = 5.0


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which a panel has run before: the next one has no tables to make."""
    folder = tmp_path_factory.mktemp("used")
    with running("--port", "0", "--no-demo", "--data", str(folder)) as (process, _):
        process.terminate()
        assert process.wait(SECONDS) == 0
    return folder


def test_once_ends_with_an_installed_and_proven_license(tmp_path: Path) -> None:
    folder = tmp_path / "data folder"
    for number in (1, 2):  # always another order
        ended = run("--once", "--port", "0", "--data", str(folder))
        assert ended.returncode == 0, ended.stderr
        ready, result = (json.loads(line) for line in ended.stdout.splitlines())
        assert {"url", "user", "password", "token", "simulator", "data"} <= set(ready)
        assert ready["data"] == str(folder)
        assert (result["state"], result["request"]) == ("done", number)
        assert result["key"].startswith("PLSK.")
        assert result["files"]
        for file in result["files"]:
            assert hashlib.sha256(Path(file["path"]).read_bytes()).hexdigest() == file["sha256"]
        assert wait_until_gone(folder, STOP_SECONDS) == []


def test_the_first_start_places_one_order_and_a_later_one_none(tmp_path: Path) -> None:
    for _start in range(2):
        with running("--port", "0", f"--data={tmp_path}") as (_, ready):
            told = {"Authorization": f"Token {ready['token']}"}
            until = time.monotonic() + SECONDS
            while True:
                orders = requests.get(f"{ready['url']}/api/v1/orders/", headers=told, timeout=SECONDS).json()["results"]
                answer = requests.get(f"{ready['url']}/api/v1/license-requests/", headers=told, timeout=SECONDS).json()
                if [request["state"] for request in answer["results"]] == ["done"]:
                    break
                assert time.monotonic() < until, answer
                time.sleep(0.1)
            assert [order["reference"] for order in orders] == ["first-demo-order"]
        assert wait_until_gone(tmp_path, STOP_SECONDS) == []


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_all_of_it_in_five_seconds(sign: signal.Signals, used: Path) -> None:
    with running("--port", "0", "--no-demo", "--data", str(used)) as (process, ready):
        plugins = f"{ready['url']}/api/v1/plugins/"
        told = {"Authorization": f"Token {ready['token']}"}
        assert requests.get(plugins, headers=told, timeout=SECONDS).json()["results"] == []
        assert len(processes_on(used)) == 4  # supervisor, simulator, gunicorn and its worker
        began = time.monotonic()
        process.send_signal(sign)
        assert process.wait(SECONDS) == 0
        assert time.monotonic() - began < STOP_SECONDS
        assert processes_on(used) == []


def test_nothing_outlives_a_killed_supervisor(used: Path) -> None:
    with running("--port", "0", "--no-demo", "--data", str(used)) as (process, _):
        process.kill()
        assert wait_until_gone(used, STOP_SECONDS) == []


def test_a_port_that_is_taken_is_one_clear_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = run("--port", port, "--no-demo", "--data", str(tmp_path))
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert len(ended.stderr.splitlines()) == 1
    assert f"Port {port}" in ended.stderr


def test_a_data_folder_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    ended = run("--port", "0", "--data", str(tmp_path / "file" / "data"))
    assert ended.returncode == 2
    assert len(ended.stderr.splitlines()) == 1
    assert "--data" in ended.stderr


def test_two_panels_do_not_share_a_data_folder(used: Path) -> None:
    with running("--port", "0", "--no-demo", "--data", str(used)):
        ended = run("--port", "0", "--no-demo", "--data", str(used))
    assert wait_until_gone(used, STOP_SECONDS) == []
    assert ended.returncode == 2
    assert "Another panel runs" in ended.stderr


def test_the_data_folder_may_be_named_by_a_file(used: Path, tmp_path: Path) -> None:
    named = tmp_path / "named"
    named.write_text(f"{used}\n")
    with running("--port", "0", "--no-demo", PBAS_DATA_FILE=str(named)) as (_, ready):
        assert ready["data"] == str(used)
    assert wait_until_gone(used, STOP_SECONDS) == []
    ended = run("--port", "0", PBAS_DATA_FILE=str(tmp_path / "nothing"))
    assert ended.returncode == 2
    assert "PBAS_DATA_FILE names a file that cannot be read" in ended.stderr


def test_who_sends_far_too_much_gets_to_read_that_it_is_too_much(used: Path) -> None:
    with running("--port", "0", "--no-demo", "--data", str(used)) as (_, ready):
        client = http.client.HTTPConnection(urlsplit(ready["url"]).netloc, timeout=SECONDS)
        told = {"Authorization": f"Token {ready['token']}", "Content-Type": "application/json"}
        for _time in range(3):
            client.request("POST", "/api/v1/orders/", b"x" * 30_000_000, told)
            answer = client.getresponse()
            assert (answer.status, json.loads(answer.read())["status"]) == (413, 413)
        client.close()
