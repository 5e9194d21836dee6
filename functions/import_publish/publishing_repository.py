"""What publishing and rolling back read and write: live products, plans, and the chunks on their way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from functions.common import bulk, mongo, products
from functions.common.mongo import Document, Scoped
from functions.import_publish.repository import IMPORTS, STAGING, UNDO

AUDIT = "audit_log"
UNDOABLE_FOR = timedelta(days=30)
KEPT_FOR = UNDOABLE_FOR + timedelta(days=1)
"""A roll back that begins in the last minute needs its plans a little longer."""
ROLLBACK, PUBLISH = "rollback", "publish"
FIRST_EXTRA = 1_000_000
"""From this number on chunks are rows that are tried once more, not a part of the file."""
_QUERY_MS = 5_000
_DECIDED_BY = dict.fromkeys(
    (
        "barcode",
        "name",
        "description",
        "brandId",
        "categoryId",
        "status",
        "showInQuickProducts",
        "measure",
        "taxClass",
        "imageUrl",
        "ageRestriction",
        "metadata",
        "price",
        "stock",
        "ver",
        "edit",
        "imports",
    ),
    1,
)
_TAKEN = frozenset({11000, 112})
"""Duplicate key (somebody was faster) and write conflict: look again and decide again."""
_REFUSED = 121
"""The collection's validator: also what a lost compare-and-set meets, because its upsert would make a stump."""


class Writes(NamedTuple):
    """One unordered batch, each write with the place of its row."""

    inserts: list[tuple[int, Document]]
    updates: list[tuple[int, Document, Document]]


class Products:
    """The products of the rooms next door, as an import sees them: one store of one tenant, many at a time."""

    async def find(self, tenant_id: str, store_id: str, barcodes: Iterable[str]) -> dict[str, Document]:
        """The products with these barcodes, also withdrawn ones, as a majority has them."""
        query = {"tenantId": tenant_id, "storeId": store_id, "barcode": {"$in": list(barcodes)}}
        source = mongo.cache_source(products.COLLECTION)
        found = await source.find(query, _DECIDED_BY, batch_size=5_000, max_time_ms=_QUERY_MS).to_list()
        return {each["barcode"]: each for each in found}

    async def packs(self, tenant_id: str, store_id: str, barcodes: Iterable[str]) -> dict[str, str]:
        """Which of these barcodes is on a pack of a product on sale, and of which."""
        wanted = set(barcodes)
        query = {
            "tenantId": tenant_id,
            "storeId": store_id,
            "units.barcode": {"$in": list(wanted)},
            "status": {"$ne": products.DELETED},
        }
        shape = {"barcode": 1, "units.barcode": 1}
        found = await mongo.collection(products.COLLECTION).find(query, shape, max_time_ms=_QUERY_MS).to_list()
        return {
            unit["barcode"]: each["barcode"] for each in found for unit in each["units"] if unit["barcode"] in wanted
        }

    async def find_cached(self, tenant_id: str, store_id: str, barcodes: Iterable[str]) -> list[Document]:
        """The products with these barcodes, as far as the cache needs them."""
        query = {"tenantId": tenant_id, "storeId": store_id, "barcode": {"$in": list(barcodes)}}
        source = mongo.cache_source(products.COLLECTION)
        return await source.find(query, products.CACHED_FIELDS, batch_size=5_000, max_time_ms=_QUERY_MS).to_list()

    async def write(self, writes: Writes) -> dict[int, bool]:
        """Insert and update; returns the places that were not written, and whether the database refused them.

        What was not refused came too late. Raises pymongo's errors; then it is unknown which were written.
        """
        inserts = await _command("insert", "documents", [document for _, document in writes.inserts])
        updates = await _command("update", "updates", [{"q": q, "u": u, "upsert": True} for _, q, u in writes.updates])
        lost = {writes.inserts[index][0]: refused for index, refused in inserts.items()}
        return lost | {writes.updates[index][0]: refused for index, refused in updates.items()}

    async def audit(self, entries: Sequence[Document]) -> None:
        """Keep audit entries; those that are kept already stay as they are."""
        await bulk.insert_missing(AUDIT, entries)


