"""From what the provider says of a payment to what becomes of its purchase. Every step may be repeated.

Nobody's word counts but that of an intent that was read from the provider.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from functions.checkout import domain, finishing
from functions.checkout.payments import verdicts
from functions.checkout.payments.provider import Intent
from functions.common import failpoints, log, metrics, outbox
from functions.common.contracts import checkout as contract
from functions.common.mongo import Document
from functions.common.retail import purchase_states as states

if TYPE_CHECKING:
    from functions.checkout.core import Deps

UNSETTLED = frozenset({states.PAYMENT_PENDING, states.CANCELLING})
_settled = metrics.Counter("payments_settled", "What became of payments that were looked at.", ("verdict",))


async def settle(deps: Deps, purchase: Document, intent: Intent, now: datetime) -> Document | None:
    """Apply what an intent, just read from the provider, says; the purchase afterwards.

    None when somebody else has changed the purchase meanwhile: read both again. An intent that is not the purchase's,
    and a purchase that is not waiting for its payment (any more), are left alone. Of a cancelled intent nothing follows
    here: how a purchase ends unpaid is the business of whoever ends it. A purchase with `payment.mismatch` ends unpaid
    too, whatever the intent's status: its money has gone back. What there is to tell is in the purchase's outbox.
    Raises PaymentsDown and PaymentRefused.
    """
    payment = purchase.get("payment")
    if purchase["state"] not in UNSETTLED or payment is None or payment["intentId"] != intent.id:
        return purchase
    verdict = judge(purchase, intent)
    if isinstance(verdict, verdicts.Held) and purchase["state"] == states.PAYMENT_PENDING and _is_clear(purchase):
        await failpoints.hit("payment.before_capture")
        key = f"{purchase['_id']}:capture:{verdict.due}"
        intent = await deps.payments.capture(intent.id, verdict.due, purchase["currency"], key)
        await failpoints.hit("payment.after_capture")
        verdict = judge(purchase, intent)
    _settled.labels(type(verdict).__name__).value += 1
    if isinstance(verdict, verdicts.Received):
        return await finishing.mark_paid(deps, purchase, intent, now)
    if isinstance(verdict, verdicts.Mismatch):
        return await _mismatched(deps, purchase, intent, verdict, now)
    return await _noted(deps, purchase, intent, verdict, now)


def judge(purchase: Mapping[str, Any], intent: Intent) -> verdicts.Verdict:
    """What the intent means for the purchase as it is now."""
    asked, due = purchase["payment"]["amount"], purchase["totals"]["total"]
    return verdicts.judge(intent, asked=asked, due=due, currency=purchase["currency"])


def can_never_be_paid(purchase: Mapping[str, Any]) -> bool:
    """Whether the provider has ended the payment, or something else was paid and has gone back."""
    payment = purchase.get("payment")
    return payment is not None and (payment["status"] == "canceled" or bool(payment.get("mismatch")))


def payment_of(purchase: Mapping[str, Any], intent: Intent) -> Document:
    """The purchase's record of its payment, brought up to date."""
    method = intent.method
    return {
        **purchase["payment"],
        "status": intent.status,
        "captured": intent.received,
        "method": None if method is None else {"type": method.type, "brand": method.brand, "last4": method.last4},
        "error": intent.error,
    }


def payment_changed(purchase: Mapping[str, Any], status: str, code: str | None = None) -> Document:
    """The event that tells the shopper how the payment goes on."""
    return outbox.entry(
        contract.PAYMENT_CHANGED,
        {
            **_who(purchase),
            "status": status,
            "code": code,
            "total": purchase["totals"]["total"],
            "currency": purchase["currency"],
        },
    )


async def _noted(
    deps: Deps, purchase: Document, intent: Intent, verdict: verdicts.Verdict, now: datetime
) -> Document | None:
    """Nothing to book: remember how it stands, and tell the shopper when that is news."""
    fresh = payment_of(purchase, intent)
    if fresh == purchase["payment"]:
        return purchase
    news: list[Document] = []
    if isinstance(verdict, verdicts.Pending) and verdict.status != verdicts.WAITING:
        news.append(payment_changed(purchase, verdict.status, verdict.code))
    return await deps.purchases.change(purchase, now=now, values={"payment": fresh}, events=news)


async def _mismatched(
    deps: Deps, purchase: Document, intent: Intent, verdict: verdicts.Mismatch, now: datetime
) -> Document | None:
    """Something else was paid: not a sale. The money goes back, people are told, and the purchase ends unpaid."""
    reference = f"{purchase['_id']}.mismatch"
    log.error(
        "payment.mismatch",
        checkoutId=purchase["_id"],
        expected=verdict.expected,
        received=verdict.received,
        currency=verdict.received_currency,
    )
    left = intent.received - intent.refunded
    if left:
        await deps.payments.refund(intent.id, left, intent.currency, reference, f"refund:{reference}")
    elif not intent.is_final:
        intent = await deps.payments.cancel(intent.id, f"{purchase['_id']}:mismatch")
    await failpoints.hit("payment.after_mismatch_undone")
    if purchase["payment"].get("mismatch"):
        return purchase
    data = {
        "checkoutId": purchase["_id"],
        "intentId": intent.id,
        "expected": verdict.expected,
        "received": verdict.received,
        "expectedCurrency": verdict.expected_currency,
        "receivedCurrency": verdict.received_currency,
    }
    payment = {**payment_of(purchase, intent), "mismatch": {"received": verdict.received, "at": now}}
    return await deps.purchases.change(
        purchase, now=now, values={"payment": payment}, events=[outbox.entry(contract.PAYMENT_MISMATCH, data)]
    )


def _is_clear(purchase: Mapping[str, Any]) -> bool:
    return domain.is_clear(each["status"] for each in purchase.get("interventions") or ())


def _who(purchase: Mapping[str, Any]) -> Document:
    return {"checkoutId": purchase["_id"], "sessionId": purchase["sessionId"], "userId": purchase["userId"]}
