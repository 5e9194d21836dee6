"""The doors of the dashboard: its pages for people, and what it takes in to show how sales go."""

from __future__ import annotations

from functions.admin import (
    availability,
    availability_operations,
    connections,
    health_operations,
    home,
    imports,
    operations,
    products,
    promotions,
    purchases,
    sales,
    sales_operations,
    sales_wiring,
    shelves,
    staff,
    summing,
    uploads,
)
from functions.admin.door import door
from functions.common import clock, deadletters, stores
from functions.common.contracts import catalog, checkout, discount, envelope
from functions.common.events import EventDoor, Job, Message

__all__ = ["admin", "admin_events", "door"]

# Importing them has put them on the door.
PAGES = (home, products, imports, uploads, connections, promotions, sales, availability, purchases, staff, operations)
FIGURES = (sales_operations, availability_operations)
OPERATIONS = (health_operations,)

_TOPICS = {"discount": discount.TOPIC, "catalog": catalog.TOPIC}

events = EventDoor("admin", ready=sales_wiring.ready)


@events.push("/push/sales", subscription="sales", topic=checkout.TOPIC)
async def on_purchase(message: Message) -> None:
    await _take(message, checkout.PAID, checkout.CLOSED, checkout.REFUNDED)


@events.push("/push/interventions", subscription="sales-interventions", topic=checkout.TOPIC)
async def on_intervention(message: Message) -> None:
    await _take(message, checkout.INTERVENTION_OPENED, checkout.INTERVENTION_ENDED)


@events.push("/push/card-uses", subscription="card-uses", topic=discount.TOPIC)
async def on_card(message: Message) -> None:
    await _take(message, discount.CARD_ACCEPTED)


@events.push("/push/price-points", subscription="price-points", topic=catalog.TOPIC)
async def on_prices(message: Message) -> None:
    _name_tenant(message)
    event = envelope.from_message(message, catalog.PRICE_CHANGED)
    await sales_wiring.timeline().keep(event)
    await shelves.take(sales_wiring.stocks(), event, clock.now())


@events.push("/push/sales-dead", subscription="sales-dead", topic="sales-dead")
async def on_dead_fact(message: Message) -> None:
    _name_tenant(message)
    owner = message.attributes.get("type", "").partition(".")[0]
    message.topic = _TOPICS.get(owner, checkout.TOPIC)
    await deadletters.park(message, code="NOT_DELIVERED", reason="failed several deliveries; see the logs of its id")


@events.job("/jobs/add-up-sales")
async def add_up_sales(job: Job) -> None:
    await summing.add_up(sales_wiring.deps(), job.now)


@events.job("/jobs/look-at-shelves")
async def look_at_shelves(job: Job) -> None:
    await shelves.look_at_all(sales_wiring.stocks(), await stores.open_ones(), job.now)


async def _take(message: Message, *known: tuple[str, int]) -> None:
    _name_tenant(message)
    await summing.take(sales_wiring.deps(), envelope.from_message(message, *known), clock.now())


def _name_tenant(message: Message) -> None:
    """Whose dead letter it would be. The topics are every tenant's, but only our own rooms publish to them."""
    message.params["tenantId"] = message.attributes.get("tenantId", "")


admin = door.entry()
admin_events = events.entry()