async def _command(name: str, key: str, items: list[Document]) -> dict[int, bool]:
    from pymongo.errors import OperationFailure, WriteConcernError

    if not items:
        return {}
    reply = await mongo.database().command(
        {
            name: products.COLLECTION,
            key: items,
            "ordered": False,
            "writeConcern": {"w": "majority"},
            "maxTimeMS": _QUERY_MS,
        }
    )
    lost: dict[int, bool] = {}
    for error in reply.get("writeErrors", ()):
        code = error.get("code")
        if code not in _TAKEN and code != _REFUSED:
            raise OperationFailure(error.get("errmsg", "a write failed"), code, dict(error))
        lost[int(error["index"])] = code == _REFUSED
    unconfirmed = reply.get("writeConcernError")
    if unconfirmed is not None:
        raise WriteConcernError(unconfirmed.get("errmsg", "not durable"), unconfirmed.get("code"), dict(unconfirmed))
    return lost


class Plans:
    """`import_undo`: what a chunk does, written before it is done, and kept for thirty days to undo it."""

    async def find(self, tenant_id: str, plan_id: str) -> Document | None:
        """A plan, if one was made."""
        return await Scoped(mongo.collection(UNDO), tenantId=tenant_id).find_one({"_id": plan_id})

    async def insert(self, plan: Document) -> bool:
        """Keep a new plan; False when another worker was faster, whose plan it is then."""
        from pymongo.errors import DuplicateKeyError

        try:
            await mongo.collection(UNDO).insert_one(plan)
        except DuplicateKeyError:
            return False
        return True

    async def replace(self, plan: Document) -> bool:
        """Write the next attempt of a plan; False when another worker did, whose plan it is then."""
        query = {"_id": plan["_id"], "tenantId": plan["tenantId"], "attempt": plan["attempt"] - 1}
        return bool((await mongo.collection(UNDO).replace_one(query, plan)).matched_count)

    async def finish(self, plan: Mapping[str, Any], result: Mapping[str, int]) -> bool:
        """Note that a plan is carried out and told; False when that was noted before."""
        query = {"_id": plan["_id"], "tenantId": plan["tenantId"], "result": None}
        return bool((await mongo.collection(UNDO).update_one(query, {"$set": {"result": result}})).matched_count)

    async def numbers(self, of: Mapping[str, Any], kind: str, *, finished: bool | None = None) -> list[int]:
        """The chunks of an import that have a plan of a kind, or only those that are finished or not."""
        query: Document = {"importId": of["_id"], "kind": kind}
        if finished is not None:
            query["result"] = {"$ne": None} if finished else None
        scoped = Scoped(mongo.collection(UNDO), tenantId=of["tenantId"])
        found = scoped.find(query, projection={"_id": 0, "n": 1}, max_time_ms=_QUERY_MS)
        return [each["n"] for each in await found.to_list()]

    async def sums(self, of: Mapping[str, Any], kind: str) -> dict[str, int]:
        """What all finished plans of a kind came to."""
        scoped = Scoped(mongo.collection(UNDO), tenantId=of["tenantId"])
        cursor = scoped.find({"importId": of["_id"], "kind": kind, "result": {"$ne": None}}, projection={"result": 1})
        return _sum(each["result"] for each in await cursor.to_list())

    async def kept(self, of: Mapping[str, Any], page: int, limit: int) -> tuple[list[Document], int]:
        """What a roll back left to others, product by product."""
        scoped = Scoped(mongo.collection(UNDO), tenantId=of["tenantId"])
        stages: list[Document] = [
            {"$match": {"importId": of["_id"], "kind": ROLLBACK}},
            {"$project": {"n": 1, "kept": 1}},
            {"$unwind": "$kept"},
            {"$sort": {"n": 1, "kept.barcode": 1}},
            {
                "$facet": {
                    "rows": [{"$skip": (page - 1) * limit}, {"$limit": limit}, {"$replaceRoot": {"newRoot": "$kept"}}],
                    "count": [{"$count": "n"}],
                }
            },
        ]
        (found,) = await scoped.aggregate(stages, maxTimeMS=_QUERY_MS)
        return found["rows"], found["count"][0]["n"] if found["count"] else 0


