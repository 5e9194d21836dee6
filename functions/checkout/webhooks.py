"""Webhooks: keep what came, answer, then look at what it is about. In any order, any number of times.

An event says only where to look: the intent is read from the provider again, and what follows is decided by the
purchase's own state. So an event that comes twice, late or before our own record of the payment changes nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.checkout.payments import event_store, stripe_reading
from functions.checkout.payments.event_store import Event, PaymentEvents
from functions.checkout.payments.provider import Intent, IntentGone, PaymentRefused, Payments
from functions.common import failpoints, log, metrics, purchases
from functions.common.mongo import Document
from functions.common.purchases import Purchases

_EVENT_ID = re.compile(r"evt_[A-Za-z0-9_]{1,120}", re.ASCII)
_INTENT_ID = re.compile(r"pi_[A-Za-z0-9_]{1,120}", re.ASCII)
WANTED = frozenset(
    {
        "payment_intent.succeeded",
        "payment_intent.payment_failed",
        "payment_intent.canceled",
        "payment_intent.processing",
        "payment_intent.requires_action",
        "payment_intent.amount_capturable_updated",
        "charge.refunded",
        "refund.created",
        "refund.updated",
        "refund.failed",
    }
)
"""Others are acknowledged and forgotten: they tell nothing that these do not."""
_REFUNDS = ("charge.refunded", "refund.")
_events = metrics.Counter("payment_events", "Webhook events by what became of them.", ("outcome",))


class Unreadable(ValueError):
    """A genuine request whose body is not an event."""


@dataclass(frozen=True, slots=True)
class WebhookDeps:
    """What webhooks work with.

    `advance(purchase)` looks at the purchase's payment and goes on from there; `refunded(purchase)` looks at its
    refunds. `enqueue(event_id)` has `process` called by a task.
    """

    events: PaymentEvents
    purchases: Purchases
    payments: Payments
    advance: Callable[[Document], Awaitable[object]]
    refunded: Callable[[Document], Awaitable[object]]
    enqueue: Callable[[str], Awaitable[None]]


def read(body: bytes) -> Event | None:
    """The event in a body whose signature was found genuine; None for one that nothing follows from.

    Raises Unreadable.
    """
    try:
        plain = json.loads(body)
        kind, name, thing = plain["type"], plain["id"], plain["data"]["object"]
        if plain["object"] != "event" or not isinstance(kind, str) or not _EVENT_ID.fullmatch(name):
            raise Unreadable("not an event")
        if kind not in WANTED:
            return None
        intent_id = thing["id"] if thing["object"] == "payment_intent" else thing.get("payment_intent")
        if intent_id is None:
            # A charge or refund that no intent belongs to was not made here.
            return None
        if not _INTENT_ID.fullmatch(intent_id):
            raise Unreadable("not an intent")
        return Event(name, kind, intent_id, _order(thing.get("metadata")), stripe_reading.moment(plain["created"]))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError, RecursionError) as error:
        raise Unreadable(f"unreadable event: {type(error).__name__}") from error


async def receive(deps: WebhookDeps, event: Event, now: datetime) -> None:
    """Keep an event before its sender is answered; what follows from it is a task's work, or the sweep's."""
    fresh = await deps.events.keep(event, now)
    _events.labels("received" if fresh else "repeated").value += 1
    if not fresh:
        return
    await failpoints.hit("webhook.after_insert_before_ack")
    try:
        await deps.enqueue(event.id)
    except Exception as error:  # it is kept: the sweep will look at it
        log.warning("webhook.enqueue_deferred", error=type(error).__name__, eventId=event.id)


async def process(deps: WebhookDeps, event_id: str, now: datetime) -> None:
    """Do what follows from an event; safe to repeat. Raises what the provider or the database do."""
    event = await deps.events.find(event_id)
    if event is None or event["state"] != event_store.WAITING:
        return
    await failpoints.hit("webhook.before_apply")
    outcome = await _apply(deps, event, now)
    await failpoints.hit("webhook.after_apply")
    _events.labels(outcome or "postponed").value += 1
    if outcome is None:
        await deps.events.postpone(event, now)
    else:
        await deps.events.finish(event_id, outcome, now)


async def sweep(deps: WebhookDeps, now: datetime, limit: int = 100) -> int:
    """Look at what was left lying; how many."""
    due = await deps.events.due(now, limit)
    for event in due:
        try:
            await process(deps, event["_id"], now)
        except Exception as error:  # one that cannot be done now must not hold up the others
            log.warning("webhook.postponed", error=type(error).__name__, eventId=event["_id"])
            await deps.events.postpone(event, now)
    return len(due)


async def _apply(deps: WebhookDeps, event: Document, now: datetime) -> str | None:
    """How the event ends; None when it has to wait."""
    order: str | None = event["order"]
    purchase = await deps.purchases.by_id(order) if order is not None else None
    payment = (purchase or {}).get("payment")
    if purchase is None or payment is None:
        # Perhaps it came before our own record of the payment; perhaps it is somebody else's.
        if now - event["receivedAt"] < event_store.GIVEN_UP_AFTER:
            return None
        log.warning("webhook.unmatched", eventId=event["_id"], intentId=event["intentId"], order=order)
        return event_store.UNMATCHED
    if payment["intentId"] != event["intentId"]:
        await end_stray(deps.payments, event["intentId"], str(order))
        return event_store.STRAY
    if event["type"].startswith(_REFUNDS):
        await deps.refunded(purchase)
    else:
        await deps.advance(purchase)
    return event_store.DONE


async def end_stray(payments: Payments, intent_id: str, order: str) -> Intent | None:
    """An intent made for a checkout that pays by another one: nobody was told its secret, so it just ends.

    Should it have been paid all the same, everything goes back. Returns it as it is afterwards.
    """
    try:
        intent = await payments.retrieve(intent_id)
        if not intent.is_final:
            intent = await payments.cancel(intent_id, f"stray:{intent_id}")
    except IntentGone:
        return None
    if intent.status == "succeeded" and intent.received > intent.refunded:
        log.error("payment.stray_paid", intentId=intent_id, checkoutId=order, received=intent.received)
        left = intent.received - intent.refunded
        try:
            await payments.refund(intent_id, left, intent.currency, f"{order}.stray", f"refund:stray:{intent_id}")
        except PaymentRefused as refusal:
            log.warning("payment.stray_refund_refused", intentId=intent_id, code=refusal.code)
    return intent


def _order(metadata: Any) -> str | None:
    """The checkout that an intent's, charge's or refund's metadata names, when it could be one."""
    if not isinstance(metadata, dict):
        return None
    named = metadata.get(stripe_reading.ORDER) or str(metadata.get(stripe_reading.REFERENCE, "")).rpartition(".")[0]
    return named if isinstance(named, str) and purchases.store_of(named) is not None else None
