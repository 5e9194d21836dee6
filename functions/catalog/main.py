"""The catalogue's doors: products of a store, brands and modules of a tenant, stores, and the sweep."""

from __future__ import annotations

import secrets
from typing import Any

from functions.catalog import domain, masterdata, rendering, service, wiring
from functions.common import auth, errors, stores
from functions.common.events import EventDoor, Job
from functions.common.http import Call, HttpDoor, Pagination, Reply
from functions.common.outbox import OLDER_THAN

_editors = auth.roles(auth.BRAND_MANAGER, auth.STORE_MANAGER)
_staff = auth.roles(auth.BRAND_MANAGER, auth.STORE_MANAGER, auth.STORE_STAFF)
_brand = auth.roles(auth.BRAND_MANAGER)
_cleaners = auth.roles(auth.BRAND_MANAGER, auth.STORE_MANAGER, auth.OPERATOR)
_not_found = (errors.NotFound,)
_conflicts = (errors.NotFound, errors.Conflict)
_STORE, _PRODUCT = "/v1/stores/{storeId}", "/v1/stores/{storeId}/products/{barcode}"
_write: dict[str, Any] = {"rate": "manage", "idempotency": "optional", "max_body": 128 << 10}

door = HttpDoor("catalog", ready=wiring.ready)
jobs = EventDoor("catalog", ready=wiring.ready)


def _editor(call: Call) -> domain.Editor:
    op = call.idempotency_id or secrets.token_hex(16)
    return domain.editor(call.principal.sub, call.principal.role, call.request_id, op, call.now)


def _seen(call: Call) -> int | None:
    with service.as_problems():
        return domain.parse_if_match(call.header("if-match"))


async def _store(call: Call) -> stores.Store:
    return await stores.scope_for(call.principal, call.params["storeId"])


def _versioned(view: Any, location: str = "") -> Reply:
    place = (("location", location),) if location else ()
    return Reply(view, headers=(("etag", f'"{view.ver}"'), *place))


# ---- products --------------------------------------------------------------------------------------------


@door.post(
    f"{_STORE}/products",
    auth=_editors,
    summary="Put a product on sale in a store",
    body="NewProduct",
    reply="ProductView",
    status=201,
    errors=_conflicts,
    **_write,
)
async def create_product(call: Call) -> Reply:
    document = await service.create(
        wiring.deps().products, await _store(call), rendering.fields(call.body), _editor(call)
    )
    return _versioned(rendering.product(document), f"/v1/stores/{document['storeId']}/products/{document['barcode']}")


@door.post(
    f"{_STORE}/products:bulk",
    auth=_editors,
    summary="Create or change up to 500 products, each judged alone",
    body="ProductBulk",
    reply="BulkReport",
    errors=_not_found,
    rate="bulk",
    idempotency="optional",
    max_body=6 << 20,
)
async def load_products(call: Call) -> Reply:
    items = rendering.items(call.body.products)
    outcomes = await service.load(wiring.deps().products, await _store(call), items, _editor(call))
    return Reply(rendering.report(outcomes))


@door.get(
    f"{_STORE}/products",
    auth=_staff,
    summary="List and search a store's products",
    query="ProductQuery",
    reply="ProductView",
    listed=True,
    errors=_not_found,
    rate="manage",
)
async def list_products(call: Call) -> Reply:
    listing = rendering.listing(call.query)
    found, total = await service.page(wiring.deps().products, await _store(call), listing)
    return _listed([rendering.product(document) for document in found], call, total)


@door.get(_PRODUCT, auth=_staff, summary="Read a product", reply="ProductView", errors=_not_found, rate="manage")
async def read_product(call: Call) -> Reply:
    document = await service.read(wiring.deps().products, await _store(call), call.params["barcode"])
    return _versioned(rendering.product(document))


@door.patch(
    _PRODUCT,
    auth=_editors,
    summary="Change what the body names; price and stock come from the price stream",
    description="With If-Match, an edit made since that version is a conflict. Price updates are not.",
    body="ProductPatch",
    reply="ProductView",
    errors=_conflicts,
    **_write,
)
async def edit_product(call: Call) -> Reply:
    document = await service.edit(
        wiring.deps().products,
        await _store(call),
        call.params["barcode"],
        rendering.patch(call.body),
        _editor(call),
        seen=_seen(call),
    )
    return _versioned(rendering.product(document))


@door.delete(
    _PRODUCT, auth=_editors, summary="Take a product off sale", reply="Withdrawn", errors=_conflicts, rate="manage"
)
async def withdraw_product(call: Call) -> Reply:
    document = await service.withdraw(wiring.deps().products, await _store(call), call.params["barcode"], _editor(call))
    return Reply(rendering.withdrawn(document))


