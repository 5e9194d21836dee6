"""The shopper's verbs: check out, look, cancel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from functions.checkout import advancing, paying, pricing, refusals, reserving
from functions.checkout.core import Deps
from functions.checkout.payments.provider import Intent
from functions.common import failpoints, log, purchases
from functions.common.auth import Principal
from functions.common.errors import Conflict, NotFound, Problem
from functions.common.moments import in_millis
from functions.common.mongo import Document
from functions.common.purchases import SessionBusy
from functions.common.retail import purchase_states as states


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the shopper agreed to: the cart in a version, and its total in minor units."""

    cart_ver: int
    total: int
    currency: str


async def check_out(
    deps: Deps, caller: Principal, wanted: Wanted, digest: str, now: datetime
) -> tuple[Document, Intent | None]:
    """A checkout of the caller's cart, as far as it goes without the shopper, and its payment.

    `digest` makes its id: repeated, it goes on with the same one. Raises Conflict for what stands against it.
    """
    if await deps.store(caller.tenant_id, caller.store_id) is None:
        raise NotFound("there is no such store", code="STORE_NOT_FOUND")
    try:
        purchase = await deps.purchases.add(_new(caller, wanted, digest, now))
    except SessionBusy as busy:
        raise Conflict(
            "another checkout of this visit is under way",
            code="CHECKOUT_IN_PROGRESS",
            details={"checkoutId": busy.checkout_id} if busy.checkout_id else None,
            retry_after=None if busy.checkout_id else 1,
        ) from None
    await failpoints.hit("order.after_insert")
    purchase = await advancing.advance(deps, purchase)
    if purchase["state"] in states.GIVEN_UP or purchase["state"] == states.CANCELLING:
        raise await refused(deps, purchase, now)
    return purchase, await intent_of(deps, purchase)


async def look(deps: Deps, purchase: Document) -> tuple[Document, Intent | None]:
    """A purchase as it is now; of one that waits for its payment the provider is asked, so no webhook is needed."""
    if purchase["state"] in (states.PAYMENT_PENDING, states.CANCELLING, states.PAID):
        try:
            purchase = await advancing.look_after(deps, purchase, fresh=False)
        except Problem as problem:
            # Whoever looks is shown what is known; what could not be done now is done by those who go on with it.
            log.warning("checkout.looked_in_vain", checkoutId=purchase["_id"], code=problem.code)
    return purchase, deps.recent.get(purchase["_id"])


async def cancel(deps: Deps, purchase: Document, now: datetime) -> Document:
    """End a checkout that is not paid; safe to repeat. Raises Conflict when it is."""
    if purchase["state"] in states.GIVEN_UP:
        # What a process that slept has taken for it since goes back by this as well.
        await reserving.release(deps, purchase)
        return purchase
    if purchase["state"] in states.UNPAID:
        purchase = await advancing.give_up(deps, purchase, "CANCELLED_BY_SHOPPER", now)
    if purchase["state"] in states.BOUGHT:
        raise Conflict("this checkout is paid", code="ALREADY_PAID")
    return purchase


async def intent_of(deps: Deps, purchase: Document) -> Intent | None:
    """The payment, where the shopper is to pay it now."""
    return await paying.look(deps, purchase) if purchase["state"] == states.PAYMENT_PENDING else None


async def refused(deps: Deps, purchase: Document, now: datetime) -> Problem:
    """What the shopper's app is told of a checkout that was given up, with the cart as it is now where that helps."""
    refusal = purchase["refusal"]
    cart = None
    if refusal["code"] in refusals.WITH_CART:
        cart = await pricing.cart_of(deps, purchase, now)
    return refusals.problem(refusal, None if cart is None else {"cart": cart})


def _new(caller: Principal, wanted: Wanted, digest: str, now: datetime) -> Document:
    now = in_millis(now)
    return {
        "_id": purchases.checkout_id(caller.store_id, digest),
        "tenantId": caller.tenant_id,
        "storeId": caller.store_id,
        "userId": caller.sub,
        "sessionId": caller.session_id,
        "cartVer": wanted.cart_ver,
        "state": states.OPEN,
        "rev": 1,
        "live": True,
        "currency": wanted.currency,
        "expected": {"total": wanted.total},
        "refunds": [],
        "refunded": 0,
        "payment": None,
        "receipt": None,
        "pass": None,
        "expiresAt": now + states.PAYMENT_WINDOW,
        "dueAt": now + states.STEP,
        "createdAt": now,
        "updatedAt": now,
        "history": [{"state": states.OPEN, "at": now, "why": ""}],
        "outbox": [],
    }
