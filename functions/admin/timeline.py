"""Prices and stocks over time: each change that was told, once, for three months."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from functions.common.errors import Rejected
from functions.common.mongo import Document, Scoped

if TYPE_CHECKING:
    from pymongo.asynchronous.collection import AsyncCollection

    from functions.common.contracts.envelope import Event

KEPT: Final = timedelta(days=92)


class MongoTimeline:
    """`price_points`. The name of a point follows from what it says, so a change that is told twice is one."""

    def __init__(self, points: AsyncCollection[Document]) -> None:
        self._points = points

    async def keep(self, event: Event) -> None:
        """The changes of one store, up to 500 of them, in one command. Raises Rejected."""
        from pymongo import UpdateOne

        scope = {"tenantId": event.tenant_id, "storeId": event.store_id}
        try:
            points = [_point(scope, change) for change in event.data["changes"]]
        except (KeyError, TypeError, ValueError) as error:
            raise Rejected("the fact is not what its contract says") from error
        if points:
            writes = [UpdateOne({"_id": name, **scope}, {"$set": values}, upsert=True) for name, values in points]
            await self._points.bulk_write(writes, ordered=False)

    async def page(
        self, scope: Mapping[str, str], barcode: str, field: str, page: int, limit: int
    ) -> tuple[list[Document], int]:
        """The latest first."""
        points, query = Scoped(self._points, **scope), {"barcode": barcode, "field": field}
        cursor = points.find(query, sort=[("at", -1)], skip=(page - 1) * limit, limit=limit)
        return [document async for document in cursor], await points.count(query)


def _point(scope: Mapping[str, str], change: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    at = datetime.fromisoformat(change["sourceTime"])
    barcode, field = str(change["barcode"]), str(change["field"])
    name = f"{scope['tenantId']}:{scope['storeId']}:{barcode}:{field}:{at.isoformat()}"
    old = change["old"]
    return name, {
        "barcode": barcode,
        "field": field,
        "at": at,
        "value": int(change["new"]),
        "old": int(old) if old is not None else None,
        "currency": change["currency"],
        "expiresAt": at + KEPT,
    }
