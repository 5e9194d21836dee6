"""What staff of a store see and decide."""

from __future__ import annotations

from functions.checkout import rendering, wiring
from functions.checkout.door import NOT_FOUND, STAFF, door
from functions.common import stores
from functions.common.errors import NotFound
from functions.common.http import Call, Pagination, Reply

PURCHASES = "/v1/stores/{storeId}/purchases"


@door.get(
    PURCHASES,
    auth=STAFF,
    summary="The purchases of a store, newest first",
    query="PurchaseQuery",
    reply="CheckoutSummary",
    listed=True,
    rate="manage",
    errors=NOT_FOUND,
)
async def list_purchases(call: Call) -> Reply:
    store, query = await stores.scope_for(call.principal, call.params["storeId"]), call.query
    found, total = await wiring.lists().of_store(store, query.state, (query.from_, query.to), query.page, query.limit)
    return Reply([rendering.summary(each) for each in found], pagination=Pagination(query.page, query.limit, total))


@door.get(
    f"{PURCHASES}/{{checkoutId}}",
    auth=STAFF,
    summary="A purchase of a store",
    reply="PurchaseView",
    rate="manage",
    errors=NOT_FOUND,
)
async def read_purchase(call: Call) -> Reply:
    store = await stores.scope_for(call.principal, call.params["storeId"])
    found = await wiring.deps().purchases.find(store.tenant_id, store.id, call.params["checkoutId"])
    if found is None:
        raise NotFound("there is no such purchase", code="PURCHASE_NOT_FOUND")
    return Reply(rendering.purchase(found))
