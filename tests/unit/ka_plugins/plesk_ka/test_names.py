"""Keys, settings, codes and classes of the Key Administrator's plug-in, without a server."""

from __future__ import annotations

from typing import Any

import pytest

from ka_plugins.contract import MisconfiguredError, OutcomeUnknownError, RefusedError, UnavailableError
from ka_plugins.plesk_ka import wares
from ka_plugins.plesk_ka.classes import build_classes
from ka_plugins.plesk_ka.codes import CODES, Kind, code_error
from ka_plugins.plesk_ka.plugin import PleskKaPlugin
from ka_plugins.plesk_ka.settings import PleskKaSettings

LOGIN: dict[str, Any] = {"login": "demo", "password": "Sesame", "client": "1"}


@pytest.mark.parametrize(
    ("written", "clean"),
    [
        ("PLSK.12345678.0001", "PLSK.12345678.0001"),
        (" plsk.12345678.0001\n", "PLSK.12345678.0001"),
        ("PLSK. 12345678 .0001", "PLSK.12345678.0001"),
        ("PLSK.12345678", "PLSK.12345678"),
        ("PLSK123456780001", "PLSK.12345678.0001"),
        ("VZSTOR.00000001.0012", "VZSTOR.00000001.0012"),
    ],
)
def test_a_key_has_one_written_form(written: str, clean: str) -> None:
    assert PleskKaPlugin.clean_key(written) == clean
    assert PleskKaPlugin.clean_key(clean) == clean


@pytest.mark.parametrize(
    "written",
    [
        "",
        "PLSK",
        "12345678",
        "PLSK.1234567.0001",
        "PLSK.12345678.1",
        "PLSK-12345678-0001",
        "A00000-111111",
        "\u0661" * 8,
    ],
)
def test_what_cannot_be_a_key_is_refused_with_an_example(written: str) -> None:
    with pytest.raises(ValueError, match=r"PLSK\.12345678\.0001"):
        PleskKaPlugin.clean_key(written)


def test_a_new_revision_is_the_same_license() -> None:
    identity = PleskKaPlugin.key_identity
    assert identity("PLSK.12345678.0001") == identity("plsk.12345678.0007") == identity("PLSK.12345678")
    assert identity("PLSK.12345678.0001") != identity("PLSK.12345679.0001")
    assert identity("PLSK.12345678.0001") != identity("KAV.12345678.0001")


def test_settings_have_the_vendors_defaults_and_hide_the_password() -> None:
    settings = PleskKaSettings(**LOGIN)
    assert (settings.scheme, settings.host, settings.port, settings.ca_file) == ("https", "ka.plesk.com", 7050, "")
    assert "Sesame" not in repr(settings)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"port": 2000}, "^port: .*web interface"),
        ({"port": 0}, "1 to 65535"),
        ({"port": 70000}, "1 to 65535"),
        ({"scheme": "ftp"}, "https or http"),
        ({"host": "https://ka.plesk.com"}, "without scheme"),
        ({"host": "ka.plesk.com/x"}, "without scheme"),
        ({"host": "me@ka.plesk.com"}, "without scheme"),
        ({"host": ""}, "name or an IP address"),
        ({"login": ""}, "^login: "),
        ({"password": ""}, "^password: "),
        ({"client": ""}, "^client: "),
    ],
)
def test_settings_that_cannot_work_are_refused_with_a_reason(changed: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        PleskKaSettings(**{**LOGIN, **changed})


def test_every_code_of_the_first_class_is_success() -> None:
    for code in (100, 101, 110, 105, 199):
        assert code_error(code, "", "host", spends=True) is None


@pytest.mark.parametrize("code", [200, 201, 250, 400])
def test_what_only_a_new_configuration_mends_is_misconfigured(code: int) -> None:
    assert type(code_error(code, "no", "host", spends=True)) is MisconfiguredError


@pytest.mark.parametrize("code", [202, 220, 221, 222, 244, 245, 260, 266, 284, 299, 401, 405, 416, 452, 499])
def test_what_the_vendor_will_never_do_is_refused_in_his_words(code: int) -> None:
    error = code_error(code, "Nein.", "host", spends=True)
    assert type(error) is RefusedError
    assert (error.vendor_says, error.code) == ("Nein.", str(code))


@pytest.mark.parametrize("code", [287, 300, 301])
def test_trouble_at_the_vendor_is_in_doubt_where_it_may_have_sold(code: int) -> None:
    assert type(code_error(code, "", "host", spends=True)) is OutcomeUnknownError
    assert type(code_error(code, "", "host", spends=False)) is UnavailableError


def test_each_code_has_a_meaning_for_a_person() -> None:
    assert all(meaning.text for meaning in CODES.values())
    assert {code for code, meaning in CODES.items() if meaning.kind is Kind.DONE} == {100, 101, 110}


def test_flat_lists_become_classes_with_groups_and_additional_keys() -> None:
    types = ["PLESK_10_AND_LATER", "PLESK_ANTIVIRUS_BY_KAV", "VIRTUOZZO_TOOLS", "VIRTUOZZO_CONTAINERS_4"]
    features = [
        "10_DOMAINS",
        "UNLIMITED_DOMAINS",
        "10_DOMAINS_FOR_VZ",
        "1_LANGUAGE_PACK",
        "2CPU_40VPS",
        "REINSTATE_SUS",
    ]
    plesk, virtuozzo = build_classes(types, features)
    assert (plesk.code, plesk.name) == ("PLESK_10_AND_LATER", "Plesk 10 and later")
    assert {group.name: [one.code for one in group.options] for group in plesk.groups} == {
        "Domains": ["10_DOMAINS", "UNLIMITED_DOMAINS"],
        "Language packs": ["1_LANGUAGE_PACK"],
    }
    assert [one.code for one in plesk.features] == ["REINSTATE_SUS"]
    assert [one.code for one in plesk.additional] == ["PLESK_ANTIVIRUS_BY_KAV"]
    assert [group.name for group in virtuozzo.groups] == ["Capacity"]
    assert [one.code for one in virtuozzo.additional] == ["VIRTUOZZO_TOOLS"]


def test_unknown_names_are_classes_and_features_that_fit_everything() -> None:
    types = ["PLESK-30-NEW", "PLESK_10_AND_LATER", "VIRTUOZZO_TOOLS", "PLESK_ANTIVIRUS_BY_KAV"]
    new, plesk = build_classes(types, ["SHINY-NEW", "10_DOMAINS"])
    assert (new.code, new.name) == ("PLESK-30-NEW", "PLESK-30-NEW")
    assert [one.code for one in new.additional] == ["VIRTUOZZO_TOOLS", "PLESK_ANTIVIRUS_BY_KAV"]
    for one in (new, plesk):
        assert [(feature.code, feature.name) for feature in one.features] == [("SHINY-NEW", "SHINY-NEW")]
        assert [group.name for group in one.groups] == ["Domains"]


def test_repeated_names_count_once() -> None:
    (only,) = build_classes(["PLESK_8", "PLESK_8"], ["10_DOMAINS", "10_DOMAINS"])
    assert len(only.groups[0].options) == 1


def test_every_known_addition_and_feature_fits_some_known_type() -> None:
    for addition in wares.ADDITIONS:
        assert any(wares.addition_fits(addition, one) for one in wares.BASE_TYPES), addition
    for feature in wares.FEATURES:
        assert any(wares.feature_fits(feature, one) for one in wares.BASE_TYPES), feature
