"""The room's two doors, and what their operations share; these register themselves from the modules beside."""

from __future__ import annotations

from typing import Any

from functions.common import auth, errors, stores
from functions.common.events import EventDoor
from functions.common.http import Call, HttpDoor, Pagination, Reply
from functions.common.mongo import Document
from functions.import_publish import wiring

MANAGERS = auth.roles(auth.BRAND_MANAGER)
UPLOADERS = auth.roles(auth.BRAND_MANAGER, auth.STORE_MANAGER, auth.ERP)
READERS = auth.roles(auth.BRAND_MANAGER, auth.STORE_MANAGER, auth.ERP, auth.OPERATOR)
STAFF = auth.roles(auth.BRAND_MANAGER, auth.STORE_MANAGER, auth.OPERATOR)
RETRIERS = auth.roles(auth.BRAND_MANAGER, auth.OPERATOR)
NOT_FOUND = (errors.NotFound,)
CONFLICTS = (errors.NotFound, errors.Conflict)
WRITE: dict[str, Any] = {"rate": "manage", "idempotency": "optional", "max_body": 128 << 10}
IMPORT = "/v1/imports/{importId}"

door = HttpDoor("import_publish", ready=wiring.ready)
work = EventDoor("import_publish", ready=wiring.ready)


async def store_of(call: Call, store_id: str) -> stores.Store:
    """The store that somebody names, when it is the caller's. Raises NotFound."""
    return await stores.scope_for(call.principal, store_id)


async def import_of(call: Call) -> Document:
    """The import of the path, when it is the caller's. Raises NotFound alike for unknown ones and for others'."""
    found = await wiring.deps().imports.find(call.principal.tenant_id, call.params["importId"])
    if found is None or not may_see(call.principal, found):
        raise errors.NotFound("there is no such import", code="IMPORT_NOT_FOUND")
    return found


def may_see(principal: auth.Principal, document: Document) -> bool:
    """Whether an import (or its failures) is of a store the caller may use; a machine sees only what it brought."""
    if not principal.may_use_store(document["storeId"]):
        return False
    return principal.role != auth.ERP or document["createdBy"] == principal.sub


def listed(views: list[Any], call: Call, total: int) -> Reply:
    """One page of things."""
    return Reply(views, pagination=Pagination(call.query.page, call.query.limit, total))
