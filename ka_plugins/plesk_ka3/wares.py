"""The constants that are known of the Partner API 3.0 (section B.1): what each is and what it goes with.

The API has no list of what an account may buy, so this one is what the panel offers. Constants are opaque: they stand
here whole and none is ever made by a rule. The vendor has the last word on each order.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Ware(NamedTuple):
    """One constant; `product` says which go together, `prefix` is that of the key numbers."""

    label: str
    product: str
    prefix: str


BASES: Final[dict[str, Ware]] = {
    "PLESK-12-WEB-ADMIN-1M": Ware("Plesk Web Admin, monthly", "plesk", "PLSK"),
    "PLESK-12-WEB-PRO-1M": Ware("Plesk Web Pro, monthly", "plesk", "PLSK"),
    "PLESK-12-WEB-HOST-1M": Ware("Plesk Web Host, monthly", "plesk", "PLSK"),
}
# Keys of their own: alone, or attached to one of the product that they go with.
ADDITIONS: Final[dict[str, Ware]] = {
    "360-MON-PRO-1M": Ware("360 Monitoring Pro, monthly", "plesk", "EXT"),
    "SJ-PLSK-BIZ-1M": Ware("Sitejet Business for Plesk, monthly", "plesk", "EXT"),
    "WPC-NOVA-PLSK-START-1M": Ware("WPC Nova Start for Plesk, monthly", "plesk", "EXT"),
}
FEATURES: Final[dict[str, Ware]] = {
    "FT-PLESK-5-LANGUAGE-PACKS-1M": Ware("5 language packs, monthly", "plesk", "PLSK"),
}


def of_product(wares: dict[str, Ware], product: str) -> tuple[str, ...]:
    """The constants of a table that go with a product."""
    return tuple(code for code, ware in wares.items() if ware.product == product)
