"""What of a store is out of stock, for how long, and how much of what it lists could be bought on each day."""

from __future__ import annotations

from functions.admin import sales_wiring
from functions.admin.door import door
from functions.admin.sales_operations import scope_of
from functions.common import auth, errors
from functions.common.http import Call, Pagination, Reply

MANAGERS = auth.roles(auth.BRAND_MANAGER, auth.STORE_MANAGER)


@door.get(
    "/v1/stores/{storeId}/stock-outs",
    auth=MANAGERS,
    summary="Products out of stock, the longest first; or those that were, by how long in all",
    query="StockOutQuery",
    reply="StockOut",
    listed=True,
    errors=(errors.NotFound,),
    rate="manage",
)
async def list_stock_outs(call: Call) -> Reply:
    from functions.admin.schemas import stock_out_of

    scope, query = await scope_of(call), call.query
    found, total = await sales_wiring.stocks().page(
        scope, lasting=query.when == "now", page=query.page, limit=query.limit
    )
    return Reply(
        [stock_out_of(each, call.now) for each in found], pagination=Pagination(query.page, query.limit, total)
    )


@door.get(
    "/v1/stores/{storeId}/availability",
    auth=MANAGERS,
    summary="How much of what a store lists could be bought, day by day, the latest first",
    query="SalesQuery",
    reply="AvailabilityDay",
    listed=True,
    errors=(errors.NotFound,),
    rate="manage",
)
async def list_availability(call: Call) -> Reply:
    from functions.admin.schemas import availability_of

    scope, query = await scope_of(call), call.query
    found, total = await sales_wiring.stocks().days(
        scope, first=query.from_, last=query.to, page=query.page, limit=query.limit
    )
    return Reply([availability_of(each) for each in found], pagination=Pagination(query.page, query.limit, total))
