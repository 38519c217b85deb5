"""What a configuration of this plug-in needs to know."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ka_plugins.contract import setting
from ka_plugins.settings import (
    ServerSettings,
    basic_login,
    ca_file_setting,
    host_setting,
    port_setting,
    scheme_setting,
    shown,
)

GROUP: Final = re.compile(r"G?[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class CpanelManage2Settings(ServerSettings):
    """The Manage2 account and the group that licenses go into. Raises ValueError, `field: reason for a person`."""

    login: str = setting(
        "Manage2 login", help_text=shown("Its own IP address has to be allowed in Manage2, under Security.")
    )
    password: str = setting("Manage2 password", secret=True)
    group: str = setting(
        "Group",
        default="",
        help_text=shown("The number of the group in which licenses are made; empty where there is one."),
    )
    reactivate: str = setting(
        "Buy where a license has ended",
        default="no",
        choices=("no", "yes"),
        help_text=shown("For an address that had a license before, the vendor may charge a fee."),
    )
    scheme: str = scheme_setting()
    host: str = host_setting("manage2.cpanel.net")
    port: int = port_setting(443)
    ca_file: str = ca_file_setting()

    def __post_init__(self) -> None:
        self.check_place()
        if self.group and GROUP.fullmatch(self.group) is None:
            raise ValueError(shown("group: Group is the number that Manage2 lists for it, like 208850."))
        if self.reactivate not in {"no", "yes"}:
            raise ValueError(shown("reactivate: This is yes or no."))
        basic_login(self.login, self.password)
