"""What a configuration of this plug-in needs to know."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ka_plugins.contract import setting
from ka_plugins.settings import ServerSettings, ca_file_setting, host_setting, port_setting, scheme_setting, shown

LONGEST_FILE_LIFE: Final = 3650  # days
SHORTEST_KEY_SECRET: Final = 16  # characters
ACCOUNT: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")
PUBLIC_KEY: Final = re.compile(r"[0-9A-Fa-f]{64}")


@dataclass(frozen=True, slots=True)
class KeygenSettings(ServerSettings):
    """A Keygen account and how to get in. Raises ValueError, `field: reason for a person`."""

    account: str = setting("Account", help_text=shown("The account's ID or slug."))
    token: str = setting("API token", secret=True, help_text=shown("Of a product, or of an environment or admin."))
    public_key: str = setting("Public key", help_text=shown("The account's Ed25519 verify key: 64 hexadecimal digits."))
    key_secret: str = setting(
        "Key secret",
        secret=True,
        help_text=shown(
            "License keys are made from it: at least 16 characters that nobody knows. Never change it while "
            "requests are open, or one could be bought twice."
        ),
    )
    scheme: str = scheme_setting()
    host: str = host_setting("api.keygen.sh")
    port: int = port_setting(443)
    file_days: int = setting(
        "Life of a license file",
        default=0,
        minimum=0,
        maximum=LONGEST_FILE_LIFE,
        help_text=shown("Days until the product needs a new file; 0: files end with their license."),
    )
    ca_file: str = ca_file_setting()

    def __post_init__(self) -> None:
        self.check_place()
        if ACCOUNT.fullmatch(self.account) is None:
            raise ValueError(shown("account: Account is the ID or slug that stands in the account's addresses."))
        if not self.token.isascii() or not self.token.isprintable() or not self.token:
            raise ValueError(shown("token: This is not an API token."))
        if PUBLIC_KEY.fullmatch(self.public_key) is None:
            raise ValueError(shown("public_key: The Ed25519 public key has 64 hexadecimal digits."))
        if len(self.key_secret) < SHORTEST_KEY_SECRET:
            raise ValueError(shown("key_secret: The key secret has at least 16 characters."))
        if not 0 <= self.file_days <= LONGEST_FILE_LIFE:
            raise ValueError(shown("file_days: The life of a file is a number of days from 0 to 3650."))
