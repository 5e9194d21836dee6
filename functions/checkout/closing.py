"""From `exited` to `closed`: what the shopper carried out is out of stock, the visit is over, everybody is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from functions.checkout import selling
from functions.checkout.core import Deps
from functions.common import failpoints, log
from functions.common.contracts.checkout import CLOSED
from functions.common.mongo import Document
from functions.common.outbox import entry
from functions.common.quotes import STRICT
from functions.common.retail import purchase_states as states


async def close(deps: Deps, purchase: Document, now: datetime) -> Document | None:
    """The purchase closed; None when somebody was faster. Every part of it may be repeated.

    Also for a purchase whose shopper has left through no gate of ours.
    """
    tenant_id, store_id = purchase["tenantId"], purchase["storeId"]
    if purchase["policy"] != STRICT:
        # Nothing was held: what is sold is what was in the shopper's hands, as of the moment it was paid.
        await deps.holds.commit(
            tenant_id, store_id, purchase["_id"], selling.demand(purchase), purchase["paidAt"], by="checkout"
        )
        await failpoints.hit("close.after_stock")
    if not await deps.carts.finish(tenant_id, store_id, purchase["sessionId"], purchase["_id"], now):
        # The visit goes on under another checkout; this one has let go of it long ago.
        log.warning("checkout.visit_not_finished", checkoutId=purchase["_id"])
    await failpoints.hit("close.after_visit")
    told = entry(CLOSED, fact(purchase))
    found = await deps.purchases.move(purchase, states.CLOSED, now=now, values={"closedAt": now}, events=[told])
    await failpoints.hit("close.after_move")
    return found


def fact(purchase: Mapping[str, Any]) -> dict[str, Any]:
    """The whole purchase as `purchase.closed` tells it."""
    totals, used = purchase["totals"], (purchase.get("pass") or {}).get("usedAt")
    return {
        "checkoutId": purchase["_id"],
        "sessionId": purchase["sessionId"],
        "userId": purchase["userId"],
        "receiptNumber": (purchase.get("receipt") or {}).get("number"),
        "paidAt": selling.rfc3339(purchase["paidAt"]),
        "exitedAt": None if used is None else selling.rfc3339(used),
        "currency": purchase["currency"],
        "lines": [_line(line) for line in purchase["lines"]],
        **{name: totals[name] for name in ("subtotal", "discount", "net", "tax", "total")},
        "shares": [{name: share[name] for name in ("rate", "net", "tax", "gross")} for share in totals["shares"]],
        "promotions": [
            {"promotionId": each["promotionId"], "version": each["ver"], **{n: each[n] for n in ("code", "discount")}}
            for each in purchase["promotions"]
        ],
        "payment": _payment(purchase.get("payment")),
        "refunded": purchase.get("refunded") or 0,
    }


def _line(line: Mapping[str, Any]) -> dict[str, Any]:
    names = ("barcode", "name", "quantity", "measure", "categoryId", "brandId", "unitPrice", "amount")
    return {"lineId": line["id"]} | {name: line[name] for name in (*names, "discount", "net", "tax", "gross")}


def _payment(payment: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if payment is None:
        return None
    method = payment.get("method") or {}
    paid = {"provider": payment["provider"], "amount": payment["captured"]}
    return paid | {"type": method.get("type"), "brand": method.get("brand")}
