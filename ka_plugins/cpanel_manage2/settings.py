"""What a configuration of this plug-in needs to know."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ka_plugins.contract import setting

HIGHEST_PORT: Final = 65535
HOST: Final = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}")
GROUP: Final = re.compile(r"G?[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class CpanelManage2Settings:
    """The Manage2 account and the group that licenses go into. Raises ValueError, `field: reason for a person`."""

    login: str = setting("Manage2 login", help_text="Its own IP address has to be allowed in Manage2, under Security.")
    password: str = setting("Manage2 password", secret=True)
    group: str = setting(
        "Group", default="", help_text="The number of the group in which licenses are made; empty where there is one."
    )
    reactivate: str = setting(
        "Buy where a license has ended",
        default="no",
        choices=("no", "yes"),
        help_text="For an address that had a license before, the vendor may charge a fee.",
    )
    scheme: str = setting("Scheme", default="https", choices=("https", "http"))
    host: str = setting("Host", default="manage2.cpanel.net")
    port: int = setting("Port", default=443, minimum=1, maximum=HIGHEST_PORT)
    ca_file: str = setting("CA file", default="", help_text="Certificates to trust instead of the system's own.")

    def __post_init__(self) -> None:
        if self.scheme not in {"https", "http"}:
            raise ValueError("scheme: Scheme is https or http.")
        if HOST.fullmatch(self.host) is None:
            raise ValueError("host: Host is a name or an IP address, without scheme, port or path.")
        if not 1 <= self.port <= HIGHEST_PORT:
            raise ValueError("port: Port is a number from 1 to 65535.")
        if self.group and GROUP.fullmatch(self.group) is None:
            raise ValueError("group: Group is the number that Manage2 lists for it, like 208850.")
        if self.reactivate not in {"no", "yes"}:
            raise ValueError("reactivate: This is yes or no.")
        for name, value in (("login", self.login), ("password", self.password)):
            if not value:
                raise ValueError(f"{name}: This is required.")
        if ":" in self.login:
            raise ValueError("login: A login for HTTP Basic has no colon.")
