"""The doors of the price stream: REST for ERPs and operators, the applying push door, and what comes around it."""

from __future__ import annotations

from functions.common import auth, deadletters, errors, idempotency
from functions.common.contracts import catalog, envelope
from functions.common.events import EventDoor, Message, Task
from functions.common.http import Call, HttpDoor, Pagination, Reply
from functions.price_ingest import replaying, submitting, wiring

_readers, _operators = auth.roles(auth.ERP, auth.OPERATOR), auth.roles(auth.OPERATOR)
_people = (auth.BRAND_MANAGER, auth.STORE_MANAGER)

door = HttpDoor("price_ingest", ready=wiring.ready)
applying = EventDoor("price_ingest", ready=wiring.ready_to_apply)
events = EventDoor("price_ingest", ready=wiring.ready)


@door.post(
    "/v1/price-updates",
    auth=auth.roles(auth.ERP, *_people),
    summary="Send up to 5,000 price and stock updates",
    description=(
        "They are applied in the background; `statusUrl` says what became of them. Repeat with the same key. "
        "People set prices alone, as of now: a stock, a time, a sequence or a source is for systems to state."
    ),
    body="PriceUpdateBatch",
    reply="BatchAccepted",
    status=202,
    errors=(errors.Forbidden,),
    idempotency="required",
    max_body=4 << 20,
    rate="price_updates",
)
async def send_price_updates(call: Call) -> Reply:
    # The fingerprint, too: after the key is forgotten it may be used again for another batch.
    identity = f"{call.idempotency_id}:{idempotency.fingerprint(call.content)}"
    updates = [update.model_dump(by_alias=True, exclude_none=True) for update in call.body.updates]
    if call.principal.role in _people:
        updates = submitting.by_hand(updates)
    batch_id, accepted = await wiring.deps().submitting.accept(
        submitting.Submission(call.principal, identity, updates, call.now)
    )
    url = f"/v1/price-updates/{batch_id}"
    return Reply({"batchId": batch_id, "accepted": accepted, "statusUrl": url}, headers=(("location", url),))


@door.get(
    "/v1/price-updates",
    auth=_readers,
    summary="List the latest batches",
    query="Page",
    reply="BatchSummary",
    listed=True,
    rate="manage",
)
async def list_price_batches(call: Call) -> Reply:
    page, limit = call.query.page, call.query.limit
    found, total = await wiring.deps().submitting.batches(call.principal, page=page, limit=limit)
    return Reply(found, pagination=Pagination(page, limit, total))


@door.get(
    "/v1/price-updates/{batchId}",
    auth=auth.roles(auth.ERP, auth.OPERATOR, *_people),
    summary="What became of a batch",
    reply="Batch",
    errors=(errors.NotFound,),
    rate="manage",
)
async def read_price_batch(call: Call) -> Reply:
    return Reply(await wiring.deps().submitting.batch(call.principal, call.params["batchId"]))


@door.get(
    "/v1/price-issues",
    auth=_readers,
    summary="List rejected updates and conflicts, whichever way they came",
    query="IssueQuery",
    reply="Issue",
    listed=True,
    rate="manage",
)
async def list_price_issues(call: Call) -> Reply:
    query = call.query
    found, total = await wiring.deps().submitting.issues(
        call.principal, kind=query.kind, store_id=query.store_id, page=query.page, limit=query.limit
    )
    return Reply(found, pagination=Pagination(query.page, query.limit, total))


@door.get(
    "/v1/dead-letters",
    auth=_operators,
    summary="List messages that could not be applied",
    query="DeadLetterQuery",
    reply="DeadLetter",
    listed=True,
    rate="operator",
)
async def list_dead_letters(call: Call) -> Reply:
    query, tenant_id = call.query, call.principal.tenant_id
    found, total = await deadletters.page(
        tenant_id, status=query.status, code=query.code, page=query.page, limit=query.limit
    )
    return Reply([replaying.view(record) for record in found], pagination=Pagination(query.page, query.limit, total))


@door.get(
    "/v1/dead-letters/{deadLetterId}",
    auth=_operators,
    summary="Look into a message that could not be applied",
    reply="DeadLetterContent",
    errors=(errors.NotFound,),
    rate="operator",
)
async def read_dead_letter(call: Call) -> Reply:
    return Reply(replaying.view_content(await deadletters.get(call.principal.tenant_id, call.params["deadLetterId"])))


@door.post(
    "/v1/dead-letters/{deadLetterId}/replay",
    auth=_operators,
    summary="Try a message again",
    body="ReplayOne",
    reply="ReplayAccepted",
    status=202,
    errors=(errors.NotFound, errors.Conflict),
    idempotency="optional",
    rate="operator",
)
async def replay_dead_letter(call: Call) -> Reply:
    identifier = call.params["deadLetterId"]
    replaying.demand_replayable(await deadletters.get(call.principal.tenant_id, identifier))
    return await _replay(call, ids=[identifier])


@door.post(
    "/v1/dead-letters:replay",
    auth=_operators,
    summary="Try up to 500 messages again, by id or by code",
    body="ReplayMany",
    reply="ReplayAccepted",
    status=202,
    errors=(errors.NotFound,),
    idempotency="optional",
    rate="operator",
)
async def replay_dead_letters(call: Call) -> Reply:
    return await _replay(call, ids=call.body.ids, code=call.body.code)


async def _replay(call: Call, *, ids: list[str] | None = None, code: str | None = None) -> Reply:
    return Reply(
        await replaying.request(
            wiring.deps().reports,
            wiring.enqueue_replay,
            call.principal,
            request_id=call.idempotency_id or call.request_id,
            now=call.now,
            dry_run=call.body.dry_run,
            ids=ids,
            code=code,
        )
    )


@applying.push("/push/price-updates/{tenantId}", subscription="price-updates", topic="price-updates-{tenantId}")
async def apply_updates(message: Message) -> None:
    tenant_id, parts = message.params["tenantId"], wiring.deps()
    part = await parts.ingest.read(tenant_id, message)
    if part.updates:
        await parts.rounds.submit(tenant_id, part)
    else:
        await parts.ingest.refuse(part)


@events.push("/push/catalog-events", subscription="products-published", topic=catalog.TOPIC)
async def on_product_published(message: Message) -> None:
    event = envelope.from_message(message, catalog.PRODUCT_PUBLISHED)
    barcodes = [str(product["barcode"]) for product in event.data["products"]]
    await wiring.deps().ingest.apply_parked(event.tenant_id, event.store_id, barcodes)


@events.push("/push/dead-events", subscription="products-published-dead", topic=catalog.TOPIC)
async def on_dead_event(message: Message) -> None:
    # The topic is ours and every tenant's: its attributes say whose dead letter this is.
    message.params["tenantId"] = message.attributes.get("tenantId", "")
    await on_dead_letter(message)


@events.push("/push/dead-letters/{tenantId}", subscription="dead-letters", topic="price-updates-{tenantId}")
async def on_dead_letter(message: Message) -> None:
    attempts = message.attributes.get("CloudPubSubDeadLetterSourceDeliveryCount", "several")
    await deadletters.park(
        message, code="NOT_DELIVERED", reason=f"failed {attempts} deliveries; see the logs of its id"
    )


@events.task("/tasks/replay")
async def on_replay(task: Task) -> None:
    body = task.body
    await replaying.replay(body["tenantId"], body["id"], by=body["by"], at_millis=body["at"])


price_ingest = door.entry()
price_ingest_apply = applying.entry()
price_ingest_events = events.entry()
