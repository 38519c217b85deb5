"""The requests of the protocol, each a function of the shop, what its path names, and the body's object."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from ka_plugins.http_issuer.simulator.contents import put_contents, read_contents
from ka_plugins.http_issuer.simulator.describing import describe, license_file
from ka_plugins.http_issuer.simulator.refusals import RefusalError
from ka_plugins.http_issuer.simulator.sold import GRACE, Shop, SoldLicense
from ka_plugins.http_issuer.simulator.wares import CLASSES, DAYS

if TYPE_CHECKING:
    from collections.abc import Callable

Content = dict[str, Any]
Names = tuple[str, ...]
Answer = tuple[int, Content]
REFERENCE: Final = re.compile(r"[A-Za-z0-9._~-]{1,100}")
LONGEST_PAGE: Final = 200
OK, CREATED = 200, 201


def get_account(_shop: Shop, _names: Names, _content: Content) -> Answer:
    """Whose client this is."""
    return OK, {"name": "Simulated account"}


def get_classes(_shop: Shop, _names: Names, _content: Content) -> Answer:
    """All classes that the account may buy."""
    return OK, {"classes": list(CLASSES.values())}


def put_order(shop: Shop, names: Names, content: Content) -> Answer:
    """Sell once for each reference; `reference_reused` where the contents are others."""
    reference = _reference(names[0])
    contents = read_contents(content)
    sold = shop.ordered(reference)
    if sold is not None:
        if sold.ordered != contents.as_json():
            raise RefusalError("reference_reused", f"{reference} was another order.")
        return OK, describe(shop, sold)
    license_ = shop.make(contents.class_code)
    license_.reference, license_.ordered = reference, contents.as_json()
    license_.address, license_.note = str(content.get("address", "")), str(content.get("note", ""))
    put_contents(shop, license_, contents)
    return CREATED, describe(shop, license_)


def get_order(shop: Shop, names: Names, _content: Content) -> Answer:
    """What was sold for a reference; `unknown_order` proves that nothing was."""
    sold = shop.ordered(names[0])
    if sold is None:
        raise RefusalError("unknown_order", f"Nothing was sold for {names[0]}.")
    return OK, describe(shop, sold)


def get_license(shop: Shop, names: Names, _content: Content) -> Answer:
    """One license, whatever its state."""
    return OK, describe(shop, shop.find(names[0]))


def get_files(shop: Shop, names: Names, _content: Content) -> Answer:
    """The license files; `terminated`."""
    return OK, {"files": [license_file(_living(shop, names[0]))]}


def put_renewal(shop: Shop, names: Names, _content: Content) -> Answer:
    """One term for each reference; `not_renewable` where there is no term."""
    license_, reference = _living(shop, names[0]), _reference(names[1])
    if reference in license_.renewals:
        return OK, describe(shop, license_)
    days = None if license_.parent else DAYS[license_.class_code]
    if days is None or license_.renew is None:
        raise RefusalError("not_renewable", f"{license_.number} has no term of its own.")
    license_.renew = max(license_.renew, shop.now()) + timedelta(days=days)
    license_.renewals.append(reference)
    for one in (license_, *_living_children(shop, license_)):
        one.renew, one.expires = license_.renew, license_.renew + GRACE
        one.revision += 1
        shop.keep(one)
    return CREATED, describe(shop, license_)


def put_contents_of(shop: Shop, names: Names, content: Content) -> Answer:
    """Bring a license to other contents."""
    license_ = _living(shop, names[0])
    put_contents(shop, license_, read_contents(content))
    return OK, describe(shop, license_)


def put_state(shop: Shop, names: Names, content: Content) -> Answer:
    """Suspend, resume or end a license with its additional ones; `terminated` where it would have to live again."""
    license_, state = shop.find(names[0]), content.get("state")
    if state not in {"active", "suspended", "terminated"}:
        raise RefusalError("malformed", "state is active, suspended or terminated.")
    if state == "terminated":
        for one in (license_, *shop.children(license_)):
            one.terminated = True
            shop.keep(one)
        return OK, describe(shop, license_)
    for one in (_living(shop, names[0]), *_living_children(shop, license_)):
        one.suspended = state == "suspended"
        shop.keep(one)
    return OK, describe(shop, license_)


def get_licenses(shop: Shop, _names: Names, content: Content) -> Answer:
    """A page of all licenses that are no additional ones, oldest first; the cursor is the last number of a page."""
    licenses = [one for one in shop.all() if not one.parent]
    limit, cursor = str(content.get("limit", LONGEST_PAGE)), content.get("cursor")
    if not limit.isdecimal() or not int(limit):
        raise RefusalError("malformed", "limit is a number from 1.")
    start = 0
    if cursor is not None:
        start = 1 + licenses.index(shop.find(str(cursor)))
    page = licenses[start : start + min(int(limit), LONGEST_PAGE)]
    more = start + len(page) < len(licenses)
    return OK, {"licenses": [describe(shop, one) for one in page], "next": page[-1].number if more else None}


def _living(shop: Shop, number: str) -> SoldLicense:
    license_ = shop.find(number)
    if license_.terminated:
        raise RefusalError("terminated", f"{number} has ended.")
    return license_


def _living_children(shop: Shop, license_: SoldLicense) -> list[SoldLicense]:
    return [one for one in shop.children(license_) if not one.terminated]


def _reference(text: str) -> str:
    if REFERENCE.fullmatch(text) is None:
        raise RefusalError("malformed", "A reference has up to 100 letters, digits and -._~")
    return text


# Method and path below the base path, with * for each name in it; the operation's name in faults and counts.
OPERATIONS: Final[dict[tuple[str, str], tuple[str, Callable[[Shop, Names, Content], Answer]]]] = {
    ("GET", "account"): ("getAccount", get_account),
    ("GET", "classes"): ("getClasses", get_classes),
    ("PUT", "orders/*"): ("putOrder", put_order),
    ("GET", "orders/*"): ("getOrder", get_order),
    ("GET", "licenses"): ("getLicenses", get_licenses),
    ("GET", "licenses/*"): ("getLicense", get_license),
    ("GET", "licenses/*/files"): ("getFiles", get_files),
    ("PUT", "licenses/*/renewals/*"): ("putRenewal", put_renewal),
    ("PUT", "licenses/*/contents"): ("putContents", put_contents_of),
    ("PUT", "licenses/*/state"): ("putState", put_state),
}
