"""What the dashboard needs to know about sales and nobody could tell yet: an operation of the API like any other."""

from __future__ import annotations

from functions.admin import sales_wiring
from functions.admin.door import door
from functions.common import auth, errors, stores
from functions.common.http import Call, Pagination, Reply


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
