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
    query="DaysQuery",
    reply="SalesDay",
    listed=True,
    errors=(errors.NotFound,),
    rate="manage",
)
async def list_sales(call: Call) -> Reply:
    from functions.admin.schemas import day_of

    query, scope = call.query, await scope_of(call)
    days, total = await sales_wiring.deps().sales.page(
        scope, first=query.from_, last=query.to, page=query.page, limit=query.limit
    )
    return Reply([day_of(each, query.products) for each in days], pagination=Pagination(query.page, query.limit, total))


@door.get(
    "/v1/sales",
    auth=auth.roles(auth.BRAND_MANAGER, auth.STORE_MANAGER),
    summary="What each of one's stores sold in a period, whoever sold most first",
    query="PeriodQuery",
    reply="StoreSales",
    listed=True,
    rate="manage",
)
async def list_store_sales(call: Call) -> Reply:
    from functions.admin.schemas import store_sales_of

    caller, query = call.principal, call.query
    found = await sales_wiring.deps().sales.by_store(caller.tenant_id, first=query.from_, last=query.to)
    own = [each for each in found if caller.may_use_store(each["_id"])]
    shown = own[(query.page - 1) * query.limit :][: query.limit]
    return Reply([store_sales_of(each) for each in shown], pagination=Pagination(query.page, query.limit, len(own)))


@door.get(
    "/v1/stores/{storeId}/sales/products",
    auth=auth.roles(auth.BRAND_MANAGER, auth.STORE_MANAGER),
    summary="What a store sold in a period by product, what brought most first; of each day the 500 that brought most",
    query="PeriodQuery",
    reply="SoldProduct",
    listed=True,
    errors=(errors.NotFound,),
    rate="manage",
)
async def list_product_sales(call: Call) -> Reply:
    from functions.admin.schemas import SoldProduct

    scope, query = await scope_of(call), call.query
    found, total = await sales_wiring.deps().sales.by_product(
        scope, first=query.from_, last=query.to, page=query.page, limit=query.limit
    )
    shown = [SoldProduct(barcode=each.pop("_id"), **each) for each in found]
    return Reply(shown, pagination=Pagination(query.page, query.limit, total))


@door.get(
    "/v1/stores/{storeId}/products/{barcode}/sales",
    auth=auth.roles(auth.BRAND_MANAGER, auth.STORE_MANAGER),
    summary="What was sold of a product, day by day, the latest first",
    query="SalesQuery",
    reply="ProductDay",
    listed=True,
    errors=(errors.NotFound,),
    rate="manage",
)
async def read_product_sales(call: Call) -> Reply:
    from functions.admin.schemas import ProductDay

    scope, query = await scope_of(call), call.query
    found, total = await sales_wiring.deps().sales.of_product(
        scope, _barcode(call), first=query.from_, last=query.to, page=query.page, limit=query.limit
    )
    shown = [ProductDay(date=each["day"], quantity=each["quantity"], amount=each["amount"]) for each in found]
    return Reply(shown, pagination=Pagination(query.page, query.limit, total))


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

    query, scope = call.query, await scope_of(call)
    points, total = await sales_wiring.timeline().page(scope, _barcode(call), query.field, query.page, query.limit)
    return Reply([point_of(each) for each in points], pagination=Pagination(query.page, query.limit, total))


async def scope_of(call: Call) -> dict[str, str]:
    """The tenant and the store that a path names. Raises NotFound, also for stores that are not the caller's."""
    store = await stores.scope_for(call.principal, call.params["storeId"])
    return {"tenantId": store.tenant_id, "storeId": store.id}


def _barcode(call: Call) -> str:
    try:
        return barcode.canonical(call.params["barcode"])
    except barcode.InvalidCode as problem:
        raise errors.NotFound("there is no such product", code="PRODUCT_NOT_FOUND") from problem
