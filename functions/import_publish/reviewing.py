"""Looking at what is staged, row by row, and putting it right before it is published."""

from __future__ import annotations

import asyncio
import random
from array import array
from collections.abc import Collection, Mapping, Sequence

from functions.common import clock
from functions.common.errors import Conflict, Malformed, NotFound
from functions.common.mongo import Document
from functions.import_publish.chunks_repository import ROWS, WITHDRAW
from functions.import_publish.core import Deps
from functions.import_publish.domain import states
from functions.import_publish.domain.codes import Unusable
from functions.import_publish.domain.duplicates import NO_KEY, pack
from functions.import_publish.domain.rows import Row
from functions.import_publish.domain.staged import StagedRow, Tally, add, faults_of, settle, tally
from functions.import_publish.judging import Judge
from functions.import_publish.lifecycle import wrong_state
from functions.import_publish.reading import Terms
from functions.import_publish.rejudging import DUPLICATE, mark_duplicate, rejudged

_ROUNDS = 8


async def page(
    deps: Deps, document: Document, wanted: Mapping[str, str], page: int, limit: int
) -> tuple[list[StagedRow], int]:
    """One page of the rows that match, in the order of the file, and how many match."""
    chunks = await deps.chunks.matching(document, wanted)
    total = sum(count for _, count in chunks)
    skip, needed, numbers = (page - 1) * limit, limit, list[int]()
    for n, count in chunks:
        if not numbers and skip >= count:
            skip -= count
            continue
        numbers.append(n)
        needed -= count - (skip if len(numbers) == 1 else 0)
        if needed <= 0:
            break
    rows = await deps.chunks.rows(document, numbers, wanted) if numbers else []
    return rows[skip : skip + limit], total


async def read(deps: Deps, document: Document, line: int) -> StagedRow:
    """The row that begins at a line of the file. Raises NotFound."""
    chunk = await deps.chunks.with_line(document, line)
    return _row_of(chunk, line)[1]


async def correct(
    deps: Deps,
    document: Document,
    line: int,
    *,
    values: Mapping[str, str | None],
    excluded: bool | None,
    by: str,
) -> StagedRow:
    """Put a row right, leave it out, or take it in again; it is judged anew, and so are those with its barcodes.

    Raises Conflict when the import is not staged, Malformed for a name that is neither a field nor a column.
    """
    for _ in range(_ROUNDS):
        if document["state"] != states.STAGED:
            raise wrong_state(document)
        found = await deps.chunks.with_line(document, line)
        _row_of(found, line)
        correction = _Correction(deps, document, line)
        chunks, totals = await correction.make(found or {}, values, excluded)
        if await deps.chunks.correct(document, chunks, totals, by, clock.now()):
            return correction.row
        await asyncio.sleep(random.uniform(0, 0.02))
        document = await deps.imports.find(document["tenantId"], document["_id"]) or document
    raise Conflict("the import is changing too fast: try again", code="VERSION_CONFLICT")


class _Correction:
    """One row put right, in memory; `row` is what it has become."""

    def __init__(self, deps: Deps, document: Document, line: int) -> None:
        self._deps, self._doc, self._line = deps, document, line
        self._terms = Terms.of(document)
        self._judge = Judge(deps.live, document, self._terms)
        self.row: StagedRow = {}

    async def make(
        self, chunk: Document, values: Mapping[str, str | None], excluded: bool | None
    ) -> tuple[list[Document], Tally]:
        """The chunks that change by it, and what the import adds up to then."""
        await self._judge.prepare()
        index, before = _row_of(chunk, self._line)
        self.row = await self._corrected(before, values, excluded)
        named = {barcode for barcode in (before["b"], self.row["b"]) if barcode is not None}
        chunks = {chunk["_id"]: chunk}
        for other in await self._deps.chunks.with_barcodes(self._doc, sorted(named)):
            chunks.setdefault(other["_id"], other)
        chunk["rows"][index] = self.row
        for barcode in sorted(named):
            await self._duplicates(chunks.values(), barcode)
        _not_withdrawn(chunks.values(), self.row["b"])
        self.row = chunk["rows"][index]
        return self._totalled(list(chunks.values()))

    async def _corrected(self, before: StagedRow, values: Mapping[str, str | None], excluded: bool | None) -> StagedRow:
        row = Row(before["r"], before["b"], before["v"], faults_of(before), before.get("raw", []), before.get("l"))
        if values:
            source = self._doc["source"]
            mapper = self._terms.mapper(source.get("columns", []), source.get("format", "csv"))
            try:
                row = mapper.correct(row, values)
            except Unusable as problem:
                details = [{"field": name, "code": problem.code, "message": what} for name, what in problem.problems]
                raise Malformed("the row cannot be corrected so", code=problem.code, details=details) from problem
        staged: StagedRow = {"r": row.line, "b": row.barcode, "v": row.values, "raw": row.raw}
        if row.origin is not None:
            staged["l"] = row.origin
        if before.get("x") if excluded is None else excluded:
            staged["x"] = True
        settle(staged, row.faults)
        (judged,) = await rejudged(self._judge, self._terms, [staged])
        return judged

    async def _duplicates(self, chunks: Collection[Document], barcode: str) -> None:
        """Find anew which rows share a barcode; rows that were left out do not count."""
        places = [
            (chunk["rows"], index)
            for chunk in chunks
            if chunk["kind"] == ROWS
            for index, row in enumerate(chunk["rows"])
            if row["b"] == barcode and not row.get("x")
        ]
        lines = [rows[index]["r"] for rows, index in places]
        for rows, index in places:
            row = rows[index]
            others = [line for line in lines if line != row["r"]]
            if others:
                mark_duplicate(row, others)
            elif any(each.code == DUPLICATE for each in faults_of(row)):
                mark_duplicate(row, [])
                (rows[index],) = await rejudged(self._judge, self._terms, [row])

    def _totalled(self, chunks: Sequence[Document]) -> tuple[list[Document], Tally]:
        counts, codes, confirms = (dict(self._doc[name]) for name in ("counts", "codes", "confirms"))
        totals = Tally(counts, codes, confirms)
        for chunk in chunks:
            fresh = tally(chunk["rows"])
            for name, into, more in zip(("counts", "codes", "confirms"), totals, fresh, strict=True):
                add(into, chunk[name], -1)
                add(into, more)
                chunk[name] = more
            packed = (pack(row["b"]) if row["b"] is not None else NO_KEY for row in chunk["rows"])
            chunk["keys"] = array("Q", packed).tobytes()
        return list(chunks), totals


def _not_withdrawn(chunks: Collection[Document], barcode: str | None) -> None:
    """What the file names after all is not withdrawn."""
    for chunk in chunks:
        if chunk["kind"] == WITHDRAW:
            chunk["rows"] = [row for row in chunk["rows"] if row["b"] != barcode]


def _row_of(chunk: Document | None, line: int) -> tuple[int, StagedRow]:
    for index, row in enumerate(chunk["rows"] if chunk is not None else ()):
        if row["r"] == line:
            return index, row
    raise NotFound("no row begins at this line", code="ROW_NOT_FOUND")
