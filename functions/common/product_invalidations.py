"""Listens to the product cache's invalidations, so that copies in this process are dropped at once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Protocol

from functions.common import log, metrics
from functions.common.product_scripts import CHANNEL

if TYPE_CHECKING:
    from redis.asyncio import Redis

PING_SECONDS: Final = 1.0
ANSWER_SECONDS: Final = 1.0
RECONNECT_SECONDS: Final = 0.25
START_SECONDS: Final = 0.05
"""The first connection waits until the first request, which made the process start, has its answer."""

_connected = metrics.Gauge("product_invalidations_connected", "1 while invalidations reach this process.").labels()
_received = metrics.Counter("product_invalidations", "Invalidations received, by kind.", ("kind",))
_kinds = {kind: _received.labels(name) for kind, name in ((b"P", "product"), (b"S", "store"), (b"A", "all"))}


class Listener(Protocol):
    """Who wants to know. All calls come from the event loop."""

    def connected(self) -> None:
        """From now on every invalidation arrives; those before may have been missed."""

    def disconnected(self) -> None:
        """From now on invalidations may be missed."""

    def product_changed(self, store_id: str, barcode: str, ver: int) -> None:
        """Versions below `ver` are old."""

    def cleared(self, store_id: str | None) -> None:
        """Everything about a store, or everything, is in doubt."""


class Invalidations:
    """One subscription, kept alive for as long as the process runs. `connect` gives a client without time-out."""

    def __init__(self, connect: Callable[[], Redis], listener: Listener, on_server: Callable[[str], Any]) -> None:
        self._connect, self._listener, self._on_server = connect, listener, on_server
        self._task: asyncio.Task[None] | None = None
        self._is_connected = False

    def start(self) -> None:
        """Begin listening, if nobody did yet."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Stop listening."""
        if self._task is not None:
            while not self._task.done():
                # Again and again: a client library may swallow a cancellation that comes with an answer.
                self._task.cancel()
                await asyncio.wait([self._task], timeout=0.1)
            self._task = None

    async def _run(self) -> None:
        await asyncio.sleep(START_SECONDS)
        while True:
            try:
                async with contextlib.AsyncExitStack() as stack:
                    client = self._connect()
                    stack.push_async_callback(client.aclose)
                    await self._listen(client)
            except asyncio.CancelledError:
                self._down()
                raise
            except Exception as error:  # whatever it is, the subscription is gone: say so and try again
                self._down(error)
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _listen(self, client: Redis) -> None:
        async with client.pubsub() as pubsub:
            async with asyncio.timeout(ANSWER_SECONDS):
                await pubsub.subscribe(CHANNEL)
            asked_at = 0.0
            while True:
                message = await pubsub.get_message(timeout=PING_SECONDS)
                if message is None:
                    if asked_at and monotonic() - asked_at > ANSWER_SECONDS:
                        raise TimeoutError("no answer to a ping")
                    if not asked_at:
                        asked_at = monotonic()
                        async with asyncio.timeout(ANSWER_SECONDS):
                            await pubsub.ping()
                    continue
                asked_at = 0.0
                if message["type"] == "subscribe":
                    # Also after a silent reconnect of the client: whatever was missed is unknown.
                    await self._up(client)
                elif message["type"] == "message":
                    self._dispatch(message["data"])

    async def _up(self, client: Redis) -> None:
        self._is_connected = True
        self._listener.connected()
        _connected.set(1)
        async with asyncio.timeout(ANSWER_SECONDS):
            info: Any = await client.info("server")
        await self._on_server(str(info["run_id"]))

    def _down(self, error: BaseException | None = None) -> None:
        if self._is_connected:
            self._is_connected = False
            self._listener.disconnected()
            _connected.set(0)
            if error is not None:
                log.warning("product_invalidations.disconnected", error=type(error).__name__)

    def _dispatch(self, data: bytes) -> None:
        kind = data[:1]
        counter = _kinds.get(kind)
        if counter is None:
            return
        counter.value += 1
        if kind == b"P":
            store_id, *lines = data[1:].decode().split("\n")
            for line in lines:
                ver, _, barcode = line.partition(" ")
                self._listener.product_changed(store_id, barcode, int(ver))
        else:
            self._listener.cleared(data[1:].decode() or None)
