"""From `paid` to `exit_issued`: what was held is used up, the receipt gets its number, the pass opens the gate."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from functions.checkout import reserving, selling
from functions.checkout.core import Deps
from functions.checkout.payments.provider import Intent
from functions.common import failpoints
from functions.common.contracts.checkout import PAID, PAYMENT_CHANGED
from functions.common.moments import in_millis
from functions.common.mongo import Document
from functions.common.outbox import entry
from functions.common.retail import purchase_states as states


async def mark_paid(deps: Deps, purchase: Document, intent: Intent | None, now: datetime) -> Document | None:
    """The provider has the money (or nothing is to be paid): write that down first, all else follows from it.

    None when somebody was faster. The caller has compared amount and currency.
    """
    now = in_millis(now)
    values: dict[str, Any] = {"paidAt": now}
    if intent is not None:
        method = intent.method
        values |= {
            "payment.status": intent.status,
            "payment.captured": intent.received,
            "payment.error": None,
            "payment.method": None
            if method is None
            else {"type": method.type, "brand": method.brand, "last4": method.last4},
        }
    who = {"checkoutId": purchase["_id"], "sessionId": purchase["sessionId"], "userId": purchase["userId"]}
    money = {"total": purchase["totals"]["total"], "currency": purchase["currency"]}
    told = [
        entry(PAYMENT_CHANGED, {**who, "status": "succeeded", "code": None, **money}),
        entry(PAID, {**who, **money, "items": selling.units(purchase), "paidAt": selling.rfc3339(now)}),
    ]
    await failpoints.hit("payment.before_paid")
    why = "the provider has the money" if intent is not None else "nothing is to be paid"
    found = await deps.purchases.move(purchase, states.PAID, now=now, why=why, values=values, events=told)
    await failpoints.hit("payment.after_paid")
    return found


async def finish(deps: Deps, purchase: Document, now: datetime) -> Document | None:
    """The purchase with receipt and pass; None when somebody was faster. Every part of it may be repeated."""
    await reserving.use_up(deps, purchase)
    await failpoints.hit("receipt.before_issue")
    with_receipt = await deps.papers.issue_receipt(purchase, now)
    if with_receipt is None:
        return None
    await failpoints.hit("pass.before_issue")
    values = {"pass": await deps.papers.new_pass(with_receipt, now)}
    found = await deps.purchases.move(with_receipt, states.EXIT_ISSUED, now=now, values=values)
    await failpoints.hit("pass.after_issue")
    return found
