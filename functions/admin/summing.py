"""The verbs behind the figures of sales: take a fact in, add days up, list them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from functions.admin import counting
from functions.common import log
from functions.common.errors import Rejected
from functions.common.stores import Store

if TYPE_CHECKING:
    from functions.admin.sales_repository import MongoSales
    from functions.common.contracts.envelope import Event
    from functions.common.mongo import Document

_TRIES = 3
"""In a busy store something may be paid while its day is added up; what still is due then waits for the next run."""
MOST_DAYS = 200
"""Days that one run of the job adds up: some milliseconds each."""


@dataclass(frozen=True, slots=True)
class Deps:
    """`store`: the tenant's store, or None."""

    sales: MongoSales
    store: Callable[[str, str], Awaitable[Store | None]]


async def take(deps: Deps, event: Event, now: datetime) -> None:
    """A fact about a purchase or a card, at any time, in any order, as often as it comes. Raises Rejected."""
    store = await deps.store(event.tenant_id, event.store_id)
    if store is None:
        raise Rejected("there is no such store", code="STORE_NOT_FOUND")
    try:
        fact = counting.fact_of(event.type, event.id, event.data, event.occurred_at, ZoneInfo(store.time_zone))
    except (KeyError, TypeError, ValueError) as error:
        raise Rejected("the fact is not what its contract says") from error
    scope = {"tenantId": event.tenant_id, "storeId": store.id}
    # The receipt first: a day that is marked and then added up has it; one that dies in between is told again.
    day = await deps.sales.keep(scope, fact)
    if day is not None:
        await deps.sales.mark(scope, day, now)


async def _add_up(deps: Deps, day: Document, now: datetime) -> None:
    scope = {"tenantId": day["tenantId"], "storeId": day["storeId"]}
    found: Document | None = day
    for _ in range(_TRIES):
        if found is None:
            return
        groups, products = await deps.sales.sums(scope, found["day"])
        await deps.sales.write_products(scope, found, counting.best_of(products))
        if await deps.sales.write(scope, found, counting.added_up(groups, products), now):
            return
        found = await deps.sales.again(scope, found)


async def add_up(deps: Deps, now: datetime) -> int:
    """Add up what has changed; how many days that were."""
    done = 0
    async for day in deps.sales.due(now, MOST_DAYS):
        await _add_up(deps, day, now)
        done += 1
    if done == MOST_DAYS:
        log.warning("sales.more_due", days=done)
    return done
