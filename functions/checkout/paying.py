"""From `reserved` to `payment_pending`: one payment for each checkout, however often it is asked for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from functions.checkout import finishing
from functions.checkout.core import Deps
from functions.checkout.payments.provider import Capture, Intent, IntentGone, PaymentRefused, PaymentsDown
from functions.checkout.refusals import Refusal
from functions.common import failpoints, log
from functions.common.errors import Unavailable
from functions.common.mongo import Document
from functions.common.retail import purchase_states as states
from functions.common.together import together


def key_of(purchase: Document) -> str:
    """The key under which the provider makes the payment once."""
    return f"{purchase['_id']}:pi"


async def begin(deps: Deps, purchase: Document, now: datetime) -> Document | None:
    """The purchase with its payment; None when somebody was faster. Raises Refusal and Unavailable."""
    if purchase["totals"]["total"] == 0:
        if purchase["interventions"]:
            return await deps.purchases.move(purchase, states.PAYMENT_PENDING, now=now, values={"payment": None})
        return await finishing.mark_paid(deps, purchase, None, now)
    # Side by side: one asks the provider, the other Cloud Tasks. A task for what came to nothing finds nothing to do.
    intent, _ = await together(ask(deps, purchase), _remind(deps, purchase))
    await failpoints.hit("pi.after_create_before_save")
    values = {"payment": payment_of(deps, purchase, intent)}
    found = await deps.purchases.move(purchase, states.PAYMENT_PENDING, now=now, values=values, repeatable=True)
    if found is not None:
        deps.recent.put(purchase["_id"], intent)
        await failpoints.hit("order.after_pi_saved")
    return found


async def ask(deps: Deps, purchase: Document) -> Intent:
    """Have the provider make the payment, or give again the one it has made. Raises Refusal and Unavailable."""
    await failpoints.hit("pi.before_create")
    try:
        return await deps.payments.create(
            purchase["_id"],
            purchase["totals"]["total"],
            purchase["currency"],
            capture_of(purchase),
            {"tenantId": purchase["tenantId"], "storeId": purchase["storeId"]},
            key_of(purchase),
        )
    except PaymentsDown as error:
        raise down() from error
    except PaymentRefused as refused:
        log.warning("checkout.payment_refused", checkoutId=purchase["_id"], code=refused.code)
        raise Refusal("AMOUNT_NOT_PAYABLE", {"reason": refused.code}) from refused


async def look(deps: Deps, purchase: Document, *, fresh: bool = False) -> Intent | None:
    """The payment as the provider has it, at most a moment old; None when nothing is to be paid.

    Raises Unavailable, also when the provider does not know it: we may be asking with another account's key, and a
    payment that nobody can see may have been made all the same.
    """
    payment = purchase.get("payment")
    if payment is None:
        return None
    known = None if fresh else deps.recent.get(purchase["_id"])
    if known is not None:
        return known
    try:
        intent = await deps.payments.retrieve(payment["intentId"])
    except PaymentsDown as error:
        raise down() from error
    except IntentGone as gone:
        log.error("checkout.payment_gone", checkoutId=purchase["_id"], intentId=payment["intentId"])
        raise down() from gone
    deps.recent.put(purchase["_id"], intent)
    return intent


def capture_of(purchase: Document) -> Capture:
    """Money is taken at once, unless staff have to look first."""
    return "manual" if purchase["interventions"] else "automatic"


def payment_of(deps: Deps, purchase: Document, intent: Intent) -> dict[str, Any]:
    """The payment as the purchase keeps it; the client secret is not in it."""
    return {
        "provider": deps.payments.name,
        "intentId": intent.id,
        "status": intent.status,
        "amount": intent.amount,
        "captured": 0,
        "capture": capture_of(purchase),
        "method": None,
        "error": intent.error,
    }


async def _remind(deps: Deps, purchase: Document) -> None:
    """Have the checkout looked after when its time is over; a task that was not taken is the sweep's business."""
    try:
        await deps.remind(purchase["expiresAt"])
    except Exception as error:
        log.warning("checkout.task_not_taken", checkoutId=purchase["_id"], error=type(error).__name__)


def down() -> Unavailable:
    return Unavailable("the payment provider does not answer now", code="PAYMENT_PROVIDER_DOWN", retry_after=2)
