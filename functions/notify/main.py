"""The doors of notices: devices and reading for apps; facts, tasks and the sweep for the platform."""

from __future__ import annotations

from functions.common import deadletters, errors
from functions.common.contracts import checkout, discount, envelope, sessions
from functions.common.events import EventDoor, Job, Message, Task
from functions.notify import operations, service, wiring
from functions.notify.operations import door
from functions.notify.repository import Key

__all__ = ["door", "notify", "notify_events"]

# Importing them has put them on the door.
OPERATIONS = (operations,)
_TOPICS = {"session": sessions.TOPIC, "discount": discount.TOPIC}

events = EventDoor("notify", ready=wiring.ready_to_push)


@events.push("/push/notices-of-visits", subscription="session-events", topic=sessions.TOPIC)
async def on_session_event(message: Message) -> None:
    await _take(message, sessions.EXPIRING, sessions.CART_REPRICED, sessions.CART_STOCK_CHANGED)


@events.push("/push/notices-of-cards", subscription="discount-events", topic=discount.TOPIC)
async def on_discount_event(message: Message) -> None:
    await _take(message, discount.CARD_ACCEPTED)


@events.push("/push/notices-of-checkouts", subscription="checkout-events", topic=checkout.TOPIC)
async def on_checkout_event(message: Message) -> None:
    await _take(message, checkout.PAYMENT_CHANGED, checkout.EXPIRING, checkout.PAID, checkout.REFUNDED)


@events.push("/push/notices-dead", subscription="dead-events", topic="notify-dead")
async def on_dead_event(message: Message) -> None:
    # One topic for what failed of three: its attributes say whose it is and where it goes when it is replayed.
    _name_tenant(message)
    owner = message.attributes.get("type", "").partition(".")[0]
    message.topic = _TOPICS.get(owner, checkout.TOPIC)
    await deadletters.park(message, code="NOT_DELIVERED", reason="failed several deliveries; see the logs of its id")


@events.task("/tasks/attend")
async def on_attend(task: Task) -> None:
    try:
        names = ("tenantId", "storeId", "userId", "sessionId")
        key = Key(*(str(task.body[name]) for name in names))
    except KeyError as error:
        raise errors.Rejected("the task does not say whose mailbox it is about") from error
    await service.attend(wiring.deps(), key, service.moment())


@events.job("/jobs/sweep-notices")
async def sweep_notices(job: Job) -> None:
    await service.sweep(wiring.deps(), job.now)


async def _take(message: Message, *known: tuple[str, int]) -> None:
    _name_tenant(message)
    await service.take(wiring.deps(), envelope.from_message(message, *known), service.moment())


def _name_tenant(message: Message) -> None:
    """Whose dead letter it would be. The topics are every tenant's, but only our own rooms publish to them."""
    message.params["tenantId"] = message.attributes.get("tenantId", "")


notify = door.entry()
notify_events = events.entry()
