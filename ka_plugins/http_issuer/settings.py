"""What a configuration of this plug-in needs to know."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ka_plugins.contract import setting

HIGHEST_PORT: Final = 65535
HOST: Final = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}")
CLIENT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,99}")
# Signs that no client or proxy writes in another way, as the path is signed.
BASE_PATH: Final = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*")


@dataclass(frozen=True, slots=True)
class HttpIssuerSettings:
    """An issuer's address and the client that he knows us as. Raises ValueError, `field: reason for a person`."""

    host: str = setting("Host")
    client: str = setting("Client", help_text="The name under which the issuer knows this account.")
    secret: str = setting("Secret", secret=True, help_text="Shared with the issuer; it signs and is never sent.")
    scheme: str = setting("Scheme", default="https", choices=("https", "http"))
    port: int = setting("Port", default=443, minimum=1, maximum=HIGHEST_PORT)
    base_path: str = setting("Base path", default="/issuer/v1", help_text="What all of the issuer's paths begin with.")
    ca_file: str = setting("CA file", default="", help_text="Certificates to trust instead of the system's own.")

    def __post_init__(self) -> None:
        if self.scheme not in {"https", "http"}:
            raise ValueError("scheme: Scheme is https or http.")
        if HOST.fullmatch(self.host) is None:
            raise ValueError("host: Host is a name or an IP address, without scheme, port or path.")
        if not 1 <= self.port <= HIGHEST_PORT:
            raise ValueError("port: Port is a number from 1 to 65535.")
        if BASE_PATH.fullmatch(self.base_path) is None:
            raise ValueError("base_path: A base path looks like /issuer/v1, without a slash at its end.")
        if CLIENT.fullmatch(self.client) is None:
            raise ValueError("client: A client has letters, digits, dots, hyphens, tildes and underscores.")
        if not self.secret:
            raise ValueError("secret: This is required.")