@door.get(
    f"{_PRODUCT}/history",
    auth=_staff,
    summary="Who changed what on a product",
    query="Page",
    reply="AuditView",
    listed=True,
    errors=_not_found,
    rate="manage",
)
async def read_product_history(call: Call) -> Reply:
    entries, total = await service.history(
        wiring.deps().products,
        await _store(call),
        call.params["barcode"],
        page=call.query.page,
        limit=call.query.limit,
    )
    return _listed(rendering.audit(entries), call, total)


# ---- brands and modules ----------------------------------------------------------------------------------


@door.post(
    "/v1/brands",
    auth=_brand,
    summary="Add a brand",
    body="NewBrand",
    reply="BrandView",
    status=201,
    errors=(errors.Conflict,),
    **_write,
)
async def create_brand(call: Call) -> Reply:
    return _versioned(rendering.brand(await _create(call, wiring.deps().masterdata.brands)))


@door.get("/v1/brands", auth=_staff, summary="List brands", query="Page", reply="BrandView", listed=True, rate="manage")
async def list_brands(call: Call) -> Reply:
    found, total = await _page(call, wiring.deps().masterdata.brands)
    return _listed([rendering.brand(each) for each in found], call, total)


@door.get(
    "/v1/brands/{brandId}", auth=_staff, summary="Read a brand", reply="BrandView", errors=_not_found, rate="manage"
)
async def read_brand(call: Call) -> Reply:
    return _versioned(rendering.brand(await _read(call, wiring.deps().masterdata.brands)))


@door.patch(
    "/v1/brands/{brandId}",
    auth=_brand,
    summary="Change a brand",
    body="BrandPatch",
    reply="BrandView",
    errors=_conflicts,
    **_write,
)
async def edit_brand(call: Call) -> Reply:
    return _versioned(rendering.brand(await _edit(call, wiring.deps().masterdata.brands)))


@door.delete(
    "/v1/brands/{brandId}",
    auth=_brand,
    summary="Remove a brand that no product carries",
    reply="Removed",
    errors=_conflicts,
    rate="manage",
)
async def remove_brand(call: Call) -> Reply:
    name = call.params["brandId"]
    await masterdata.remove_brand(wiring.deps().masterdata, call.principal.tenant_id, name, _editor(call))
    return Reply({"id": name, "removed": True})


@door.post(
    "/v1/modules",
    auth=_brand,
    summary="Add a module",
    body="NewModule",
    reply="ModuleView",
    status=201,
    errors=(errors.Conflict,),
    **_write,
)
async def create_module(call: Call) -> Reply:
    return _versioned(rendering.module(await _create(call, wiring.deps().masterdata.modules)))


@door.get(
    "/v1/modules", auth=_staff, summary="List modules", query="Page", reply="ModuleView", listed=True, rate="manage"
)
async def list_modules(call: Call) -> Reply:
    found, total = await _page(call, wiring.deps().masterdata.modules)
    return _listed([rendering.module(each) for each in found], call, total)


@door.get(
    "/v1/modules/{moduleId}",
    auth=_staff,
    summary="Read a module",
    reply="ModuleView",
    errors=_not_found,
    rate="manage",
)
async def read_module(call: Call) -> Reply:
    return _versioned(rendering.module(await _read(call, wiring.deps().masterdata.modules)))


@door.patch(
    "/v1/modules/{moduleId}",
    auth=_brand,
    summary="Change a module",
    body="ModulePatch",
    reply="ModuleView",
    errors=_conflicts,
    **_write,
)
async def edit_module(call: Call) -> Reply:
    return _versioned(rendering.module(await _edit(call, wiring.deps().masterdata.modules)))


@door.delete(
    "/v1/modules/{moduleId}",
    auth=_brand,
    summary="Remove a module",
    reply="Removed",
    errors=_conflicts,
    rate="manage",
)
async def remove_module(call: Call) -> Reply:
    name = call.params["moduleId"]
    await masterdata.remove(wiring.deps().masterdata.modules, call.principal.tenant_id, name, _editor(call))
    return Reply({"id": name, "removed": True})


# ---- stores ----------------------------------------------------------------------------------------------


@door.post(
    "/v1/stores",
    auth=_brand,
    summary="Open a store",
    body="NewStore",
    reply="StoreView",
    status=201,
    errors=(errors.Conflict,),
    **_write,
)
async def open_store(call: Call) -> Reply:
    fields = rendering.fields(call.body)
    store_id = fields.pop("storeId")
    document = await masterdata.open_store(wiring.deps().masterdata, call.principal, store_id, fields, _editor(call))
    return _versioned(rendering.store(document))


