"""Settings, key numbers and structures of the Partner API 3.0, without a vendor."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib import resources
from typing import Any

import pytest

from ka_plugins import plesk_ka3
from ka_plugins.contract import KeyStatus
from ka_plugins.plesk_ka3 import keys
from ka_plugins.plesk_ka3.plugin import _target
from ka_plugins.plesk_ka3.settings import PleskKa3Settings
from ka_plugins.plesk_ka3.wares import ADDITIONS, BASES, FEATURES

NOW = datetime(2026, 1, 15, tzinfo=UTC)
FULL: dict[str, Any] = {
    "keyIdentifiers": {"keyId": 12345678, "keyNumber": "PLSK.12345678.0003", "activationCode": "A0"},
    "items": [{"item": "PLESK-12-WEB-HOST-1M", "externalId": "98765", "quantity": 1}],
    "expirationDate": "2026-02-16T00:00:00.000Z",
}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"scheme": "ftp"}, "scheme"),
        ({"host": "https://ka.example"}, "host"),
        ({"port": 2000}, "port"),
        ({"port": 0}, "port"),
        ({"path": "/40"}, "path"),
        ({"login": ""}, "login"),
        ({"login": "a:b"}, "login"),
        ({"password": ""}, "password"),
    ],
)
def test_settings_that_cannot_work_name_their_field(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(ValueError, match=f"^{field}: "):
        PleskKa3Settings(**{"login": "demo", "password": "demo", **changed})


@pytest.mark.parametrize(
    ("written", "clean"),
    [
        ("plsk.12345678.0001", "PLSK.12345678.0001"),
        (" PLSK.12345678 ", "PLSK.12345678"),
        ("PLSK123456780001", "PLSK.12345678.0001"),
        ("EXT.1000299.0000", "EXT.1000299.0000"),
    ],
)
def test_a_key_number_has_one_written_form(written: str, clean: str) -> None:
    assert keys.clean_key(written) == clean
    assert keys.base_of(clean) == ".".join(clean.split(".")[:2])
    assert keys.id_of(clean) == clean.split(".")[1]


@pytest.mark.parametrize("written", ["", "12345678", "A00000-AAAAAA", "PLSK.x.0001", "../../30"])
def test_what_is_no_key_number_is_refused_with_a_pattern(written: str) -> None:
    with pytest.raises(ValueError, match="PLSK"):
        keys.clean_key(written)


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({}, KeyStatus.ACTIVE),
        ({"status": "EXPIRING"}, KeyStatus.ACTIVE),
        ({"suspended": "true"}, KeyStatus.SUSPENDED),
        ({"suspended": "false"}, KeyStatus.ACTIVE),
        ({"ownerSuspended": True}, KeyStatus.SUSPENDED),
        ({"terminated": True, "suspended": True}, KeyStatus.TERMINATED),
        ({"expirationDate": "2026-01-14T00:00:00.000Z"}, KeyStatus.EXPIRED),
        ({"expirationDate": None}, KeyStatus.ACTIVE),
    ],
)
def test_how_a_key_stands_is_read_from_what_the_vendor_says(changed: dict[str, Any], status: KeyStatus) -> None:
    assert keys.read_key({**FULL, **changed}, now=NOW).status is status


@pytest.mark.parametrize("odd", [None, [], "x", 7, {"items": "x"}, {"keyIdentifiers": []}, {"items": [None, 1]}])
def test_an_odd_structure_is_read_as_a_key_without_a_number(odd: Any) -> None:
    assert keys.read_key(keys.structure_of(odd)).number == ""


def test_what_stays_goes_back_as_it_came_and_what_has_no_constant_is_never_dropped() -> None:
    unmatched = {"item": "Some old feature", "externalId": None, "quantity": 3}
    packs = "FT-PLESK-5-LANGUAGE-PACKS-1M"
    full = {**FULL, "items": [*FULL["items"], {"item": packs}, unmatched]}
    stays = _target(full, "PLESK-12-WEB-HOST-1M", ())
    assert stays == [FULL["items"][0], unmatched]
    turned = _target(full, "PLESK-12-WEB-PRO-1M", (packs,))
    assert turned == [{"item": "PLESK-12-WEB-PRO-1M"}, {"item": packs}, unmatched]


def test_the_list_for_offline_configurations_says_what_the_online_ones_offer() -> None:
    listed = json.loads(resources.files(plesk_ka3).joinpath("class_list.json").read_text())["classes"]
    names = {**BASES, **ADDITIONS, **FEATURES}
    assert [one["code"] for one in listed] == list(BASES)
    for one in listed:
        assert [feature["code"] for feature in one["features"]] == list(FEATURES)
        assert [extra["code"] for extra in one["additional"]] == list(ADDITIONS)
        assert all(names[ware["code"]].label == ware["name"] for ware in (one, *one["features"], *one["additional"]))
