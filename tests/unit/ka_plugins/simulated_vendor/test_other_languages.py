"""Whole XML-RPC clients of other languages against the simulator, where the machine has them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ka_plugins.simulator.running import RunningSimulator

PROGRAM = Path(__file__).with_name("stranger.pl")
PERL = shutil.which("perl")
SECONDS = 60


def _perl_has_rpc_xml() -> bool:
    if PERL is None:
        return False
    asked = subprocess.run([PERL, "-MRPC::XML::Client", "-e1"], capture_output=True, timeout=SECONDS, check=False)
    return asked.returncode == 0


@pytest.mark.skipif(not _perl_has_rpc_xml(), reason="this machine has no Perl with RPC::XML (librpc-xml-perl)")
def test_perls_xml_rpc_client_takes_a_key_from_its_sale_to_its_end(vendor: RunningSimulator) -> None:
    assert PERL is not None
    done = subprocess.run(
        [PERL, str(PROGRAM), vendor.http + "/"], capture_output=True, text=True, timeout=SECONDS, check=False
    )
    lines = done.stdout.splitlines()
    assert (done.returncode, lines[-1:], done.stderr) == (0, ["done"], ""), done
    codes = dict(line.split() for line in lines[:-1])
    assert codes.pop("terminateKey") == "110", "the second time there is nothing to do"
    assert set(codes.values()) == {"100"}
