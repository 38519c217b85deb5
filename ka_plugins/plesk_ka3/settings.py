"""What a configuration of this plug-in needs to know."""

from __future__ import annotations

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

WEB_GUI_PORT: Final = 2000
SHORT_PATH: Final = "/30"
LONG_PATH: Final = "/jsonrest/business-partner/30"  # on a Key Administrator's own host, beside its other APIs


@dataclass(frozen=True, slots=True)
class PleskKa3Settings(ServerSettings):
    """Where the API is and who asks. Raises ValueError, `field: reason for a person`."""

    login: str = setting(
        "API login", help_text=shown("A Partner API account; the account of the web interface is another.")
    )
    password: str = setting("API password", secret=True)
    client: str = setting(
        "Owner",
        default="",
        help_text=shown("The client's internal ID, who owns the keys; a reseller's login needs it."),
    )
    scheme: str = scheme_setting()
    host: str = host_setting("api.central.plesk.com")
    port: int = port_setting(443)
    path: str = setting(
        "Path",
        default=SHORT_PATH,
        choices=(SHORT_PATH, LONG_PATH),
        help_text=shown("The long one for a Key Administrator's own host, mostly with port 7050."),
    )
    ca_file: str = ca_file_setting()

    def __post_init__(self) -> None:
        self.check_place()
        if self.port == WEB_GUI_PORT:
            raise ValueError(shown("port: Port 2000 is the Key Administrator's web interface, not its API."))
        if self.path not in {SHORT_PATH, LONG_PATH}:
            raise ValueError(f"path: Path is {SHORT_PATH} or {LONG_PATH}.")
        basic_login(self.login, self.password)
