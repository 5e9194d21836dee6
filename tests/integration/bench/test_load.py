"""The generators against a door of known manners."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bench import load
from bench.results import CannotMeasure
from local.processes import HOST

STALL_SECONDS = 0.4


@asynccontextmanager
async def door(*, stall_at: int = -1, status: bytes = b"200 OK") -> AsyncIterator[tuple[int, list[str]]]:
    """Answers everything at once, but for one stall of everybody; gives its port and what was asked."""
    asked: list[str] = []
    awake = asyncio.Event()
    awake.set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            asked.append(head.split()[1].decode())
            if len(asked) == stall_at:
                awake.clear()
                asyncio.get_running_loop().call_later(STALL_SECONDS, awake.set)
            await awake.wait()
            writer.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 2\r\n\r\nok")

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, HOST, 0)
    try:
        yield server.sockets[0].getsockname()[1], asked
    finally:
        server.close()


async def test_a_closed_loop_counts_what_was_answered_and_takes_the_paths_in_turn() -> None:
    async with door() as (port, asked):
        rate = await load.throughput(port, ["/a", "/b"], {}, seconds=0.5, generator="own")
    assert rate == pytest.approx(len(asked) / 0.5, rel=0.5)
    assert abs(asked.count("/a") - asked.count("/b")) <= 1


async def test_a_stall_is_charged_to_everybody_who_would_have_asked_meanwhile() -> None:
    """A generator that waits for answers would see one slow request of 400; at this pace 160 fall into the stall."""
    async with door(stall_at=100) as (port, asked):
        figures = (await load.latencies(port, [("only", "/", {})], rate=400, seconds=1))["only"]
    assert len(asked) == figures["count"] == 400
    assert figures["p100"] >= STALL_SECONDS * 1000 * 0.9
    assert figures["p90"] >= STALL_SECONDS * 1000 / 2


async def test_latencies_are_told_by_tag() -> None:
    async with door() as (port, asked):
        figures = await load.latencies(port, [("hit", "/h", {}), ("miss", "/m", {})], rate=200, seconds=0.5)
    assert {tag: each["count"] for tag, each in figures.items()} == {"hit": 50, "miss": 50}
    assert asked.count("/m") == 50


async def test_a_figure_with_errors_in_it_is_no_figure() -> None:
    async with door(status=b"503 Service Unavailable") as (port, _):
        with pytest.raises(CannotMeasure, match="failed"):
            await load.throughput(port, ["/"], {}, seconds=0.2, generator="own")
        with pytest.raises(CannotMeasure, match="failed"):
            await load.latencies(port, [("only", "/", {})], rate=100, seconds=0.2)
