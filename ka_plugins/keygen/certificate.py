"""License files: a certificate that the account signs (Keygen API 1, cryptographic license files)."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ka_plugins.keygen.wire import Resource, UnreadableError

FRAME: Final = re.compile(r"\s*-----BEGIN LICENSE FILE-----\s+([A-Za-z0-9+/=\s]+)-----END LICENSE FILE-----\s*")
ALGORITHM: Final = "base64+ed25519"
SIGNED: Final = "license/"  # the vendor signs this and the encoded license


class ForgedError(ValueError):
    """The certificate is well-formed, but the account's key did not sign it."""


def open_certificate(text: str, public_key: str) -> Resource:
    """The license inside a certificate whose signature is right. `public_key` in hex. UnreadableError, ForgedError."""
    frame = FRAME.fullmatch(text)
    if frame is None:
        raise UnreadableError("no license file")
    try:
        parts = json.loads(base64.b64decode(frame[1]))
        encoded, signature, algorithm = (str(parts[name]) for name in ("enc", "sig", "alg"))
        if algorithm != ALGORITHM:
            raise UnreadableError("another algorithm")
        verifier = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        verifier.verify(base64.b64decode(signature), (SIGNED + encoded).encode())
        return Resource(json.loads(base64.b64decode(encoded)).get("data"))
    except InvalidSignature:
        raise ForgedError("another key signed it") from None
    except (binascii.Error, ValueError, KeyError, TypeError, AttributeError):
        raise UnreadableError("no license file") from None
