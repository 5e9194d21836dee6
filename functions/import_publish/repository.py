"""Imports, and what a tenant has set for them. Every filter names the tenant; every change is a compare-and-set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from functions.common import clock, metrics, mongo
from functions.common.mongo import Document, Scoped
from functions.import_publish.domain import states

IMPORTS, STAGING, UNDO, FAILURES = "imports", "product_staging", "import_undo", "import_failures"
PROFILES, RULES, CONNECTIONS = "import_profiles", "import_rules", "import_connections"
STAGED_FOR = timedelta(days=7)
_came_into = metrics.Counter("imports", "Imports by the state they came into.", ("state",))
MOST_PROFILES = 100
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
        changed = await _scoped(IMPORTS, before["tenantId"]).find_one_and_update(
            {"_id": before["_id"], "ver": before["ver"]}, update, return_document=ReturnDocument.AFTER
        )
        if changed is not None and state is not None:
            _came_into.inc(state)
        return changed

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
            {
                "$inc": {"work.fence": 1, "work.attempts": 1, "ver": 1},
                "$set": {"work.until": until, "work.owner": owner, "dueAt": until},
            },
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

    async def working(self, tenant_id: str, state: str, now: datetime) -> int:
        """How many of the tenant's imports in this state somebody works on now."""
        query = {"state": state, "work.until": {"$gt": now}}
        return await _scoped(IMPORTS, tenant_id).count(query)

    async def own(self, document: Mapping[str, Any], key: str) -> bool:
        """Make a file this import's; False when another one has it."""
        from pymongo.errors import DuplicateKeyError

        try:
            await _scoped(IMPORTS, document["tenantId"]).update_one(
                {"_id": document["_id"]}, {"$set": {"fileKey": key}}
            )
        except DuplicateKeyError:
            return False
        return True

    async def group(self, tenant_id: str, group_id: str) -> list[Document]:
        """The imports that share a file, one a store."""
        return await _scoped(IMPORTS, tenant_id).find({"groupId": group_id}).sort("_id", 1).to_list()

    async def postpone(self, due: Mapping[str, Any], until: datetime | None) -> None:
        """Look again later (None: never), unless something happened since it was found to be due."""
        change = {"$unset": {"dueAt": ""}} if until is None else {"$set": {"dueAt": until}}
        await _scoped(IMPORTS, due["tenantId"]).update_one({"_id": due["_id"], "dueAt": due["dueAt"]}, change)

    async def holder(self, tenant_id: str, file_key: str) -> Document | None:
        """The import that brought this file, when it still counts."""
        return await _scoped(IMPORTS, tenant_id).find_one({"fileKey": file_key})


def _scoped(name: str, tenant_id: str) -> Scoped:
    return Scoped(mongo.collection(name), tenantId=tenant_id)


class Settings:
    """`import_profiles` and `import_rules`: how a tenant's files are read and what their rows must keep to."""

    async def profile(self, tenant_id: str, name: str) -> Document | None:
        """A profile of the tenant's own."""
        return await _scoped(PROFILES, tenant_id).find_one({"name": name})

    async def profiles(self, tenant_id: str) -> list[Document]:
        """The tenant's own profiles, by name."""
        return await _scoped(PROFILES, tenant_id).find().sort("name", 1).limit(MOST_PROFILES).to_list()

    async def put_profile(self, tenant_id: str, name: str, profile: Mapping[str, Any], by: str) -> Document:
        """Keep a profile under its name, in the place of the one before."""
        return await self._put(PROFILES, tenant_id, {"name": name}, {"profile": profile}, by)

    async def remove_profile(self, tenant_id: str, name: str) -> bool:
        """Forget a profile; imports have their own copy. False when there was none."""
        return bool(await _scoped(PROFILES, tenant_id).delete_one({"name": name}))

    async def rules(self, tenant_id: str) -> Document | None:
        """The tenant's rules, if it has set any."""
        return await _scoped(RULES, tenant_id).find_one()

    async def put_rules(self, tenant_id: str, rules: Mapping[str, Any], by: str) -> Document:
        """Keep the tenant's rules; imports that are under way keep theirs."""
        return await self._put(RULES, tenant_id, {}, {"rules": rules}, by)

    async def has_connection(self, tenant_id: str, name: str) -> bool:
        """Whether the tenant has a connection of this name."""
        return await _scoped(CONNECTIONS, tenant_id).find_one({"name": name}, projection={"_id": 1}) is not None

    async def _put(
        self, name: str, tenant_id: str, key: Mapping[str, Any], fresh: Mapping[str, Any], by: str
    ) -> Document:
        from pymongo import ReturnDocument

        now = clock.now()
        found = await _scoped(name, tenant_id).find_one_and_update(
            key,
            {
                "$set": {**fresh, "updatedAt": now, "updatedBy": by},
                "$setOnInsert": {"createdAt": now},
                "$inc": {"ver": 1},
            },
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        assert found is not None
        return found


def _change(
    before: Mapping[str, Any],
    fresh: Mapping[str, Any],
    state: str | None,
    due: datetime | None,
    forget: Sequence[str],
) -> Document:
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
