"""`import_failures`: what was not published, one document for each chunk in which something failed. Kept for good."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

from functions.common import bulk, mongo
from functions.common.mongo import Document, Scoped
from functions.import_publish.domain.failures import PENDING, RESOLVED, STATUSES
from functions.import_publish.repository import FAILURES

_QUERY_MS = 5_000
_WITHOUT_ITEMS = {"items": 0}


class Failures:
    """The failures of a tenant's imports. An import is the `batchId` of its failures."""

    async def keep(self, document: Document) -> None:
        """Keep what failed of a chunk; what is kept already stays as it is."""
        await bulk.insert_missing(FAILURES, [document])

    async def find(self, of: Mapping[str, Any], n: int) -> Document | None:
        """What failed of a chunk."""
        return await _of(of).find_one({"batchId": of["_id"], "n": n})

    async def with_line(self, of: Mapping[str, Any], line: int) -> Document | None:
        """What failed together with a line of the file."""
        return await _of(of).find_one({"batchId": of["_id"], "items.line": line})

    async def replace(self, document: Document) -> bool:
        """Write what was read and changed; False when somebody wrote since."""
        query = {"_id": document["_id"], "tenantId": document["tenantId"], "rev": document["rev"]}
        fresh = {**document, "rev": document["rev"] + 1}
        return bool((await mongo.collection(FAILURES).replace_one(query, fresh)).matched_count)

    async def open(self, of: Mapping[str, Any]) -> AsyncIterator[Document]:
        """Everything of an import that is not resolved, in the order of the file."""
        query = {"batchId": of["_id"], "status": {"$ne": RESOLVED}}
        async for document in _of(of).find(query, batch_size=10).sort("n", 1):
            yield document

    async def pending(self, of: Mapping[str, Any]) -> list[int]:
        """The chunks of which something is to be tried again."""
        found = _of(of).find({"batchId": of["_id"], "status": PENDING}, projection={"_id": 0, "n": 1})
        return sorted(each["n"] for each in await found.to_list())

    async def counts(self, of: Mapping[str, Any]) -> dict[str, int]:
        """How many items of an import have each status."""
        sums = {name: {"$sum": f"$counts.{name}"} for name in STATUSES}
        stages: list[Document] = [{"$match": {"batchId": of["_id"]}}, {"$group": {"_id": None, **sums}}]
        found = await _of(of).aggregate(stages, maxTimeMS=_QUERY_MS)
        return {name: found[0][name] if found else 0 for name in STATUSES}

    async def about(self, of: Mapping[str, Any], barcodes: Sequence[str], lines: Iterable[int]) -> list[Document]:
        """What is not resolved of an import and is about one of these products or lines."""
        either: list[Document] = [{"items.barcode": {"$in": list(barcodes)}}]
        wanted = list(lines)
        if wanted:
            either.append({"items.line": {"$in": wanted}})
        query = {"batchId": of["_id"], "status": {"$ne": RESOLVED}, "$or": either}
        return await _of(of).find(query, max_time_ms=_QUERY_MS).to_list()

    async def page(self, tenant_id: str, query: Mapping[str, Any], page: int, limit: int) -> tuple[list[Document], int]:
        """Failures without their items, newest first, and how many there are."""
        scoped = Scoped(mongo.collection(FAILURES), tenantId=tenant_id)
        order = [("createdAt", -1), ("_id", 1)]
        cursor = scoped.find(query, projection=_WITHOUT_ITEMS).sort(order).skip((page - 1) * limit).limit(limit)
        return await cursor.to_list(), await scoped.count(query)

    async def items(
        self, of: Mapping[str, Any], wanted: Mapping[str, Any], code: str | None, page: int, limit: int
    ) -> tuple[list[Document], int]:
        """Single failed rows of an import, in the order of the file: those with these fields and this code."""
        match: Document = {f"items.{name}": value for name, value in wanted.items()}
        if code is not None:
            match["items.faults"] = {"$elemMatch": {"$elemMatch": {"$eq": code}}}
        stages: list[Document] = [
            {"$match": {"batchId": of["_id"], **match}},
            {"$sort": {"n": 1}},
            {"$unwind": "$items"},
            *([{"$match": match}] if match else []),
            {
                "$facet": {
                    "rows": [{"$skip": (page - 1) * limit}, {"$limit": limit}, {"$replaceRoot": {"newRoot": "$items"}}],
                    "count": [{"$count": "n"}],
                }
            },
        ]
        (found,) = await _of(of).aggregate(stages, maxTimeMS=_QUERY_MS)
        return found["rows"], found["count"][0]["n"] if found["count"] else 0


def _of(of: Mapping[str, Any]) -> Scoped:
    return Scoped(mongo.collection(FAILURES), tenantId=of["tenantId"], storeId=of["storeId"])
