"""The ways in which the vendor says no, as errors of a JSON:API document."""

from __future__ import annotations

TITLES = {
    400: "Bad request",
    401: "Unauthorized",
    403: "Access denied",
    404: "Not found",
    422: "Unprocessable resource",
}


class RefusalError(Exception):
    """An error answer; the request changes nothing."""

    def __init__(self, status: int, code: str, detail: str, pointer: str = "") -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.pointer = status, code, detail, pointer


def not_found(kind: str, identity: str) -> RefusalError:
    """404, naming what was asked for as the vendor does."""
    return RefusalError(404, "NOT_FOUND", f"The requested {kind} '{identity}' was not found")
