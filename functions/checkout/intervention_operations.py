"""What staff decide about baskets that are not paid yet."""

from __future__ import annotations

import secrets

from functions.checkout import domain, interventions, rendering, rescanning, schemas, wiring
from functions.checkout.door import CONFLICTS, NOT_FOUND, STAFF, door
from functions.checkout.rescanning import Found
from functions.common import purchases, stores
from functions.common.errors import NotFound
from functions.common.http import Call, Pagination, Reply
from functions.common.mongo import Document
from functions.common.product_edits import Editor, editor

INTERVENTION = "/v1/interventions/{interventionId}"


@door.get(
    "/v1/stores/{storeId}/interventions",
    auth=STAFF,
    summary="The baskets of a store that staff have to look at, or those of a status",
    query="InterventionQuery",
    reply="Task",
    listed=True,
    rate="manage",
    errors=NOT_FOUND,
)
async def list_interventions(call: Call) -> Reply:
    store, query = await stores.scope_for(call.principal, call.params["storeId"]), call.query
    found, total = await wiring.lists().interventions(store, query.status, query.page, query.limit)
    wanted = domain.UNDECIDED if query.status is None else {query.status}
    tasks = [rendering.task(each, one) for each in found for one in each["interventions"] if one["status"] in wanted]
    return Reply(tasks, pagination=Pagination(query.page, query.limit, total))


@door.get(INTERVENTION, auth=STAFF, summary="A basket to look at", reply="Task", rate="manage", errors=NOT_FOUND)
async def read_intervention(call: Call) -> Reply:
    purchase, identifier = await _basket(call)
    return _task(purchase, identifier)


@door.post(
    f"{INTERVENTION}/claim",
    auth=STAFF,
    summary="Take a basket on, so that no colleague does; may be repeated",
    reply="Task",
    rate="manage",
    errors=CONFLICTS,
)
async def claim_intervention(call: Call) -> Reply:
    purchase, identifier = await _basket(call)
    return _task(await interventions.claim(wiring.deps(), purchase, identifier, _editor(call)), identifier)


@door.post(
    f"{INTERVENTION}/approve",
    auth=STAFF,
    summary="Let a basket pass; the payment is taken once nothing is open any more",
    body="Approval",
    reply="Task",
    rate="manage",
    max_body=4096,
    budget=18.0,
    errors=CONFLICTS,
)
async def approve_intervention(call: Call) -> Reply:
    purchase, identifier = await _basket(call)
    done = await interventions.approve(wiring.deps(), purchase, identifier, call.body.reason, _editor(call))
    return _task(done, identifier)


@door.post(
    f"{INTERVENTION}/reject",
    auth=STAFF,
    summary="Refuse a basket with a reason: nothing is charged, and everything it holds goes back",
    body="Rejection",
    reply="Task",
    rate="manage",
    max_body=4096,
    budget=18.0,
    errors=CONFLICTS,
)
async def reject_intervention(call: Call) -> Reply:
    purchase, identifier = await _basket(call)
    done = await interventions.reject(wiring.deps(), purchase, identifier, call.body.reason, _editor(call))
    return _task(done, identifier)


@door.post(
    f"{INTERVENTION}/rescan",
    auth=STAFF,
    summary="Compare the bag with the basket: what is missing is taken off, what is too much ends the checkout",
    body="Rescan",
    reply="RescanResult",
    rate="manage",
    max_body=256 << 10,
    budget=18.0,
    errors=CONFLICTS,
)
async def rescan_intervention(call: Call) -> Reply:
    purchase, identifier = await _basket(call)
    bag = [Found(each.code, each.quantity) for each in call.body.items]
    done = await rescanning.rescan(wiring.deps(), purchase, identifier, bag, _editor(call))
    after = done.purchase
    return Reply(
        schemas.RescanResult(
            outcome=done.outcome,
            differences=[
                schemas.BasketDifference(barcode=each.barcode, name=each.name, basket=each.basket, found=each.found)
                for each in done.differences
            ],
            old_total=done.old_total,
            total=after["totals"]["total"],
            intervention=rendering.task(after, interventions.find(after, identifier)),
        )
    )


async def _basket(call: Call) -> tuple[Document, str]:
    """The purchase of the path's intervention, when its store is the caller's. Raises NotFound for all others alike."""
    identifier, caller = call.params["interventionId"], call.principal
    named = domain.checkout_of(identifier)
    store_id = purchases.store_of(named[0]) if named is not None else None
    if named is None or store_id is None or not caller.may_use_store(store_id):
        raise NotFound("there is no such intervention", code="INTERVENTION_NOT_FOUND")
    found = await wiring.deps().purchases.find(caller.tenant_id, store_id, named[0])
    if found is None:
        raise NotFound("there is no such intervention", code="INTERVENTION_NOT_FOUND")
    interventions.find(found, identifier)
    return found, identifier


def _task(purchase: Document, identifier: str) -> Reply:
    return Reply(rendering.task(purchase, interventions.find(purchase, identifier)))


def _editor(call: Call) -> Editor:
    return editor(call.principal.sub, call.principal.role, call.request_id, secrets.token_hex(16), call.now)
