"""`product_staging`: up to five hundred rows a document. Writers carry the fence of their lease; a later one wins."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from functions.common import mongo
from functions.common.mongo import Document, Scoped
from functions.import_publish.domain.staged import STATUSES, Tally
from functions.import_publish.repository import IMPORTS, STAGING

ROWS, WITHDRAW = "rows", "withdraw"
_QUERY_MS = 2_500
_WRITE_CONFLICT = 112
_SUMMARY = {"n": 1, "counts": 1, "codes": 1, "confirms": 1}


def chunk_id(import_id: str, n: int) -> str:
    """The id of a chunk of an import."""
    return f"{import_id}:{n:06d}"


class Chunks:
    """The staged rows of imports, always seen through one store of one tenant."""

    async def adopt(self, of: Mapping[str, Any]) -> dict[int, Tally]:
        """Take over what an earlier worker of this import has staged: from now on it can write no more of it.

        Returns by number what the chunks add up to. Withdrawals are found anew at the end, so they are dropped.
        """
        scoped, fence = _of(of), of["work"]["fence"]
        mine = scoped.filter({"importId": of["_id"]})
        await _staging().delete_many({**mine, "kind": WITHDRAW})
        await _staging().update_many({**mine, "fence": {"$lt": fence}}, {"$set": {"fence": fence}})
        cursor = scoped.find({"importId": of["_id"]}, projection=_SUMMARY, max_time_ms=_QUERY_MS)
        return {each["n"]: _tally(each) for each in await cursor.to_list()}

    async def write(self, chunk: Document) -> bool:
        """Keep a chunk, in the place of an earlier worker's; False when a later worker has taken over."""
        from pymongo.errors import DuplicateKeyError

        query = {
            "_id": chunk["_id"],
            "tenantId": chunk["tenantId"],
            "storeId": chunk["storeId"],
            "fence": {"$lte": chunk["fence"]},
        }
        try:
            await _staging().replace_one(query, chunk, upsert=True)
        except DuplicateKeyError:
            return False
        return True

    async def read(self, of: Mapping[str, Any], numbers: Iterable[int]) -> list[Document]:
        """Whole chunks, in their order."""
        cursor = _of(of).find({"importId": of["_id"], "n": {"$in": list(numbers)}}, max_time_ms=_QUERY_MS)
        return await cursor.sort("n", 1).to_list()

    async def drop_withdrawals(self, of: Mapping[str, Any]) -> None:
        """Forget what was to be withdrawn; it is found anew."""
        await _staging().delete_many(_of(of).filter({"importId": of["_id"], "kind": WITHDRAW}))

    async def keep_until(self, of: Mapping[str, Any], until: datetime) -> None:
        """Keep what is staged for longer, because it was approved."""
        await _staging().update_many(_of(of).filter({"importId": of["_id"]}), {"$set": {"expireAt": until}})

    # -- looking ----------------------------------------------------------------------------------------------

    async def with_line(self, of: Mapping[str, Any], line: int) -> Document | None:
        """The chunk that a line of the file is in, if any."""
        query = {"importId": of["_id"], "kind": ROWS, "first": {"$lte": line}, "last": {"$gte": line}}
        return await _of(of).find_one(query, max_time_ms=_QUERY_MS)

    async def with_barcodes(self, of: Mapping[str, Any], barcodes: Sequence[str]) -> list[Document]:
        """The chunks that any of these barcodes is in."""
        query = {"importId": of["_id"], "rows.b": {"$in": list(barcodes)}}
        return await _of(of).find(query, max_time_ms=_QUERY_MS).sort("n", 1).to_list()

    async def matching(self, of: Mapping[str, Any], wanted: Mapping[str, str]) -> list[tuple[int, int]]:
        """(chunk, how many of its rows match), without those where none does.

        `wanted` may hold status, action, code and q (the beginning of a barcode, or a part of a name).
        """
        match, count = _prefilter(of, wanted), _count(wanted)
        pipeline: list[Document] = [
            {"$match": match},
            {"$project": {"_id": 0, "n": 1, "c": count}},
            {"$match": {"c": {"$gt": 0}}},
            {"$sort": {"n": 1}},
        ]
        found = await _of(of).aggregate(pipeline, maxTimeMS=_QUERY_MS)
        return [(each["n"], each["c"]) for each in found]

    async def rows(self, of: Mapping[str, Any], numbers: Sequence[int], wanted: Mapping[str, str]) -> list[Document]:
        """The matching rows of some chunks, in order."""
        rows: Any = "$rows"
        if wanted:
            rows = {"$filter": {"input": "$rows", "as": "row", "cond": {"$and": _conditions(wanted)}}}
        pipeline: list[Document] = [
            {"$match": {"importId": of["_id"], "n": {"$in": list(numbers)}}},
            {"$project": {"n": 1, "rows": rows}},
            {"$sort": {"n": 1}},
        ]
        found = await _of(of).aggregate(pipeline, maxTimeMS=_QUERY_MS)
        return [row for chunk in found for row in chunk["rows"]]

    # -- correcting -------------------------------------------------------------------------------------------

    async def correct(
        self, of: Mapping[str, Any], chunks: Sequence[Document], totals: Tally, by: str, now: datetime
    ) -> bool:
        """Write corrected chunks and what the import adds up to now, all or nothing.

        False when one of them, or the import, is not in the version that was read any more.
        """
        from pymongo.errors import OperationFailure

        try:
            async with mongo.client().start_session() as session, await session.start_transaction():
                written = await _correct(of, chunks, totals, (by, now), session)
                if written != len(chunks) + 1:
                    await session.abort_transaction()
        except OperationFailure as error:
            if error.code != _WRITE_CONFLICT:
                raise
            return False
        return written == len(chunks) + 1


