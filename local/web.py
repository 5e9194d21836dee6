"""A tiny HTTP/1.1 server for the local cloud's own JSON doors (JWKS, admin): no framework, one file, 127.0.0.1."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson

_MAX_BODY = 4 << 20
_REASONS = {200: "OK", 204: "No Content", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed"}


@dataclass(frozen=True, slots=True)
class WebRequest:
    """What a handler gets."""

    method: str
    path: str
    body: bytes


WebHandler = Callable[[WebRequest], Awaitable[tuple[int, Any]]]
"""Answers (status, value to be dumped as JSON)."""


class WebServer:
    """Serves one handler; knows keep-alive and Content-Length bodies, nothing else."""

    def __init__(self, handler: WebHandler, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._handler = handler
        self._host = host
        self.port = port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        """Binds; raises OSError when the port is taken."""
        self._server = await asyncio.start_server(self._serve, self._host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Closes the port and every connection; safe to repeat."""
        if self._server is None:
            return
        self._server.close()
        for writer in list(self._writers):
            writer.close()
        await self._server.wait_closed()
        self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while (request := await _read(reader)) is not None:
                status, value = await self._answer(request)
                body = b"" if value is None else orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
                writer.write(
                    b"HTTP/1.1 %d %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
                    % (status, _REASONS.get(status, "Error").encode(), len(body), body)
                )
                await writer.drain()
        except (OSError, ValueError, EOFError, asyncio.CancelledError):
            pass
        finally:
            self._writers.discard(writer)
            with contextlib.suppress(OSError):
                writer.close()

    async def _answer(self, request: WebRequest) -> tuple[int, Any]:
        try:
            return await self._handler(request)
        except (ValueError, KeyError, TypeError) as error:
            return 400, {"error": f"{type(error).__name__}: {error}"}


async def _read(reader: asyncio.StreamReader) -> WebRequest | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = int(headers.get("content-length", "0"))
    if length > _MAX_BODY:
        raise ValueError("body too large")
    return WebRequest(method, path, await reader.readexactly(length) if length else b"")
