"""What a plug-in may raise: the error decides what the panel does next."""

from __future__ import annotations

from typing import ClassVar


class PluginError(Exception):
    """Something went wrong at the vendor or on the way; the subclass says what follows.

    `message` is for a person and never holds a secret. `vendor_says` quotes the vendor, `code` is his error number.
    """

    fault: ClassVar[str] = "plug-in"

    def __init__(self, message: str, *, vendor_says: str = "", code: str = "") -> None:
        super().__init__(message)
        self.message, self.vendor_says, self.code = message, vendor_says, code


class UnavailableError(PluginError):
    """Nothing was sold; the vendor or the network is at fault for now. The panel tries again by itself.

    `retry_after` (seconds) is the vendor's own wish and is obeyed by the whole fleet.
    """

    fault = "vendor or network"

    def __init__(
        self, message: str, *, vendor_says: str = "", code: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(message, vendor_says=vendor_says, code=code)
        self.retry_after = retry_after


class RefusedError(PluginError):
    """The vendor understood and said no; asking again will not help. A person decides."""

    fault = "order or vendor account"


class MisconfiguredError(PluginError):
    """The configuration is wrong (login, host, certificate): nothing of it can work until it is saved anew."""

    fault = "plug-in configuration"


class OutcomeUnknownError(PluginError):
    """A call that spends money got no readable answer. It may have been sold: the panel settles it by asking."""

    fault = "vendor or network"
