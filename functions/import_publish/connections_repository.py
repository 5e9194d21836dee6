"""Connections and schedules. Every filter names the tenant, but for the one job that looks at all schedules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from functions.common import clock, mongo
from functions.common.mongo import Document, Scoped
from functions.import_publish.domain.schedules import MOST_RUNS

CONNECTIONS, SCHEDULES = "import_connections", "import_schedules"
LEASE = timedelta(seconds=60)
"""How long a scheduler has to begin a run before another takes it over."""


class Connections:
    """`import_connections`: where files come from. Secrets are elsewhere."""

    async def find(self, tenant_id: str, name: str) -> Document | None:
        """A connection of the tenant."""
        return await _scoped(CONNECTIONS, tenant_id).find_one({"name": name})

    async def page(self, tenant_id: str, page: int, limit: int) -> tuple[list[Document], int]:
        """The tenant's connections by name, and how many there are."""
        return await _page(CONNECTIONS, tenant_id, page, limit)

    async def count(self, tenant_id: str) -> int:
        """How many the tenant has."""
        return await _scoped(CONNECTIONS, tenant_id).count()

    async def put(
        self, tenant_id: str, name: str, settings: Mapping[str, Any], by: str, forget: Sequence[str]
    ) -> Document:
        """Keep the settings under this name; `forget` names fields that end with the settings before."""
        update: Document = {
            "$set": {"settings": settings, "kind": settings["kind"], "updatedAt": clock.now(), "updatedBy": by},
            "$setOnInsert": {"createdAt": clock.now(), "createdBy": by},
            "$inc": {"ver": 1},
        }
        if forget:
            update["$unset"] = dict.fromkeys(forget, "")
        return await _put(CONNECTIONS, tenant_id, name, update)

    async def set(self, tenant_id: str, name: str, fresh: Mapping[str, Any]) -> Document | None:
        """Write fields of a connection that is there; None when it is not."""
        from pymongo import ReturnDocument

        return await _scoped(CONNECTIONS, tenant_id).find_one_and_update(
            {"name": name}, {"$set": dict(fresh)}, return_document=ReturnDocument.AFTER
        )

    async def unset(self, tenant_id: str, name: str, field: str) -> bool:
        """Take a field away; False when there is no such connection."""
        result = await _scoped(CONNECTIONS, tenant_id).update_one({"name": name}, {"$unset": {field: ""}})
        return bool(result.matched_count)

    async def remove(self, tenant_id: str, name: str) -> bool:
        """Forget a connection; False when there was none."""
        return bool(await _scoped(CONNECTIONS, tenant_id).delete_one({"name": name}))


class Schedules:
    """`import_schedules`: when connections are pulled. `nextAt` (UTC) is there while a schedule is enabled."""

    async def find(self, tenant_id: str, name: str) -> Document | None:
        """A schedule of the tenant."""
        return await _scoped(SCHEDULES, tenant_id).find_one({"name": name})

    async def page(self, tenant_id: str, page: int, limit: int) -> tuple[list[Document], int]:
        """The tenant's schedules by name, and how many there are."""
        return await _page(SCHEDULES, tenant_id, page, limit)

    async def count(self, tenant_id: str) -> int:
        """How many the tenant has."""
        return await _scoped(SCHEDULES, tenant_id).count()

    async def of_connection(self, tenant_id: str, connection: str) -> Document | None:
        """A schedule that pulls this connection."""
        return await _scoped(SCHEDULES, tenant_id).find_one({"connection": connection})

    async def put(self, tenant_id: str, name: str, fresh: Mapping[str, Any], by: str) -> Document:
        """Keep a schedule under this name; its runs stay."""
        now, next_at = clock.now(), fresh["nextAt"]
        update: Document = {
            "$set": {**fresh, "updatedAt": now, "updatedBy": by},
            "$setOnInsert": {"createdAt": now, "createdBy": by, "runs": [], "lease": {"fence": 0, "until": None}},
            "$inc": {"ver": 1},
        }
        if next_at is None:
            del update["$set"]["nextAt"]
            update["$unset"] = {"nextAt": ""}
        return await _put(SCHEDULES, tenant_id, name, update)

    async def remove(self, tenant_id: str, name: str) -> bool:
        """Forget a schedule; what it has begun goes on. False when there was none."""
        return bool(await _scoped(SCHEDULES, tenant_id).delete_one({"name": name}))

    async def due(self, now: datetime, limit: int) -> list[Document]:
        """Schedules of all tenants whose time has come, and those whose scheduler has died while it began a run."""
        waiting = {"$or": [{"nextAt": {"$lte": now}}, {"lease.until": {"$lte": now}}]}
        return await mongo.collection(SCHEDULES).find(waiting).sort("nextAt", 1).limit(limit).to_list()

    async def take(
        self, seen: Mapping[str, Any], run: Mapping[str, Any], now: datetime, fresh: Mapping[str, Any]
    ) -> Document | None:
        """Take the lease for a run, if nobody else did since the schedule was `seen`; its fence is higher than all
        before. None when somebody else is faster."""
        from pymongo import ReturnDocument

        lease = seen["lease"]
        query: Document = {"_id": seen["_id"], "ver": seen["ver"], "lease.fence": lease["fence"]}
        query["nextAt"] = seen.get("nextAt", {"$exists": False})
        taken = {"lease.until": now + LEASE, "lease.run": dict(run), **fresh}
        return await _scoped(SCHEDULES, seen["tenantId"]).find_one_and_update(
            query, {"$set": taken, "$inc": {"lease.fence": 1}}, return_document=ReturnDocument.AFTER
        )

    async def finish(self, taken: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
        """Write down what became of the run and give the lease back; False when somebody else has it by now."""
        result = await _scoped(SCHEDULES, taken["tenantId"]).update_one(
            {"_id": taken["_id"], "lease.fence": taken["lease"]["fence"]},
            {
                "$set": {"lease.until": None, "lease.run": None},
                "$push": {"runs": {"$each": [dict(record)], "$slice": -MOST_RUNS}},
            },
        )
        return bool(result.matched_count)


def _scoped(name: str, tenant_id: str) -> Scoped:
    return Scoped(mongo.collection(name), tenantId=tenant_id)


async def _page(name: str, tenant_id: str, page: int, limit: int) -> tuple[list[Document], int]:
    scoped = _scoped(name, tenant_id)
    found = await scoped.find().sort("name", 1).skip((page - 1) * limit).limit(limit).to_list()
    return found, await scoped.count()


async def _put(collection: str, tenant_id: str, name: str, update: Document) -> Document:
    from pymongo import ReturnDocument

    found = await _scoped(collection, tenant_id).find_one_and_update(
        {"name": name}, update, upsert=True, return_document=ReturnDocument.AFTER
    )
    assert found is not None
    return found
