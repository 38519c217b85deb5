"""Where settings come from: the environment, a file that the environment names, or (embedded mode) the data folder."""

import os
import secrets
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def value_of(name: str, default: str = "") -> str:
    """The value of NAME, or the content of the file that NAME_FILE names, or `default`.

    Raises ImproperlyConfigured where that file cannot be read.
    """
    if name in os.environ:
        return os.environ[name]
    path = os.environ.get(f"{name}_FILE")
    try:
        return Path(path).read_text().strip() if path else default
    except (OSError, ValueError) as error:
        message = f"{name}_FILE names a file that cannot be read: {error}."
        raise ImproperlyConfigured(message) from None


def secret_of(name: str, *, keep_in: Path | None, make: Callable[[], str]) -> str:
    """A secret: given from outside or, in embedded mode, made once and kept in the data folder.

    Raises ImproperlyConfigured where it is not given and `keep_in` is None: outside embedded mode no secret has a
    default.
    """
    given = value_of(name)
    if given:
        return given
    if keep_in is None:
        message = f"{name} (or {name}_FILE) must be set when DATABASE_URL is; docs/reference/environment.md says how."
        raise ImproperlyConfigured(message)
    path = keep_in / name.lower()
    if not path.exists():
        keep_in.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(make())
        try:
            os.link(draft, path)  # whoever comes second takes what the first one made
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text()


def reach_of(*, embedded: bool) -> str:
    """What plug-ins and installers may call: 0 (public addresses), loopback (this machine too), 1 (private ones too).

    What is decided here is put into the environment, where installers, which know no settings, find it.
    """
    given = value_of("PBAS_ALLOW_PRIVATE_ADDRESSES") or ("loopback" if embedded else "0")
    if given not in {"0", "loopback", "1"}:
        message = f"PBAS_ALLOW_PRIVATE_ADDRESSES is 0, loopback or 1, not {given!r}."
        raise ImproperlyConfigured(message)
    os.environ["PBAS_ALLOW_PRIVATE_ADDRESSES"] = given
    return given


def make_secret_key() -> str:
    """A new signing key for sessions and cookies."""
    return secrets.token_urlsafe(50)


def make_field_keys() -> str:
    """A new ring of field keys: one for fingerprints, one that encrypts. The form is that of PBAS_FIELD_KEYS."""
    one, two = (b64encode(secrets.token_bytes(32)).decode() for _ in range(2))
    return f"hmac:{one},k1:{two}"
