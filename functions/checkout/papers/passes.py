"""The pass of a purchase: made when the receipt is there, used once, made anew when it has run out unused."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from functions.common import cart_lines, exit_pass
from functions.common.errors import Conflict, Problem
from functions.common.exit_pass import ExitPass
from functions.common.mongo import Document
from functions.common.purchases import Purchases
from functions.common.retail import purchase_states as states
from functions.common.retail import refunds

_TRIES = 5


def fresh(purchase: Mapping[str, Any], now: datetime) -> Document:
    """A pass that nobody has used. Its text is signed whenever it is asked for, so no copy of it lies about."""
    issued = exit_pass.issue(purchase["_id"], secrets.token_hex(16), items_of(purchase), now)
    return {
        "jti": issued.number,
        "items": issued.items,
        "issuedAt": issued.issued_at,
        "expiresAt": issued.expires_at,
        "usedAt": None,
        "usedBy": None,
        "override": None,
    }


def items_of(purchase: Mapping[str, Any]) -> int:
    """How many things are carried out; what was weighed is one."""
    return sum(cart_lines.from_document(line).units for line in purchase["lines"])


def current(purchase: Mapping[str, Any]) -> ExitPass:
    """The pass that opens the gate. Raises Conflict when there is none (yet, or any more)."""
    kept = purchase.get("pass")
    if purchase["state"] != states.EXIT_ISSUED or kept is None:
        raise _no_pass(purchase)
    if purchase.get("refunds") and not refunds.from_dict(purchase["account"]).kept:
        # Its money may still be on its way; the gate stays shut from the moment on that all is to come back.
        raise Conflict("this purchase is being paid back", code="PURCHASE_REFUNDED")
    return ExitPass(
        purchase["_id"], purchase["storeId"], kept["jti"], kept["items"], kept["issuedAt"], kept["expiresAt"]
    )


async def renew(purchases: Purchases, purchase: Document, now: datetime) -> Document:
    """The purchase with a pass that is good for a while; the old one is void once it is replaced.

    One that has half of its time left stays. Raises Conflict like `current`.
    """
    for _ in range(_TRIES):
        if now < current(purchase).expires_at - exit_pass.LIFE / 2:
            return purchase
        new = fresh(purchase, now)
        found = await purchases.change(
            purchase, now=now, values={"pass": new}, where={"pass.usedAt": None}
        ) or await purchases.by_id(purchase["_id"])
        if found is None:
            break
        purchase = found
    raise Conflict("this purchase is changing just now: try again", code="CONCURRENT_EDIT", retry_after=1)


def _no_pass(purchase: Mapping[str, Any]) -> Problem:
    state = purchase["state"]
    if state in states.UNPAID or state == states.PAID:
        return Conflict("there is a pass once the payment has gone through", code="NOT_PAID_YET", retry_after=1)
    if state == states.REFUNDED:
        return Conflict("this purchase was paid back", code="PURCHASE_REFUNDED")
    if state in states.GIVEN_UP:
        return Conflict("this checkout was given up", code="CHECKOUT_ENDED")
    if state == states.CLOSED and (purchase.get("pass") or {}).get("usedAt") is None:
        return Conflict("nobody has left with this purchase for hours: ask the staff", code="PASS_EXPIRED")
    return Conflict("the pass of this purchase was used", code="PASS_USED")
