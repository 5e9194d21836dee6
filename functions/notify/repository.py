"""This room's collection: one document a visit, written only in the version that was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from functions.common.mongo import Document, Scoped
from functions.notify.domain.changes import Changes, Item, Move
from functions.notify.domain.mailbox import Device, Digest, Mailbox, Notice, Push

if TYPE_CHECKING:
    from pymongo.asynchronous.collection import AsyncCollection

NAME = "notices"


@dataclass(frozen=True, slots=True)
class Key:
    """Whose mailbox: a shopper's visit to a store of a tenant."""

    tenant_id: str
    store_id: str
    user_id: str
    session_id: str


class MongoMailboxes:
    """Mailboxes in MongoDB. Every query names tenant, store and shopper, but for the sweep's."""

    def __init__(self, collection: AsyncCollection[Document]) -> None:
        self._collection = collection

    def _scoped(self, key: Key) -> Scoped:
        return Scoped(self._collection, tenantId=key.tenant_id, storeId=key.store_id, userId=key.user_id)

    async def find(self, key: Key) -> Mailbox | None:
        """The mailbox; also one that MongoDB is about to throw away."""
        found = await self._scoped(key).find_one({"_id": key.session_id})
        return None if found is None else mailbox_of(found)

    async def save(self, key: Key, box: Mailbox) -> bool:
        """Keep the next version of what was read; False when somebody else was first, or it is another shopper's."""
        from pymongo.errors import DuplicateKeyError

        document = document_of(box)
        if box.ver == 0:
            try:
                await self._scoped(key).insert_one({"_id": key.session_id, **document, "ver": 1})
            except DuplicateKeyError:
                return False
            return True
        update: dict[str, Any] = {"$set": {**document, "ver": box.ver + 1}}
        if "dueAt" not in document:
            update["$unset"] = {"dueAt": ""}
        written = await self._scoped(key).update_one({"_id": key.session_id, "ver": box.ver}, update)
        return written.matched_count == 1

    async def after(self, key: Key, number: int) -> list[Notice]:
        """The notices behind this one, oldest first."""
        later = {"$filter": {"input": "$notices", "cond": {"$gt": ["$$this.id", number]}}}
        found = await self._scoped(key).find_one({"_id": key.session_id}, projection={"notices": later})
        return [] if found is None else [_notice_of(each) for each in found["notices"]]

    async def with_token(self, tenant_id: str, token: str, but: str) -> list[Key]:
        """The other visits of the tenant with this device."""
        query = {"devices.token": token, "_id": {"$ne": but}}
        cursor = Scoped(self._collection, tenantId=tenant_id).find(query, projection=_KEY).limit(100)
        return [_key_of(each) async for each in cursor]

    async def due(self, before: datetime, limit: int) -> list[Key]:
        """Mailboxes, of all tenants, in which something should have been done before this moment; oldest first."""
        cursor = self._collection.find({"dueAt": {"$lt": before}}, projection=_KEY).sort("dueAt", 1).limit(limit)
        return [_key_of(each) async for each in cursor]


_KEY = {"tenantId": 1, "storeId": 1, "userId": 1}


def _key_of(found: Document) -> Key:
    return Key(found["tenantId"], found["storeId"], found["userId"], found["_id"])


def document_of(box: Mailbox) -> Document:
    """Without the scope, the id and the version, which are `save`'s."""
    document: Document = {
        "expiresAt": box.expires_at,
        "lastId": box.last_id,
        "devices": [_device_document(each) for each in box.devices],
        "notices": [_notice_document(each) for each in box.notices],
        "digest": None if box.digest is None else _digest_document(box.digest),
        "cartAt": box.cart_at,
        "seen": list(box.seen),
    }
    if box.due_at is not None:
        document["dueAt"] = box.due_at
    return document


def mailbox_of(found: Document) -> Mailbox:
    """What was kept."""
    return Mailbox(
        session_id=found["_id"],
        tenant_id=found["tenantId"],
        store_id=found["storeId"],
        user_id=found["userId"],
        expires_at=found["expiresAt"],
        ver=found["ver"],
        last_id=found["lastId"],
        devices=tuple(_device_of(each) for each in found["devices"]),
        notices=tuple(_notice_of(each) for each in found["notices"]),
        digest=None if found["digest"] is None else _digest_of(found["digest"]),
        cart_at=found["cartAt"],
        seen=tuple(found["seen"]),
    )


def _device_document(device: Device) -> Document:
    return {
        "id": device.id, "token": device.token, "platform": device.platform, "language": device.language,
        "registeredAt": device.registered_at, "inFrontUntil": device.in_front_until,
    }  # fmt: skip


def _device_of(found: Mapping[str, Any]) -> Device:
    return Device(
        found["id"], found["token"], found["platform"], found["language"], found["registeredAt"], found["inFrontUntil"]
    )


def _notice_document(notice: Notice) -> Document:
    push = None
    if notice.push is not None:
        push = {
            "notBefore": notice.push.not_before, "until": notice.push.until, "attempts": notice.push.attempts,
            "reached": list(notice.push.reached), "leasedUntil": notice.push.leased_until,
        }  # fmt: skip
    return {
        "id": notice.id, "event": notice.event, "kind": notice.kind, "text": notice.text, "count": notice.count,
        "at": notice.at, "data": dict(notice.data), "push": push,
    }  # fmt: skip


def _notice_of(found: Mapping[str, Any]) -> Notice:
    push = found["push"]
    return Notice(
        id=found["id"],
        event=found["event"],
        kind=found["kind"],
        text=found["text"],
        count=found["count"],
        at=found["at"],
        data=found["data"],
        push=None
        if push is None
        else Push(push["notBefore"], push["until"], push["attempts"], tuple(push["reached"]), push["leasedUntil"]),
    )


def _digest_document(digest: Digest) -> Document:
    total = digest.changes.total
    return {
        "prices": [_moved(item, move) for item, move in digest.changes.prices.values()],
        "stock": [_moved(item, move) for item, move in digest.changes.stock.values()],
        "total": None if total is None else _moved(Item("", "", total[0]), total[1]),
        "event": digest.event,
        "at": digest.at,
        "due": digest.due,
    }


def _digest_of(found: Mapping[str, Any]) -> Digest:
    total = None
    if found["total"] is not None:
        item, move = _move_of(found["total"])
        total = (item.currency, move)
    prices = [_move_of(each) for each in found["prices"]]
    stock = [_move_of(each) for each in found["stock"]]
    changes = Changes({i.barcode: (i, m) for i, m in prices}, {i.barcode: (i, m) for i, m in stock}, total)
    return Digest(changes, found["event"], found["at"], found["due"])


def _moved(item: Item, move: Move) -> Document:
    return {
        "barcode": item.barcode, "name": item.name, "currency": item.currency,
        "old": move.old, "new": move.new, "first": move.first, "last": move.last,
    }  # fmt: skip


def _move_of(found: Mapping[str, Any]) -> tuple[Item, Move]:
    item = Item(found["barcode"], found["name"], found["currency"])
    return item, Move(found["old"], found["new"], found["first"], found["last"])
