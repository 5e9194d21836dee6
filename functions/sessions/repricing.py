"""What becomes of live carts when prices, promotions or stock change in their store.

A cart is quoted again and written with its event if nobody edited it since; carts that a checkout holds are left
alone, for a checkout reads its prices itself. Repeating all of it finds nothing left to do.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from functions.common import clock, failpoints, outbox, promotion_source
from functions.common.cart_lines import ProductNow
from functions.common.carts import Visit
from functions.common.contracts.envelope import Event
from functions.common.contracts.sessions import CART_REPRICED, CART_STOCK_CHANGED
from functions.common.errors import Conflict, Retryable
from functions.common.quotes import STRICT, Quote
from functions.sessions import carting
from functions.sessions.cart_repository import Content
from functions.sessions.carting import Deps as CartDeps
from functions.sessions.carting import Shop

LONGEST = timedelta(seconds=30)
"""How long one message is worked on; what is left is done when it comes again."""
KNOWN_RULES = timedelta(seconds=promotion_source.CACHED_SECONDS)
ROUNDS = 3


class LiveCarts(carting.Carts, Protocol):
    """Carts as events find them; `cart_repository.MongoCarts`."""

    async def live_with(
        self, tenant_id: str, store_id: str, barcodes: Collection[str], now: datetime, after: str
    ) -> list[Visit]: ...

    async def quoted_before(
        self, tenant_id: str, store_ids: Collection[str] | None, moment: datetime, now: datetime
    ) -> list[Visit]: ...

    async def looked_at(self, visit: Visit, now: datetime) -> None: ...


class Events(Protocol):
    """What this room tells."""

    async def flush(self, visit: Visit, entries: Sequence[Mapping[str, Any]]) -> bool:
        """Publish entries of a visit's outbox; False when the sweep will have to."""

    async def publish(self, events: Sequence[Event]) -> None:
        """Publish events that have no outbox: the message that caused them comes again if this fails."""


@dataclass(frozen=True, slots=True)
class Deps:
    """What these verbs work with. `fresh_products` reads what a majority has."""

    cart: CartDeps
    carts: LiveCarts
    events: Events
    fresh_products: Callable[[str, str, Collection[str]], Awaitable[dict[str, ProductNow]]]


async def on_prices(deps: Deps, event: Event) -> None:
    """Prices, or stock, of a store's products have changed."""
    changes = event.data["changes"]
    priced = {str(each["barcode"]) for each in changes if each["field"] == "price"}
    gone = {str(each["barcode"]): int(each["new"]) for each in changes if each["field"] == "stock" and each["new"] <= 0}
    if priced:
        await _reprice_store(deps, event.tenant_id, event.store_id, priced)
    if gone:
        await _tell_gone(deps, event, gone)


async def on_promotions(deps: Deps, event: Event) -> None:
    """Promotions of a tenant have changed: carts of the stores concerned may cost something else."""
    store_ids: set[str] | None = set()
    for each in event.data["promotions"]:
        store_ids = None if store_ids is None or each["storeIds"] is None else store_ids | set(each["storeIds"])
    began, shops = clock.now(), dict[str, Shop | None]()
    # For some seconds after the fact doors may have quoted by the rules they knew.
    moment = min(event.occurred_at + KNOWN_RULES, began)
    while visits := await deps.carts.quoted_before(event.tenant_id, store_ids, moment, clock.now()):
        for visit in visits:
            if visit.store_id not in shops:
                shops[visit.store_id] = await _shop(deps, visit.tenant_id, visit.store_id)
            if not await _requote(deps, shops[visit.store_id], visit, None):
                await deps.carts.looked_at(visit, clock.now())
        _pause(began)


async def _reprice_store(deps: Deps, tenant_id: str, store_id: str, barcodes: Collection[str]) -> None:
    began, after, shop = clock.now(), "", None
    while visits := await deps.carts.live_with(tenant_id, store_id, barcodes, clock.now(), after):
        shop = shop or await _shop(deps, tenant_id, store_id)
        wanted = {line.barcode for visit in visits for line in visit.lines}
        held = await deps.fresh_products(tenant_id, store_id, wanted)
        for visit in visits:
            await _requote(deps, shop, visit, held)
        after = visits[-1].session_id
        _pause(began)


async def _requote(deps: Deps, shop: Shop | None, visit: Visit, held: Mapping[str, ProductNow] | None) -> bool:
    """Quote a cart again and keep what came out; whether anything was written."""
    if shop is None:
        return False
    for _ in range(ROUNDS):
        now = clock.now()
        quote = await carting.quote_of(deps.cart, shop, visit, now, held=held)
        if not quote.changes and quote.total == visit.total:
            return False
        entry = outbox.entry(CART_REPRICED, _repriced(visit, quote))
        kept = await deps.carts.reprice(visit, Content(quote.lines, visit.codes, quote.total), now, entry)
        if kept is not None:
            await failpoints.hit("cart.after_reprice_before_publish")
            await deps.events.flush(kept, [entry])
            return True
        # The shopper was faster, and may have seen a price from before: look at what is there now.
        latest = await deps.carts.read(visit.tenant_id, visit.store_id, visit.session_id, visit.user_id)
        if latest is None or not latest.is_open(now) or latest.checkout is not None or not latest.lines:
            return False
        if held is not None and any(line.barcode not in held for line in latest.lines):
            held = None
        visit = latest
    return False


async def _tell_gone(deps: Deps, event: Event, gone: Mapping[str, int]) -> None:
    """One event for each cart, whatever number of its products are sold out."""
    shop, after = await _shop(deps, event.tenant_id, event.store_id), ""
    if shop is None or shop.store.stock_policy != STRICT:
        return  # who holds the goods in hand can buy them, whatever the count says
    while visits := await deps.carts.live_with(event.tenant_id, event.store_id, gone.keys(), clock.now(), after):
        await deps.events.publish([_stock_changed(event, visit, gone) for visit in visits])
        after = visits[-1].session_id


async def _shop(deps: Deps, tenant_id: str, store_id: str) -> Shop | None:
    try:
        return await carting.shop_of(deps.cart, tenant_id, store_id, clock.now(), fresh=True)
    except Conflict:
        return None  # the store has closed: nobody buys there


def _repriced(visit: Visit, quote: Quote) -> dict[str, Any]:
    return {
        "sessionId": visit.session_id,
        "userId": visit.user_id,
        "cartVersion": visit.cart_ver + 1,
        "changes": [
            {"barcode": each.barcode, "name": each.name, "old": each.old, "new": each.new, "currency": quote.currency}
            for each in quote.changes
        ],
        "currency": quote.currency,
        "oldTotal": visit.total,
        "total": quote.total,
    }


def _stock_changed(event: Event, visit: Visit, gone: Mapping[str, int]) -> Event:
    names = {line.barcode: line.name for line in visit.lines if line.barcode in gone}
    changes = [{"barcode": barcode, "name": name, "available": gone[barcode]} for barcode, name in names.items()]
    data = {"sessionId": visit.session_id, "userId": visit.user_id, "changes": changes}
    # Derived from its cause, so that a redelivery tells the same fact and not another one.
    name = f"{event.id}:{visit.session_id}"
    return Event(name, *CART_STOCK_CHANGED, event.tenant_id, event.store_id, event.occurred_at, data)


def _pause(began: datetime) -> None:
    if clock.now() - began > LONGEST:
        raise Retryable("there are more carts than one delivery has time for")
