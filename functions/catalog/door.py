"""The catalogue's HTTP door, and what its operations share; they register themselves from the two modules beside."""

from __future__ import annotations

import secrets
from typing import Any

from functions.catalog import service, wiring
from functions.common import auth, errors, stores
from functions.common.http import Call, HttpDoor, Pagination, Reply
from functions.common.product_edits import Editor, editor, parse_if_match

EDITORS = auth.roles(auth.BRAND_MANAGER, auth.STORE_MANAGER)
STAFF = auth.roles(auth.BRAND_MANAGER, auth.STORE_MANAGER, auth.STORE_STAFF)
BRAND = auth.roles(auth.BRAND_MANAGER)
CLEANERS = auth.roles(auth.BRAND_MANAGER, auth.STORE_MANAGER, auth.OPERATOR)
NOT_FOUND = (errors.NotFound,)
CONFLICTS = (errors.NotFound, errors.Conflict)
STORE = "/v1/stores/{storeId}"
PRODUCT = f"{STORE}/products/{{barcode}}"
WRITE: dict[str, Any] = {"rate": "manage", "idempotency": "optional", "max_body": 128 << 10}

door = HttpDoor("catalog", ready=wiring.ready)


def editor_of(call: Call) -> Editor:
    """Who edits; a request that is repeated with its key is the same edit."""
    op = call.idempotency_id or secrets.token_hex(16)
    return editor(call.principal.sub, call.principal.role, call.request_id, op, call.now)


def seen_by(call: Call) -> int | None:
    """The version the caller has seen, when it says so."""
    with service.as_problems():
        return parse_if_match(call.header("if-match"))


async def store_of(call: Call) -> stores.Store:
    """The store of the path, when it is the caller's."""
    return await stores.scope_for(call.principal, call.params["storeId"])


def versioned(view: Any, location: str = "") -> Reply:
    """One thing with its version as `ETag`."""
    place = (("location", location),) if location else ()
    return Reply(view, headers=(("etag", f'"{view.ver}"'), *place))


def listed(views: list[Any], call: Call, total: int) -> Reply:
    """One page of things."""
    return Reply(views, pagination=Pagination(call.query.page, call.query.limit, total))
