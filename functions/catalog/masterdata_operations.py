"""The operations on brands, modules and stores."""

from __future__ import annotations

from typing import Any

from functions.catalog import masterdata, rendering, wiring
from functions.catalog.door import (
    BRAND,
    CLEANERS,
    CONFLICTS,
    EDITORS,
    NOT_FOUND,
    STAFF,
    STORE,
    WRITE,
    door,
    editor_of,
    listed,
    seen_by,
    versioned,
)
from functions.common import errors
from functions.common.http import Call, Reply

# ---- brands and modules ------------------------------------------------------------------------------------


@door.post(
    "/v1/brands",
    auth=BRAND,
    summary="Add a brand",
    body="NewBrand",
    reply="BrandView",
    status=201,
    errors=(errors.Conflict,),
    **WRITE,
)
async def create_brand(call: Call) -> Reply:
    return versioned(rendering.brand(await _create(call, wiring.deps().masterdata.brands)))


@door.get("/v1/brands", auth=STAFF, summary="List brands", query="Page", reply="BrandView", listed=True, rate="manage")
async def list_brands(call: Call) -> Reply:
    found, total = await _page(call, wiring.deps().masterdata.brands)
    return listed([rendering.brand(each) for each in found], call, total)


@door.get(
    "/v1/brands/{brandId}", auth=STAFF, summary="Read a brand", reply="BrandView", errors=NOT_FOUND, rate="manage"
)
async def read_brand(call: Call) -> Reply:
    return versioned(rendering.brand(await _read(call, wiring.deps().masterdata.brands)))


@door.patch(
    "/v1/brands/{brandId}",
    auth=BRAND,
    summary="Change a brand",
    body="BrandPatch",
    reply="BrandView",
    errors=CONFLICTS,
    **WRITE,
)
async def edit_brand(call: Call) -> Reply:
    return versioned(rendering.brand(await _edit(call, wiring.deps().masterdata.brands)))


@door.delete(
    "/v1/brands/{brandId}",
    auth=BRAND,
    summary="Remove a brand that no product carries",
    reply="Removed",
    errors=CONFLICTS,
    rate="manage",
)
async def remove_brand(call: Call) -> Reply:
    name = call.params["brandId"]
    await masterdata.remove_brand(wiring.deps().masterdata, call.principal.tenant_id, name, editor_of(call))
    return Reply({"id": name, "removed": True})


@door.post(
    "/v1/modules",
    auth=BRAND,
    summary="Add a module",
    body="NewModule",
    reply="ModuleView",
    status=201,
    errors=(errors.Conflict,),
    **WRITE,
)
async def create_module(call: Call) -> Reply:
    return versioned(rendering.module(await _create(call, wiring.deps().masterdata.modules)))


@door.get(
    "/v1/modules", auth=STAFF, summary="List modules", query="Page", reply="ModuleView", listed=True, rate="manage"
)
async def list_modules(call: Call) -> Reply:
    found, total = await _page(call, wiring.deps().masterdata.modules)
    return listed([rendering.module(each) for each in found], call, total)


@door.get(
    "/v1/modules/{moduleId}",
    auth=STAFF,
    summary="Read a module",
    reply="ModuleView",
    errors=NOT_FOUND,
    rate="manage",
)
async def read_module(call: Call) -> Reply:
    return versioned(rendering.module(await _read(call, wiring.deps().masterdata.modules)))


@door.patch(
    "/v1/modules/{moduleId}",
    auth=BRAND,
    summary="Change a module",
    body="ModulePatch",
    reply="ModuleView",
    errors=CONFLICTS,
    **WRITE,
)
async def edit_module(call: Call) -> Reply:
    return versioned(rendering.module(await _edit(call, wiring.deps().masterdata.modules)))


@door.delete(
    "/v1/modules/{moduleId}",
    auth=BRAND,
    summary="Remove a module",
    reply="Removed",
    errors=CONFLICTS,
    rate="manage",
)
async def remove_module(call: Call) -> Reply:
    name = call.params["moduleId"]
    await masterdata.remove(wiring.deps().masterdata.modules, call.principal.tenant_id, name, editor_of(call))
    return Reply({"id": name, "removed": True})


# ---- stores ----------------------------------------------------------------------------------------------


