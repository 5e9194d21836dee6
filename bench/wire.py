"""The lightest HTTP/1.1 client that is still one: keep-alive, one request in flight on a connection, no tasks."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any, cast

NO_ANSWER = 0
"""The status of a request whose connection was lost."""

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked", re.IGNORECASE)
_LAST_CHUNK = b"\r\n0\r\n\r\n"


class Connection(asyncio.Protocol):
    """Calls `answered(self, status, body)` once for each `send`, straight from the socket's callback."""

    __slots__ = ("_answered", "_asked", "_buffer", "_need", "_transport", "open", "token")

    def __init__(self, answered: Callable[[Connection, int, bytes], None]) -> None:
        self._answered = answered
        self._buffer = b""
        self._need = 0
        self._asked = False
        self.open = False
        self.token: Any = None
        """For the caller: what is being asked."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclasses of asyncio's.
        self._transport = cast(asyncio.Transport, transport)
        self.open = True

    def send(self, request: bytes) -> None:
        """Write a whole request; the answer to the one before must have come."""
        self._asked = True
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        if self._buffer:
            data = self._buffer + data
        if not self._need:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._buffer = data
                return
            length = _LENGTH.search(data, 0, end + 2)
            if length is None and _CHUNKED.search(data, 0, end + 2):
                if not data.endswith(_LAST_CHUNK):
                    self._buffer = data
                    return
                data = data[: end + 4] + _unchunked(data, end + 4)
                self._need = len(data)
            else:
                self._need = end + 4 + (int(length[1]) if length else 0)
        if len(data) < self._need:
            self._buffer = data
            return
        status, body = int(data[9:12]), data[data.find(b"\r\n\r\n") + 4 : self._need]
        self._buffer, self._need, self._asked = b"", 0, False
        self._answered(self, status, body)

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = False
        if self._asked:
            self._asked = False
            self._answered(self, NO_ANSWER, b"")

    def close(self) -> None:
        """Hang up."""
        if self.open:
            self._transport.close()


async def connect(host: str, port: int, answered: Callable[[Connection, int, bytes], None]) -> Connection:
    """An open connection. Raises OSError."""
    _, connection = await asyncio.get_running_loop().create_connection(lambda: Connection(answered), host, port)
    return connection


def request(host: str, port: int, path: str, headers: dict[str, str], body: str | None = None) -> bytes:
    """A GET as it goes on the wire, or a POST of `body` (ASCII)."""
    lines = [f"{'GET' if body is None else 'POST'} {path} HTTP/1.1", f"Host: {host}:{port}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n" + (body or "")).encode("latin-1")


async def ask(host: str, port: int, path: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    """One GET on a connection of its own: status and body; NO_ANSWER when it was lost. Raises OSError."""
    done: asyncio.Future[tuple[int, bytes]] = asyncio.get_running_loop().create_future()

    def answered(_connection: Connection, status: int, body: bytes) -> None:
        if not done.done():
            done.set_result((status, body))

    connection = await connect(host, port, answered)
    try:
        connection.send(request(host, port, path, headers or {}))
        return await done
    finally:
        connection.close()


def _unchunked(data: bytes, start: int) -> bytes:
    """The body of a whole chunked answer."""
    parts: list[bytes] = []
    while True:
        line = data.index(b"\r\n", start)
        size = int(data[start:line], 16)
        if not size:
            return b"".join(parts)
        parts.append(data[line + 2 : line + 2 + size])
        start = line + 2 + size + 2
