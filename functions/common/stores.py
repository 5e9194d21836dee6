"""Which stores a tenant has: the check behind every storeId that somebody names. Owned by catalog, read by all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.common import clock, mongo
from functions.common.auth import Principal
from functions.common.errors import NotFound

COLLECTION = "stores"
CACHED_SECONDS = 5.0
REFRESH_SECONDS = 1.0
_MAX_CACHED = 20_000


@dataclass(frozen=True, slots=True)
class Store:
    """A store as the other rooms need it. `time_zone` is an IANA name, `label_templates` are pattern strings."""

    id: str
    tenant_id: str
    name: str
    currency: str
    time_zone: str
    status: str
    stock_policy: str
    label_templates: tuple[Any, ...]
    code_version: int
    address: Mapping[str, str | None] | None = None


_known: dict[str, tuple[float, Store | None]] = {}


def _read(document: dict[str, Any]) -> Store:
    return Store(
        id=document["_id"],
        tenant_id=document["tenantId"],
        name=document["name"],
        currency=document["currency"],
        time_zone=document["timeZone"],
        status=document["status"],
        stock_policy=document.get("stockPolicy", "strict"),
        label_templates=tuple(document.get("labelTemplates", ())),
        code_version=document.get("codeVersion", 1),
        address=document.get("address"),
    )


async def find(tenant_id: str, store_id: str) -> Store | None:
    """The tenant's store, or None; another tenant's store does not exist here. At most five seconds old."""
    now = clock.seconds()
    cached = _known.get(store_id)
    if cached is None or cached[0] < now:
        if cached is not None:
            # One asks the database. Whoever comes meanwhile, and on a busy door hundreds do, takes what is known.
            _known[store_id] = (now + REFRESH_SECONDS, cached[1])
        document = await mongo.collection(COLLECTION).find_one({"_id": store_id})
        if len(_known) >= _MAX_CACHED:
            _known.clear()
        store = _read(document) if document and document["status"] != "deleted" else None
        cached = _known[store_id] = (now + CACHED_SECONDS - REFRESH_SECONDS, store)
    store = cached[1]
    return store if store is not None and store.tenant_id == tenant_id else None


async def open_ones() -> list[Store]:
    """The stores of all tenants that are open, for work that is done for every one of them."""
    return [_read(each) async for each in mongo.collection(COLLECTION).find({"status": "active"})]


async def scope_for(principal: Principal, store_id: str) -> Store:
    """The store a caller names in a path; raises NotFound alike for unknown stores and for those not his."""
    store = await find(principal.tenant_id, store_id) if principal.may_use_store(store_id) else None
    if store is None:
        raise NotFound("there is no such store", code="STORE_NOT_FOUND")
    return store


def forget(store_id: str | None = None) -> None:
    """Drop one store from this process's memory after changing it, or all (tests)."""
    if store_id is None:
        _known.clear()
    else:
        _known.pop(store_id, None)