@door.post(
    "/v1/stores",
    auth=BRAND,
    summary="Open a store",
    body="NewStore",
    reply="StoreView",
    status=201,
    errors=(errors.Conflict,),
    **WRITE,
)
async def open_store(call: Call) -> Reply:
    fields = rendering.fields(call.body)
    store_id = fields.pop("storeId")
    document = await masterdata.open_store(wiring.deps().masterdata, call.principal, store_id, fields, editor_of(call))
    return versioned(rendering.store(document))


@door.get(
    "/v1/stores", auth=STAFF, summary="List your stores", query="Page", reply="StoreView", listed=True, rate="manage"
)
async def list_stores(call: Call) -> Reply:
    found, total = await masterdata.list_stores(
        wiring.deps().masterdata, call.principal, page=call.query.page, limit=call.query.limit
    )
    return listed([rendering.store(each) for each in found], call, total)


@door.get(STORE, auth=STAFF, summary="Read a store", reply="StoreView", errors=NOT_FOUND, rate="manage")
async def read_store(call: Call) -> Reply:
    document = await masterdata.read_store(wiring.deps().masterdata, call.principal, call.params["storeId"])
    return versioned(rendering.store(document))


@door.patch(
    STORE,
    auth=BRAND,
    summary="Change a store",
    body="StorePatch",
    reply="StoreView",
    errors=CONFLICTS,
    **WRITE,
)
async def edit_store(call: Call) -> Reply:
    document = await masterdata.edit_store(
        wiring.deps().masterdata,
        call.principal,
        call.params["storeId"],
        rendering.patch(call.body),
        editor_of(call),
        seen=seen_by(call),
    )
    return versioned(rendering.store(document))


@door.delete(STORE, auth=BRAND, summary="Remove a store", reply="Removed", errors=CONFLICTS, rate="manage")
async def close_store(call: Call) -> Reply:
    name = call.params["storeId"]
    await masterdata.close_store(wiring.deps().masterdata, call.principal, name, editor_of(call))
    return Reply({"id": name, "removed": True})


@door.get(
    f"{STORE}/check-in-code",
    auth=EDITORS,
    summary="The signed code for the poster at the entrance",
    reply="CheckInCode",
    errors=NOT_FOUND,
    rate="manage",
)
async def read_check_in_code(call: Call) -> Reply:
    document, code = await masterdata.check_in_code(wiring.deps().masterdata, call.principal, call.params["storeId"])
    return Reply(rendering.check_in_code(document, code))


@door.post(
    f"{STORE}/check-in-code:rotate",
    auth=EDITORS,
    summary="A new code for the entrance; the old posters are void",
    reply="CheckInCode",
    errors=CONFLICTS,
    rate="manage",
)
async def rotate_check_in_code(call: Call) -> Reply:
    document, code = await masterdata.rotate_check_in_code(
        wiring.deps().masterdata, call.principal, call.params["storeId"], editor_of(call)
    )
    return Reply(rendering.check_in_code(document, code))


@door.post(
    f"{STORE}/cache:clear",
    auth=CLEANERS,
    summary="Forget what is cached for a store",
    reply="CacheCleared",
    errors=CONFLICTS,
    rate="manage",
)
async def clear_store_cache(call: Call) -> Reply:
    store_id = call.params["storeId"]
    await masterdata.clear_cache(wiring.deps().masterdata, call.principal, store_id, editor_of(call))
    return Reply({"storeId": store_id, "cleared": True})


# ---- what brands and modules share ----------------------------------------------------------------------


async def _create(call: Call, noun: masterdata.Noun) -> dict[str, Any]:
    fields = rendering.fields(call.body)
    name = fields.pop(noun.key)
    return await masterdata.create(noun, call.principal.tenant_id, name, fields, editor_of(call))


async def _read(call: Call, noun: masterdata.Noun) -> dict[str, Any]:
    return await masterdata.read(noun, call.principal.tenant_id, call.params[noun.key])


async def _edit(call: Call, noun: masterdata.Noun) -> dict[str, Any]:
    name, patch = call.params[noun.key], rendering.patch(call.body)
    return await masterdata.edit(noun, call.principal.tenant_id, name, patch, editor_of(call), seen=seen_by(call))


async def _page(call: Call, noun: masterdata.Noun) -> tuple[list[dict[str, Any]], int]:
    return await noun.records.page(call.principal.tenant_id, None, call.query.page, call.query.limit)
