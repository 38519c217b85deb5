"""The licenses that this simulated vendor has sold, and how they are found."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from ka_plugins.simulator.books import Book, Sold

if TYPE_CHECKING:
    from ka_plugins.simulator.world import World

GROUPS: Final = {1: "Demo"}


class Package(NamedTuple):
    """What is sold; at one address there is one living license of a product."""

    name: str
    product: int  # the vendor's producttype
    price: str  # a month


PACKAGES: Final[dict[int, Package]] = {
    761: Package("DEMO-CPANEL-SOLO", 1, "10.00"),
    21159: Package("cPanel Admin Cloud", 1, "20.00"),
    21163: Package("cPanel Pro Cloud", 1, "30.00"),
    21175: Package("cPanel Premier Cloud", 1, "45.00"),
    6140: Package("DEMO-CLOUDLINUX", 16, "14.00"),
}


class RefusalError(Exception):
    """Status 0 and why; the function has done nothing."""


@dataclass(slots=True)
class SoldLicense(Sold):
    """One license; times in seconds since 1970, 0 where there is none."""

    id: int
    ip: str
    package: int
    group: int
    added: int
    notes: str = ""
    most_users: int = 0
    expired: int = 0
    why_expired: str = ""

    @property
    def ware(self) -> Package:
        """What was sold."""
        return PACKAGES[self.package]


class Shop(Book[SoldLicense]):
    """All licenses of the account."""

    vendor = "cpanel_manage2"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._licenses: dict[int, SoldLicense] = {}
        self._at: dict[str, dict[int, None]] = {}

    def seconds(self) -> int:
        """The vendor's time in seconds since 1970."""
        return int(self.now().timestamp())

    def all(self) -> list[SoldLicense]:
        """Every license, oldest first."""
        return list(self._licenses.values())

    def known(self, number: int) -> SoldLicense | None:
        """By its number."""
        return self._licenses.get(number)

    def at(self, ip: str) -> list[SoldLicense]:
        """The licenses of an address, the ended included."""
        return [one for number in self._at.get(ip, ()) if (one := self._licenses[number]).ip == ip]

    def check_free(self, ip: str, product: int, *, may_return: bool) -> None:
        """That another license of a product may come to an address."""
        here = [one for one in self.at(ip) if one.ware.product == product]
        if any(not one.expired for one in here):
            raise RefusalError(f"There is already an active license on {ip}")
        if here and not may_return:
            raise RefusalError(f"A license on {ip} was deactivated before; a fee applies unless reactivateok is given")

    def add(self, ip: str, package: int, group: int) -> SoldLicense:
        """Sell one; the caller keeps it."""
        while (number := 10_000_000 + secrets.randbelow(90_000_000)) in self._licenses:
            continue
        return SoldLicense(number, ip, package, group, self.seconds())

    def replay(self, sold: SoldLicense) -> None:
        """Take a license into the indexes."""
        self._licenses[sold.id] = sold
        self._at.setdefault(sold.ip, {})[sold.id] = None