@door.get(
    "/v1/stores", auth=_staff, summary="List your stores", query="Page", reply="StoreView", listed=True, rate="manage"
)
async def list_stores(call: Call) -> Reply:
    found, total = await masterdata.list_stores(
        wiring.deps().masterdata, call.principal, page=call.query.page, limit=call.query.limit
    )
    return _listed([rendering.store(each) for each in found], call, total)


@door.get(_STORE, auth=_staff, summary="Read a store", reply="StoreView", errors=_not_found, rate="manage")
async def read_store(call: Call) -> Reply:
    document = await masterdata.read_store(wiring.deps().masterdata, call.principal, call.params["storeId"])
    return _versioned(rendering.store(document))


@door.patch(
    _STORE,
    auth=_brand,
    summary="Change a store",
    body="StorePatch",
    reply="StoreView",
    errors=_conflicts,
    **_write,
)
async def edit_store(call: Call) -> Reply:
    document = await masterdata.edit_store(
        wiring.deps().masterdata,
        call.principal,
        call.params["storeId"],
        rendering.patch(call.body),
        _editor(call),
        seen=_seen(call),
    )
    return _versioned(rendering.store(document))


@door.delete(_STORE, auth=_brand, summary="Remove a store", reply="Removed", errors=_conflicts, rate="manage")
async def close_store(call: Call) -> Reply:
    name = call.params["storeId"]
    await masterdata.close_store(wiring.deps().masterdata, call.principal, name, _editor(call))
    return Reply({"id": name, "removed": True})


@door.get(
    f"{_STORE}/check-in-code",
    auth=_editors,
    summary="The signed code for the poster at the entrance",
    reply="CheckInCode",
    errors=_not_found,
    rate="manage",
)
async def read_check_in_code(call: Call) -> Reply:
    document, code = await masterdata.check_in_code(wiring.deps().masterdata, call.principal, call.params["storeId"])
    return Reply(rendering.check_in_code(document, code))


@door.post(
    f"{_STORE}/check-in-code:rotate",
    auth=_editors,
    summary="A new code for the entrance; the old posters are void",
    reply="CheckInCode",
    errors=_conflicts,
    rate="manage",
)
async def rotate_check_in_code(call: Call) -> Reply:
    document, code = await masterdata.rotate_check_in_code(
        wiring.deps().masterdata, call.principal, call.params["storeId"], _editor(call)
    )
    return Reply(rendering.check_in_code(document, code))


@door.post(
    f"{_STORE}/cache:clear",
    auth=_cleaners,
    summary="Forget what is cached for a store",
    reply="CacheCleared",
    errors=_conflicts,
    rate="manage",
)
async def clear_store_cache(call: Call) -> Reply:
    store_id = call.params["storeId"]
    await masterdata.clear_cache(wiring.deps().masterdata, call.principal, store_id, _editor(call))
    return Reply({"storeId": store_id, "cleared": True})


# ---- jobs ------------------------------------------------------------------------------------------------


@jobs.job("/jobs/sweep-outbox")
async def sweep_outbox(job: Job) -> None:
    parts = wiring.deps()
    before = job.now - OLDER_THAN
    await service.sweep(parts.products, before=before)
    for kind in parts.records:
        await kind.settle_unfinished(before, limit=500)


# ---- what the records' doors share -----------------------------------------------------------------------


async def _create(call: Call, noun: masterdata.Noun) -> dict[str, Any]:
    fields = rendering.fields(call.body)
    name = fields.pop(noun.key)
    return await masterdata.create(noun, call.principal.tenant_id, name, fields, _editor(call))


async def _read(call: Call, noun: masterdata.Noun) -> dict[str, Any]:
    return await masterdata.read(noun, call.principal.tenant_id, call.params[noun.key])


async def _edit(call: Call, noun: masterdata.Noun) -> dict[str, Any]:
    name, patch = call.params[noun.key], rendering.patch(call.body)
    return await masterdata.edit(noun, call.principal.tenant_id, name, patch, _editor(call), seen=_seen(call))


async def _page(call: Call, noun: masterdata.Noun) -> tuple[list[dict[str, Any]], int]:
    return await noun.records.page(call.principal.tenant_id, None, call.query.page, call.query.limit)


def _listed(views: list[Any], call: Call, total: int) -> Reply:
    return Reply(views, pagination=Pagination(call.query.page, call.query.limit, total))


catalog = door.entry()
catalog_jobs = jobs.entry()
