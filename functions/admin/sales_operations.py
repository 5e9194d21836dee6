"""What the dashboard needs to know and nobody could tell yet: operations of the API like any other."""

from __future__ import annotations

from functions.admin import sales_wiring
from functions.admin.door import door
from functions.common import auth, errors, stores
from functions.common.http import Call, Pagination, Reply
from functions.common.retail import barcode


@door.get(
    "/v1/stores/{storeId}/sales",
    auth=auth.roles(auth.BRAND_MANAGER, auth.STORE_MANAGER),
    summary="What a store sold, day by day, the latest first",
    query="SalesQuery",
    reply="SalesDay",
    listed=True,
    errors=(errors.NotFound,),
    rate="manage",
)
async def list_sales(call: Call) -> Reply:
    from functions.admin.schemas import day_of

    query = call.query
    store = await stores.scope_for(call.principal, call.params["storeId"])
    scope = {"tenantId": store.tenant_id, "storeId": store.id}
    days, total = await sales_wiring.deps().sales.page(
        scope, first=query.from_, last=query.to, page=query.page, limit=query.limit
    )
    return Reply([day_of(each) for each in days], pagination=Pagination(query.page, query.limit, total))


@door.get(
    "/v1/stores/{storeId}/products/{barcode}/timeline",
    auth=auth.roles(auth.BRAND_MANAGER, auth.STORE_MANAGER, auth.STORE_STAFF),
    summary="How a product's price or stock went, the latest first, for three months",
    query="TimelineQuery",
    reply="TimelinePoint",
    listed=True,
    errors=(errors.NotFound,),
    rate="manage",
)
async def read_timeline(call: Call) -> Reply:
    from functions.admin.schemas import point_of

    query = call.query
    store = await stores.scope_for(call.principal, call.params["storeId"])
    scope = {"tenantId": store.tenant_id, "storeId": store.id}
    try:
        code = barcode.canonical(call.params["barcode"])
    except barcode.InvalidCode as problem:
        raise errors.NotFound("there is no such product", code="PRODUCT_NOT_FOUND") from problem
    points, total = await sales_wiring.timeline().page(scope, code, query.field, query.page, query.limit)
    return Reply([point_of(each) for each in points], pagination=Pagination(query.page, query.limit, total))
