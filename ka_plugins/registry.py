"""Which plug-ins and installers there are: the bundled ones and whatever is installed beside them.

Found by entry point, so that an outside vendor's package needs no change here. The bundled ones are there even when
the panel runs from its source folder without being installed. What cannot be used is kept with the reason and stops
nothing. The answer is the same for the life of the process.
"""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, Final

from ka_plugins.contract import CONTRACT_VERSION, Plugin
from ka_plugins.installing import Installer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PLUGIN_GROUP: Final = "pbas.ka_plugins"
INSTALLER_GROUP: Final = "pbas.installers"
BUNDLED: Final[dict[str, dict[str, str]]] = {
    PLUGIN_GROUP: {
        "cpanel_manage2": "ka_plugins.cpanel_manage2.plugin:CpanelManage2Plugin",
        "http_issuer": "ka_plugins.http_issuer.plugin:HttpIssuerPlugin",
        "keygen": "ka_plugins.keygen.plugin:KeygenPlugin",
        "manual": "ka_plugins.manual.plugin:ManualPlugin",
        "plesk_ka": "ka_plugins.plesk_ka.plugin:PleskKaPlugin",
        "plesk_ka3": "ka_plugins.plesk_ka3.plugin:PleskKa3Plugin",
    },
    INSTALLER_GROUP: {
        "directory": "ka_plugins.installers.directory:DirectoryInstaller",
        "plesk": "ka_plugins.installers.plesk.installer:PleskInstaller",
        "ssh": "ka_plugins.installers.ssh.installer:SshInstaller",
    },
}


@dataclass(frozen=True, slots=True)
class FailedPlugin:
    """A plug-in or installer that is there and cannot be used, and why, for a person."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Found:
    plugins: dict[str, type[Plugin]]
    installers: dict[str, Installer]
    failures: tuple[FailedPlugin, ...]


def plugin_class(name: str) -> type[Plugin]:
    """The plug-in of a name; LookupError with a reason for a person where there is none that works."""
    found = _found()
    if name not in found.plugins:
        raise LookupError(_why(f"The plug-in {name!r}", name, found.failures))
    return found.plugins[name]


def is_loaded(name: str) -> bool:
    """Whether the plug-in of a name can be used here."""
    return name in _found().plugins


def all_plugins() -> tuple[type[Plugin], ...]:
    """All plug-ins that can be used, by name."""
    return tuple(_found().plugins.values())


def installer(kind: str) -> Installer:
    """The installer for targets of a kind; LookupError with a reason for a person."""
    found = _found()
    if kind not in found.installers:
        raise LookupError(_why(f"The installer for targets of the kind {kind!r}", kind, found.failures))
    return found.installers[kind]


def installers() -> tuple[Installer, ...]:
    """All installers that can be used, by kind."""
    return tuple(_found().installers.values())


def failures() -> tuple[FailedPlugin, ...]:
    """Plug-ins and installers that are there and cannot be used, by name."""
    return _found().failures


def forget() -> None:
    """Look anew at the next question; for tests and for a shell in which something was just installed."""
    _found.cache_clear()


def _why(what: str, name: str, failed: Iterable[FailedPlugin]) -> str:
    reasons = [one.reason for one in failed if one.name == name]
    return f"{what} cannot be used. {' '.join(reasons)}" if reasons else f"{what} is not installed here."


@functools.cache
def _found() -> _Found:
    failed: list[FailedPlugin] = []
    plugins = _load(PLUGIN_GROUP, _plugin_problem, failed)
    kinds = _load(INSTALLER_GROUP, _installer_problem, failed)
    return _Found(
        plugins, {kind: made() for kind, made in kinds.items()}, tuple(sorted(failed, key=lambda one: one.name))
    )


def _load(group: str, problem: Callable[[str, Any], str], failed: list[FailedPlugin]) -> dict[str, Any]:
    """Everything of a group that loads and keeps the contract, by name; the rest goes to `failed`."""
    loaded = {}
    for name, candidates in sorted(_candidates(group).items()):
        if len(candidates) > 1:
            owners = " and ".join(sorted(f"{_owner(one)} ({one.value})" for one in candidates))
            failed.append(FailedPlugin(name, f"Two of one name are refused: {owners}. Uninstall one of them."))
            continue
        try:
            found = candidates[0].load()
            reason = problem(name, found)
        # A stranger's module may fail in any way, even by leaving as a program does, and must stop nothing.
        except (Exception, SystemExit) as error:  # noqa: BLE001
            reason = f"It does not load: {type(error).__name__}: {error}"
        if reason:
            failed.append(FailedPlugin(name, f"{reason} (from {_owner(candidates[0])})"))
        else:
            loaded[name] = found
    return loaded


def _candidates(group: str) -> dict[str, list[EntryPoint]]:
    """All entry points of a group by name; the same object announced twice is one candidate."""
    bundled = [EntryPoint(name, value, group) for name, value in BUNDLED[group].items()]
    found: dict[str, dict[str, EntryPoint]] = {}
    for entry in (*entry_points(group=group), *bundled):
        found.setdefault(entry.name, {}).setdefault(entry.value, entry)
    return {name: list(values.values()) for name, values in found.items()}


def _owner(entry: EntryPoint) -> str:
    dist = entry.dist
    return dist.name if dist is not None else "the panel itself"


def _plugin_problem(name: str, found: Any) -> str:
    """Why this is no plug-in that the panel can use; "" where it is one."""
    if not (isinstance(found, type) and issubclass(found, Plugin)):
        return "It is not a subclass of ka_plugins.contract.Plugin."
    if found.contract_version != CONTRACT_VERSION:
        return f"It keeps version {found.contract_version} of the contract, the panel needs {CONTRACT_VERSION}."
    if getattr(found, "name", None) != name or not getattr(found, "label", ""):
        return f"Its name is {getattr(found, 'name', None)!r} instead of {name!r}, or its label is missing."
    if not dataclasses.is_dataclass(found.Settings):
        return "Its Settings are not a dataclass."
    missing = sorted(verb for verb in found.verbs if getattr(found, verb) is getattr(Plugin, verb))
    return f"It declares verbs that it does not have: {', '.join(missing)}." if missing else ""


def _installer_problem(name: str, found: Any) -> str:
    if not (isinstance(found, type) and issubclass(found, Installer)):
        return "It is not a subclass of ka_plugins.installing.Installer."
    if getattr(found, "kind", None) != name or not getattr(found, "label", ""):
        return f"Its kind is {getattr(found, 'kind', None)!r} instead of {name!r}, or its label is missing."
    return "" if dataclasses.is_dataclass(found.Credentials) else "Its Credentials are not a dataclass."
