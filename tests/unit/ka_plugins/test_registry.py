"""Which plug-ins there are, and what happens to those that cannot be used."""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from ka_plugins import registry
from ka_plugins.contract import Plugin, Verb
from ka_plugins.installing import Installer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Announce = Callable[..., None]
BUNDLED = sorted(registry.BUNDLED[registry.PLUGIN_GROUP])


class Acme(Plugin):
    name = "acme"
    label = "Acme"


class TooNew(Plugin):
    name = "acme"
    label = "Acme"
    contract_version = 99


class Misnamed(Plugin):
    name = "other"
    label = "Acme"


class Unlabelled(Plugin):
    name = "acme"


class Boastful(Plugin):
    name = "acme"
    label = "Acme"
    verbs = frozenset({Verb.ISSUE_KEY, Verb.RENEW})


class Unset(Plugin):
    name = "acme"
    label = "Acme"
    Settings = dict


class Ftp(Installer):
    kind = "ftp"
    label = "FTP"


class Loose(Installer):
    kind = "loose"
    label = "Loose"
    Credentials = dict


@pytest.fixture
def announce(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Announce]:
    """Puts a distribution with one entry point on the path, as pip would."""
    strangers = types.ModuleType("strangers")
    classes = (Acme, TooNew, Misnamed, Unlabelled, Boastful, Unset, Ftp, Loose)
    strangers.__dict__.update({one.__name__: one for one in classes})
    strangers.__dict__["text"] = "no class"
    monkeypatch.setitem(sys.modules, "strangers", strangers)
    monkeypatch.syspath_prepend(str(tmp_path))

    def add(name: str, value: str, owner: str = "stranger", group: str = registry.PLUGIN_GROUP) -> None:
        folder = tmp_path / f"{owner.replace('-', '_')}-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {owner}\nVersion: 1.0\n")
        (folder / "entry_points.txt").write_text(f"[{group}]\n{name} = {value}\n")
        importlib.invalidate_caches()
        registry.forget()

    registry.forget()
    yield add
    registry.forget()


def reasons() -> dict[str, str]:
    return {one.name: one.reason for one in registry.failures()}


def test_the_bundled_ones_are_there_in_order_without_being_installed(announce: Announce) -> None:
    del announce
    assert [one.name for one in registry.all_plugins()] == BUNDLED
    assert [one.kind for one in registry.installers()] == sorted(registry.BUNDLED[registry.INSTALLER_GROUP])
    assert registry.plugin_class("plesk_ka").label
    assert registry.installer("directory").label
    assert registry.failures() == ()


def test_the_bundled_ones_announced_by_their_own_distribution_are_not_twice(announce: Announce) -> None:
    announce("plesk_ka", registry.BUNDLED[registry.PLUGIN_GROUP]["plesk_ka"], owner="pbas-copy")
    assert [one.name for one in registry.all_plugins()] == BUNDLED
    assert registry.failures() == ()


def test_a_strangers_plug_in_is_found_and_sorted_in(announce: Announce) -> None:
    announce("acme", "strangers:Acme")
    assert [one.name for one in registry.all_plugins()] == ["acme", *BUNDLED]


def test_a_strangers_installer_is_found(announce: Announce) -> None:
    announce("ftp", "strangers:Ftp", group=registry.INSTALLER_GROUP)
    assert registry.installer("ftp").kind == "ftp"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("no_such_module:Plugin", "ModuleNotFoundError"),
        ("strangers:NoSuchClass", "AttributeError"),
        ("strangers:text", "not a subclass"),
        ("strangers:Ftp", "not a subclass"),
        ("strangers:TooNew", "version 99"),
        ("strangers:Misnamed", "'other'"),
        ("strangers:Unlabelled", "label is missing"),
        ("strangers:Boastful", "issue_key, renew"),
        ("strangers:Unset", "not a dataclass"),
    ],
)
def test_a_plug_in_that_cannot_be_used_is_kept_with_its_reason_and_stops_nothing(
    announce: Announce, value: str, reason: str
) -> None:
    announce("acme", value, owner="acme-pbas")
    assert reason in reasons()["acme"]
    assert "acme-pbas" in reasons()["acme"]
    assert [one.name for one in registry.all_plugins()] == BUNDLED
    with pytest.raises(LookupError, match="acme"):
        registry.plugin_class("acme")


def test_an_installer_that_cannot_be_used_is_kept_with_its_reason(announce: Announce) -> None:
    announce("scp", "strangers:Ftp", owner="one", group=registry.INSTALLER_GROUP)
    announce("sftp", "strangers:Acme", owner="two", group=registry.INSTALLER_GROUP)
    assert "'ftp'" in reasons()["scp"]
    assert "not a subclass" in reasons()["sftp"]


def test_two_of_one_name_are_refused_and_both_owners_named(announce: Announce) -> None:
    announce("acme", "strangers:Acme", owner="acme-one")
    announce("acme", "strangers:TooNew", owner="acme-two")
    assert "acme-one" in reasons()["acme"]
    assert "acme-two" in reasons()["acme"]
    assert "acme" not in {one.name for one in registry.all_plugins()}


def test_a_stranger_cannot_take_a_bundled_name(announce: Announce) -> None:
    announce("plesk_ka", "strangers:Acme", owner="acme-pbas")
    assert "acme-pbas" in reasons()["plesk_ka"]
    assert "ka_plugins.plesk_ka.plugin:PleskKaPlugin" in reasons()["plesk_ka"]
    with pytest.raises(LookupError, match="Two of one name"):
        registry.plugin_class("plesk_ka")


def test_an_unknown_name_is_a_lookup_error_for_a_person(announce: Announce) -> None:
    del announce
    with pytest.raises(LookupError, match="The plug-in 'nothing' is not installed here"):
        registry.plugin_class("nothing")
    with pytest.raises(LookupError, match="kind 'nothing'"):
        registry.installer("nothing")


def test_the_answer_is_the_same_for_the_life_of_the_process(announce: Announce) -> None:
    del announce
    assert registry.all_plugins() == registry.all_plugins()
    assert registry.installer("directory") is registry.installer("directory")


def test_an_installer_whose_credentials_no_form_can_show_is_refused(announce: Announce) -> None:
    announce("loose", "strangers:Loose", group=registry.INSTALLER_GROUP)
    assert ["Credentials are not a dataclass" in one.reason for one in registry.failures()] == [True]
    assert "loose" not in {one.kind for one in registry.installers()}
