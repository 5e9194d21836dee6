"""Where Stripe tells what happened."""

from __future__ import annotations

from functions.checkout import payment_wiring, settings, webhooks
from functions.checkout.door import door, events
from functions.checkout.payments import signatures
from functions.common import auth, clock, log, metrics
from functions.common.errors import Malformed
from functions.common.events import Task
from functions.common.http import Call, Reply

_refused = metrics.Counter("webhooks_refused", "Webhooks that were not believed, by why.", ("reason",))


@door.post(
    "/v1/webhooks/stripe",
    auth=auth.public(),
    summary="Stripe's webhook: signed over the raw body, kept once, answered before anything is done about it",
    reply="WebhookReceived",
    media=("application/json",),
    max_body=512 << 10,
)
async def stripe_webhook(call: Call) -> Reply:
    secrets = settings.payment().stripe_webhook_secrets.split(",")
    try:
        signatures.verify(call.content, call.header("stripe-signature"), secrets, call.now.timestamp())
    except signatures.BadSignature as problem:
        _refused.inc("signature")
        log.warning("webhook.refused", reason=str(problem))
        # One answer for every reason: it tells a forger nothing.
        raise Malformed("the signature is not valid", code="SIGNATURE_INVALID", field="Stripe-Signature") from None
    try:
        event = webhooks.read(call.content)
    except webhooks.Unreadable as problem:
        _refused.inc("unreadable")
        log.error("webhook.unreadable", reason=str(problem))
        raise Malformed("the body is not an event", code="EVENT_INVALID", field="body") from None
    if event is not None:
        await webhooks.receive(payment_wiring.webhooks(), event, call.now)
    return Reply({"received": True})


@events.task(payment_wiring.EVENT_TASK)
async def on_payment_event(task: Task) -> None:
    await webhooks.process(payment_wiring.webhooks(), str(task.body.get("eventId", "")), clock.now())