async def _correct(
    of: Mapping[str, Any], chunks: Sequence[Document], totals: Tally, who: tuple[str, datetime], session: Any
) -> int:
    """Write them within a transaction; returns how many were in the version that was read."""
    by, now = who
    fresh = {"counts": totals.counts, "codes": totals.codes, "confirms": totals.confirms, "updatedAt": now}
    update = {"$set": fresh, "$inc": {"ver": 1}, "$addToSet": {"editedBy": by}}
    scope = {"_id": of["_id"], "tenantId": of["tenantId"], "state": of["state"], "ver": of["ver"]}
    written = (await mongo.collection(IMPORTS).update_one(scope, update, session=session)).matched_count
    for chunk in chunks if written else ():
        query = _of(of).filter({"_id": chunk["_id"], "ver": chunk["ver"], "state": "staged"})
        kept = {name: chunk[name] for name in ("rows", "keys", "counts", "codes", "confirms")}
        result = await _staging().update_one(query, {"$set": kept, "$inc": {"ver": 1}}, session=session)
        written += result.matched_count
    return written


def _staging() -> Any:
    return mongo.collection(STAGING)


def _of(of: Mapping[str, Any]) -> Scoped:
    return Scoped(_staging(), tenantId=of["tenantId"], storeId=of["storeId"])


def _tally(chunk: Mapping[str, Any]) -> Tally:
    return Tally(chunk["counts"], chunk["codes"], chunk["confirms"])


def _prefilter(of: Mapping[str, Any], wanted: Mapping[str, str]) -> Document:
    """What a chunk must have for any of its rows to match, as far as its counts tell."""
    match: Document = {"importId": of["_id"]}
    if "status" in wanted:
        match[f"counts.{STATUSES[wanted['status']]}"] = {"$gt": 0}
    if "action" in wanted:
        match[f"counts.{wanted['action']}"] = {"$gt": 0}
    if "code" in wanted:
        match[f"codes.{wanted['code']}"] = {"$gt": 0}
    return match


def _count(wanted: Mapping[str, str]) -> Any:
    if not wanted:
        return "$counts.rows"
    if len(wanted) == 1 and "q" not in wanted:
        ((prefix, field),) = (
            ("counts", STATUSES[value]) if name == "status" else (f"{name}s" if name == "code" else "counts", value)
            for name, value in wanted.items()
        )
        return f"${prefix}.{field}"
    return {"$size": {"$filter": {"input": "$rows", "as": "row", "cond": {"$and": _conditions(wanted)}}}}


def _conditions(wanted: Mapping[str, str]) -> list[Any]:
    found: list[Any] = []
    if "status" in wanted:
        found.append({"$eq": [{"$ifNull": ["$$row.s", "valid"]}, wanted["status"]]})
    if "action" in wanted:
        found.append({"$eq": ["$$row.a", wanted["action"]]})
    if "code" in wanted:
        codes = {"$map": {"input": {"$ifNull": ["$$row.e", []]}, "as": "f", "in": {"$first": "$$f"}}}
        found.append({"$in": [{"$literal": wanted["code"]}, codes]})
        # An excluded row is not counted among what is wrong.
        found.append({"$ne": ["$$row.x", True]})
    if "q" in wanted:
        found.append(_search(wanted["q"]))
    return found


def _search(text: str) -> Document:
    """A part of a name, whatever its case, or the beginning of a barcode. Every letter means itself only."""
    name = {"$ifNull": ["$$row.v.name", {"$ifNull": ["$$row.name", ""]}]}
    part: Document = {"$regexMatch": {"input": name, "regex": {"$literal": re.escape(text)}, "options": "i"}}
    if not (text.isascii() and text.isdigit()):
        return part
    starts = {"$and": [{"$gte": ["$$row.b", text]}, {"$lt": ["$$row.b", text + ":"]}]}
    return {"$or": [starts, part]}
