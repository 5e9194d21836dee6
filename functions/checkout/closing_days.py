"""Closing the days of a store: read what the day was, and keep it; again only when it has become another."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from functions.checkout import closing_day
from functions.checkout.closing_day import Day
from functions.common import failpoints, mongo
from functions.common.errors import Conflict, Malformed, NotFound
from functions.common.migrations import Collection, Index
from functions.common.moments import in_millis
from functions.common.mongo import Document, Scoped
from functions.common.purchases import COLLECTION as PURCHASES
from functions.common.retail import purchase_states as states
from functions.common.stores import Store

COLLECTION = "day_closings"
_TRIES = 8
_WHOLE = {"bsonType": ["int", "long"]}
_TEXT = {"bsonType": "string", "minLength": 1}

DAY_CLOSINGS = Collection(
    COLLECTION,
    [Index((("storeId", 1), ("date", -1)), unique=True)],
    {
        "$jsonSchema": {
            "bsonType": "object",
            "required": ["tenantId", "storeId", "date", "revision", "digest", "content", "revisions"],
            "properties": {
                "tenantId": _TEXT,
                "storeId": _TEXT,
                "date": {"bsonType": "string", "pattern": r"^\d{4}-\d\d-\d\d$"},
                "revision": _WHOLE,
                "digest": _TEXT,
                "content": {"bsonType": "object", "properties": {"total": _WHOLE, "takings": _WHOLE}},
                "revisions": {"bsonType": "array"},
            },
        }
    },
)

_NEEDED = {
    "receipt.number": 1,
    "totals.total": 1,
    "totals.discount": 1,
    "totals.shares": 1,
    "payment.provider": 1,
    "payment.captured": 1,
    "payment.method": 1,
}


async def close(store: Store, day: date, who: str, now: datetime) -> Document:
    """The closing of a local day. Closing it again changes nothing, unless something of the day has changed since.

    Raises Malformed for a day that has not begun.
    """
    since, until = closing_day.bounds(day, store.time_zone)
    now = in_millis(now)
    if since > now:
        raise Malformed("this day has not begun at the store", code="DAY_NOT_BEGUN", field="date")
    made = closing_day.content(await _sum_up(store, day, since, until), complete=until <= now)
    made |= {"currency": store.currency, "timeZone": store.time_zone}
    sealed = closing_day.digest(made)
    for _ in range(_TRIES):
        before = await _scoped(store).find_one({"date": day.isoformat()})
        if before is not None and before["digest"] == sealed:
            return before
        await failpoints.hit("day.before_write")
        after = await _write(store, day, before, made, sealed, who, now)
        if after is not None:
            return after
    raise Conflict("this day is being closed by others just now", code="CONCURRENT_EDIT", retry_after=1)


async def read(store: Store, day: str) -> Document:
    """The closing of a day. Raises NotFound."""
    found = await _scoped(store).find_one({"date": day})
    if found is None:
        raise NotFound("this day was not closed", code="DAY_NOT_CLOSED")
    return found


async def page(store: Store, number: int, limit: int) -> tuple[list[Document], int]:
    """The store's closings, the latest day first."""
    cursor = _scoped(store).find({}).sort("date", -1).skip((number - 1) * limit).limit(limit)
    return [each async for each in cursor], await _scoped(store).count({})


async def _write(
    store: Store, day: date, before: Document | None, made: Document, sealed: str, who: str, now: datetime
) -> Document | None:
    """One revision more; None when somebody else has written one meanwhile."""
    from pymongo import ReturnDocument
    from pymongo.errors import DuplicateKeyError

    revision = 1 if before is None else before["revision"] + 1
    entry = {"revision": revision, "by": who, "at": now, "digest": sealed, "takings": made["takings"]}
    fresh = {"revision": revision, "digest": sealed, "content": made}
    if before is None:
        own = {"_id": f"{store.id}:{day.isoformat()}", **_scoped(store).scope, "date": day.isoformat()}
        document = {**own, **fresh, "revisions": [entry]}
        try:
            await _scoped(store).insert_one(document)
        except DuplicateKeyError:
            return None
        return document
    return await _scoped(store).find_one_and_update(
        {"_id": before["_id"], "revision": before["revision"]},
        {"$set": fresh, "$push": {"revisions": {"$each": [entry], "$slice": -100}}},
        return_document=ReturnDocument.AFTER,
    )


async def _sum_up(store: Store, day: date, since: datetime, until: datetime) -> Day:
    within = {"$gte": since, "$lt": until}
    purchases = Scoped(mongo.cache_source(PURCHASES), tenantId=store.tenant_id, storeId=store.id)
    summed = Day()
    async for purchase in purchases.find({"receipt.at": within}, projection=_NEEDED):
        closing_day.add_receipt(summed, purchase)
    refunded = {"refunds": {"$elemMatch": {"at": within, "state": "succeeded"}}, "refunds.at": within}
    async for purchase in purchases.find(refunded, projection={"refunds": 1}):
        for refund in purchase["refunds"]:
            if refund["state"] == "succeeded" and since <= refund["at"] < until:
                closing_day.add_refund(summed, refund)
    async for purchase in purchases.find({"state": states.PAID, "paidAt": within}, projection={"totals.total": 1}):
        summed.differs("NO_RECEIPT_YET", purchase["_id"], purchase["totals"]["total"], None)
    await _check_numbers(purchases, summed)
    await _compare(store, summed, since, until)
    return summed


async def _check_numbers(purchases: Scoped, summed: Day) -> None:
    """Every number between the first and the last is there; at midnight it may stand on the other day."""
    missing = closing_day.gaps(summed.numbers)
    if not missing:
        return
    cursor = purchases.find({"receipt.number": {"$in": missing}}, projection={"receipt.number": 1})
    elsewhere = {each["receipt"]["number"] async for each in cursor}
    for number in missing:
        if number not in elsewhere:
            summed.differs("RECEIPT_NUMBER_MISSING", None, number, None)


async def _compare(store: Store, summed: Day, since: datetime, until: datetime) -> None:
    """What comparing with the payment provider found about purchases of this store on the day."""
    findings = Scoped(mongo.collection("reconciliations"), tenantId=store.tenant_id)
    async for each in findings.find({"from": {"$lt": until}, "to": {"$gt": since}}, projection={"findings": 1}):
        for finding in each["findings"]:
            if finding.get("storeId") == store.id:
                ours, theirs = (_kept(finding.get(side)) for side in ("ours", "theirs"))
                summed.differs(f"PROVIDER_{finding['kind'].upper()}", finding.get("checkoutId"), ours, theirs)


def _kept(side: Document | None) -> int | None:
    return None if side is None else side["captured"] - side["refunded"]


def _scoped(store: Store) -> Scoped:
    return Scoped(mongo.collection(COLLECTION), tenantId=store.tenant_id, storeId=store.id)


def local_day(now: datetime, store: Store) -> date:
    """Which day it is at the store."""
    return now.astimezone(ZoneInfo(store.time_zone)).date()


def view(document: Document) -> dict[str, Any]:
    """A closing as it is shown."""
    last = document["revisions"][-1]
    return {
        "storeId": document["storeId"],
        "date": document["date"],
        "revision": document["revision"],
        "closedBy": last["by"],
        "closedAt": last["at"],
        **document["content"],
    }
