"""Methods about the account itself and its clients (KA Partner API 1.0).

The members of ClientSearchResult are not documented; here they are those of ClientInfo that can be searched for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ka_plugins.plesk_ka.simulator import parameters as read
from ka_plugins.plesk_ka.simulator.answers import done
from ka_plugins.plesk_ka.simulator.clients import SEARCHED

if TYPE_CHECKING:
    from ka_plugins.plesk_ka.simulator.accounts import Caller
    from ka_plugins.plesk_ka.simulator.answers import Result
    from ka_plugins.plesk_ka.simulator.clients import Client
    from ka_plugins.plesk_ka.simulator.sold import Shop


def validate_login(_shop: Shop, _caller: Caller, _given: tuple[Any, ...]) -> Result:
    """The health check."""
    return done()


def new_password(shop: Shop, caller: Caller, _given: tuple[Any, ...]) -> Result:
    """Give the login another password; the old one is worth nothing from now on."""
    return done(newPassword=shop.accounts.new_password(caller.login))


def create_client(shop: Shop, caller: Caller, given: tuple[Any, ...]) -> Result:
    """A client for whom the account may buy."""
    client, password = shop.clients.create(given[0], reseller=caller.client)
    return done(clientId=client.number, login=client.login, password=password)


def search_clients(shop: Shop, caller: Caller, given: tuple[Any, ...]) -> Result:
    """Clients by name, company, e-mail or a key of theirs; 101 where there are none."""
    wanted = read.struct(given[0])
    found = shop.clients.search(wanted, client=caller.client)
    if key := read.text(wanted.get("keyNumber", "")):
        owner = shop.find(key, client=caller.client).client
        found = [one for one in found if one.number == owner]
    infos = [_search_result(one) for one in found]
    return done(clientInfos=infos) if infos else done("No clients found", 101, clientInfos=[])


def _search_result(client: Client) -> dict[str, str]:
    told = {name: client.told.get(member, "") for name, (member, _) in SEARCHED.items()}
    return {"clientId": client.number, "login": client.login, **told}