class Staged:
    """`product_staging`, as publishing goes through it."""

    async def begin(self, of: Mapping[str, Any], n: int, *, again: bool) -> Document | None:
        """A chunk that is still to be published; None when it is done. A call that is repeated is counted: a chunk
        that kills its workers must not do so for ever."""
        from pymongo import ReturnDocument

        query = {"importId": of["_id"], "n": n, "state": "staged"}
        if not again:
            return await _chunks(of).find_one(query, max_time_ms=_QUERY_MS)
        return await _chunks(of).find_one_and_update(
            query, {"$inc": {"attempts": 1}}, return_document=ReturnDocument.AFTER
        )

    async def give_back(self, chunk: Mapping[str, Any]) -> None:
        """That attempt did not count: not the chunk was to blame."""
        query = {"importId": chunk["importId"], "n": chunk["n"], "state": "staged"}
        await _chunks(chunk).update_one(query, {"$inc": {"attempts": -1}})

    async def finish(self, chunk: Mapping[str, Any], state: str, result: Mapping[str, int]) -> bool:
        """Note what became of a chunk; False when that was noted before."""
        query = {"importId": chunk["importId"], "n": chunk["n"], "state": "staged"}
        updated = await _chunks(chunk).update_one(query, {"$set": {"state": state, "result": result}})
        return bool(updated.matched_count)

    async def exists(self, of: Mapping[str, Any], n: int) -> bool:
        """Whether a chunk was made."""
        return await _chunks(of).find_one({"importId": of["_id"], "n": n}, projection={"_id": 1}) is not None

    async def add(self, chunk: Document) -> None:
        """Keep another chunk of an import: rows that are tried once more. Repeating it changes nothing."""
        await bulk.insert_missing(STAGING, [chunk])

    async def left(self, of: Mapping[str, Any]) -> list[int]:
        """The chunks of the file that are still to be published."""
        found = _chunks(of).find(
            {"importId": of["_id"], "state": "staged", "n": {"$lt": FIRST_EXTRA}},
            projection={"_id": 0, "n": 1},
            max_time_ms=_QUERY_MS,
        )
        return sorted(each["n"] for each in await found.to_list())

    async def sums(self, of: Mapping[str, Any]) -> dict[str, int]:
        """What the finished chunks of the file came to, and as `chunks` how many they are."""
        query = {"importId": of["_id"], "state": {"$ne": "staged"}, "n": {"$lt": FIRST_EXTRA}}
        found = await _chunks(of).find(query, projection={"result": 1}).to_list()
        return {"chunks": len(found)} | _sum(each["result"] for each in found)


class Progress:
    """How far an import is: counted up by whoever finishes a chunk, and no more than an estimate until it closes."""

    async def begin(self, of: Mapping[str, Any], now: datetime) -> None:
        """Start to count."""
        await _imports(of).update_one(
            {"_id": of["_id"], "published": None}, {"$set": {"published": {"chunks": 0, "startedAt": now}}}
        )

    async def add(self, of: Mapping[str, Any], result: Mapping[str, int], due: datetime) -> Document | None:
        """Count a chunk; returns the import."""
        from pymongo import ReturnDocument

        counted = {f"published.{name}": number for name, number in result.items() if number}
        return await _imports(of).find_one_and_update(
            {"_id": of["_id"], "published": {"$ne": None}},
            {"$inc": {"published.chunks": 1, **counted}, "$set": {"dueAt": due}},
            return_document=ReturnDocument.AFTER,
        )

    async def extra(self, of: Mapping[str, Any]) -> int:
        """The number of another chunk, never given twice."""
        from pymongo import ReturnDocument

        found = await _imports(of).find_one_and_update(
            {"_id": of["_id"]}, {"$inc": {"extraChunks": 1}}, return_document=ReturnDocument.AFTER
        )
        assert found is not None, "imports are never deleted"
        return FIRST_EXTRA + int(found["extraChunks"])

    async def marked(self, of: Mapping[str, Any], asked: str) -> None:
        """Everything that a request wants tried again is marked."""
        await _imports(of).update_one({"_id": of["_id"], "retry.id": asked}, {"$set": {"retry.marked": True}})

    async def expect(self, of: Mapping[str, Any], chunks: int) -> None:
        """How many chunks a roll back has; it may be said again."""
        query = {"_id": of["_id"], "rollback.chunks": 0}
        await _imports(of).update_one(query, {"$set": {"rollback.chunks": chunks, "rollback.done": 0}})

    async def add_undone(self, of: Mapping[str, Any], due: datetime) -> Document | None:
        """Count a chunk that is taken back; returns the import."""
        from pymongo import ReturnDocument

        return await _imports(of).find_one_and_update(
            {"_id": of["_id"], "rollback.chunks": {"$gt": 0}},
            {"$inc": {"rollback.done": 1}, "$set": {"dueAt": due}},
            return_document=ReturnDocument.AFTER,
        )


def _sum(results: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for result in results:
        for name, number in result.items():
            total[name] = total.get(name, 0) + number
    return total


def _chunks(of: Mapping[str, Any]) -> Scoped:
    return Scoped(mongo.collection(STAGING), tenantId=of["tenantId"], storeId=of["storeId"])


def _imports(of: Mapping[str, Any]) -> Scoped:
    return Scoped(mongo.collection(IMPORTS), tenantId=of["tenantId"])
