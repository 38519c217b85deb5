"""Signed requests (HTTP issuer protocol 1, "Signing"): what both sides compute."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

SCHEME: Final = "ISSUER1-HMAC-SHA256"
WINDOW: Final = 300  # seconds that a request's timestamp may be away from the issuer's clock


def signature(secret: str, method: str, target: str, timestamp: str, body: bytes) -> str:
    """64 hexadecimal digits over scheme, method, target, timestamp and the body's digest, a line each.

    `target` is path and query exactly as they stand in the request line; `timestamp` is in Unix seconds.
    """
    lines = (SCHEME, method, target, timestamp, hashlib.sha256(body).hexdigest())
    return hmac.new(secret.encode(), "\n".join(lines).encode(), hashlib.sha256).hexdigest()


def signed_headers(client: str, secret: str, method: str, target: str, body: bytes, *, now: float) -> dict[str, str]:
    """The three headers that a request carries; `now` in Unix seconds."""
    timestamp = str(int(now))
    return {
        "Issuer-Client": client,
        "Issuer-Timestamp": timestamp,
        "Issuer-Signature": signature(secret, method, target, timestamp, body),
    }
