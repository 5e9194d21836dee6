"""The sweep: go on with what has stood still. Its process died, its task was lost, or its time has come."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from functions.checkout import advancing, closing, selling
from functions.checkout.core import Deps
from functions.common import log
from functions.common.contracts.checkout import EXPIRING
from functions.common.errors import Problem
from functions.common.mongo import Document
from functions.common.outbox import entry
from functions.common.quotes import STRICT
from functions.common.retail import purchase_states as states
from functions.common.stock_holds import Leftover

MOST = 500
AT_ONCE = 8
"""Most of them wait for the payment provider."""
BACK_OFF = timedelta(seconds=30)


async def sweep(deps: Deps, now: datetime, limit: int = MOST) -> int:
    """Look after every purchase that is due; how many those were. One that fails does not hold up the others."""
    await deps.purchases.sweep()
    due = await deps.purchases.due(now, limit)
    room = asyncio.Semaphore(AT_ONCE)

    async def one(purchase: Document) -> None:
        async with room:
            await _carefully(deps, purchase, now)

    await asyncio.gather(*(one(purchase) for purchase in due))
    await _settle_holds(deps, now, limit)
    return len(due)


async def _carefully(deps: Deps, purchase: Document, now: datetime) -> None:
    try:
        await _resume(deps, purchase, now)
    except Exception as error:
        # Whatever it was, it must not be the first thing tried every time.
        await deps.purchases.postpone(purchase, now + BACK_OFF)
        if isinstance(error, Problem):
            log.warning("checkout.postponed", checkoutId=purchase["_id"], state=purchase["state"], code=error.code)
        else:
            log.error("checkout.sweep_failed", error, checkoutId=purchase["_id"], state=purchase["state"])


async def _resume(deps: Deps, purchase: Document, now: datetime) -> None:
    state = purchase["state"]
    if state == states.EXIT_ISSUED:
        closed = await closing.close(deps, purchase, now)
        if closed is not None:
            await deps.purchases.tell(closed)
    elif state == states.PAYMENT_PENDING and now < purchase["expiresAt"] and not purchase.get("noticeAt"):
        await _notice(deps, purchase, now)
    elif state in states.UNPAID - {states.PAYMENT_PENDING, states.CANCELLING} and now >= purchase["expiresAt"]:
        await advancing.give_up(deps, purchase, "ABANDONED", now)
    else:
        after = await advancing.look_after(deps, purchase)
        log.info("checkout.resumed", checkoutId=after["_id"], was=state, state=after["state"])
        if after["state"] == state == states.PAYMENT_PENDING:
            await deps.purchases.postpone(after, max(after["expiresAt"], now + BACK_OFF))


async def _notice(deps: Deps, purchase: Document, now: datetime) -> None:
    """Tell the shopper once that the window closes; then it is looked after again when it has."""
    told = {
        "checkoutId": purchase["_id"],
        "sessionId": purchase["sessionId"],
        "userId": purchase["userId"],
        "expiresAt": selling.rfc3339(purchase["expiresAt"]),
        "total": purchase["totals"]["total"],
        "currency": purchase["currency"],
    }
    found = await deps.purchases.change(
        purchase, now=now, values={"noticeAt": now, "dueAt": purchase["expiresAt"]}, events=[entry(EXPIRING, told)]
    )
    if found is not None:
        await deps.purchases.tell(found)


async def _settle_holds(deps: Deps, now: datetime, limit: int) -> None:
    """Holds that a process took for a checkout which had ended meanwhile go back, or are sold, as its record says."""
    for left in await deps.holds.leftovers(now, limit):
        purchase = await deps.purchases.by_id(left.order)
        if purchase is not None and purchase["state"] in states.UNPAID:
            continue
        await _settle_hold(deps, left, purchase)
        log.warning("stock.leftover_settled", storeId=left.store_id, barcode=left.barcode, checkoutId=left.order)


async def _settle_hold(deps: Deps, left: Leftover, purchase: Document | None) -> None:
    scope = left.tenant_id, left.store_id, left.order
    if purchase is not None and purchase["state"] in states.BOUGHT and purchase["policy"] == STRICT:
        sold = selling.demand(purchase).get(left.barcode)
        if sold:
            await deps.holds.commit(*scope, {left.barcode: sold}, purchase["paidAt"], by="checkout")
            return
    await deps.holds.release(*scope, [left.barcode])
