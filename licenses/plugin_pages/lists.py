"""The list of plug-in configurations."""

from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from ka_plugins import registry
from licenses.counters import Counts, counts
from licenses.models import LicenseRequest, PluginConfiguration
from licenses.plugins import templates
from pbas.core.keyset import Page
from pbas.core.lists.columns import Column, Kind
from pbas.core.lists.listing import PanelList


class PluginList(PanelList):
    """Configurations by name, with their figures."""

    name, label, address, named_by = "plugins", _("Plug-ins"), "plugins", "name"
    model = PluginConfiguration
    sorts = ("name", "-name")
    open_states = LicenseRequest.OPEN
    columns = (
        Column("name", _("Name"), ("name",), sort="name"),
        Column("template", _("Template"), ("template", "mode"), writes=("template", "mode")),
        Column("status", _("State"), ("status",), Kind.WORD),
        Column("active", _("Active licenses"), (), css="end"),
        Column("open", _("Open requests"), (), css="end"),
        Column("attention", _("Need attention"), (), css="end"),
        Column("number", _("No."), ("id",), Kind.WORD, css="end", is_shown=False),
        Column("problem", _("Problem"), ("status_text", "parked_why"), writes=("status_text",), is_shown=False),
        Column("limit", _("Calls at once"), ("limit",), Kind.WORD, css="end", is_shown=False),
        Column("made", _("Made"), ("created_at",), Kind.MOMENT, css="end", is_shown=False),
    )

    def filters(self) -> dict[str, list[str]]:
        """None: there are few."""
        return {}

    def filtered(self) -> QuerySet[PluginConfiguration]:
        """All, without their settings."""
        return PluginConfiguration.objects.defer("settings", "secrets")

    @cached_property
    def page(self) -> Page[Any]:
        """Objects, as a state in words is made of much of one. One statement."""
        return self.query.page(self.filtered())

    @cached_property
    def counts(self) -> Counts:
        """The counters. One statement."""
        return counts()

    @property
    def failures(self) -> tuple[registry.FailedPlugin, ...]:
        """The plug-ins that are installed and failed to load."""
        return registry.failures()

    @cached_property
    def labels(self) -> dict[str, str]:
        """How each plug-in is called."""
        return dict(templates())
