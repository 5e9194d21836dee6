"""From `open` to `priced`: hold the cart, read everything anew, and agree on the total that the app has shown."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from functions.checkout import reserving, selling
from functions.checkout.core import Deps
from functions.checkout.refusals import Refusal
from functions.common import failpoints
from functions.common.cart_lines import ProductNow
from functions.common.cart_view import cart_view
from functions.common.carts import Visit, why_not
from functions.common.errors import NotFound
from functions.common.mongo import Document
from functions.common.quotes import OUT_OF_STOCK, STRICT, Quote, quote
from functions.common.retail import purchase_states as states
from functions.common.retail.basket import BasketInvalid
from functions.common.stores import Store
from functions.common.tenants import TenantSettings


async def price(deps: Deps, purchase: Document, now: datetime) -> Document | None:
    """The purchase as it is priced; None when somebody was faster. Raises Refusal."""
    visit = await _lock(deps, purchase, now)
    if visit is None:
        visit = await _lock_left_behind(deps, purchase, now)
    await failpoints.hit("order.after_lock")
    store, terms, priced, held = await gather(deps, visit, purchase["_id"], now)
    _check(purchase, visit, priced, store, now)
    left = {
        barcode: known.product["stock"]["avail"]
        for barcode, known in held.items()
        if known.product["stock"] is not None
    }
    values = {
        **selling.priced(purchase["_id"], visit, priced, terms, left),
        "policy": store.stock_policy,
        "currency": priced.currency,
        "zone": store.time_zone,
    }
    await failpoints.hit("order.before_priced")
    return await deps.purchases.move(purchase, states.PRICED, now=now, values=values, repeatable=True)


async def gather(
    deps: Deps, visit: Visit, order_id: str, now: datetime
) -> tuple[Store, TenantSettings, Quote, Mapping[str, ProductNow]]:
    """The cart's price by what a majority of the database says now. Raises NotFound and Refusal."""
    tenant_id, store_id = visit.tenant_id, visit.store_id
    # These two are known already, but for a moment every five seconds; a task for each would cost more.
    store, terms = await deps.store(tenant_id, store_id), await deps.terms(tenant_id)
    rules, held = await asyncio.gather(
        deps.rules.of_store(tenant_id, store_id, now, fresh=True),
        deps.products(tenant_id, store_id, [line.barcode for line in visit.lines]),
    )
    if store is None:
        raise NotFound("there is no such store", code="STORE_NOT_FOUND")
    usage = await deps.redemptions.usage(tenant_id, visit.user_id, visit.codes, rules, order_id=order_id)
    try:
        priced = await quote(
            visit.lines,
            held,
            rules,
            store=store,
            terms=terms,
            moment=now,
            card=visit.card,
            codes=visit.codes,
            usage=usage,
        )
    except BasketInvalid as error:
        raise Refusal("ITEMS_NOT_FOR_SALE", {"reason": str(error)}) from error
    return store, terms, priced, held


async def cart_of(deps: Deps, purchase: Document, now: datetime) -> dict[str, Any] | None:
    """The visit's cart as it is now, as the app shows it; None when the visit is over."""
    visit = await _visit(deps, purchase)
    if visit is None or not visit.is_open(now):
        return None
    try:
        _, _, priced, _ = await gather(deps, visit, purchase["_id"], now)
    except Refusal:
        return None
    return cart_view(visit, priced)


def _check(purchase: Document, visit: Visit, priced: Quote, store: Store, now: datetime) -> None:
    if store.status != "active":
        raise Refusal("STORE_CLOSED")
    blocked = [{"lineId": each.line, "code": each.code} for each in priced.blocked]
    if blocked:
        raise Refusal("ITEMS_NOT_FOR_SALE", {"lines": blocked})
    expected = purchase["expected"]
    if priced.currency != purchase["currency"]:
        raise Refusal("CURRENCY_CHANGED", {"currency": priced.currency})
    if priced.total != expected["total"]:
        # Without the card the total is another than the app has shown: the card is what the shopper must know about.
        lapsed = visit.card is not None and visit.card_at(now) is None
        raise Refusal("CARD_EXPIRED" if lapsed else "PRICE_CHANGED", {"total": priced.total})
    short = [each.line for each in priced.problems if each.code == OUT_OF_STOCK]
    if short and store.stock_policy == STRICT:
        raise Refusal("OUT_OF_STOCK", {"lines": [{"lineId": line, "code": OUT_OF_STOCK} for line in short]})


async def _lock(deps: Deps, purchase: Document, now: datetime) -> Visit | None:
    return await deps.carts.lock(
        purchase["tenantId"],
        purchase["storeId"],
        purchase["sessionId"],
        purchase["userId"],
        cart_ver=purchase["cartVer"],
        checkout_id=purchase["_id"],
        now=now,
    )


async def _lock_left_behind(deps: Deps, purchase: Document, now: datetime) -> Visit:
    """The visit, when only a checkout that has ended held its cart: a process slept, locked it and died.

    Raises Refusal when something else stands against it.
    """
    visit = await _visit(deps, purchase)
    code = why_not(visit, purchase["cartVer"], purchase["_id"], now) or "CART_CHANGED"
    if code != "CART_LOCKED" or visit is None or visit.checkout is None:
        raise Refusal(code)
    holder = await deps.purchases.by_id(visit.checkout.checkout_id)
    if holder is not None and holder["state"] in states.GIVEN_UP:
        await reserving.release(deps, holder)
        locked = await _lock(deps, purchase, now)
        if locked is not None:
            return locked
    raise Refusal(code, {"checkoutId": visit.checkout.checkout_id})


async def _visit(deps: Deps, purchase: Document) -> Visit | None:
    return await deps.carts.read(purchase["tenantId"], purchase["storeId"], purchase["sessionId"], purchase["userId"])
