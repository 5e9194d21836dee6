"""What shows only when a file was read to its end, and the bounded hand-over that gets it there."""

from __future__ import annotations

import asyncio
import threading
import time
from array import array
from collections.abc import Generator
from typing import Any

import pytest

from functions.import_publish.domain.duplicates import pack
from functions.import_publish.pipeline import ahead, few
from functions.import_publish.whole_file import WholeFile, absent
from tests.unit.import_publish.fakes import MemoryBucket

MILK, WINE, RICE = (pack(code) for code in ("4006381333931", "3012345678902", "5000112637922"))


class Chunks:
    """Chunks as they are read and kept again."""

    def __init__(self, chunks: list[list[int]]) -> None:
        self.kept: dict[int, list[dict[str, Any]]] = {}
        line = 1
        for n, keys in enumerate(chunks):
            self.kept[n] = [{"r": (line := line + 1), "b": str(key), "v": {}, "a": "create"} for key in keys]

    async def read(self, _: Any, numbers: list[int]) -> list[dict[str, Any]]:
        return [{"rows": self.kept[n], "keys": b""} for n in numbers]


class FakeWorker:
    """A worker that keeps chunks in memory."""

    def __init__(self, chunks: list[list[int]]) -> None:
        self.deps: Any = self
        self.document: dict[str, Any] = {}
        self.chunks, self.bucket = Chunks(chunks), MemoryBucket()
        self.marked: list[int] = []

    def check(self) -> None:
        pass

    async def keep(self, n: int, kind: str, rows: list[dict[str, Any]], keys: bytes) -> None:
        self.marked.append(n)


async def duplicates(chunks: list[list[int]], excluded: tuple[int, ...] = ()) -> FakeWorker:
    worker = FakeWorker(chunks)
    file = WholeFile(worker)  # type: ignore[arg-type]
    line = 2
    for n, keys in enumerate(chunks):
        lines = array("I", range(line, line + len(keys)))
        line += len(keys)
        file.take(array("Q", keys), lines, excluded if n == 0 else ())
    await file.reject_duplicates()
    return worker


def faults(worker: FakeWorker) -> dict[int, str]:
    """Line -> what is said of its barcode."""
    rows = [row for rows in worker.chunks.kept.values() for row in rows]
    return {row["r"]: row["e"][0][4] for row in rows if "e" in row}


async def test_each_of_the_same_names_the_others_and_only_their_chunks_are_written_again() -> None:
    worker = await duplicates([[MILK, WINE], [RICE], [MILK]])
    assert sorted(worker.marked) == [0, 2]
    assert {line: text.split(":")[0] for line, text in faults(worker).items()} == {
        2: "The same barcode is in line 5",
        5: "The same barcode is in line 2",
    }


async def test_rows_without_a_barcode_and_rows_left_out_are_nobodys_duplicates() -> None:
    assert faults(await duplicates([[0, 0], [0]])) == {}
    assert faults(await duplicates([[MILK, WINE], [MILK]], excluded=(0,))) == {}


async def test_a_file_of_nothing_but_one_barcode_is_done_in_a_moment() -> None:
    started = time.perf_counter()
    worker = await duplicates([[MILK] * 500 for _ in range(200)])
    assert len(faults(worker)) == 100_000
    assert all("and others" in text for text in faults(worker).values())
    assert time.perf_counter() - started < 20, "naming all the others of each would never end"


def test_what_a_file_does_not_name_is_found_by_looking_it_up() -> None:
    named = array("Q", sorted([MILK, RICE]))
    assert list(absent([WINE, MILK, RICE], named)) == [WINE]
    assert list(absent([MILK], array("Q"))) == [MILK]


# -- hand-over ----------------------------------------------------------------------------------------------------


async def test_the_next_part_is_read_while_this_one_is_worked_on_but_no_more() -> None:
    read: list[int] = []

    def parts() -> Generator[int, None, None]:
        for number in range(5):
            read.append(number)
            yield number

    async for part in ahead(MemoryBucket(), parts()):
        await asyncio.sleep(0.05)
        assert len(read) <= part + 2
    assert read == [0, 1, 2, 3, 4]


async def test_a_file_is_closed_also_when_nobody_wants_the_rest() -> None:
    closed: list[str] = []

    def parts() -> Generator[int, None, None]:
        try:
            yield from range(100)
        finally:
            closed.append(threading.current_thread().name)

    stream = ahead(MemoryBucket(), parts())
    async for _ in stream:
        break
    await stream.aclose()
    assert len(closed) == 1
    assert closed[0] != threading.main_thread().name, "files are blocking"


async def test_only_so_many_things_are_under_way_at_once() -> None:
    under_way, most = 0, 0

    async def work() -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.005)
        under_way -= 1

    async with few(3) as start:
        for _ in range(10):
            await start(work())
    assert (most, under_way) == (3, 0)


async def test_what_fails_is_told_and_nothing_is_left_behind() -> None:
    ended: list[int] = []

    async def work(number: int) -> None:
        await asyncio.sleep(0.001 * number)
        if number == 1:
            raise ValueError("a chunk could not be written")
        ended.append(number)

    async def all_of_them() -> None:
        async with few(2) as start:
            for number in (1, 2, 3, 4, 5):
                await start(work(number))

    with pytest.raises(ValueError, match="a chunk could not be written"):
        await all_of_them()
    assert ended == [2]
