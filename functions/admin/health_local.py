"""The local cloud as a source: what its gateway tells at `/dev/health`, a door that no image has."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from functions.admin import health
from functions.admin.health import Away, Counted, Counters, Error, Figures, Waiting

if TYPE_CHECKING:
    import httpx

WHERE = "/dev/health"
_ONE_LOOK = "a rate needs two looks: wait a few seconds"
_SILENT = "the local cloud's own door does not answer"


class LocalCloud:
    """Remembers what the doors had counted, so that the next look can say how fast."""

    name = "local"
    # Twenty open pages that ask every five seconds make one look.
    keep_seconds = 4.0

    def __init__(self, client: httpx.AsyncClient, public_url: str, seconds: Callable[[], float] = time.monotonic):
        self._client, self._public_url, self._seconds = client, public_url, seconds
        self._looks: deque[tuple[float, Counted]] = deque(maxlen=60)

    async def look(self) -> Figures:
        """See `Source`."""
        import httpx

        try:
            answer = await self._client.get(WHERE)
            answer.raise_for_status()
            said = answer.json()
            now, counted = self._seconds(), counters_of(said)
            figures = read(said, counted, health.earlier(self._looks, now), now, self._public_url)
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise Away(f"the local cloud does not answer: {type(error).__name__}") from error
        while self._looks and now - self._looks[0][0] > health.WINDOW_SECONDS:
            self._looks.popleft()
        self._looks.append((now, counted))
        return figures


def counters_of(said: Mapping[str, Any]) -> Counted:
    """What every door has counted. Raises KeyError, ValueError."""
    return {
        each["service"]: Counters(
            up=each["up"],
            requests=each["requests"],
            errors=each["errors"],
            buckets={float(bound): count for bound, count in each["buckets"]},
            reads=each["reads"],
        )
        for each in said["doors"]
    }


def read(
    said: Mapping[str, Any], now: Counted, before: tuple[float, Counted] | None, at: float, public_url: str
) -> Figures:
    """Figures of two looks; `at` and the time of `before` in seconds. Raises KeyError, ValueError."""
    then, seconds = (before[1], at - before[0]) if before is not None else ({}, 0.0)
    unknown = {} if before is not None else {"doors.requestsPerSecond": _ONE_LOOK, "cache.readsPerSecond": _ONE_LOOK}
    for part in ("queues", "subscriptions"):
        unknown |= {part: _SILENT} if said[part] is None else {}
    reads, earlier = now.get(health.READS_DOOR), then.get(health.READS_DOOR)
    if reads is None or not reads.up:
        unknown["cache"] = f"the door {health.READS_DOOR} does not answer"
    return Figures(
        at=datetime.fromisoformat(said["asOf"]),
        doors=tuple(health.door_of(name, door, then.get(name), seconds) for name, door in now.items()),
        queues=_waiting(said["queues"]),
        subscriptions=_waiting(said["subscriptions"]),
        cache=None
        if reads is None or not reads.up
        else health.cache_of(reads.reads, None if earlier is None else earlier.reads, seconds),
        errors=tuple(_error(line, public_url) for line in said["errors"]),
        unknown=unknown,
    )


def _waiting(entries: list[dict[str, Any]] | None) -> tuple[Waiting, ...] | None:
    if entries is None:
        return None
    return tuple(
        Waiting(each["name"], each["depth"], each["oldestAgeSeconds"], each.get("tenantId")) for each in entries
    )


def _error(line: Mapping[str, Any], public_url: str) -> Error:
    trace_id = line["traceId"]
    return Error(
        at=datetime.fromisoformat(line["time"]),
        door=line["service"],
        message=str(line["event"])[:200],
        code=health.text_or_none(line["code"] or line["error"]),
        trace_id=trace_id,
        link=f"{public_url}/dev/traces/{trace_id}" if trace_id else None,
        tenant_id=line["tenantId"],
    )
