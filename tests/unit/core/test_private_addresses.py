"""Whether private addresses are open is decided once, by the settings; installers find that decision."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ASKED = """
import pbas.settings
from ka_plugins.installers.reach import check_literal, place_of
from ka_plugins.installing import InstallError
reached = []
for address in ("127.0.0.1", "192.168.1.1", "8.8.8.8"):
    try:
        check_literal(place_of(address, port=22, scheme="ssh"))
        reached.append(address)
    except InstallError:
        pass
print(pbas.settings.PBAS_ALLOW_PRIVATE_ADDRESSES, *reached)
"""
NAMES = ("DATABASE_URL", "CELERY_BROKER_URL", "CACHE_URL", "PBAS_ALLOW_PRIVATE_ADDRESSES")
PRODUCTION = {"DATABASE_URL": "postgres://a:b@127.0.0.1/c", "CELERY_BROKER_URL": "redis://127.0.0.1/0"}


@pytest.mark.parametrize(
    ("environment", "answer"),
    [
        ({}, "loopback 127.0.0.1 8.8.8.8"),
        ({"PBAS_ALLOW_PRIVATE_ADDRESSES": "0"}, "0 8.8.8.8"),
        (PRODUCTION, "0 8.8.8.8"),
        ({**PRODUCTION, "PBAS_ALLOW_PRIVATE_ADDRESSES": "loopback"}, "loopback 127.0.0.1 8.8.8.8"),
        ({**PRODUCTION, "PBAS_ALLOW_PRIVATE_ADDRESSES": "1"}, "1 127.0.0.1 192.168.1.1 8.8.8.8"),
    ],
)
def test_installers_go_where_the_settings_allow_it_in_each_mode(
    tmp_path: Path, environment: dict[str, str], answer: str
) -> None:
    ours = {name: value for name, value in os.environ.items() if name not in NAMES}
    given = {**ours, "PBAS_DATA": str(tmp_path), "CACHE_URL": "locmemcache://", **environment}
    asked = subprocess.run(
        [sys.executable, "-c", ASKED], check=True, capture_output=True, text=True, timeout=60, env=given
    )
    assert asked.stdout.strip() == answer


def test_an_answer_that_means_nothing_is_told_at_the_start(tmp_path: Path) -> None:
    given = {**os.environ, "PBAS_DATA": str(tmp_path), "PBAS_ALLOW_PRIVATE_ADDRESSES": "yes"}
    asked = subprocess.run(
        [sys.executable, "-c", ASKED], check=False, capture_output=True, text=True, timeout=60, env=given
    )
    assert "PBAS_ALLOW_PRIVATE_ADDRESSES is 0, loopback or 1, not 'yes'." in asked.stderr
