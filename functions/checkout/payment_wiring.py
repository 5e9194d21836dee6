"""What webhooks, refunds and reconciliation work with, from what the room has anyway."""

from __future__ import annotations

from datetime import datetime

from functions.checkout import advancing, closing, refund_steps, wiring
from functions.checkout.payments.event_store import PaymentEvents
from functions.checkout.reconciliation_store import Reconciliations
from functions.checkout.reconciling import ReconcileDeps
from functions.checkout.refund_steps import RefundDeps
from functions.checkout.webhooks import WebhookDeps
from functions.common import clock, redis, stock
from functions.common.mongo import Document
from functions.common.product_cache import ProductCache
from functions.common.retail.stocktaking import Movement

EVENT_TASK = "/tasks/payment-event"


def webhooks() -> WebhookDeps:
    """For webhooks."""
    deps = wiring.deps()

    async def enqueue(event_id: str) -> None:
        await wiring.enqueue(EVENT_TASK, {"eventId": event_id})

    return WebhookDeps(PaymentEvents(), deps.purchases, deps.payments, look_after, look_at_refunds, enqueue)


def refunds() -> RefundDeps:
    """For refunds."""
    deps = wiring.deps()

    async def returned(tenant_id: str, store_id: str, barcode: str, movement: Movement) -> None:
        cache = ProductCache(redis.cache())
        scope = {"tenant_id": tenant_id, "store_id": store_id}
        await stock.record(**scope, barcode=barcode, movement=movement, by="checkout", cache=cache)

    async def close(purchase: Document, now: datetime) -> Document | None:
        return await closing.close(deps, purchase, now)

    return RefundDeps(deps.purchases, deps.payments, deps.terms, returned, close)


def reconciliation() -> ReconcileDeps:
    """For comparing with the provider."""
    deps = wiring.deps()
    return ReconcileDeps(deps.purchases, deps.payments, Reconciliations(), look_after, look_at_refunds)


async def look_after(purchase: Document) -> Document:
    """Ask the provider about a purchase's payment and go on from there."""
    return await advancing.look_after(wiring.deps(), purchase)


async def look_at_refunds(purchase: Document) -> Document:
    """Ask the provider about a purchase's refunds and go on from there."""
    return await refund_steps.look(refunds(), purchase, clock.now())
