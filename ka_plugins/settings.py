"""How a plug-in declares its settings, and an installer its credentials: a frozen dataclass of `setting()` fields."""

from __future__ import annotations

import base64
import dataclasses
import re
from dataclasses import dataclass, field
from typing import Any, Final

HIGHEST_PORT: Final = 65535
_HOST: Final = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}")


def shown(text: str) -> str:
    """A text for people, given back as it is. The panel shows it in the reader's language where it is translated.

    Of a setting, the label needs no mark; script/translations collects what stands in either.
    """
    return text


def setting(
    label: str,
    *,
    default: Any = dataclasses.MISSING,
    secret: bool = False,
    help_text: str = "",
    choices: tuple[str, ...] = (),
    lines: int = 1,
    minimum: int | None = None,
    maximum: int | None = None,
) -> Any:
    """Declare one field of a plug-in's `Settings`, or of an installer's `Credentials`: how the form shows it.

    A field without a default is required; one whose default is "" may stay empty. A secret is never shown again. Where
    `lines` is more than one, an installer's form has a text area of that height. What the fields alone cannot say,
    `__post_init__` checks: it raises ValueError with `field: reason for a person`.
    """
    metadata = {
        "label": label,
        "secret": secret,
        "help_text": help_text,
        "choices": choices,
        "lines": lines,
        "minimum": minimum,
        "maximum": maximum,
    }
    if default is dataclasses.MISSING:
        return field(metadata=metadata, repr=not secret)
    return field(default=default, metadata=metadata, repr=not secret)


@dataclass(frozen=True, slots=True)
class NoSettings:
    """The settings of a plug-in that needs none."""


def ip_setting() -> Any:
    """Declare `ip`, the address that some vendors bind a license to: an install target's address need not be one."""
    help_text = shown(
        "Of the server that uses the licenses: some vendors bind them to it. Blank: the address if it is one."
    )
    return setting("IP address", default="", help_text=help_text)


# --- the place of a vendor's server -----------------------------------------------------------------------------


def scheme_setting() -> Any:
    """Declare `scheme`."""
    return setting("Scheme", default="https", choices=("https", "http"))


def host_setting(default: Any = dataclasses.MISSING) -> Any:
    """Declare `host`."""
    return setting("Host", default=default)


def port_setting(default: int) -> Any:
    """Declare `port`."""
    return setting("Port", default=default, minimum=1, maximum=HIGHEST_PORT)


def ca_file_setting() -> Any:
    """Declare `ca_file`."""
    return setting("CA file", default="", help_text=shown("Certificates to trust instead of the system's own."))


class ServerSettings:
    """Settings that say where a server is. A subclass declares the four fields, in its form's order."""

    __slots__ = ()
    scheme: str
    host: str
    port: int
    ca_file: str

    def check_place(self) -> None:
        """Raise ValueError, `field: reason for a person`, where scheme, host or port cannot be one."""
        if self.scheme not in {"https", "http"}:
            raise ValueError(shown("scheme: Scheme is https or http."))
        if _HOST.fullmatch(self.host) is None:
            raise ValueError(shown("host: Host is a name or an IP address, without scheme, port or path."))
        if not 1 <= self.port <= HIGHEST_PORT:
            raise ValueError(shown("port: Port is a number from 1 to 65535."))

    @property
    def place(self) -> str:
        """Host and port, as URLs and errors have them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """What all addresses of the server begin with; no slash at its end."""
        return f"{self.scheme}://{self.place}"

    @property
    def trusted(self) -> str:
        """The CA file for `HttpClient.send`; "" where the system's certificates count, or none is needed."""
        return self.ca_file if self.scheme == "https" else ""


def require(**values: str) -> None:
    """Raise ValueError at the first field that is empty."""
    for name, value in values.items():
        if not value:
            raise ValueError(f"{name}: {shown('This is required.')}")


def basic_login(login: str, password: str) -> str:
    """The `Authorization` of HTTP Basic. Raises ValueError at `login` or `password` where they cannot be sent so."""
    require(login=login, password=password)
    if ":" in login:
        raise ValueError(shown("login: A login for HTTP Basic has no colon."))
    return f"Basic {base64.b64encode(f'{login}:{password}'.encode()).decode()}"
