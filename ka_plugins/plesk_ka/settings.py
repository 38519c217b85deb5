"""What a configuration of this plug-in needs to know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ka_plugins.contract import setting
from ka_plugins.settings import (
    ServerSettings,
    ca_file_setting,
    host_setting,
    port_setting,
    require,
    scheme_setting,
    shown,
)

WEB_GUI_PORT: Final = 2000


@dataclass(frozen=True, slots=True)
class PleskKaSettings(ServerSettings):
    """Host, login and client of a Key Administrator. Raises ValueError, `field: reason for a person`."""

    login: str = setting(
        "API login", help_text=shown("A Partner API account; the account of the web interface is another.")
    )
    password: str = setting("API password", secret=True)
    client: str = setting("Client", help_text=shown("The client's number or login; its keys are bought and billed."))
    scheme: str = scheme_setting()
    host: str = host_setting("ka.plesk.com")
    port: int = port_setting(7050)
    ca_file: str = ca_file_setting()

    def __post_init__(self) -> None:
        self.check_place()
        if self.port == WEB_GUI_PORT:
            raise ValueError(
                shown("port: Port 2000 is the Key Administrator's web interface; its API listens on 7050.")
            )
        require(login=self.login, password=self.password, client=self.client)
