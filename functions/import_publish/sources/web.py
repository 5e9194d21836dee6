"""An HTTP client for strangers: it connects only to addresses the guard has seen, follows nothing, remembers nothing,
and stops reading at a limit, whatever the other side says about itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import zlib
from collections.abc import AsyncIterator, Iterable
from time import monotonic
from typing import TYPE_CHECKING, Any

import httpcore
import httpx

from functions.common import certificates
from functions.import_publish.sources.guard import Guard
from functions.import_publish.sources.problems import Budget, SourceProblem, unreachable

if TYPE_CHECKING:
    from httpcore._backends.base import SOCKET_OPTION

AGENT = "RetailScan-Import/1"
_UNPACKED_AT_ONCE = 256 << 10


def client(guard: Guard, budget: Budget, *, limit: int | None = None) -> httpx.AsyncClient:
    """A client whose every answer is at most `limit` bytes (a page's, unless told), packed and unpacked alike."""
    return httpx.AsyncClient(
        transport=Transport(guard, budget, budget.page_bytes if limit is None else limit),
        timeout=httpx.Timeout(budget.silence_seconds, connect=budget.connect_seconds),
        headers={"user-agent": AGENT, "accept-encoding": "gzip"},
        follow_redirects=False,
        trust_env=False,
    )


class Transport(httpx.AsyncBaseTransport):
    """httpx's way to the network, through the guard."""

    def __init__(self, guard: Guard, budget: Budget, limit: int) -> None:
        self._guard, self._budget, self._limit = guard, budget, limit
        self._ends = monotonic() + budget.seconds
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=certificates.trusted(),
            max_connections=4,
            network_backend=_Backend(guard),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One request, one answer. Raises SourceProblem."""
        self._guard.check_url(request.url)
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        assert isinstance(request.stream, httpx.AsyncByteStream)
        inner = httpcore.Request(
            request.method, url, headers=request.headers.raw, content=request.stream, extensions=request.extensions
        )
        with _translated():
            async with asyncio.timeout(max(0.0, self._ends - monotonic())):
                answer = await self._pool.handle_async_request(inner)
        if 300 <= answer.status < 400 and answer.status != 304:
            await answer.aclose()
            raise SourceProblem("SOURCE_REDIRECTS", "the source sends us elsewhere: name the final address")
        return self._bounded(answer)

    def _bounded(self, answer: httpcore.Response) -> httpx.Response:
        headers = httpx.Headers(answer.headers)
        encoding = headers.pop("content-encoding", "identity").strip().lower()
        told = headers.pop("content-length", None)
        stream = _Bounded(answer, self._limit, self._budget, self._ends, encoding, told)
        return httpx.Response(answer.status, headers=headers, stream=stream)

    async def aclose(self) -> None:
        """Hang up."""
        await self._pool.aclose()


class _Bounded(httpx.AsyncByteStream):
    """A body that ends in time and in size, unpacked here because nobody else counts what comes out."""

    def __init__(
        self, answer: httpcore.Response, limit: int, budget: Budget, ends: float, encoding: str, told: str | None
    ) -> None:
        self._answer, self._limit, self._budget, self._ends = answer, limit, budget, ends
        self._encoding, self._told = encoding, told

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._encoding not in ("identity", "gzip", "x-gzip", ""):
            raise SourceProblem("SOURCE_BAD_ANSWER", "the answer is packed in a way nobody asked for")
        if self._told is not None and self._told.isdigit() and int(self._told) > self._limit:
            raise self._too_large()
        came = 0
        raw = self._raw()
        async for data in _unpacked(raw) if "gzip" in self._encoding else raw:
            came += len(data)
            if came > self._limit:
                raise self._too_large()
            yield data

    async def _raw(self) -> AsyncIterator[bytes]:
        started, came = monotonic(), 0
        assert not isinstance(self._answer.stream, Iterable)
        pieces = aiter(self._answer.stream)
        while True:
            with _translated():
                try:
                    async with asyncio.timeout(max(0.0, self._ends - monotonic())):
                        data = await anext(pieces)
                except StopAsyncIteration:
                    return
            came += len(data)
            took = monotonic() - started
            if took > self._budget.slow_after and came < took * self._budget.slow_bytes:
                raise SourceProblem("SOURCE_TOO_SLOW", "the source sends hardly anything", passing=True)
            yield data

    def _too_large(self) -> SourceProblem:
        return SourceProblem("SOURCE_TOO_LARGE", f"the source sends more than {self._limit:,} bytes")

    async def aclose(self) -> None:
        """Read no further."""
        await self._answer.aclose()


async def _unpacked(raw: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """gzip, a little at a time: what a few bytes swell to is counted before it is kept."""
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        async for data in raw:
            while data:
                piece = unpacker.decompress(data, _UNPACKED_AT_ONCE)
                data = unpacker.unconsumed_tail
                if piece:
                    yield piece
                elif not data:
                    break
        if not unpacker.eof:
            raise SourceProblem("SOURCE_BAD_ANSWER", "the answer breaks off", passing=True)
    except zlib.error:
        raise SourceProblem("SOURCE_BAD_ANSWER", "the answer is not gzip, though it says so", passing=True) from None


class _Backend(httpcore.AsyncNetworkBackend):
    """Connects to what the guard has resolved, and to nothing else."""

    def __init__(self, guard: Guard) -> None:
        self._guard, self._real = guard, httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """To the address; TLS then asks for the host's own name."""
        address = await self._guard.resolve(host, port)
        return await self._real.connect_tcp(address, port, timeout, local_address, socket_options)

    async def connect_unix_socket(self, *_args: Any, **_options: Any) -> httpcore.AsyncNetworkStream:
        """Never."""
        raise SourceProblem("SOURCE_FORBIDDEN_ADDRESS", "only hosts are fetched from")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._real.sleep(seconds)


@contextlib.contextmanager
def _translated() -> Any:
    try:
        yield
    except TimeoutError:
        raise SourceProblem("SOURCE_TOO_SLOW", "the source takes too long", passing=True) from None
    except httpcore.TimeoutException:
        raise SourceProblem("SOURCE_TIMES_OUT", "the source does not answer in time", passing=True) from None
    except (httpcore.RemoteProtocolError, httpcore.ReadError):
        raise SourceProblem("SOURCE_BAD_ANSWER", "the answer breaks off or is no HTTP", passing=True) from None
    except (httpcore.NetworkError, OSError):
        raise unreachable("nobody answers there, or the certificate is not theirs") from None
    except httpcore.ProtocolError:
        raise SourceProblem("SOURCE_BAD_ANSWER", "the request is not one that HTTP allows") from None


def refuse_status(response: httpx.Response) -> None:
    """Raises SourceProblem for an answer that is not a success."""
    status = response.status_code
    if status in (401, 403):
        raise SourceProblem("SOURCE_REFUSES", f"the source refuses our credentials ({status})")
    if status in (404, 410):
        raise SourceProblem("SOURCE_NOT_FOUND", f"the source has nothing there ({status})")
    if status == 429 or status >= 500 or status == 408:
        raise SourceProblem(
            "SOURCE_BUSY" if status == 429 else "SOURCE_FAILS",
            f"the source answers {status}",
            passing=True,
            after=_retry_after(response.headers.get("retry-after", "")),
        )
    if not 200 <= status < 300:
        raise SourceProblem("SOURCE_REFUSES", f"the source answers {status}")


def _retry_after(text: str) -> float | None:
    if text.isascii() and text.isdigit() and len(text) < 7:
        return float(text)
    from datetime import UTC, datetime
    from email.utils import parsedate_to_datetime

    try:
        when = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())
