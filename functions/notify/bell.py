"""Wakes the streams of a visit when it was told something: over Redis, which saves them asking and decides nothing.

Whoever waits asks MongoDB anyway after a while; while Redis is away, after a shorter while.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from functions.common import log, metrics
from functions.common.redis import Cache, CacheDown

if TYPE_CHECKING:
    from redis.asyncio import Redis

CHANNEL: Final = "notices"
CONNECTED_SECONDS: Final = 10.0
"""How long a stream waits at most before it looks, when it would be told."""
ALONE_SECONDS: Final = 1.0
RECONNECT_SECONDS: Final = 0.5
PING_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 1.0

_streams = metrics.Gauge("notice_streams", "Open streams of notices.").labels()


async def ring(cache: Cache, session_id: str) -> None:
    """Tell every process that this visit was told something."""
    with contextlib.suppress(CacheDown):
        await cache.run(lambda client: client.publish(CHANNEL, session_id))


class Bell:
    """One subscription for all streams of this process; it begins with the first of them."""

    def __init__(self, connect: Callable[[], Redis]) -> None:
        self._connect = connect
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._task: asyncio.Task[None] | None = None
        self._connected = False

    def streams_of(self, session_id: str) -> int:
        """How many streams of a visit are open here."""
        return len(self._waiting.get(session_id, ()))

    @property
    def patience(self) -> float:
        """After how many seconds a stream should look by itself."""
        return CONNECTED_SECONDS if self._connected else ALONE_SECONDS

    @contextlib.contextmanager
    def listening(self, session_id: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever the visit was told something, or may have been."""
        event = asyncio.Event()
        self._waiting.setdefault(session_id, set()).add(event)
        _streams.value += 1
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())
        try:
            yield event
        finally:
            _streams.value -= 1
            waiting = self._waiting[session_id]
            waiting.discard(event)
            if not waiting:
                del self._waiting[session_id]

    async def close(self) -> None:
        """Stop listening."""
        while self._task is not None and not self._task.done():
            # Again and again: a client library may swallow a cancellation that comes with an answer.
            self._task.cancel()
            await asyncio.wait([self._task], timeout=0.1)
        self._task = None

    async def _run(self) -> None:
        while True:
            try:
                async with contextlib.AsyncExitStack() as stack:
                    client = self._connect()
                    stack.push_async_callback(client.aclose)
                    await self._listen(client)
            except Exception as error:  # whatever it is, the subscription is gone: try again
                log.debug("notices.not_listening", error=type(error).__name__)
            finally:
                self._connected = False
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _listen(self, client: Redis) -> None:
        async with client.pubsub() as pubsub:
            async with asyncio.timeout(ANSWER_SECONDS):
                await pubsub.subscribe(CHANNEL)
            asked = False
            while True:
                message = await pubsub.get_message(timeout=ANSWER_SECONDS if asked else PING_SECONDS)
                if message is None:
                    if asked:
                        raise TimeoutError("no answer to a ping")
                    asked = True
                    async with asyncio.timeout(ANSWER_SECONDS):
                        await pubsub.ping()
                    continue
                asked = False
                if message["type"] == "subscribe":
                    # What was told before is unknown here: everybody looks once.
                    self._connected = True
                    for session_id in list(self._waiting):
                        self._wake(session_id)
                elif message["type"] == "message":
                    self._wake(message["data"].decode())

    def _wake(self, session_id: str) -> None:
        for event in self._waiting.get(session_id, ()):
            event.set()
