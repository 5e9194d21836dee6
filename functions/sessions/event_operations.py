"""What Pub/Sub tells this room, and what Cloud Scheduler makes it do."""

from __future__ import annotations

from functions.common import deadletters, log
from functions.common.contracts import catalog, discount, envelope
from functions.common.events import Job, Message
from functions.sessions import expiring, repricing, wiring
from functions.sessions.door import events


@events.push("/push/cart-prices", subscription="cart-prices", topic=catalog.TOPIC)
async def on_price_changed(message: Message) -> None:
    event = envelope.from_message(message, catalog.PRICE_CHANGED)
    await repricing.on_prices(wiring.repricing(), event)


@events.push("/push/cart-promotions", subscription="cart-promotions", topic=discount.TOPIC)
async def on_promotions_changed(message: Message) -> None:
    event = envelope.from_message(message, discount.PROMOTIONS_CHANGED)
    await repricing.on_promotions(wiring.repricing(), event)


@events.push("/push/cart-prices-dead", subscription="cart-prices-dead", topic=catalog.TOPIC)
async def on_dead_price(message: Message) -> None:
    await _park(message)


@events.push("/push/cart-promotions-dead", subscription="cart-promotions-dead", topic=discount.TOPIC)
async def on_dead_promotion(message: Message) -> None:
    await _park(message)


@events.job("/jobs/tell-expiring")
async def tell_expiring(job: Job) -> None:
    told = await expiring.tell(wiring.expiring_visits(), job.now)
    if told:
        log.info("sessions.told_expiring", visits=told)


@events.job("/jobs/sweep-sessions")
async def sweep_sessions(_job: Job) -> None:
    await wiring.sweep()


async def _park(message: Message) -> None:
    # The topic is ours and every tenant's: its attributes say whose dead letter this is.
    message.params["tenantId"] = message.attributes.get("tenantId", "")
    attempts = message.attributes.get("CloudPubSubDeadLetterSourceDeliveryCount", "several")
    await deadletters.park(
        message, code="NOT_DELIVERED", reason=f"failed {attempts} deliveries; see the logs of its id"
    )
