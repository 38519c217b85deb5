"""The HTTPS connection to a Plesk server: no secret before its certificate is checked, no answer without bounds."""

from __future__ import annotations

import contextlib
import functools
import re
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import aiohttp

from ka_plugins.addresses import AddressRefusedError
from ka_plugins.installers.reach import Place, check_literal, place_of, refused, resolver
from ka_plugins.installing import InstallError
from ka_plugins.settings import ip_setting, setting, shown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from ka_plugins.installing import Target

PORT: Final = 8443
PATH: Final = "/enterprise/control/agent.php"
CONNECT_SECONDS: Final = 10.0
TOTAL_SECONDS: Final = 60.0  # an activation asks the vendor from there
BODY_LIMIT: Final = 1024 * 1024  # bytes
FINGERPRINT: Final = re.compile(r"(?:sha256[^=:]*[=:])?((?:[0-9a-f]{2}:?){32})", re.IGNORECASE)
DENIED: Final = {401, 403}
HEADERS: Final = {"secret_key": "KEY", "login": "HTTP_AUTH_LOGIN", "password": "HTTP_AUTH_PASSWD"}


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a person enters beside the address."""

    login: str = setting(
        "Login",
        default="",
        help_text=shown("The administrator's. Left blank, the secret key is used."),
    )
    password: str = setting("Password", default="", secret=True)
    secret_key: str = setting(
        "Secret key",
        default="",
        secret=True,
        help_text=shown("Made on the server by plesk bin secret_key --create; it can be taken back alone."),
    )
    certificate: str = setting(
        "Certificate of the server",
        default="",
        lines=4,
        help_text=shown(
            "Its SHA-256 fingerprint, or PEM text of it or of its authority. Blank: the system's trust decides."
        ),
    )
    ip: str = ip_setting()


@dataclass(frozen=True, slots=True)
class Access:
    """All that a target says about how to reach it."""

    place: Place
    headers: Mapping[str, str] = field(repr=False)
    trust: ssl.SSLContext | aiohttp.Fingerprint


def access_of(target: Target) -> Access:
    """Read a target; InstallError names what is missing or malformed in it, never its value."""
    place = place_of(target.address, port=PORT, scheme="https")
    check_literal(place)
    return Access(place, _headers(target.credentials, place), _trust(target.credentials.get("certificate", ""), place))


def _headers(credentials: Mapping[str, str], place: Place) -> dict[str, str]:
    """How the XML API is told who asks: the administrator's login and password where there is a login, else a key."""
    if login := credentials.get("login", ""):
        values = {"login": login, "password": credentials.get("password", "")}
    else:
        values = {"secret_key": credentials.get("secret_key", "").strip()}
    for name, value in values.items():
        if not value:
            text = f"The target {place.label} needs in its credentials: secret_key, or login and password."
            raise InstallError(text, field=name)
        if not (value.isprintable() and value.isascii()):
            text = f"The credentials of {place.label} hold a character that no HTTP header can carry."
            raise InstallError(text, field=name)
    return {HEADERS[name]: value for name, value in values.items()} | {"Content-Type": "text/xml"}


def _trust(certificate: str, place: Place) -> ssl.SSLContext | aiohttp.Fingerprint:
    text = certificate.strip()
    if match := FINGERPRINT.fullmatch(text):
        return aiohttp.Fingerprint(bytes.fromhex(match[1].replace(":", "")))
    try:
        return _context(text)
    except (ssl.SSLError, ValueError):
        wanted = "a SHA-256 fingerprint, or PEM text"
        text = f"The certificate of {place.label} cannot be read: {wanted} is needed."
        raise InstallError(text, field="certificate") from None


@functools.lru_cache(maxsize=64)
def _context(pem: str) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=pem or None)


class Line:
    """Sends packets to one server, one after the other."""

    def __init__(self, session: aiohttp.ClientSession, access: Access) -> None:
        self._session, self._access = session, access

    async def send(self, packet: bytes) -> bytes:
        """The body of the answer. InstallError, temporary where it may pass by itself."""
        place = self._access.place
        url = f"https://{place.label}{PATH}"
        access = self._access
        with _told(place):
            async with self._session.post(
                url, data=packet, headers=access.headers, ssl=access.trust, allow_redirects=False
            ) as answer:
                body = await _read(answer, place)
                status = answer.status
        if status in DENIED:
            raise InstallError(f"{place.label} refuses the credentials (HTTP {status}).")
        if status != 200:  # noqa: PLR2004
            text = f"{place.label} answers HTTP {status} instead of the XML API's 200. Is it Plesk's own port?"
            raise InstallError(text, temporary=status >= 500 or status == 429)  # noqa: PLR2004
        return body


@contextlib.asynccontextmanager
async def connected(access: Access) -> AsyncIterator[Line]:
    """A line for one delivery: nothing of it outlives it."""
    connector = aiohttp.TCPConnector(resolver=resolver(), limit=1)
    async with aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"Accept-Encoding": "identity", "User-Agent": "pbas"},
        timeout=aiohttp.ClientTimeout(total=TOTAL_SECONDS, connect=CONNECT_SECONDS),
        trust_env=False,
    ) as session:
        yield Line(session, access)


async def _read(answer: aiohttp.ClientResponse, place: Place) -> bytes:
    body = b""
    async for part in answer.content.iter_any():
        body += part
        if len(body) > BODY_LIMIT:
            raise InstallError(f"The answer of {place.label} is larger than {BODY_LIMIT} bytes and was not read.")
    return body


@contextlib.contextmanager
def _told(place: Place) -> Iterator[None]:
    """Errors of the connection as InstallError."""
    try:
        yield
    except aiohttp.ServerFingerprintMismatch as error:
        text = f"{place.label} showed a certificate with the fingerprint {error.got.hex()}; pinned is"
        raise InstallError(f"{text} {error.expected.hex()}. Nothing was sent.") from None
    except aiohttp.ClientConnectorCertificateError as error:
        reason = getattr(error.certificate_error, "verify_message", "") or "it is not trusted"
        text = "Nothing was sent. Pin the server's own certificate by its SHA-256 fingerprint if that is what it has."
        raise InstallError(f"The certificate of {place.label} was not accepted: {reason}. {text}") from None
    except aiohttp.ClientConnectorDNSError as error:
        if isinstance(error.os_error, AddressRefusedError):
            raise refused(place, str(error.os_error.filename)) from None
        raise InstallError(f"The name {place.host} could not be resolved.", temporary=True) from None
    except aiohttp.ClientConnectorSSLError:
        raise InstallError(f"{place.label} does not speak TLS. Is it Plesk's own port?") from None
    except (aiohttp.ClientError, OSError) as error:
        reason = "no answer in time" if isinstance(error, TimeoutError) else "the connection failed or broke"
        raise InstallError(f"{place.label}: {reason}.", temporary=True) from None
