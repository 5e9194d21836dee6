"""The verbs behind availability: take in what is told of stocks, and look at the shelves themselves.

Not all that empties or fills a shelf is told: a checkout that is given up gives back what it held, goods come back, a
store that sells what shoppers hold in their hands reserves nothing. Facts say at once what they say; a look every five
minutes finds the rest, and puts right what was missed.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from functions.admin import stock_outs
from functions.admin.stock_outs import Seen
from functions.common import clock, log
from functions.common.errors import Rejected
from functions.common.together import together

if TYPE_CHECKING:
    from functions.admin.stock_repository import Look, MongoStockOuts
    from functions.common.contracts.envelope import Event
    from functions.common.stores import Store

EVERY: Final = timedelta(minutes=5)
_AT_ONCE = 4
_LONGEST = timedelta(seconds=45)
"""Less than the door's time-out. In another order each time, so that no store is always the one left out."""
_CHUNK = 500


async def take(stocks: MongoStockOuts, event: Event, now: datetime) -> None:
    """The stock changes of a `catalog.price_changed`, at any time, as often as it comes. Raises Rejected."""
    facts: dict[str, list[Seen]] = {}
    try:
        for change in event.data["changes"]:
            found = stock_outs.seen_of(change)
            if found is not None:
                facts.setdefault(found[0], []).append(found[1])
    except (KeyError, TypeError, ValueError) as error:
        raise Rejected("the fact is not what its contract says") from error
    if facts:
        await stocks.keep({"tenantId": event.tenant_id, "storeId": event.store_id}, facts, {}, now)


async def look_at_all(stocks: MongoStockOuts, stores: Sequence[Store], now: datetime) -> int:
    """Look at the shelves of these stores, as many as there is time for; how many that were."""
    waiting = random.sample(list(stores), len(stores))
    deadline, done = clock.now() + _LONGEST, 0

    async def some() -> None:
        nonlocal done
        while waiting and clock.now() < deadline:
            store = waiting.pop()
            try:
                await look_at(stocks, store, now)
                done += 1
            except Exception as error:
                log.error("availability.not_looked_at", storeId=store.id, error=error)

    await together(*(some() for _ in range(_AT_ONCE)))
    if waiting:
        log.warning("availability.stores_left", stores=len(waiting))
    return done


async def look_at(stocks: MongoStockOuts, store: Store, now: datetime) -> None:
    """What of a store is out of stock now, and how much it lists."""
    scope = {"tenantId": store.tenant_id, "storeId": store.id}
    thought = await stocks.lasting(scope)
    empty: set[str] = set()
    async for found in stocks.empty(scope):
        empty.update(each.barcode for each in found)
        # What is known already is not written again and again.
        await _keep(stocks, scope, [each for each in found if thought.get(each.barcode) != each.name], now)
    back = sorted(thought.keys() - empty)
    for start in range(0, len(back), _CHUNK):
        await _keep(stocks, scope, await stocks.looks(scope, back[start : start + _CHUNK]), now)
    day = now.astimezone(ZoneInfo(store.time_zone)).date().isoformat()
    slot = int(now.timestamp() // EVERY.total_seconds())
    await stocks.note(scope, day, listed=await stocks.listed(store.id), out=len(empty), now=now, slot=slot)


async def _keep(stocks: MongoStockOuts, scope: dict[str, str], looks: Sequence[Look], now: datetime) -> None:
    if looks:
        facts, names = {each.barcode: [each.seen] for each in looks}, {each.barcode: each.name for each in looks}
        await stocks.keep(scope, facts, names, now)
