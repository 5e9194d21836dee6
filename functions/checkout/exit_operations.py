"""What is told of shoppers who have left: their purchases can be closed."""

from __future__ import annotations

from functions.checkout import advancing, wiring
from functions.checkout.door import events
from functions.common import deadletters
from functions.common.contracts import checkout, envelope
from functions.common.events import Message


@events.push("/push/exits", subscription="exits", topic=checkout.TOPIC)
async def on_exited(message: Message) -> None:
    event = envelope.from_message(message, checkout.EXITED)
    deps = wiring.deps()
    purchase = await deps.purchases.by_id(str(event.data["checkoutId"]))
    if purchase is not None and purchase["tenantId"] == event.tenant_id:
        await advancing.look_after(deps, purchase)


@events.push("/push/exits-dead", subscription="exits-dead", topic=checkout.TOPIC)
async def on_dead_exit(message: Message) -> None:
    # The sweep closes the purchase all the same; what is kept here is that something was wrong.
    message.params["tenantId"] = message.attributes.get("tenantId", "")
    attempts = message.attributes.get("CloudPubSubDeadLetterSourceDeliveryCount", "several")
    await deadletters.park(
        message, code="NOT_DELIVERED", reason=f"failed {attempts} deliveries; see the logs of its id"
    )
