"""Looking at what is due: many places at once, each of them one license at a time and only some in a row."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from django.conf import settings

from ka_plugins.addresses import Reach
from ka_plugins.http import VendorClient
from licenses import engine
from licenses.proving.looking import Look, look
from licenses.proving.outcome import Outcome
from licenses.proving.rows import SOON, claim_due, keep, looks_at, put_off

BATCH = 100  # licenses claimed at once
AT_ONCE = 20  # places that are asked at the same time
IN_A_ROW = 5  # looks at one place; the others of it wait BUSY
BETWEEN = 0.1  # seconds between two looks at one place
BUSY = 30.0

Looked = list[tuple[Look, Outcome]]


def prove_due(seconds: float, *, only: Collection[int] | None = None) -> Iterator[tuple[Look, Outcome]]:
    """Look at what is due, for so many seconds at most; `only` of these licenses, then however many are in a place."""
    until = time.monotonic() + seconds
    in_a_row = BATCH if only is not None else IN_A_ROW
    while time.monotonic() < until and not engine.is_stopping() and (licenses := claim_due(BATCH, only)):
        looks = looks_at(licenses)
        done, away = asyncio.run(_visit_all(looks, in_a_row))
        looked = {one.license.pk for one, _ in done}
        rest = [one for one in licenses if one.pk not in looked]
        put_off([one for one in rest if one.pk in away], SOON)
        put_off([one for one in rest if one.pk not in away], BUSY)
        yield from [(one, outcome) for one, outcome in done if keep(one, outcome)]


async def _visit_all(looks: Sequence[Look], in_a_row: int) -> tuple[Looked, set[int]]:
    """Visit all places; what was looked at, and the licenses of places that are away."""
    by_place: dict[str, list[Look]] = defaultdict(list)
    for one in looks:
        by_place[one.place].append(one)
    http = VendorClient(reach=Reach(settings.PBAS_ALLOW_PRIVATE_ADDRESSES))
    gate = asyncio.Semaphore(AT_ONCE)
    try:
        visits = await asyncio.gather(*(_visit(some[:in_a_row], gate, http) for some in by_place.values()))
    finally:
        await http.close()
    away = {
        one.license.pk
        for done, some in zip(visits, by_place.values(), strict=True)
        if done and done[-1][1].temporary
        for one in some
    }
    return [one for done in visits for one in done], away


async def _visit(looks: Sequence[Look], gate: asyncio.Semaphore, http: VendorClient) -> Looked:
    """Look at the licenses of one place, until it is away."""
    done: Looked = []
    for one in looks:
        if engine.is_stopping() or (done and done[-1][1].temporary):
            break
        if done:
            await asyncio.sleep(BETWEEN)
        async with gate:
            done.append((one, await look(one, http)))
    return done
