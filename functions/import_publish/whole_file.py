"""What shows only when a file was read to its end: rows with the same barcode, and products it does not name.

Flat arrays, twelve bytes a row: also a file of a million times the same barcode takes no more.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence

from functions.import_publish.chunks_repository import ROWS, WITHDRAW
from functions.import_publish.domain.differences import withdrawal
from functions.import_publish.domain.duplicates import (
    NO_KEY,
    Duplicates,
    find_duplicates,
    in_order,
    pack,
    unpack,
)
from functions.import_publish.domain.rules import Rules, check_full
from functions.import_publish.domain.staged import StagedRow, settle
from functions.import_publish.pipeline import few
from functions.import_publish.reading import MOST_ROWS
from functions.import_publish.rejudging import mark_duplicate
from functions.import_publish.working import Worker

AT_ONCE = 3
_MOST_NAMED = 12


class WholeFile:
    """The barcode and the line of every row, in the order of the file."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._starts = array("I")
        self._keys, self._lines = array("Q"), array("I")
        self._excluded = array("I")

    def __len__(self) -> int:
        """How many rows were taken in."""
        return len(self._keys)

    def take(self, keys: array[int], lines: array[int], excluded: Sequence[int] = ()) -> None:
        """Take in the next chunk; `excluded` are the places of rows that were left out."""
        base = len(self._keys)
        self._starts.append(base)
        self._keys.extend(keys)
        self._lines.extend(lines)
        self._excluded.extend(base + place for place in excluded)

    # -- the same barcode twice -------------------------------------------------------------------------------

    async def reject_duplicates(self) -> None:
        """Of rows with the same barcode none is taken: which of them is right, only people know."""
        worker = self._worker
        keys, found, touched = await worker.deps.bucket.run(self._find)
        async with few(AT_ONCE) as start:
            for n in touched:
                await start(self._mark(n, self._others(n, keys, found)))
                worker.check()

    def _find(self) -> tuple[array[int], Duplicates, list[int]]:
        """The keys without those of rows that were left out, which of them are there twice, and in which chunks."""
        keys = self._keys
        if self._excluded:
            keys = array("Q", keys)
            for position in self._excluded:
                keys[position] = NO_KEY
        found = find_duplicates(keys)
        return keys, found, sorted({bisect_right(self._starts, place) - 1 for _, places in found for place in places})

    def _others(self, n: int, keys: array[int], found: Duplicates) -> dict[int, list[int]]:
        """Place in the chunk -> the lines of the other rows with its barcode, as many as are named."""
        begin = self._starts[n]
        end = self._starts[n + 1] if n + 1 < len(self._starts) else len(keys)
        first: dict[int, list[int]] = {NO_KEY: []}
        others = {}
        for position in range(begin, end):
            key = keys[position]
            if key not in first:
                first[key] = found.of(key)[:_MOST_NAMED].tolist()
            if first[key]:
                others[position - begin] = [self._lines[at] for at in first[key] if at != position]
        return others

    async def _mark(self, n: int, others: Mapping[int, Sequence[int]]) -> None:
        for chunk in await self._worker.deps.chunks.read(self._worker.document, [n]):
            for place, lines in others.items():
                mark_duplicate(chunk["rows"][place], lines)
            await self._worker.keep(n, ROWS, chunk["rows"], chunk["keys"])

    # -- what it does not name --------------------------------------------------------------------------------

    async def withdraw(self, rules: Rules) -> None:
        """What a full catalogue does not name is to be withdrawn. A row that was left out names its product too."""
        worker = self._worker
        document, deps = worker.document, worker.deps
        await deps.chunks.drop_withdrawals(document)
        named = await deps.bucket.run(lambda: array("Q", in_order(self._keys)))
        gone, live = array("Q"), 0
        async for barcodes in deps.live.barcodes(document["tenantId"], document["storeId"]):
            live += len(barcodes)
            gone.extend(absent(map(pack, barcodes), named))
            worker.check()
        faults = check_full(len(gone), live, self._keys.count(NO_KEY), rules)
        n = len(self._starts)
        async with few(AT_ONCE) as start:
            for at in range(0, len(gone), MOST_ROWS):
                rows = await self._withdrawn([unpack(key) for key in gone[at : at + MOST_ROWS]])
                if rows:
                    for row in rows:
                        settle(row, faults)
                    packed = array("Q", [pack(row["b"]) for row in rows])
                    await start(worker.keep(n, WITHDRAW, rows, packed.tobytes()))
                    n += 1
                worker.check()

    async def _withdrawn(self, barcodes: list[str]) -> list[StagedRow]:
        document, live = self._worker.document, self._worker.deps.live
        fields = {"barcode": 1, "name": 1, "status": 1}
        found = await live.find(document["tenantId"], document["storeId"], barcodes, fields)
        rows: list[StagedRow] = []
        for product in found.values():
            row: StagedRow = {"r": 0, "b": product["barcode"], "v": {}, "name": product["name"]}
            row["a"], row["d"] = withdrawal(product["status"])
            rows.append(row)
        return rows


def absent(keys: Iterable[int], named: array[int]) -> Iterator[int]:
    """Those of the keys that are not among the sorted ones."""
    size = len(named)
    for key in keys:
        at = bisect_left(named, key)
        if at == size or named[at] != key:
            yield key
