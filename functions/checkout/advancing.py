"""A purchase goes on by itself as far as it can: from whatever state it is found in, by whoever finds it.

The request that began it, the task at the end of its window, the webhook and the sweep all call `advance`. Each step
is one effect and one conditional write; who comes second sees that the write is done and goes on behind it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

from functions.checkout import closing, domain, finishing, giving_up, paying, pricing, reserving, settling
from functions.checkout.core import Deps
from functions.checkout.payments.provider import Intent, PaymentRefused, PaymentsDown
from functions.checkout.refusals import Refusal
from functions.common import clock, log
from functions.common.mongo import Document
from functions.common.retail import purchase_states as states

Step = Callable[[Deps, Document, datetime], Awaitable[Document | None]]
STEPS: Mapping[str, Step] = {
    states.OPEN: pricing.price,
    states.PRICED: reserving.reserve,
    states.RESERVED: paying.begin,
    states.CANCELLING: giving_up.end,
    states.PAID: finishing.finish,
    states.EXITED: closing.close,
}
"""What is to be done in a state without asking anybody; in any other the purchase waits."""
WINDOW_CLOSED = "WINDOW_CLOSED"
UNDER_WAY = frozenset({"requires_action", "processing", "requires_capture"})
"""The shopper has done something about the payment: the bank, or staff, take their time."""
EXTENSION = timedelta(minutes=10)
"""How much longer such a payment is waited for, once."""
_MOST_STEPS = 40


async def advance(deps: Deps, purchase: Document) -> Document:
    """Take the purchase as far as it goes now; a checkout that is refused on the way is given up.

    Raises what its steps raise: then the purchase stands where it stood, and repeating is safe.
    """
    for _ in range(_MOST_STEPS):
        step = STEPS.get(purchase["state"])
        if step is None:
            break
        now = clock.now()
        try:
            after = await step(deps, purchase, now)
        except Refusal as refusal:
            after = await giving_up.begin(deps, purchase, refusal, now)
        if after is None:
            after = await _as_it_is(deps, purchase)
        elif (after["state"], after["rev"]) == (purchase["state"], purchase["rev"]):
            break
        purchase = after
    await deps.purchases.tell(purchase)
    return purchase


async def look_after(deps: Deps, purchase: Document, *, fresh: bool = True) -> Document:
    """`advance`, and of a payment that is waited for ask the provider how it stands; a window that has closed closes.

    Without `fresh` a look that is a moment old will do. Raises as `advance` does.
    """
    purchase = await advance(deps, purchase)
    for _ in range(_MOST_STEPS):
        if purchase["state"] != states.PAYMENT_PENDING:
            break
        now = clock.now()
        intent = await paying.look(deps, purchase, fresh=fresh)
        after = await _settled(deps, purchase, intent, now)
        if after is None:
            purchase, fresh = await advance(deps, await _as_it_is(deps, purchase)), True
            continue
        purchase = await advance(deps, after)
        if purchase["state"] == states.PAYMENT_PENDING:
            purchase = await _end_if_over(deps, purchase, intent, now)
        break
    return purchase


async def _settled(deps: Deps, purchase: Document, intent: Intent | None, now: datetime) -> Document | None:
    if purchase.get("payment") is None:
        clear = domain.is_clear(each["status"] for each in purchase["interventions"])
        return await finishing.mark_paid(deps, purchase, None, now) if clear else purchase
    if intent is None:
        return purchase
    try:
        return await settling.settle(deps, purchase, intent, now)
    except PaymentsDown as error:
        raise paying.down() from error
    except PaymentRefused as refused:
        # Nothing is lost and nothing can be taken: when its time is over it is cancelled like any other.
        log.error("checkout.not_settled", checkoutId=purchase["_id"], code=refused.code)
        return purchase


async def _end_if_over(deps: Deps, purchase: Document, intent: Intent | None, now: datetime) -> Document:
    over = _why_over(purchase, intent, now)
    if over is None:
        return purchase
    under_way = intent is not None and intent.status in UNDER_WAY
    if over == WINDOW_CLOSED and under_way and not purchase.get("extended"):
        until = now + EXTENSION
        values = {"expiresAt": until, "extended": True, "dueAt": until}
        return await deps.purchases.change(purchase, now=now, values=values) or await _as_it_is(deps, purchase)
    return await give_up(deps, purchase, over, now)


def _why_over(purchase: Document, intent: Intent | None, now: datetime) -> str | None:
    """Why a payment that is waited for will not come; None while it still may."""
    payment = purchase.get("payment")
    if payment is not None:
        if payment.get("mismatch"):
            return "PAYMENT_MISMATCH"
        if intent is not None and intent.status == "canceled":
            return "PAYMENT_CANCELLED"
    return WINDOW_CLOSED if now >= purchase["expiresAt"] else None


async def give_up(deps: Deps, purchase: Document, code: str, now: datetime) -> Document:
    """End a checkout that is not paid; in the end it is paid all the same, when the payment was faster."""
    while purchase["state"] in states.UNPAID - {states.CANCELLING}:
        begun = await giving_up.begin(deps, purchase, Refusal(code), now)
        purchase = begun if begun is not None else await _as_it_is(deps, purchase)
    return await advance(deps, purchase)


async def _as_it_is(deps: Deps, purchase: Document) -> Document:
    """The purchase as somebody else has left it."""
    found = await deps.purchases.by_id(purchase["_id"])
    assert found is not None, "purchases are never deleted"
    if found["state"] in states.GIVEN_UP:
        # It has ended while we were at work for it: what we have taken since must go back too.
        await reserving.release(deps, purchase if purchase.get("lines") else found)
    return found
