"""Secrets at rest: AES-256-GCM under keys from PBAS_FIELD_KEYS, each value bound to its table, column and row.

PBAS_FIELD_KEYS is `hmac:BASE64,ID:BASE64[,ID:BASE64 ...]`, 32 bytes each. The first ID encrypts, all decrypt; `hmac`
makes fingerprints and must never change, as equality of keys is looked up by it.
"""

import hmac
import os
from base64 import b64decode
from binascii import Error as Base64Error
from functools import lru_cache
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_NONCE = 12
_KEY = 32


class CannotDecryptError(Exception):
    """A stored secret cannot be read: its key is missing, or it was moved or changed. Never answered with rubbish."""


class Keyring:
    """The field keys of this installation."""

    def __init__(self, text: str) -> None:
        """Read PBAS_FIELD_KEYS; raises ImproperlyConfigured without quoting it."""
        parts = [part.strip().partition(":") for part in text.split(",") if part.strip()]
        try:
            keys = {name: b64decode(value, validate=True) for name, _, value in parts}
        except Base64Error:
            raise ImproperlyConfigured("PBAS_FIELD_KEYS: a key is not base64.") from None
        if any(len(key) != _KEY for key in keys.values()) or "hmac" not in keys or len(keys) == 1:
            raise ImproperlyConfigured("PBAS_FIELD_KEYS needs `hmac:` and at least one other key of 32 bytes each.")
        self._hmac = keys.pop("hmac")
        self._current = next(iter(keys)).encode()
        self._ciphers = {name.encode(): AESGCM(key) for name, key in keys.items()}

    def seal(self, clear: bytes, context: str) -> bytes:
        """Encrypt under the current key; only the same `context` opens it again."""
        nonce = os.getrandom(_NONCE)  # as urandom, but without giving way to other threads for each value
        body = self._ciphers[self._current].encrypt(nonce, clear, context.encode())
        return bytes([len(self._current)]) + self._current + nonce + body

    def open(self, sealed: bytes, context: str) -> bytes:
        """Decrypt; raises CannotDecryptError whatever the cause."""
        length = sealed[0] if sealed else 0
        name, rest = sealed[1 : 1 + length], sealed[1 + length :]
        cipher = self._ciphers.get(name)
        if cipher is None:
            message = f"{context}: no field key has the id {name.decode(errors='replace')!r}."
            raise CannotDecryptError(message)
        try:
            return cipher.decrypt(rest[:_NONCE], rest[_NONCE:], context.encode())
        except (InvalidTag, ValueError):  # ValueError: cut off within the nonce
            message = f"{context}: wrong field key, or the value was changed or moved, or cut off."
            raise CannotDecryptError(message) from None

    def is_current(self, sealed: bytes) -> bool:
        """Whether a stored value is under the key that encrypts now (else it waits for rotation)."""
        return sealed.startswith(bytes([len(self._current)]) + self._current)

    def fingerprint(self, text: str) -> str:
        """A keyed digest (HMAC-SHA256, 64 hex digits) by which equal secrets are found without decrypting."""
        return hmac.digest(self._hmac, text.encode(), "sha256").hex()

    def sign(self, text: str, purpose: str) -> str:
        """A keyed digest (HMAC-SHA256, 64 hex digits) under a key of its own for each purpose.

        Never one that `fingerprint` could be made to give: people choose the texts that get those.
        """
        key = hmac.digest(self._hmac, b"\x00" + purpose.encode(), "sha256")
        return hmac.digest(key, text.encode(), "sha256").hex()


def new_uid() -> UUID:
    """What `uuid.uuid4` makes, without giving way to other threads for each row of a batch."""
    return UUID(bytes=os.getrandom(16), version=4)


@lru_cache(maxsize=4)
def _keyring(text: str) -> Keyring:
    return Keyring(text)


def keyring() -> Keyring:
    """The ring of this installation, read once."""
    return _keyring(settings.PBAS_FIELD_KEYS)
