"""What a configuration of this plug-in needs to know."""

from __future__ import annotations

import re
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

CLIENT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,99}")
# Signs that no client or proxy writes in another way, as the path is signed.
BASE_PATH: Final = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*")


@dataclass(frozen=True, slots=True)
class HttpIssuerSettings(ServerSettings):
    """An issuer's address and the client that he knows us as. Raises ValueError, `field: reason for a person`."""

    host: str = host_setting()
    client: str = setting("Client", help_text=shown("The name under which the issuer knows this account."))
    secret: str = setting("Secret", secret=True, help_text=shown("Shared with the issuer; it signs and is never sent."))
    scheme: str = scheme_setting()
    port: int = port_setting(443)
    base_path: str = setting(
        "Base path", default="/issuer/v1", help_text=shown("What all of the issuer's paths begin with.")
    )
    ca_file: str = ca_file_setting()

    def __post_init__(self) -> None:
        self.check_place()
        if BASE_PATH.fullmatch(self.base_path) is None:
            raise ValueError(shown("base_path: A base path looks like /issuer/v1, without a slash at its end."))
        if CLIENT.fullmatch(self.client) is None:
            raise ValueError(shown("client: A client has letters, digits, dots, hyphens, tildes and underscores."))
        require(secret=self.secret)
