"""Redis saves work, it never decides: short time-outs, no retries, and a breaker in front.

redis-py's defaults hung for more than 25 s on a frozen server; 50 ms without retries did not (docs/traps.md).
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from hashlib import sha1
from typing import TYPE_CHECKING, Any, TypeVar

from functions.common import clock, log, metrics, settings

if TYPE_CHECKING:
    from redis.asyncio import Redis

T = TypeVar("T")

TIMEOUT_SECONDS = 0.05
FAILURES_TO_OPEN = 5
OPEN_SECONDS = 2.0

_outcomes = metrics.Counter("redis_calls", "Calls to Redis by outcome.", ("outcome",))
_ok, _failed, _skipped = _outcomes.labels("ok"), _outcomes.labels("failed"), _outcomes.labels("skipped")
_open = metrics.Gauge("redis_breaker_open", "1 while calls to Redis are skipped.")


class CacheDown(Exception):
    """Redis did not answer in time, or is being left alone; go on without it."""


class Cache:
    """The process's connection to Redis, behind a breaker: 5 failures in a row, then 2 s of silence."""

    def __init__(self, url: str, *, timeout: float = TIMEOUT_SECONDS) -> None:
        self._url = url
        self._timeout = timeout
        self._client: Redis | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._failures = 0
        self._closed_until = 0.0
        self.down_since: float | None = None
        """When Redis stopped answering (seconds since the epoch), None while it answers."""

    @property
    def is_down(self) -> bool:
        """Whether Redis has stopped answering."""
        return self.down_since is not None

    @property
    def client(self) -> Redis:
        """The client itself, for what must not pass the breaker (subscriptions)."""
        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            self._client, self._loop = connect(self._url, timeout=self._timeout), loop
        return self._client

    async def run(self, call: Callable[[Redis], Awaitable[T]]) -> T:
        """The result of `call`; raises CacheDown within 50 ms or so when Redis does not answer."""
        if self._closed_until and clock.seconds() < self._closed_until:
            _skipped.value += 1
            raise CacheDown("the breaker is open")
        _load()
        from redis.exceptions import MasterDownError, OutOfMemoryError, ReadOnlyError, RedisError, ResponseError

        try:
            result = await call(self.client)
        except ResponseError as error:
            # redis-py makes types of the best known prefixes and takes them off the message; inside a script the
            # prefix stands in the middle.
            if isinstance(error, OutOfMemoryError) or "OOM command not allowed" in str(error):
                # A full server still answers reads: no reason to leave it alone.
                _failed.value += 1
                raise CacheDown("Redis is full") from error
            if isinstance(error, ReadOnlyError | MasterDownError) or str(error).startswith("NOREPLICAS"):
                self._fail(error)
                raise CacheDown(type(error).__name__) from error
            raise
        except (RedisError, OSError, TimeoutError) as error:
            self._fail(error)
            raise CacheDown(type(error).__name__) from error
        _ok.value += 1
        if self.down_since is not None:
            self._recover()
        self._failures = 0
        return result

    def _fail(self, error: BaseException) -> None:
        _failed.value += 1
        self._failures += 1
        if self._failures < FAILURES_TO_OPEN:
            return
        self._closed_until = clock.seconds() + OPEN_SECONDS
        if self.down_since is None:
            self.down_since = clock.seconds()
            _open.set(1)
            log.warning("redis.breaker_opened", error=type(error).__name__)

    def _recover(self) -> None:
        log.info("redis.breaker_closed", seconds=round(clock.seconds() - (self.down_since or 0), 1))
        self.down_since, self._closed_until = None, 0.0
        _open.set(0)

    async def ping(self) -> None:
        """Raise CacheDown when Redis does not answer."""
        await self.run(lambda client: client.get("ping"))

    async def close(self) -> None:
        """Close the connections, if any."""
        if self._client is not None and self._loop is asyncio.get_running_loop():
            await self._client.aclose()
        self._client = None


class Script:
    """A script called by its hash, and by its text when Redis does not know it yet.

    `Script(text)(client, arguments, keys=1)`: the first `keys` of the arguments are KEYS, the others ARGV.
    """

    __slots__ = ("_hash", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._hash = sha1(text.encode(), usedforsecurity=False).hexdigest()

    async def __call__(self, client: Any, arguments: Sequence[Any], keys: int = 0) -> Any:
        """What the script returns; raises redis-py's errors."""
        try:
            return await client.execute_command("EVALSHA", self._hash, keys, *arguments)
        except Exception as error:
            if type(error).__name__ != "NoScriptError":
                raise
            return await client.execute_command("EVAL", self._text, keys, *arguments)


def _load() -> None:
    """Import redis-py, and not the metrics SDK of OpenTelemetry with it.

    It takes that along for metrics nobody asked it for, as soon as it is installed: 60 ms of every cold start.
    """
    unwanted = "opentelemetry"
    if "redis" in sys.modules or unwanted in sys.modules:
        return
    sys.modules[unwanted] = None  # type: ignore[assignment]
    try:
        import redis.asyncio  # noqa: F401
    finally:
        del sys.modules[unwanted]


def connect(url: str, *, timeout: float | None = TIMEOUT_SECONDS) -> Redis:
    """A Redis client with our time-outs and without retries; `timeout=None` for a subscriber."""
    _load()
    from redis.asyncio import Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    return Redis.from_url(
        url,
        socket_timeout=timeout,
        socket_connect_timeout=timeout or TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
        max_connections=256,
    )


_cache: Cache | None = None


def cache() -> Cache:
    """This process's cache."""
    global _cache
    if _cache is None:
        common = settings.common()
        _cache = Cache(common.redis_url, timeout=common.redis_timeout_seconds)
    return _cache


def replace(value: Cache | None) -> None:
    """Put another cache in place (tests)."""
    global _cache
    _cache = value
