"""What a configuration of this plug-in needs to know."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ka_plugins.contract import setting

WEB_GUI_PORT: Final = 2000
HIGHEST_PORT: Final = 65535
HOST: Final = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}")
SHORT_PATH: Final = "/30"
LONG_PATH: Final = "/jsonrest/business-partner/30"  # on a Key Administrator's own host, beside its other APIs


@dataclass(frozen=True, slots=True)
class PleskKa3Settings:
    """Where the API is and who asks. Raises ValueError, `field: reason for a person`."""

    login: str = setting("API login", help_text="A Partner API account; the account of the web interface is another.")
    password: str = setting("API password", secret=True)
    client: str = setting(
        "Owner", default="", help_text="The client's internal ID, who owns the keys; a reseller's login needs it."
    )
    scheme: str = setting("Scheme", default="https", choices=("https", "http"))
    host: str = setting("Host", default="api.central.plesk.com")
    port: int = setting("Port", default=443, minimum=1, maximum=HIGHEST_PORT)
    path: str = setting(
        "Path",
        default=SHORT_PATH,
        choices=(SHORT_PATH, LONG_PATH),
        help_text="The long one for a Key Administrator's own host, mostly with port 7050.",
    )
    ca_file: str = setting("CA file", default="", help_text="Certificates to trust instead of the system's own.")

    def __post_init__(self) -> None:
        if self.scheme not in {"https", "http"}:
            raise ValueError("scheme: Scheme is https or http.")
        if HOST.fullmatch(self.host) is None:
            raise ValueError("host: Host is a name or an IP address, without scheme, port or path.")
        if self.port == WEB_GUI_PORT:
            raise ValueError("port: Port 2000 is the Key Administrator's web interface, not its API.")
        if not 1 <= self.port <= HIGHEST_PORT:
            raise ValueError("port: Port is a number from 1 to 65535.")
        if self.path not in {SHORT_PATH, LONG_PATH}:
            raise ValueError(f"path: Path is {SHORT_PATH} or {LONG_PATH}.")
        for name, value in (("login", self.login), ("password", self.password)):
            if not value:
                raise ValueError(f"{name}: This is required.")
        if ":" in self.login:
            raise ValueError("login: A login for HTTP Basic has no colon.")
