"""The operations of the API on keys (Partner API 3.0, section B.2)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from ka_plugins.plesk_ka3.simulator import target
from ka_plugins.plesk_ka3.simulator.refusals import RefusalError
from ka_plugins.plesk_ka3.simulator.sold import GRACE, TERM, Shop, SoldKey
from ka_plugins.plesk_ka3.simulator.structures import full, key_file, short
from ka_plugins.simulator.books import midnight
from ka_plugins.simulator.messages import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable

EDITIONS: Final = {
    "web-admin": "PLESK-12-WEB-ADMIN-1M",
    "web-pro": "PLESK-12-WEB-PRO-1M",
    "web-host": "PLESK-12-WEB-HOST-1M",
}
OWNERS: Final = {"demo": "1"}  # who may be named besides oneself
OF_TYPE: Final = {"lease", "lease1m", "master"}  # everything here is a monthly lease


def json_answer(content: object, status: int = 200, *headers: str) -> Response:
    """An answer of the API."""
    return Response(json.dumps(content).encode(), status, "application/json", headers)


def body_of(request: Request) -> dict[str, Any]:
    """The request's JSON object. 400."""
    try:
        body = json.loads(request.body)
    except ValueError:
        raise RefusalError(400, "The body is not JSON") from None
    if not isinstance(body, dict):
        raise RefusalError(400, "The body is not a JSON object")
    return body


def query_of(request: Request) -> dict[str, str]:
    """The query's fields; of one that comes twice the last."""
    return dict(parse_qsl(request.query, keep_blank_values=True))


def wants_state(request: Request) -> bool:
    """Whether the answer shall hold the key; both spellings of yes are in use."""
    return query_of(request).get("return-key-state", "").lower() in {"yes", "true"}


def state_of(shop: Shop, key: SoldKey, request: Request, status: int = 200, *headers: str) -> Response:
    """The key as it is now, if asked for, else nothing."""
    if wants_state(request):
        return json_answer(full(shop, key), status, *headers)
    return Response(b"", status, "application/json", headers)


def list_keys(shop: Shop, request: Request, _written: str, owner: str) -> Response:
    """The short structures of the keys that pass all filters."""
    query = query_of(request)
    found = shop.named(query["nickname"]) if "nickname" in query else shop.all()
    checks: dict[str, Callable[[SoldKey, str], bool]] = {
        "ip-address-binding": lambda key, value: key.bound == value,
        "uid": lambda key, value: key.uid == value,
        "product": lambda key, value: key.ware.product.lower() == value.lower(),
        "status": lambda key, value: key.status(shop.now()).lower() == value.lower(),
        "type": lambda _key, value: value.lower() in OF_TYPE,
        "restrict-ip-binding": lambda key, value: key.restricted == target.read_flag(value),
    }
    for name, value in query.items():
        if name in checks:
            found = [key for key in found if checks[name](key, value)]
    return json_answer([short(key) for key in found if key.owner == owner])


def create_key(shop: Shop, request: Request, _written: str, owner: str) -> Response:
    """Sell one key, alone or attached to another."""
    body = body_of(request)
    target.check_creation(body)
    named = str(body.get("ownerId", owner))
    if OWNERS.get(named, named) != owner:
        raise RefusalError(400, f"Owner {named} is not found")
    key = shop.add(target.read_items(body), owner)
    parent = target.read_parent(shop, body, key.code)
    key.bound = target.read_address(body)
    key.nickname = str(body.get("nickname") or "")
    key.parent = parent.id if parent else 0
    key.restricted = target.read_flag(body.get("restrictIPBinding"))
    shop.keep(key)
    place = request.headers.get("host", "localhost")
    return state_of(shop, key, request, 201, f"Location: {request.scheme}://{place}{request.path.rstrip('/')}/{key.id}")


def get_key(shop: Shop, _request: Request, written: str, _owner: str) -> Response:
    """The full structure; terminated keys too."""
    return json_answer(full(shop, shop.find(written)))


