"""How the doors and the queues are doing, read from each door's `/metrics` and the local cloud's admin door."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from functions.common.quantiles import Buckets, quantile, since
from local.proxy import Origin
from local.supervisor import get

_SAMPLE = re.compile(r"^([a-zA-Z_:]+)(?:\{(.*)\})? (\S+)")
_LABEL = re.compile(r'([a-zA-Z_]+)="((?:[^"\\]|\\.)*)"')
_REQUESTS = {"http_requests_total", "events_total"}
_BUCKETS = {"http_request_seconds_bucket", "event_seconds_bucket"}
# An event that will come again, or a request that failed through our fault.
_FAILED_OUTCOMES = {"retry"}
_MEMORY, _CACHE = "product_memory_reads_total", "product_cache_reads_total"


@dataclass(frozen=True, slots=True)
class Figures:
    """One scrape of one door. `buckets`: upper bound in seconds -> requests at most that slow; `reads`: of products, by
    where they were found (memory, hit) or not (miss, down)."""

    requests: float = 0.0
    errors: float = 0.0
    buckets: Buckets = field(default_factory=dict)
    up: bool = True
    reads: dict[str, float] = field(default_factory=dict)


def read_metrics(text: str) -> Figures:
    """The figures in a Prometheus exposition; unknown lines are skipped."""
    requests = errors = 0.0
    buckets: Buckets = {}
    reads: dict[str, float] = {}
    for line in text.splitlines():
        found = _SAMPLE.match(line)
        if found is None:
            continue
        name, value = found[1], float(found[3])
        labels = dict(_LABEL.findall(found[2] or ""))
        if name in _REQUESTS:
            requests += value
            if labels.get("status", "").startswith("5") or labels.get("outcome") in _FAILED_OUTCOMES:
                errors += value
        elif name in _BUCKETS:
            bound = float(labels["le"])
            buckets[bound] = buckets.get(bound, 0.0) + value
        elif name in (_MEMORY, _CACHE):
            found_in = labels.get("outcome", "memory")
            reads[found_in] = reads.get(found_in, 0.0) + value
    return Figures(requests, errors, buckets, reads=reads)


class Collector:
    """Scrapes every door; remembers the last scrape, so that p95 speaks about the time since then."""

    def __init__(
        self, origins: Mapping[str, Origin], admin: Origin | None = None, endpoints: Mapping[str, str] | None = None
    ) -> None:
        self._origins, self._admin, self._endpoints = dict(origins), admin, dict(endpoints or {})
        self._last: dict[str, Figures] = {}
        self._when = 0.0

    async def collect(self) -> dict[str, Any]:
        """`{"doors": [...], "queues": {...}, "endpoints": {...}}`, times in milliseconds."""
        now = asyncio.get_running_loop().time()
        scrapes = await asyncio.gather(*(scrape(origin) for origin in self._origins.values()))
        elapsed = now - self._when if self._when else None
        doors = [
            self._row(service, origin, figures, elapsed)
            for (service, origin), figures in zip(self._origins.items(), scrapes, strict=True)
        ]
        self._last = dict(zip(self._origins, scrapes, strict=True))
        self._when = now
        return {"doors": doors, "queues": await self._queues(), "endpoints": self._endpoints}

    def _row(self, service: str, origin: Origin, figures: Figures, elapsed: float | None) -> dict[str, Any]:
        last = self._last.get(service, Figures())
        recent = quantile(since(figures.buckets, last.buckets), 0.95)
        p95 = recent if recent is not None else quantile(figures.buckets, 0.95)
        made = figures.requests - last.requests if figures.requests >= last.requests else figures.requests
        return {
            "service": service,
            "port": origin.port,
            "up": figures.up,
            "requests": int(figures.requests),
            "perSecond": round(made / elapsed, 1) if elapsed else None,
            "errors": int(figures.errors),
            "p95Ms": None if p95 is None else round(p95 * 1000, 2),
        }

    async def _queues(self) -> dict[str, Any]:
        if self._admin is None:
            return {}
        status, body = await get(self._admin, "/stats")
        return depths(orjson.loads(body)) if status == 200 else {}


async def scrape(origin: Origin) -> Figures:
    """What a door counts; not `up` when it does not answer."""
    status, body = await get(origin, "/metrics")
    return read_metrics(body.decode("utf-8", "replace")) if status == 200 else Figures(up=False)


def depths(report: Mapping[str, Any]) -> dict[str, int]:
    """Name -> messages or tasks that wait, from the local cloud's report."""
    found: dict[str, int] = {}
    for kind in ("subscriptions", "queues"):
        entries: Mapping[str, Mapping[str, Any]] = report.get(kind, {})
        for name, entry in entries.items():
            found[name.rpartition("/")[2]] = int(entry.get("depth", 0))
    return found
