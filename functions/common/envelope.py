"""The HTTP contract as bytes: success, failure and list envelopes, assembled without a JSON pass over the data."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import Any

import orjson

from functions.common.errors import Problem

JSON_HEADERS = [
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
]


@dataclass(frozen=True, slots=True)
class Pagination:
    """Where a list stands: `page` counts from 1, `total` counts items."""

    page: int
    limit: int
    total: int

    def as_json(self) -> dict[str, int]:
        """The envelope's `pagination`."""
        return {
            "page": self.page,
            "limit": self.limit,
            "total": self.total,
            "totalPages": -(-self.total // self.limit),
        }


class Reply:
    """What a handler answers: `data` for the envelope, or `raw` when it is encoded JSON already.

    `stream` is a reply that is not JSON and may be long, sent as it is made; its `headers` name its content type.
    """

    __slots__ = ("data", "headers", "pagination", "raw", "status", "stream")

    def __init__(
        self,
        data: Any = None,
        *,
        raw: bytes | None = None,
        stream: AsyncIterator[bytes] | None = None,
        status: int | None = None,
        pagination: Pagination | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.data, self.raw, self.stream, self.status = data, raw, stream, status
        self.pagination, self.headers = pagination, headers


class Response:
    """A finished ASGI response; Starlette's own costs a third of a cached scan."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        self.status, self.body, self.headers = status, body, headers

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})


class Stream(Response):
    """A response whose body is made while it is sent. An error on the way ends the connection, not the body.

    When the client hangs up the making ends too: uvicorn would throw away what is sent, and never say so.
    """

    __slots__ = ("chunks",)

    def __init__(self, status: int, chunks: AsyncIterator[bytes], headers: list[tuple[bytes, bytes]]) -> None:
        super().__init__(status, b"", headers)
        self.chunks = chunks

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        sending = asyncio.ensure_future(self._send(send))
        gone = asyncio.ensure_future(_hung_up(receive))
        try:
            await asyncio.wait((sending, gone), return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                await sending
        finally:
            await _end(sending, gone)

    async def _send(self, send: Any) -> None:
        try:
            await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
            async for chunk in self.chunks:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            # What a generator holds is given back now, not when somebody collects it.
            if isinstance(self.chunks, AsyncGenerator):
                await self.chunks.aclose()


async def _hung_up(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _end(*tasks: asyncio.Future[None]) -> None:
    """Cancel them until they have ended: a client library may swallow a cancellation that comes with an answer."""
    while any(not task.done() for task in tasks):
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=0.1)


def encode(data: Any) -> bytes:
    """`data` as JSON; Pydantic models by alias."""
    return orjson.dumps(data, default=_default)


def _default(value: Any) -> Any:
    dump = getattr(value, "model_dump", None)
    if dump is not None:
        return dump(mode="json", by_alias=True)
    if isinstance(value, frozenset | set):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


_second = 0
_second_text = b""


def timestamp() -> bytes:
    """The time as RFC 3339 with milliseconds; the part down to the second is made once a second."""
    global _second, _second_text
    now = time.time()
    whole = int(now)
    if whole != _second:
        _second_text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)).encode()
        _second = whole
    return b"%b.%03dZ" % (_second_text, (now - whole) * 1000)


def metadata(request_id: bytes, started: float) -> bytes:
    """The envelope's `metadata`; `processingTime` is in milliseconds."""
    return b'{"requestId":"%b","timestamp":"%b","processingTime":%.3f}' % (
        request_id,
        timestamp(),
        (time.perf_counter() - started) * 1000,
    )


def success(data: bytes, request_id: bytes, started: float, pagination: Pagination | None = None) -> bytes:
    """The success envelope around encoded data."""
    pages = b',"pagination":' + orjson.dumps(pagination.as_json()) if pagination is not None else b""
    return b'{"success":true,"data":%b%b,"metadata":%b}' % (data, pages, metadata(request_id, started))


def failure(problem: Problem, request_id: bytes, started: float) -> Response:
    """The failure envelope of a problem."""
    error: dict[str, Any] = {"code": problem.code, "message": problem.message}
    if problem.details is not None:
        error["details"] = problem.details
    body = b'{"success":false,"error":%b,"metadata":%b}' % (encode(error), metadata(request_id, started))
    headers = [*JSON_HEADERS, (b"x-request-id", request_id), (b"content-length", b"%d" % len(body))]
    if problem.retry_after is not None:
        headers.append((b"retry-after", b"%d" % problem.retry_after))
    if problem.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    return Response(problem.status, body, headers)


def new_request_id() -> str:
    """A fresh 128-bit id; a caller's own `X-Request-Id` is preferred when it is harmless."""
    return f"{random.getrandbits(128):032x}"
