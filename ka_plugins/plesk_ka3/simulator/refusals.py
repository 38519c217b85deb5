"""What the vendor answers when he does not do what was asked (Partner API 3.0, errors)."""

from __future__ import annotations


class RefusalError(Exception):
    """An answer other than success; the request changes nothing. Only one `type` is documented: 24204."""

    def __init__(self, status: int, text: str, kind: str = "0") -> None:
        super().__init__(text)
        self.status, self.text, self.kind = status, text, kind
