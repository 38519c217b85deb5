"""The ways in which the issuer says no (HTTP issuer protocol 1, "Errors")."""

from __future__ import annotations

from typing import Final

# Each code of the protocol with the status that it comes with.
STATUSES: Final = {
    "malformed": 400,
    "unknown_client": 401,
    "bad_signature": 401,
    "clock": 401,
    "forbidden": 403,
    "not_found": 404,
    "unknown_order": 404,
    "unknown_license": 404,
    "reference_reused": 409,
    "terminated": 409,
    "unknown_class": 422,
    "unknown_feature": 422,
    "not_applicable": 422,
    "not_renewable": 422,
}


class RefusalError(Exception):
    """An error answer; the request changes nothing."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, STATUSES[code]
