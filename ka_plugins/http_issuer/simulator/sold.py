"""The licenses that this simulated issuer has sold, by number and by the order's reference."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ka_plugins.http_issuer.simulator.refusals import RefusalError
from ka_plugins.http_issuer.simulator.wares import DAYS, GRACE_DAYS
from ka_plugins.simulator.books import SIGNS, Book, Sold

if TYPE_CHECKING:
    from ka_plugins.simulator.world import World

GRACE: Final = timedelta(days=GRACE_DAYS)


@dataclass(slots=True)
class SoldLicense(Sold):
    """One license; `ordered` is what its order said, against which the same reference is compared later."""

    TIMES: ClassVar = ("created", "renew", "expires")

    number: str
    class_code: str
    created: datetime
    renew: datetime | None
    expires: datetime | None
    reference: str = ""
    ordered: dict[str, Any] = field(default_factory=dict)
    features: list[str] = field(default_factory=list)
    address: str = ""
    note: str = ""
    activation_code: str = ""
    parent: str = ""
    revision: int = 0
    renewals: list[str] = field(default_factory=list)
    suspended: bool = False
    terminated: bool = False
    problem: bool = False

    def state(self, now: datetime) -> str:
        """In the protocol's words."""
        for name in ("terminated", "problem", "suspended"):
            if getattr(self, name):
                return name
        return "expired" if self.expires is not None and self.expires <= now else "active"


class Shop(Book[SoldLicense]):
    """All sold licenses."""

    vendor = "http_issuer"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._licenses: dict[str, SoldLicense] = {}
        self._by_reference: dict[str, str] = {}

    def all(self) -> list[SoldLicense]:
        """Every license ever sold, oldest first."""
        return list(self._licenses.values())

    def find(self, number: str) -> SoldLicense:
        """By number; `unknown_license`."""
        if number not in self._licenses:
            raise RefusalError("unknown_license", f"There is no license {number}.")
        return self._licenses[number]

    def ordered(self, reference: str) -> SoldLicense | None:
        """By its order's reference."""
        number = self._by_reference.get(reference)
        return self._licenses[number] if number else None

    def children(self, license_: SoldLicense) -> list[SoldLicense]:
        """The additional licenses, the terminated included."""
        return [one for one in self._licenses.values() if one.parent == license_.number]

    def make(self, class_code: str, parent: SoldLicense | None = None) -> SoldLicense:
        """A new license, which the caller keeps once it is complete. Additional ones end with their parent."""
        number = _free(class_code, self._licenses)
        now, code = self.now(), "-".join("".join(secrets.choice(SIGNS) for _ in range(5)) for _ in range(5))
        if parent is not None:
            dates = {"renew": parent.renew, "expires": parent.expires, "parent": parent.number}
            return SoldLicense(number, class_code, now, activation_code=code, **dates)  # type: ignore[arg-type]
        days = DAYS[class_code]
        renew = None if days is None else now + timedelta(days=days)
        return SoldLicense(number, class_code, now, renew, renew and renew + GRACE, activation_code=code)

    def replay(self, sold: SoldLicense) -> None:
        """Take a license into the indexes."""
        self._licenses[sold.number] = sold
        if sold.reference:
            self._by_reference[sold.reference] = sold.number


def _free(class_code: str, taken: dict[str, SoldLicense]) -> str:
    prefix = class_code.replace("_", "-")
    while (number := f"{prefix}-{secrets.randbelow(10**8):08}") in taken:
        continue
    return number
