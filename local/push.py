"""A fast HTTP/1.1 client for pushing: many keep-alive connections to one origin, one request in flight on each.

No task and no timer per request: a response calls `done(token, status)` straight from the socket's callback, and one
sweep per origin ends what is over its deadline. Status 0 means no answer (refused, reset), -1 means too late.
"""

import asyncio
import re
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

NO_ANSWER = 0
TOO_LATE = -1

Done = Callable[[Any, int], None]

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[^\r]*chunked", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection:[ \t]*close", re.IGNORECASE)
_SWEEP_S = 0.1
# Below the 2 s after which gunicorn's worker hangs up on an idle connection: we leave first and never race it.
_IDLE_S = 1.5
# A connection that rested this long may have been closed by the peer just as we wrote to it: such a request is
# sent once more. One that was busy a moment ago broke for another reason, and its sender must hear of it.
_STALE_S = 0.25
_CONNECT_S = 5.0


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads: the origin to connect to and the request target to ask for."""

    host: str
    port: int
    tls: bool
    path: str
    authority: str


def target_of(url: str) -> Target:
    """Splits an http(s) URL; raises ValueError when it is not one."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"not an http(s) URL: {url!r}")
    path = parts.path or "/"
    if parts.query:
        path += "?" + parts.query
    if any(c in url for c in "\r\n "):
        raise ValueError(f"a URL may not hold spaces or line ends: {url!r}")
    tls = parts.scheme == "https"
    return Target(parts.hostname, parts.port or (443 if tls else 80), tls, path, parts.netloc.rpartition("@")[2])


class _Request:
    __slots__ = ("data", "deadline", "done", "token")

    def __init__(self, data: bytes, deadline: float, done: Done, token: Any) -> None:
        self.data = data
        self.deadline = deadline
        self.done = done
        self.token = token


class _Connection(asyncio.Protocol):
    """One keep-alive connection; `request` is the one in flight, if any."""

    __slots__ = ("buffer", "idle_since", "pool", "request", "rested", "transport")

    def __init__(self, pool: "Pool") -> None:
        self.pool = pool
        self.transport: asyncio.Transport | None = None
        self.request: _Request | None = None
        self.buffer = b""
        self.idle_since = 0.0
        self.rested = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclasses of asyncio's.
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self.buffer:
            data = self.buffer + data
        end = data.find(b"\r\n\r\n") + 4
        if end < 4:
            self.buffer = data
            return
        status = int(data[9:12])
        if 100 <= status < 200 and status != 102:
            self.buffer = b""
            if len(data) > end:
                self.data_received(data[end:])
            return
        stop = end if status in (204, 304) or self._asked_head() else _body_end(data, end)
        if stop < 0 or len(data) < stop:
            self.buffer = data
            return
        self.buffer = b""
        self.pool.answered(self, status, _CLOSE.search(data, 0, end) is not None)

    def _asked_head(self) -> bool:
        return self.request is not None and self.request.data.startswith(b"HEAD ")

    def connection_lost(self, exc: Exception | None) -> None:
        # A response without a length ends where the connection ends.
        status = int(self.buffer[9:12]) if b"\r\n\r\n" in self.buffer and _endless(self.buffer) else NO_ANSWER
        self.pool.lost(self, status)


