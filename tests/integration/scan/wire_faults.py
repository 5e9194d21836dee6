"""A TCP proxy that makes a good server slow, or hang up on its callers."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Wire:
    """Between a client and a server; `delay` in seconds for each answer, `resets` the share of answers cut off."""

    port: int = 0
    delay: float = 0.0
    resets: float = 0.0
    answers: int = 0
    cut: int = 0
    dice: random.Random = field(default_factory=lambda: random.Random(3))
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, target: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        mine = asyncio.current_task()
        assert mine is not None
        self.tasks.add(mine)
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", target)
        try:
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                forward = asyncio.ensure_future(self._copy(reader, server_writer))
                await self._answers(server_reader, writer)
                forward.cancel()
                await asyncio.wait([forward])
        finally:
            for each in (server_writer, writer):
                each.transport.abort()
            self.tasks.discard(mine)

    @staticmethod
    async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()
        sink.transport.abort()

    async def _answers(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            self.answers += 1
            if self.delay:
                await asyncio.sleep(self.delay)
            if self.dice.random() < self.resets:
                self.cut += 1
                return
            sink.write(data)
            await sink.drain()


@asynccontextmanager
async def wire_to(port: int) -> AsyncIterator[Wire]:
    """A proxy to a server on this machine."""
    wire = Wire()
    server = await asyncio.start_server(lambda r, w: wire.serve(port, r, w), "127.0.0.1", 0)
    wire.port = server.sockets[0].getsockname()[1]
    try:
        yield wire
    finally:
        server.close()
        for task in list(wire.tasks):
            task.cancel()
        if wire.tasks:
            await asyncio.wait(wire.tasks)
        await server.wait_closed()
