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
try:
    check_literal(place_of("127.0.0.1", port=22, scheme="ssh"))
    print(pbas.settings.PBAS_ALLOW_PRIVATE_ADDRESSES, "open")
except InstallError:
    print(pbas.settings.PBAS_ALLOW_PRIVATE_ADDRESSES, "closed")
"""
NAMES = ("DATABASE_URL", "CELERY_BROKER_URL", "CACHE_URL", "PBAS_ALLOW_PRIVATE_ADDRESSES")
PRODUCTION = {"DATABASE_URL": "postgres://a:b@127.0.0.1/c", "CELERY_BROKER_URL": "redis://127.0.0.1/0"}


@pytest.mark.parametrize(
    ("environment", "answer"),
    [
        ({}, "True open"),
        ({"PBAS_ALLOW_PRIVATE_ADDRESSES": "0"}, "False closed"),
        (PRODUCTION, "False closed"),
        ({**PRODUCTION, "PBAS_ALLOW_PRIVATE_ADDRESSES": "1"}, "True open"),
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
