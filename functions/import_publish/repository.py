"""Imports and their staged chunks. Every filter names the tenant; every change of an import is a compare-and-set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from functions.common import mongo
from functions.common.mongo import Document, Scoped
from functions.import_publish.domain import states

IMPORTS, STAGING, UNDO, FAILURES = "imports", "product_staging", "import_undo", "import_failures"
PROFILES, RULES = "import_profiles", "import_rules"
STAGED_FOR = timedelta(days=7)
LEASE = timedelta(seconds=60)
"""How long a worker that does not say anything is believed to be alive."""


class Imports:
    """`imports`: one document a file and store."""

    async def insert(self, document: Document) -> Document | None:
        """Keep a new import. None when it is there now; otherwise the one that stands in its way: it has the same
        id (the request was repeated) or the same file."""
        from pymongo.errors import DuplicateKeyError

        scoped = _scoped(IMPORTS, document["tenantId"])
        try:
            await scoped.insert_one(document)
        except DuplicateKeyError:
            found = await scoped.find_one({"_id": document["_id"]})
            return found or await scoped.find_one({"fileKey": document["fileKey"]}) or {}
        return None

    async def find(self, tenant_id: str, import_id: str) -> Document | None:
        """An import of the tenant."""
        return await _scoped(IMPORTS, tenant_id).find_one({"_id": import_id})

    async def page(self, tenant_id: str, query: Mapping[str, Any], page: int, limit: int) -> tuple[list[Document], int]:
        """Imports, newest first, and how many there are."""
        scoped = _scoped(IMPORTS, tenant_id)
        cursor = scoped.find(query).sort([("createdAt", -1), ("_id", 1)]).skip((page - 1) * limit).limit(limit)
        return await cursor.to_list(), await scoped.count(query)

    async def change(
        self,
        before: Mapping[str, Any],
        fresh: Mapping[str, Any],
        *,
        state: str | None = None,
        due: datetime | None = None,
        forget: Sequence[str] = (),
    ) -> Document | None:
        """Write into the version that was read: `fresh` fields, perhaps another state, and when the sweep shall
        look (`due`; None: not any more). Returns it as it is now, or None when somebody wrote since.

        Raises ValueError for a state that may not follow: a bug, callers have looked.
        """
        from pymongo import ReturnDocument

        update = _change(before, fresh, state, due, forget)
        return await _scoped(IMPORTS, before["tenantId"]).find_one_and_update(
            {"_id": before["_id"], "ver": before["ver"]}, update, return_document=ReturnDocument.AFTER
        )

    async def claim(
        self, tenant_id: str, import_id: str, state: Iterable[str], owner: str, now: datetime
    ) -> Document | None:
        """Take the lease of an import in one of these states; None when somebody else works on it, or it moved on.

        Each claim has a higher fence than all before: what an earlier worker writes later is refused.
        """
        from pymongo import ReturnDocument

        free = [{"work.until": None}, {"work.until": {"$lte": now}}]
        until = now + LEASE
        return await _scoped(IMPORTS, tenant_id).find_one_and_update(
            {"_id": import_id, "state": {"$in": list(state)}, "$or": free},
            {"$inc": {"work.fence": 1}, "$set": {"work.until": until, "work.owner": owner, "dueAt": until}},
            return_document=ReturnDocument.AFTER,
        )

    async def renew(self, claimed: Mapping[str, Any], fresh: Mapping[str, Any], now: datetime) -> bool:
        """Say that the worker is alive, and how far it is; False when it has lost its lease and must stop."""
        until = now + LEASE
        result = await _scoped(IMPORTS, claimed["tenantId"]).update_one(
            {"_id": claimed["_id"], "state": claimed["state"], "work.fence": claimed["work"]["fence"]},
            {"$set": {**fresh, "work.until": until, "dueAt": until, "updatedAt": now}},
        )
        return bool(result.matched_count)

    async def release(self, claimed: Mapping[str, Any], now: datetime) -> None:
        """Give the lease back, for the next worker to go on at once."""
        await _scoped(IMPORTS, claimed["tenantId"]).update_one(
            {"_id": claimed["_id"], "work.fence": claimed["work"]["fence"]},
            {"$set": {"work.until": None, "work.owner": None, "dueAt": now}},
        )

    async def due(self, now: datetime, limit: int) -> list[Document]:
        """Imports of all tenants that somebody should look at, those that wait longest first."""
        cursor = mongo.collection(IMPORTS).find({"dueAt": {"$lte": now}}).sort("dueAt", 1).limit(limit)
        return await cursor.to_list()

    async def working(self, tenant_id: str, now: datetime) -> int:
        """How many of the tenant's imports are being read now."""
        query = {"state": {"$in": sorted(states.RUNNING)}, "work.until": {"$gt": now}}
        return await _scoped(IMPORTS, tenant_id).count(query)

    async def holder(self, tenant_id: str, file_key: str) -> Document | None:
        """The import that brought this file, when it still counts."""
        return await _scoped(IMPORTS, tenant_id).find_one({"fileKey": file_key})


def chunk_id(import_id: str, n: int) -> str:
    """The id of a chunk of an import."""
    return f"{import_id}:{n:06d}"


class Chunks:
    """`product_staging`: up to five hundred rows a document."""


def _scoped(name: str, tenant_id: str) -> Scoped:
    return Scoped(mongo.collection(name), tenantId=tenant_id)


def _change(
    before: Mapping[str, Any],
    fresh: Mapping[str, Any],
    state: str | None,
    due: datetime | None,
    forget: Sequence[str],
) -> Document:
    from functions.common import clock

    gone = dict.fromkeys(forget, "")
    fields = {**fresh, "ver": before["ver"] + 1, "updatedAt": clock.now()}
    if state is not None:
        if not states.may_follow(before["state"], state):
            raise ValueError(f"an import that is {before['state']} cannot become {state}")
        fields["state"] = state
        if state in states.FORGETTABLE:
            gone["fileKey"] = ""
    if due is None:
        gone["dueAt"] = ""
    else:
        fields["dueAt"] = due
    return {"$set": fields, **({"$unset": gone} if gone else {})}
