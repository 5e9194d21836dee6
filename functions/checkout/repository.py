"""Lists of purchases: a visit's own, and a store's for its staff."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from functions.checkout import domain
from functions.common import mongo
from functions.common.auth import Principal
from functions.common.mongo import Document, Scoped
from functions.common.purchases import COLLECTION
from functions.common.stores import Store

_SHOWN = {
    "state": 1,
    "currency": 1,
    "totals.total": 1,
    "expected": 1,
    "refunded": 1,
    "receipt.number": 1,
    "createdAt": 1,
    "expiresAt": 1,
    "paidAt": 1,
}


class Lists:
    """Pages of purchases, newest first, each with how many there are in all."""

    async def of_session(self, caller: Principal, page: int, limit: int) -> tuple[list[Document], int]:
        """The checkouts of the caller's visit."""
        query = {"sessionId": caller.session_id, "userId": caller.sub}
        return await _page(caller.tenant_id, caller.store_id, query, page, limit, _SHOWN)

    async def of_store(
        self, store: Store, state: str | None, between: tuple[datetime | None, datetime | None], page: int, limit: int
    ) -> tuple[list[Document], int]:
        """A store's purchases that were begun from the first time to before the second."""
        since, until = between
        query: Document = {} if state is None else {"state": state}
        if since is not None or until is not None:
            bounds = {"$gte": since, "$lt": until}
            query["createdAt"] = {name: at for name, at in bounds.items() if at is not None}
        return await _page(store.tenant_id, store.id, query, page, limit, _SHOWN)

    async def interventions(
        self, store: Store, status: str | None, page: int, limit: int
    ) -> tuple[list[Document], int]:
        """A store's purchases with interventions of this status; without one, with those that nobody has decided."""
        wanted = [status] if status is not None else sorted(domain.UNDECIDED)
        query: Document = {"interventions.status": {"$in": wanted}}
        if status is None:
            query["live"] = True
        return await _page(store.tenant_id, store.id, query, page, limit, None)


async def _page(
    tenant_id: str, store_id: str, query: Mapping[str, Any], page: int, limit: int, shown: Mapping[str, int] | None
) -> tuple[list[Document], int]:
    scope = Scoped(mongo.collection(COLLECTION), tenantId=tenant_id, storeId=store_id)
    cursor = scope.find(query, projection=shown).sort("createdAt", -1).skip((page - 1) * limit).limit(limit)
    found = await cursor.to_list()
    # A list that ends on its first page needs no counting.
    if page == 1 and len(found) < limit:
        return found, len(found)
    # By the store's id, which is no other tenant's: the indexes know no more, and a million purchases are not read.
    return found, await Scoped(mongo.collection(COLLECTION), storeId=store_id).count(query)
