"""Purchases as every room sees them: one document each, moved forward by conditional writes. Owned by checkout.

A write names what it was decided on (`state` and `rev`), so it happens once or not at all: None means that somebody was
faster, and whoever gets it reads again and decides anew. Events go into the same write (`outbox`).
The states are in `retail/purchase_states.py`, the shape is in the room's README.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from functions.common import log, mongo, outbox
from functions.common.contracts.checkout import TOPIC
from functions.common.mongo import Document, Scoped
from functions.common.retail import purchase_states as states

COLLECTION = "purchases"
_ID = re.compile(r"(?P<store>[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?)\.[0-9a-f]{32}", re.ASCII)


class SessionBusy(Exception):
    """Another checkout of this visit is under way: `checkout_id`."""

    def __init__(self, checkout_id: str) -> None:
        super().__init__(checkout_id)
        self.checkout_id = checkout_id


def checkout_id(store_id: str, digest: str) -> str:
    """The id of a checkout; `digest` is hexadecimal, derived from the request's idempotency key."""
    return f"{store_id}.{digest[:32]}"


def store_of(identifier: str) -> str | None:
    """The store in a checkout's id; None when it cannot be the id of any checkout."""
    found = _ID.fullmatch(identifier)
    return found["store"] if found else None


class Purchases:
    """The collection. Queries name the store, and the tenant wherever a caller has one."""

    async def add(self, document: Document) -> Document:
        """Keep a new purchase, or return the one that has this id already (the request is repeated).

        Raises SessionBusy.
        """
        from pymongo.errors import DuplicateKeyError

        scope = self._scope(document)
        try:
            await scope.insert_one(document)
        except DuplicateKeyError:
            found = await scope.find_one({"_id": document["_id"]})
            if found is not None:
                return found
            other = await scope.find_one({"sessionId": document["sessionId"], "live": True}, projection={"_id": 1})
            # The other one has ended just now: the shopper taps once more.
            raise SessionBusy(other["_id"] if other is not None else "") from None
        return document

    async def find(
        self, tenant_id: str, store_id: str, identifier: str, *, session_id: str | None = None
    ) -> Document | None:
        """A purchase of this store; with `session_id` only when it is this visit's."""
        if store_of(identifier) != store_id:
            return None
        scope = Scoped(mongo.collection(COLLECTION), tenantId=tenant_id, storeId=store_id)
        return await scope.find_one({"_id": identifier, **({"sessionId": session_id} if session_id else {})})

    async def by_id(self, identifier: str) -> Document | None:
        """A purchase that the platform or the payment provider names; its tenant is what our record says."""
        store_id = store_of(identifier)
        if store_id is None:
            return None
        return await Scoped(mongo.collection(COLLECTION), storeId=store_id).find_one({"_id": identifier})

    async def move(
        self,
        purchase: Mapping[str, Any],
        to: str,
        *,
        now: datetime,
        why: str = "",
        values: Mapping[str, Any] | None = None,
        push: Mapping[str, Any] | None = None,
        events: Sequence[Mapping[str, Any]] = (),
        where: Mapping[str, Any] | None = None,
        repeatable: bool = False,
    ) -> Document | None:
        """Take the purchase to another state, together with `values` (fields, dotted or not); the document afterwards.

        None when it is not any more as `purchase` says (state, rev and `where`). `events` are outbox entries, published
        by `tell`. With `repeatable` it may be None also for the caller's own write, if its answer was lost: for whoever
        then reads again and goes on from there. It costs MongoDB less (`mongo.change_one`). Raises
        purchase_states.NotAllowed for a way that no purchase goes.
        """
        states.check(purchase["state"], to)
        fresh: Document = {"state": to, **(values or {})}
        expires_at = fresh.get("expiresAt", purchase["expiresAt"])
        gone: Document = {}
        due = states.due_at(to, now, expires_at)
        if due is None:
            gone["dueAt"] = ""
        else:
            fresh.setdefault("dueAt", due)
        if to in states.ENDED:
            gone["live"] = ""
        step = {"state": to, "at": now, "why": why}
        return await self._write(
            purchase, now, fresh, gone, {"history": step, **(push or {})}, events, where, repeatable
        )

    async def change(
        self,
        purchase: Mapping[str, Any],
        *,
        now: datetime,
        values: Mapping[str, Any] | None = None,
        push: Mapping[str, Any] | None = None,
        events: Sequence[Mapping[str, Any]] = (),
        where: Mapping[str, Any] | None = None,
    ) -> Document | None:
        """Write fields and leave the state as it is; otherwise like `move`."""
        return await self._write(purchase, now, dict(values or {}), {}, dict(push or {}), events, where, False)

    async def postpone(self, purchase: Mapping[str, Any], until: datetime) -> None:
        """Look after it again then; nothing else of it changes, so whoever is at work is not disturbed."""
        here = {"_id": purchase["_id"], "state": purchase["state"], "rev": purchase["rev"]}
        await self._scope(purchase).update_one(here, {"$set": {"dueAt": until}})

    async def due(self, now: datetime, limit: int) -> list[Document]:
        """Purchases of any store that somebody should look after by now, the longest waiting first."""
        cursor = mongo.collection(COLLECTION).find({"dueAt": {"$lte": now}}).sort("dueAt", 1).limit(limit)
        return [document async for document in cursor]

    async def tell(self, purchase: Mapping[str, Any]) -> bool:
        """Publish the purchase's events now, and take them out of it; False when the sweep will have to."""
        entries = purchase.get("outbox")
        if not entries:
            return True
        told = await outbox.flush(mongo.collection(COLLECTION), TOPIC, purchase, entries)
        if told and isinstance(purchase, dict):
            # Whoever goes on with this document must not tell it all again.
            purchase["outbox"] = []
        return told

    async def sweep(self) -> int:
        """Publish events that dead processes left behind."""
        return await outbox.sweep(mongo.collection(COLLECTION), TOPIC)

    async def _write(
        self,
        purchase: Mapping[str, Any],
        now: datetime,
        fresh: Document,
        gone: Document,
        push: Document,
        events: Sequence[Mapping[str, Any]],
        where: Mapping[str, Any] | None,
        repeatable: bool,
    ) -> Document | None:
        from pymongo import ReturnDocument

        here = {"_id": purchase["_id"], "state": purchase["state"], "rev": purchase["rev"], **(where or {})}
        update: Document = {"$set": {**fresh, "updatedAt": now}, "$inc": {"rev": 1}}
        if gone:
            update["$unset"] = gone
        if events:
            push = {**push, "outbox": {"$each": list(events)}}
        if push:
            update["$push"] = push
        scope = self._scope(purchase)
        found = (
            await scope.change_one(here, update)
            if repeatable
            else await scope.find_one_and_update(here, update, return_document=ReturnDocument.AFTER)
        )
        if found is None:
            log.debug("purchase.raced", checkoutId=purchase["_id"], state=purchase["state"])
        return found

    @staticmethod
    def _scope(purchase: Mapping[str, Any]) -> Scoped:
        return Scoped(mongo.collection(COLLECTION), tenantId=purchase["tenantId"], storeId=purchase["storeId"])
