"""`discountcards`, and what loyalty systems said last (`loyalty_answers`): one document a card."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from functions.common import brand_cards
from functions.common.brand_cards import Card
from functions.common.mongo import Document, Scoped
from functions.discount import brand_card
from functions.discount.brand_card import Answer

if TYPE_CHECKING:
    from pymongo.asynchronous.collection import AsyncCollection

CARDS, ANSWERS, BRANDS = brand_cards.COLLECTION, "loyalty_answers", "brands"
_TRIES = 3


class MongoCards:
    """Cards in visits. Whether one is in use is asked across the stores of a tenant, all else within its store."""

    def __init__(self, collection: AsyncCollection[Document]) -> None:
        self._collection = collection

    async def attach(self, document: Document, now: datetime) -> Document | None:
        """Keep a card; None while another visit, or a checkout, has it.

        One that is kept under this id already (the request is repeated) is returned as it is.
        """
        from pymongo.errors import DuplicateKeyError

        here = Scoped(self._collection, tenantId=document["tenantId"], storeId=document["storeId"])
        for _ in range(_TRIES):
            try:
                await here.insert_one(document)
            except DuplicateKeyError:
                kept = await here.find_one({"_id": document["_id"], "sessionId": document["sessionId"]})
                if kept is not None:
                    return kept
                if await self._in_use(document, now):
                    return None
                await self._make_room(document, now)
            else:
                return document
        return None

    async def newest(self, tenant_id: str, store_id: str, session_id: str) -> Card | None:
        """The card that was scanned last in a visit, used or over as it may be."""
        scoped = Scoped(self._collection, tenantId=tenant_id, storeId=store_id)
        found = await scope_first(scoped, session_id)
        return None if found is None else brand_cards.read(found)

    async def remove(self, tenant_id: str, store_id: str, card_id: str) -> bool:
        """Forget a card that no checkout has; False when one has it, or there is none."""
        scoped = Scoped(self._collection, tenantId=tenant_id, storeId=store_id)
        return bool(await scoped.delete_one({"_id": card_id, "usedBy": None}))

    async def _in_use(self, document: Document, now: datetime) -> bool:
        """Whether somebody else's visit has the card, or a checkout of this one."""
        card = Scoped(self._collection, tenantId=document["tenantId"])
        others = {"$or": [{"sessionId": {"$ne": document["sessionId"]}}, {"usedBy": {"$ne": None}}]}
        query = {"cardKey": document["cardKey"], "expiresAt": {"$gt": now}, **others}
        return await card.find_one(query, projection={"_id": 1}) is not None

    async def _make_room(self, document: Document, now: datetime) -> None:
        """The card of an earlier scan goes: one that is over but still stored, or one of this very visit."""
        card = Scoped(self._collection, tenantId=document["tenantId"])
        mine = {"sessionId": document["sessionId"], "usedBy": None}
        await card.delete_one({"cardKey": document["cardKey"], "$or": [{"expiresAt": {"$lte": now}}, mine]})


async def scope_first(scoped: Scoped, session_id: str) -> Document | None:
    """The newest document of a visit."""
    async for document in scoped.find({"sessionId": session_id}).sort("scannedAt", -1).limit(1):
        return document
    return None


class MongoAnswers:
    """The last answer of loyalty systems to each question, for a day."""

    def __init__(self, collection: AsyncCollection[Document]) -> None:
        self._collection = collection

    async def find(self, tenant_id: str, key: str, now: datetime) -> Answer | None:
        """What was said last, if it may still be trusted."""
        found = await Scoped(self._collection, tenantId=tenant_id).find_one({"_id": key})
        return None if found is None else brand_card.kept_answer(found, now)

    async def keep(self, tenant_id: str, key: str, answer: Answer) -> None:
        """Remember an answer, unless a newer one is there."""
        from pymongo.errors import DuplicateKeyError

        scoped = Scoped(self._collection, tenantId=tenant_id)
        try:
            await scoped.update_one(
                {"_id": key, "at": {"$lte": answer.at}}, {"$set": brand_card.stored_answer(answer)}, upsert=True
            )
        except DuplicateKeyError:
            return  # a newer one is there

    async def forget(self, tenant_id: str, key: str) -> None:
        """The card is known no longer."""
        await Scoped(self._collection, tenantId=tenant_id).delete_one({"_id": key})


class MongoBrands:
    """Which brands a tenant has; catalog's, for reading."""

    def __init__(self, collection: AsyncCollection[Document]) -> None:
        self._collection = collection

    async def has(self, tenant_id: str, brand_id: str) -> bool:
        """Whether the tenant has this brand now."""
        scoped = Scoped(self._collection, tenantId=tenant_id)
        return await scoped.find_one({"brandId": brand_id, "deletedAt": None}, projection={"_id": 1}) is not None
