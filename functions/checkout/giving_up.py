"""Cancel first, then release: a checkout that nobody will pay, and the provider has said so, lets go of everything."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from functions.checkout import paying, reserving, settling
from functions.checkout.core import Deps
from functions.checkout.payments.provider import Intent, IntentGone, PaymentRefused, PaymentsDown
from functions.checkout.refusals import Refusal
from functions.common import failpoints, log
from functions.common.contracts.checkout import PAYMENT_CHANGED
from functions.common.mongo import Document
from functions.common.outbox import entry
from functions.common.retail import purchase_states as states

_BY_TIME = ("WINDOW_CLOSED", "ABANDONED")


async def begin(deps: Deps, purchase: Document, refusal: Refusal, now: datetime) -> Document | None:
    """From here on nobody goes on with this checkout; None when somebody was faster."""
    found = await deps.purchases.move(purchase, states.CANCELLING, now=now, why=refusal.code, values=values(refusal))
    await failpoints.hit("cancel.after_begin")
    return found


def values(refusal: Refusal) -> dict[str, Any]:
    """What a purchase that is given up keeps of the reason."""
    ending = states.EXPIRED if refusal.code in _BY_TIME else states.CANCELLED
    return {"refusal": refusal.document(), "ending": ending}


async def end(deps: Deps, purchase: Document, now: datetime) -> Document | None:
    """Cancel the payment, then release and close; or `paid`, when the payment was faster.

    Returns the purchase as it was when the provider cannot say now: nothing is released, and somebody asks again.
    None when somebody was faster.
    """
    intent: Intent | None = None
    # What was paid by mistake has gone back already: nothing is left to cancel.
    if _may_have_payment(purchase) and not (purchase.get("payment") or {}).get("mismatch"):
        if purchase.get("payment") is None:
            return await _find_payment(deps, purchase, now)
        try:
            await failpoints.hit("cancel.before_intent")
            intent = await deps.payments.cancel(purchase["payment"]["intentId"], f"{purchase['_id']}:cancel")
            deps.recent.put(purchase["_id"], intent)
        except IntentGone:
            # Asked with another account's key, perhaps: it may still be paid, so nothing goes back.
            log.error("checkout.payment_gone", checkoutId=purchase["_id"], intentId=purchase["payment"]["intentId"])
            return await _later(deps, purchase, now)
        except (PaymentsDown, PaymentRefused) as trouble:
            log.warning("checkout.cancel_unclear", checkoutId=purchase["_id"], error=type(trouble).__name__)
            return await _later(deps, purchase, now)
        await failpoints.hit("cancel.after_intent")
        if intent is not None and intent.status == "succeeded":
            try:
                return await settling.settle(deps, purchase, intent, now)
            except (PaymentsDown, PaymentRefused) as trouble:
                log.error("checkout.not_settled", trouble, checkoutId=purchase["_id"])
                return await _later(deps, purchase, now)
        if intent is not None and intent.status != "canceled":
            return await _later(deps, purchase, now)
    await reserving.release(deps, purchase)
    return await _close(deps, purchase, intent, now)


async def _close(deps: Deps, purchase: Document, intent: Intent | None, now: datetime) -> Document | None:
    ending = purchase["ending"]
    fresh = {} if intent is None else {"payment.status": intent.status}
    told = []
    if purchase.get("payment") is not None:
        event = {
            "checkoutId": purchase["_id"],
            "sessionId": purchase["sessionId"],
            "userId": purchase["userId"],
            "status": ending,
            "code": purchase["refusal"]["code"],
            "total": purchase["totals"]["total"],
            "currency": purchase["currency"],
        }
        told.append(entry(PAYMENT_CHANGED, event))
    await failpoints.hit("cancel.before_end")
    why = purchase["refusal"]["code"]
    return await deps.purchases.move(purchase, ending, now=now, why=why, values=fresh, events=told)


def _may_have_payment(purchase: Document) -> bool:
    """Whether the provider may have been asked for a payment, whether or not we know the answer."""
    if purchase.get("payment") is not None:
        return True
    reserved = any(step["state"] == states.RESERVED for step in purchase["history"])
    return reserved and purchase["totals"]["total"] > 0


async def _find_payment(deps: Deps, purchase: Document, now: datetime) -> Document | None:
    """A process died between asking for the payment and writing it down: by its key it is found again."""
    try:
        intent = await paying.ask(deps, purchase)
    except Refusal:
        # The provider never made it, and never will.
        await reserving.release(deps, purchase)
        return await _close(deps, purchase, None, now)
    return await deps.purchases.change(purchase, now=now, values={"payment": paying.payment_of(deps, purchase, intent)})


async def _later(deps: Deps, purchase: Document, now: datetime) -> Document:
    await deps.purchases.postpone(purchase, now + states.RETRY)
    return purchase