class Pool:
    """Connections to one origin. `send` uses an idle one, or opens one more up to `limit`, or queues."""

    def __init__(self, target: Target, limit: int = 256) -> None:
        self._target = target
        self._limit = limit
        self._idle: list[_Connection] = []
        self._all: set[_Connection] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._waiting: deque[_Request] = deque()
        self._sweeper: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._closed = False

    def send(self, data: bytes, timeout_s: float, done: Done, token: Any) -> None:
        """Sends one whole request; `done(token, status)` is called later, exactly once."""
        now = self._loop.time()
        request = _Request(data, now + timeout_s, done, token)
        if self._idle:
            connection = self._idle.pop()
            connection.rested = now - connection.idle_since > _STALE_S
            self._write(connection, request)
            return
        self._waiting.append(request)
        self._open_more()

    def close(self) -> None:
        """Drops every connection; what is in flight is answered with NO_ANSWER."""
        self._closed = True
        for task in self._opening:
            task.cancel()
        if self._sweeper is not None:
            self._sweeper.cancel()
        for connection in list(self._all):
            if connection.transport is not None:
                connection.transport.abort()
        self._fail_waiting(NO_ANSWER)

    def answered(self, connection: _Connection, status: int, close: bool) -> None:
        """A whole response came."""
        request = connection.request
        connection.request = None
        if request is None:  # an answer nobody asked for: the peer is confused, so leave it
            close = True
        if close:
            self._hang_up(connection)
        elif self._waiting:
            self._write(connection, self._waiting.popleft())
        else:
            connection.idle_since = self._loop.time()
            self._idle.append(connection)
        if request is not None:
            request.done(request.token, status)

    def lost(self, connection: _Connection, status: int) -> None:
        """The peer closed the connection, or we did."""
        self._all.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        request, connection.request = connection.request, None
        if request is None:
            return
        if status == NO_ANSWER and connection.rested and not connection.buffer and not self._closed:
            self._waiting.append(request)
            self._open_more()
        else:
            request.done(request.token, status)
        if self._waiting:
            self._open_more()

    def _write(self, connection: _Connection, request: _Request) -> None:
        connection.request = request
        assert connection.transport is not None
        connection.transport.write(request.data)

    def _open_more(self) -> None:
        wanted = min(len(self._waiting), self._limit - len(self._all))
        for _ in range(wanted - len(self._opening)):
            task = self._loop.create_task(self._connect())
            self._opening.add(task)
            task.add_done_callback(self._opened)
        if self._sweeper is None and not self._closed:
            self._sweeper = self._loop.call_later(_SWEEP_S, self._sweep)

    async def _connect(self) -> None:
        context = ssl.create_default_context() if self._target.tls else None
        connection = _Connection(self)
        try:
            async with asyncio.timeout(_CONNECT_S):
                await self._loop.create_connection(
                    lambda: connection, self._target.host, self._target.port, ssl=context
                )
        except (OSError, TimeoutError):
            self._fail_waiting(NO_ANSWER)
            return
        self._all.add(connection)
        if self._waiting:
            self._write(connection, self._waiting.popleft())
        else:
            connection.idle_since = self._loop.time()
            self._idle.append(connection)

    def _opened(self, task: asyncio.Task[None]) -> None:
        self._opening.discard(task)
        if self._waiting and not self._closed:
            self._open_more()

    def _fail_waiting(self, status: int) -> None:
        waiting, self._waiting = self._waiting, deque()
        for request in waiting:
            request.done(request.token, status)

    def _hang_up(self, connection: _Connection) -> None:
        self._all.discard(connection)
        if connection.transport is not None:
            connection.transport.close()
        if self._waiting:
            self._open_more()

    def _sweep(self) -> None:
        now = self._loop.time()
        for connection in list(self._all):
            request = connection.request
            if request is not None and request.deadline <= now:
                connection.request = None
                self._hang_up(connection)
                request.done(request.token, TOO_LATE)
        while self._waiting and self._waiting[0].deadline <= now:
            request = self._waiting.popleft()
            request.done(request.token, TOO_LATE)
        while self._idle and now - self._idle[0].idle_since > _IDLE_S:
            self._hang_up(self._idle.pop(0))
        busy = bool(self._all or self._waiting or self._opening) and not self._closed
        self._sweeper = self._loop.call_later(_SWEEP_S, self._sweep) if busy else None


class Pusher:
    """The pools of one server, by origin."""

    def __init__(self, connections_per_origin: int = 256) -> None:
        self._limit = connections_per_origin
        self._pools: dict[tuple[str, int, bool], Pool] = {}

    def pool(self, target: Target) -> Pool:
        """The pool that leads to the target's origin."""
        key = (target.host, target.port, target.tls)
        found = self._pools.get(key)
        if found is None:
            found = self._pools[key] = Pool(target, self._limit)
        return found

    def close(self) -> None:
        """Drops every connection of every pool."""
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()


def _endless(data: bytes) -> bool:
    end = data.find(b"\r\n\r\n") + 4
    return _LENGTH.search(data, 0, end) is None and _CHUNKED.search(data, 0, end) is None


def _body_end(data: bytes, start: int) -> int:
    """Where the body that begins at `start` ends, or -1 when that is not known yet."""
    length = _LENGTH.search(data, 0, start)
    if length is not None:
        return start + int(length[1])
    if _CHUNKED.search(data, 0, start) is None:
        return -1
    at = start
    while True:
        line = data.find(b"\r\n", at)
        if line < 0:
            return -1
        size = int(data[at:line].split(b";")[0], 16)
        at = line + 2 + size + 2
        if size == 0:  # trailers end with an empty line
            end = data.find(b"\r\n\r\n", line)
            return end + 4 if end >= 0 else -1
