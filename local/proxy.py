"""An HTTP/1.1 client for the gateway: keep-alive connections to one origin, bodies streamed both ways."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import cast

import httptools

# Gunicorn's worker hangs up on a connection idle for 2 s: we leave first, so that a request never races it.
IDLE_SECONDS = 1.5
HIGH_WATER = 256 * 1024
CONNECT_SECONDS = 2.0

Headers = list[tuple[bytes, bytes]]
NextChunk = Callable[[], Awaitable[tuple[bytes, bool]]]
"""Gives the next part of a request body and whether more follows."""


class Unreachable(ConnectionError):
    """Nobody listens at the origin: nothing was sent."""


class Broken(ConnectionError):
    """The origin hung up before it had answered."""


@dataclass(frozen=True, slots=True)
class Request:
    """Head and start of the body as they go on the wire; `rest` gives what follows, None: nothing."""

    wire: bytes
    rest: NextChunk | None = None
    repeatable: bool = False
    answer_has_body: bool = True


class Answer:
    """Status and headers of a response whose body is read with `chunks`, to its end or to `abandon`."""

    __slots__ = ("_connection", "headers", "status")

    def __init__(self, status: int, headers: Headers, connection: _Connection) -> None:
        self.status = status
        self.headers = headers
        self._connection = connection

    def whole(self) -> bytes | None:
        """The entire body when it has already arrived, else None."""
        connection = self._connection
        if not connection.complete:
            return None
        body = b"".join(connection.chunks)
        connection.chunks.clear()
        connection.release()
        return body

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes. Raises Broken when the origin hangs up in the middle."""
        connection = self._connection
        while True:
            while connection.chunks:
                yield connection.take()
            if connection.complete:
                connection.release()
                return
            await connection.more()

    def abandon(self) -> None:
        """Give up on the rest of the body; the connection is closed."""
        self._connection.close()


class Origin:
    """One address and its idle connections."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self._idle: list[_Connection] = []

    async def send(self, request: Request) -> Answer:
        """Send a request, wait for status and headers. Raises Unreachable or Broken.

        A repeatable one is sent once more when an idle connection turns out to be dead.
        """
        connection = self._resting()
        if connection is None:
            connection = await self._connect()
        elif request.repeatable and request.rest is None:
            try:
                return await connection.exchange(request)
            except Broken:
                connection = await self._connect()
        return await connection.exchange(request)

    def _resting(self) -> _Connection | None:
        now = asyncio.get_running_loop().time()
        while self._idle:
            connection = self._idle.pop()
            if connection.usable and now - connection.idle_since < IDLE_SECONDS:
                return connection
            connection.close()
        return None

    async def _connect(self) -> _Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, connection = await loop.create_connection(lambda: _Connection(self), self.host, self.port)
        except (OSError, TimeoutError) as problem:
            raise Unreachable(f"{self.host}:{self.port}") from problem
        return connection

    def rest(self, connection: _Connection) -> None:
        """Keep a connection whose exchange is over for the next one."""
        self._idle.append(connection)

    def close(self) -> None:
        """Drop the idle connections."""
        while self._idle:
            self._idle.pop().close()


class _Connection(asyncio.Protocol):
    """One exchange at a time over one connection."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._headers: Headers = []
        self._waiter: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._started = False
        self._bodyless = False
        self._uploading = False
        self._paused = False
        self._held = 0
        self._lost = False
        self.chunks: deque[bytes] = deque()
        self.complete = True
        self.idle_since = 0.0

    @property
    def usable(self) -> bool:
        """Open and not closing."""
        return not self._lost and self._transport is not None and not self._transport.is_closing()

    async def exchange(self, request: Request) -> Answer:
        """See `Origin.send`."""
        if self._transport is None or self._lost:
            raise Broken
        self._parser = httptools.HttpResponseParser(self)
        self._headers = []
        self._started = self.complete = False
        self._uploading = request.rest is not None
        self._bodyless = not request.answer_has_body
        try:
            self._transport.write(request.wire)
            if request.rest is not None:
                await self._upload(request.rest)
            while not self._started:
                await self.more()
        except BaseException:
            self.close()
            raise
        return Answer(self._parser.get_status_code(), self._headers, self)

    async def _upload(self, rest: NextChunk) -> None:
        following = True
        # An answer that comes before the body is through (413) ends the upload.
        while following and not self._started:
            chunk, following = await rest()
            if self._lost or self._transport is None:
                raise Broken
            self._transport.write(chunk)
            if self._writable is not None:
                await self._writable
        self._uploading = following

    async def more(self) -> None:
        """Until something happens. Raises Broken when the connection is gone and nothing can come."""
        if self._lost:
            raise Broken
        self._waiter = asyncio.get_running_loop().create_future()
        await self._waiter

    def take(self) -> bytes:
        """The next part of the body; makes room for more."""
        chunk = self.chunks.popleft()
        self._held -= len(chunk)
        if self._paused and self._held < HIGH_WATER // 2 and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        return chunk

    def release(self) -> None:
        """The exchange is over: keep the connection, or close it when the origin wants that."""
        self._held = 0
        clean = not self._bodyless and not self._uploading
        if clean and self.usable and self._parser.should_keep_alive():
            if self._paused and self._transport is not None:
                self._paused = False
                self._transport.resume_reading()
            self.idle_since = asyncio.get_running_loop().time()
            self._origin.rest(self)
        else:
            self.close()

    def close(self) -> None:
        """Close without ceremony."""
        if self._transport is not None:
            self._transport.abort()

    # asyncio's callbacks

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not subclasses of asyncio's, they only behave the same.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self.complete:
            # Nothing was asked: an origin that speaks first is not one to keep.
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.close()
            return
        if not self._paused and self._held > HIGH_WATER and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True
        if self._started and not self.complete and exc is None and self._ends_with_connection():
            self.complete = True
        # Whoever waits looks again, and finds the connection lost or the body complete.
        self._wake()
        self.resume_writing()

    def pause_writing(self) -> None:
        self._writable = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    # httptools' callbacks

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        if self._parser.get_status_code() >= 200:
            self._started = True
            # The parser cannot know that this answers a HEAD and waits for a body that never comes.
            self.complete = self._bodyless

    def on_body(self, body: bytes) -> None:
        self.chunks.append(body)
        self._held += len(body)

    def on_message_complete(self) -> None:
        if self._started:
            self.complete = True
        else:
            # A 1xx is not the answer.
            self._headers = []

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        self._waiter = None

    def _ends_with_connection(self) -> bool:
        names = {name for name, _ in self._headers}
        return b"content-length" not in names and b"transfer-encoding" not in names
