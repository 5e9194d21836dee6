"""What must hold of imports, whoever was killed: every row has one end, and what is said to be live is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from functions.common import clock

if TYPE_CHECKING:
    from pymongo.asynchronous.database import AsyncDatabase

STATUSES = ("valid", "errors", "warnings", "confirm", "excluded")
ENDS = (
    *("created", "updated", "returned", "withdrawn"),
    *("unchanged", "stale", "failed", "rejected", "excluded"),
)
DONE = ("published", "partly_published", "rolling_back", "rolled_back")
FIRST_EXTRA = 1_000_000
"""From this number on chunks are rows that are tried once more, not a part of the file."""
STILL = timedelta(minutes=10)


async def counts(database: AsyncDatabase[dict[str, Any]]) -> AsyncIterator[str]:
    """Imports: every row has one status, and in the end came to one end."""
    fields = {"counts": 1, "result": 1, "state": 1}
    async for each in database["imports"].find({"state": {"$in": ["staged", "scheduled", *DONE]}}, fields):
        rows = each["counts"]["rows"]
        known = sum(each["counts"].get(name, 0) for name in STATUSES)
        if known != rows:
            yield f"imports: {each['_id']} has {rows} rows and knows the status of {known}"
        result = each["result"]
        if each["state"] in DONE and result is None:
            yield f"imports: {each['_id']} is {each['state']} and does not say what became of its rows"
        elif result is not None and not sum(result.get(name, 0) for name in ENDS) == result["rows"] == rows:
            ended = sum(result.get(name, 0) for name in ENDS)
            yield f"imports: {each['_id']} has {rows} rows, published {result['rows']} and accounts for {ended}"


async def failures(database: AsyncDatabase[dict[str, Any]]) -> AsyncIterator[str]:
    """Imports: what was not published is kept, row by row, and nothing else."""
    stages: list[dict[str, Any]] = [{"$group": {"_id": "$batchId", "items": {"$sum": {"$size": "$items"}}}}]
    kept = {each["_id"]: each["items"] async for each in await database["import_failures"].aggregate(stages)}
    async for each in database["imports"].find({"state": {"$in": list(DONE)}}, {"result": 1}):
        result = each["result"] or {}
        lost = result.get("failed", 0) + result.get("rejected", 0)
        if kept.get(each["_id"], 0) != lost:
            yield f"imports: {each['_id']} left out {lost} rows and kept {kept.get(each['_id'], 0)} of them"


async def chunks(database: AsyncDatabase[dict[str, Any]]) -> AsyncIterator[str]:
    """Imports: none is published with chunks that are not, and none stands still."""
    stages: list[dict[str, Any]] = [
        {"$match": {"state": "staged", "n": {"$lt": FIRST_EXTRA}}},
        {"$group": {"_id": "$importId", "n": {"$sum": 1}}},
    ]
    open_ = {each["_id"]: each["n"] async for each in await database["product_staging"].aggregate(stages)}
    query = {"_id": {"$in": list(open_)}, "state": {"$in": list(DONE)}}
    async for each in database["imports"].find(query, {"state": 1}):
        yield f"imports: {each['_id']} is {each['state']} with {open_[each['_id']]} chunks that are not"
    late = await database["imports"].count_documents({"dueAt": {"$lt": clock.now() - STILL}})
    if late:
        yield f"imports: {late} imports stand still for longer than ten minutes"


async def plans(database: AsyncDatabase[dict[str, Any]]) -> AsyncIterator[str]:
    """Imports: a product is at least in the version that a finished plan says it made."""
    fields = {"storeId": 1, "importId": 1, "rows.barcode": 1, "rows.ver": 1}
    async for plan in database["import_undo"].find({"result": {"$ne": None}}, fields, batch_size=20):
        made = {row["barcode"]: row["ver"] for row in plan["rows"]}
        query = {"storeId": plan["storeId"], "barcode": {"$in": list(made)}}
        live = {
            each["barcode"]: each["ver"] async for each in database["products"].find(query, {"barcode": 1, "ver": 1})
        }
        for sentence in _missing(plan, made, live):
            yield sentence


def _missing(plan: Mapping[str, Any], made: Mapping[str, int], live: Mapping[str, int]) -> list[str]:
    where = plan["storeId"]
    return [
        f"imports: {plan['importId']} made version {ver} of {where}/{barcode}, which is in {live.get(barcode)}"
        for barcode, ver in made.items()
        if live.get(barcode, 0) < ver
    ]


CHECKS = (counts, failures, chunks, plans)
