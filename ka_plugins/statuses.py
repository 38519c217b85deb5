"""What an HTTP status means for the panel, for vendors who speak by status."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from ka_plugins.contract import (
    MisconfiguredError,
    OutcomeUnknownError,
    PluginError,
    RefusedError,
    Reply,
    UnavailableError,
)

LONGEST_WAIT: Final = 24 * 3600.0  # seconds; a vendor's slip of the pen must not park a configuration for a year
# Wrong login, wrong host or wrong path: nothing works until somebody changes the configuration.
OF_THE_CONFIGURATION: Final = {
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED,
}


def retry_after(reply: Reply, *, now: datetime | None = None) -> float | None:
    """The seconds that a `Retry-After` header asks for (RFC 9110, 10.2.3); None without a readable one."""
    text = reply.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    seconds = (until.replace(tzinfo=until.tzinfo or UTC) - (now or datetime.now(UTC))).total_seconds()
    return min(max(seconds, 0.0), LONGEST_WAIT)


def unreadable(message: str, *, spends: bool) -> PluginError:
    """The error of an answer that was a success by its status and says nothing: what spends may have sold."""
    return OutcomeUnknownError(message) if spends else UnavailableError(message)


def status_error(reply: Reply, host: str, *, spends: bool = False) -> PluginError | None:
    """The error that a status stands for, None for 2xx.

    429 is the vendor's word that he did nothing, so it is unavailable even for a spending call. After any other 5xx,
    a 408 included, he may have sold before he stumbled.
    """
    if HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    code, what = str(reply.status), f"{host} answered with HTTP status {reply.status}."
    if reply.status == HTTPStatus.TOO_MANY_REQUESTS:
        return UnavailableError(what, code=code, retry_after=retry_after(reply))
    if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR or reply.status == HTTPStatus.REQUEST_TIMEOUT:
        if spends:
            return OutcomeUnknownError(what, code=code)
        return UnavailableError(what, code=code, retry_after=retry_after(reply))
    if reply.status in OF_THE_CONFIGURATION or reply.status < HTTPStatus.BAD_REQUEST:
        return MisconfiguredError(f"{what} Check host, port and login.", code=code)
    return RefusedError(what, code=code)
