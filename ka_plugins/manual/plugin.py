"""The plug-in for vendors without an API that the panel knows: a person brings keys and files."""

from __future__ import annotations

from ka_plugins.contract import Delivers, Plugin
from ka_plugins.settings import shown


class ManualPlugin(Plugin):
    """Offline only. It has no verbs, takes any printable key, and treats keys as secrets, as it cannot know better."""

    name = "manual"
    label = shown("By hand (any vendor)")
    delivers = Delivers.KEY | Delivers.FILES
    secret_keys = True
