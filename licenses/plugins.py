"""From a configuration's row to a plug-in that is ready to use."""

import dataclasses
from typing import Any

from django.utils.translation import gettext

from ka_plugins import registry
from ka_plugins.contract import HttpClient, Plugin
from licenses.models import PluginConfiguration
from pbas.core.problems import Problem


def plugin_class(template: str) -> type[Plugin]:
    """The plug-in of a template; Problem on field "template" where it is not installed or failed to load."""
    try:
        return registry.plugin_class(template)
    except LookupError as error:
        raise Problem(str(error), field="template") from error


def templates() -> list[tuple[str, str]]:
    """Names and labels of all plug-in templates that loaded, by label."""
    return sorted(((plugin.name, gettext(plugin.label)) for plugin in registry.all_plugins()), key=lambda pair: pair[1])


def settings_fields(template: str) -> tuple[dataclasses.Field[Any], ...]:
    """The fields of a template's settings; `metadata` as `contract.setting` writes it."""
    return dataclasses.fields(plugin_class(template).Settings)


def words_of(field: dataclasses.Field[Any]) -> tuple[str, str]:
    """Label and help text of a settings field in the reader's language."""
    label, help_text = field.metadata["label"], field.metadata["help_text"]
    return gettext(label), gettext(help_text)


def is_secret(field: dataclasses.Field[Any]) -> bool:
    """Whether a settings field is write-only and encrypted at rest."""
    return bool(field.metadata.get("secret"))


def kept_settings(configuration: PluginConfiguration) -> dict[str, Any]:
    """The clear settings as they are stored; none where what is stored is no set of settings."""
    return configuration.settings if isinstance(configuration.settings, dict) else {}


def kept_secrets(configuration: PluginConfiguration) -> dict[str, Any]:
    """The secret settings in clear; none where what is stored is no set. Raises CannotDecryptError."""
    return configuration.secrets if isinstance(configuration.secrets, dict) else {}


def settings_of(configuration: PluginConfiguration) -> Any:
    """The plug-in's own Settings of a configuration, secrets in clear; unknown old names are left out."""
    names = {field.name for field in settings_fields(configuration.template)}
    given = {**kept_settings(configuration), **kept_secrets(configuration)}
    return plugin_class(configuration.template).Settings(
        **{name: value for name, value in given.items() if name in names}
    )


def make_plugin(configuration: PluginConfiguration, http: HttpClient) -> Plugin:
    """A plug-in for a configuration, over a client of the current event loop."""
    return plugin_class(configuration.template)(settings_of(configuration), http)
