"""The worker of the embedded mode is one as any other, though it is made by hand."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes.commands import ROOT, SECONDS, environment

pytestmark = pytest.mark.processes

SLOW_TO_LOAD = ("aiohttp", "asyncssh", "uvloop", "licenses.engine", "ka_plugins.plesk_ka.plugin")
LOADED = f"""
import sys
from pbas.embedded import EmbeddedWorker
EmbeddedWorker()
print([name for name in {SLOW_TO_LOAD} if name not in sys.modules])
"""


def test_no_first_request_waits_for_the_engine_and_its_plugins_to_load(tmp_path: Path) -> None:
    told = environment(PBAS_DATA=str(tmp_path))
    made = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "shell", "-v", "0", "-c", LOADED],
        env=told,
        cwd="/",
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert made.stdout.strip() == "[]", made.stderr
