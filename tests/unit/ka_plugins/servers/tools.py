"""Plesk's and Virtuozzo's command lines, simulated: what they hold is a file of JSON that a test reads and writes.

`tools.py STATE NAME [argument ...]`, called by small scripts that a test puts on the server's PATH.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ka_plugins.installers.plesk_server.keys import RejectedError, SimulatedKey, read_file

if TYPE_CHECKING:
    from collections.abc import Callable


def received(state: dict[str, Any], given: str) -> SimulatedKey:
    if Path(given).is_file():
        return read_file(Path(given).read_bytes(), additional=False)
    if state.get("behaviour") == "offline":
        raise RejectedError(f"Cannot activate {given}: the license server cannot be reached.")
    if given not in state["codes"]:
        raise RejectedError(f"The activation code {given} is invalid.")
    return SimulatedKey(*state["codes"][given])


def keep(state: dict[str, Any], key: SimulatedKey) -> None:
    if state.get("behaviour") != "discard":
        state["held"] = [[key.number, key.expires], *(state["held"] if state.get("many") else [])]


def plesk(state: dict[str, Any], *words: str) -> None:
    if words[:3] == ("bin", "license", "--install"):
        keep(state, received(state, words[3]))
    elif words == ("bin", "keyinfo", "--list"):
        number, expires = state["held"][0] if state["held"] else ("PLSK.00000000.0000", "")
        sys.stdout.write(f"edition-name: Simulated\nplesk_key_id: {number.replace('.', '')}\n")
        sys.stdout.write(f"lim_date: {expires.replace('-', '') or '-1'}\n")
        if state.get("behaviour") == "frozen":
            freeze()
        if state.get("behaviour") == "killed" or (state.get("behaviour") == "killed later" and state["held"]):
            os.kill(os.getpid(), signal.SIGKILL)
        if state.get("behaviour") == "endless":
            sys.stdout.write("x" * 1_000_000)
    else:
        raise RejectedError(f"Unrecognized: {words}")


def freeze() -> None:
    """Stop the sshd that serves this command, as a server does that loses its network."""
    process = os.getpid()
    while not (Path(f"/proc/{process}/comm").read_text().startswith("sshd")):
        process = int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(process, signal.SIGSTOP)
    note = Path(f"{sys.argv[1]}.note")
    note.write_text(str(process))
    note.rename(f"{sys.argv[1]}.frozen")


def vzlicload(state: dict[str, Any], option: str, value: str) -> None:
    if option == "-r":
        state["held"] = [one for one in state["held"] if serial(one[0]) != value]
    else:
        keep(state, received(state, value))


def vzlicview(state: dict[str, Any]) -> None:
    for number, expires in state["held"]:
        year, month, day = expires.split("-")
        sys.stdout.write("Showing simulated license(s)\nVZSRV\n")
        sys.stdout.write(f'\tstatus="{state.get("status", "ACTIVE")}"\n\tserial="{serial(number)}"\n')
        sys.stdout.write(f'\texpiration="{month}/{day}/{year} 23:59:59"\n\tkey_number="{number}"\n')


def serial(number: str) -> str:
    return f"S-{number}"


NAMES: dict[str, Callable[..., None]] = {"plesk": plesk, "vzlicload": vzlicload, "vzlicview": vzlicview}


def main() -> int:
    path, name, *words = sys.argv[1:]
    state = json.loads(Path(path).read_text())
    state["calls"].append([name, *words])
    try:
        NAMES[name](state, *words)
    except RejectedError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    finally:
        Path(path).write_text(json.dumps(state))
    return 0


if __name__ == "__main__":
    sys.exit(main())