def modify_key(shop: Shop, request: Request, written: str, _owner: str) -> Response:
    """Bring the key to the target state, or refuse all of it."""
    key, body = shop.living(written), body_of(request)
    target.check_guard(body, key)
    wanted = target.wishes(body, key)
    items = target.read_items(body) if "upgrade" in wanted else key.items
    parent = target.read_parent(shop, body, key.code) if "attach" in wanted else shop.known(str(key.parent))
    address = target.read_address(body) if "bind" in wanted else key.bound
    if "owner" in wanted:
        raise RefusalError(400, "The key cannot be moved to that owner")
    for name in ("suspended", "terminated"):
        setattr(key, name, target.read_flag(body[name]) if name in body else getattr(key, name))
    key.items, key.bound, key.parent = items, address, parent.id if parent else 0
    if "activate" in wanted:
        key.uid = str((body["activationInfo"] or {}).get("uid") or "")
    key.nickname = str(body["nickname"] or "") if "nickname" in body else key.nickname
    key.auto_renew = target.read_flag(body.get("autoRenew", key.auto_renew))
    _changed(shop, key, revision="upgrade" in wanted)
    return state_of(shop, key, request)


def _changed(shop: Shop, key: SoldKey, *, revision: bool) -> None:
    key.revision += revision
    key.modified = shop.now()
    shop.keep(key)


def terminate_key(shop: Shop, request: Request, written: str, _owner: str) -> Response:
    """End the key for good; its children live on."""
    key = shop.living(written)
    key.terminated = True
    _changed(shop, key, revision=False)
    return state_of(shop, key, request)


def retrieve_key(shop: Shop, request: Request, written: str, _owner: str) -> Response:
    """The key file."""
    key = shop.living(written)
    previous = target.read_flag(query_of(request).get("previous-version"))
    if key.revision == previous:
        raise RefusalError(400, f"Key {key.number} has no previous version")
    name = f'Content-Disposition: attachment; filename="{key.number}.xml"'
    return Response(key_file(key, key.revision - previous), 200, "application/octet-stream", (name,))


def renew_key(shop: Shop, request: Request, written: str, _owner: str) -> Response:
    """Move the dates on by a term; with a GET."""
    key = shop.living(written)
    key.update = midnight(max(key.update, shop.now())) + TERM
    key.expiration = key.update + GRACE
    key.renewals += 1
    _changed(shop, key, revision=True)
    return state_of(shop, key, request)


def renew_support(shop: Shop, request: Request, written: str, _owner: str) -> Response:
    """Renew upgrade and support service, of which every lease here has all."""
    return state_of(shop, shop.living(written), request)


def convert_key(shop: Shop, request: Request, written: str, _owner: str) -> Response:
    """Make one edition of the product another."""
    key, wanted = shop.living(written), EDITIONS.get(query_of(request).get("edition", ""), "")
    if not wanted or key.code not in EDITIONS.values():
        raise RefusalError(400, "edition: web-admin, web-pro or web-host, of a key that has editions")
    code = key.code
    key.items = [{**one, "item": wanted} if one["item"] == code else one for one in key.items]
    _changed(shop, key, revision=True)
    return state_of(shop, key, request)


def get_activations(shop: Shop, _request: Request, written: str, _owner: str) -> Response:
    """How often the code may still be used this month."""
    key = shop.find(written)
    return json_answer([{"keyNumber": key.number, "remainingActivations": key.activations}])


def set_activations(shop: Shop, request: Request, written: str, _owner: str) -> Response:
    """Change that number; 0 blocks activation."""
    key, number = shop.living(written), query_of(request).get("remaining-activations", "")
    if not number.isdecimal():
        raise RefusalError(400, "remaining-activations: a number is needed")
    key.activations = int(number)
    shop.keep(key)
    return Response(b"", 202, "application/json")


# HTTP method and what stands behind the key: the name for faults and counts, and what is done.
METHODS: Final[dict[tuple[str, str], tuple[str, Callable[[Shop, Request, str, str], Response]]]] = {
    ("GET", ""): ("keys.get", get_key),
    ("PUT", ""): ("keys.modify", modify_key),
    ("DELETE", ""): ("keys.terminate", terminate_key),
    ("GET", "retrieve"): ("keys.retrieve", retrieve_key),
    ("GET", "renew"): ("keys.renew", renew_key),
    ("POST", "renew-sus"): ("keys.renew-sus", renew_support),
    ("POST", "convert-to-edition"): ("keys.convert", convert_key),
    ("GET", "remaining-activations"): ("keys.activations", get_activations),
    ("POST", "remaining-activations"): ("keys.set-activations", set_activations),
}
# The same for the collection.
OF_ALL: Final = {"GET": ("keys.list", list_keys), "POST": ("keys.create", create_key)}
READING: Final = {"keys.list", "keys.get", "keys.retrieve", "keys.activations"}
