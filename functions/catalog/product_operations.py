"""The operations on products of a store."""

from __future__ import annotations

from functions.catalog import rendering, service, wiring
from functions.catalog.door import (
    CONFLICTS,
    EDITORS,
    NOT_FOUND,
    PRODUCT,
    STAFF,
    STORE,
    WRITE,
    door,
    editor_of,
    listed,
    seen_by,
    store_of,
    versioned,
)
from functions.common.http import Call, Reply


@door.post(
    f"{STORE}/products",
    auth=EDITORS,
    summary="Put a product on sale in a store",
    body="NewProduct",
    reply="ProductView",
    status=201,
    errors=CONFLICTS,
    **WRITE,
)
async def create_product(call: Call) -> Reply:
    document = await service.create(
        wiring.deps().products, await store_of(call), rendering.fields(call.body), editor_of(call)
    )
    return versioned(rendering.product(document), f"/v1/stores/{document['storeId']}/products/{document['barcode']}")


@door.post(
    f"{STORE}/products:bulk",
    auth=EDITORS,
    summary="Create or change up to 500 products, each judged alone",
    body="ProductBulk",
    reply="BulkReport",
    errors=NOT_FOUND,
    rate="bulk",
    idempotency="optional",
    max_body=6 << 20,
)
async def load_products(call: Call) -> Reply:
    items = rendering.items(call.body.products)
    outcomes = await service.load(wiring.deps().products, await store_of(call), items, editor_of(call))
    return Reply(rendering.report(outcomes))


@door.get(
    f"{STORE}/products",
    auth=STAFF,
    summary="List and search a store's products",
    query="ProductQuery",
    reply="ProductView",
    listed=True,
    errors=NOT_FOUND,
    rate="manage",
)
async def list_products(call: Call) -> Reply:
    listing = rendering.listing(call.query)
    found, total = await service.page(wiring.deps().products, await store_of(call), listing)
    return listed([rendering.product(document) for document in found], call, total)


@door.get(PRODUCT, auth=STAFF, summary="Read a product", reply="ProductView", errors=NOT_FOUND, rate="manage")
async def read_product(call: Call) -> Reply:
    document = await service.read(wiring.deps().products, await store_of(call), call.params["barcode"])
    return versioned(rendering.product(document))


@door.patch(
    PRODUCT,
    auth=EDITORS,
    summary="Change what the body names; price and stock come from the price stream",
    description="With If-Match, an edit made since that version is a conflict. Price updates are not.",
    body="ProductPatch",
    reply="ProductView",
    errors=CONFLICTS,
    **WRITE,
)
async def edit_product(call: Call) -> Reply:
    document = await service.edit(
        wiring.deps().products,
        await store_of(call),
        call.params["barcode"],
        rendering.patch(call.body),
        editor_of(call),
        seen=seen_by(call),
    )
    return versioned(rendering.product(document))


@door.delete(
    PRODUCT, auth=EDITORS, summary="Take a product off sale", reply="Withdrawn", errors=CONFLICTS, rate="manage"
)
async def withdraw_product(call: Call) -> Reply:
    document = await service.withdraw(
        wiring.deps().products, await store_of(call), call.params["barcode"], editor_of(call)
    )
    return Reply(rendering.withdrawn(document))


@door.get(
    f"{PRODUCT}/history",
    auth=STAFF,
    summary="Who changed what on a product",
    query="Page",
    reply="AuditView",
    listed=True,
    errors=NOT_FOUND,
    rate="manage",
)
async def read_product_history(call: Call) -> Reply:
    entries, total = await service.history(
        wiring.deps().products,
        await store_of(call),
        call.params["barcode"],
        page=call.query.page,
        limit=call.query.limit,
    )
    return listed(rendering.audit(entries), call, total)
