"""What the dashboard's page of operations asks of the local cloud: what every door counted, what waits, and the lines
of the doors' logs that speak of errors or of one trace. The dashboard makes rates and shares of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from local.proxy import Origin
from local.status import Figures, scrape
from local.supervisor import get

SEVERE = frozenset({"ERROR", "CRITICAL", "ALERT", "EMERGENCY"})
MOST_ERRORS, MOST_LINES = 100, 500
ERROR_TAIL, TRACE_TAIL = 128 << 10, 2 << 20
"""How much of the end of each door's log is read, in bytes."""
_TRACE, _LABELS = "logging.googleapis.com/trace", "logging.googleapis.com/labels"


class Health:
    """Of one suite. `logs`: the folder of the doors' logs; `tenants`: subscription -> whose it is (None: all's)."""

    def __init__(
        self, origins: Mapping[str, Origin], admin: Origin | None, logs: Path, tenants: Mapping[str, str | None]
    ) -> None:
        self._origins, self._admin, self._logs, self._tenants = dict(origins), admin, logs, dict(tenants)

    async def collect(self) -> dict[str, Any]:
        """Counters of the doors since they started, ages in seconds; a part that does not answer is null."""
        scrapes, waiting, errors = await asyncio.gather(
            asyncio.gather(*(scrape(origin) for origin in self._origins.values())),
            self._waiting(),
            asyncio.to_thread(lambda: latest(self._lines(ERROR_TAIL, b'"severity":"'))),
        )
        doors = [_door(service, figures) for service, figures in zip(self._origins, scrapes, strict=True)]
        return {"asOf": datetime.now(UTC).isoformat(), "doors": doors, **waiting, "errors": errors}

    async def trace(self, trace_id: str) -> list[dict[str, Any]]:
        """Every line of every door that belongs to a trace, in order; none for a trace that nobody knows."""
        return await asyncio.to_thread(
            lambda: of_trace(self._lines(TRACE_TAIL, trace_id.encode("ascii", "replace")), trace_id)
        )

    async def _waiting(self) -> dict[str, Any]:
        status, body = (0, b"") if self._admin is None else await get(self._admin, "/stats")
        if status != 200:
            return {"subscriptions": None, "queues": None}
        report = orjson.loads(body)
        return {
            "subscriptions": [
                entry | {"tenantId": self._tenants.get(entry["name"])} for entry in _entries(report["subscriptions"])
            ],
            "queues": list(_entries(report["queues"])),
        }

    def _lines(self, tail: int, needle: bytes) -> Iterator[dict[str, Any]]:
        for service in self._origins:
            try:
                with (self._logs / f"{service}.log").open("rb") as file:
                    size = file.seek(0, 2)
                    file.seek(max(0, size - tail))
                    content = file.read(tail)
            except OSError:
                continue
            yield from parsed(service, content, needle)


def parsed(service: str, content: bytes, needle: bytes) -> Iterator[dict[str, Any]]:
    """The JSON lines with `needle` in them, each with the door that wrote it; a line cut off in front is left out."""
    for line in content.splitlines():
        if needle in line and line.startswith(b"{"):
            try:
                yield {**orjson.loads(line), "service": service}
            except orjson.JSONDecodeError:
                continue


def latest(lines: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The errors among the lines, the latest first, without what the doors wrote in sentences."""
    found = [
        {
            "time": line["time"],
            "service": line["service"],
            "event": line.get("event", ""),
            "code": line.get("code"),
            # The exception's name; what it says may be anybody's.
            "error": str(line.get("error", "")).partition(":")[0] or None,
            "traceId": str(line.get(_TRACE, "")).rpartition("/")[2] or None,
            "tenantId": line.get("tenantId"),
        }
        for line in lines
        if line.get("severity") in SEVERE and "time" in line
    ]
    return sorted(found, key=lambda line: str(line["time"]), reverse=True)[:MOST_ERRORS]


def of_trace(lines: Iterable[Mapping[str, Any]], trace_id: str) -> list[dict[str, Any]]:
    """The lines of one trace as they were written, in order."""
    found = [
        {name: value for name, value in line.items() if name != _LABELS}
        for line in lines
        if str(line.get(_TRACE, "")).rpartition("/")[2] == trace_id
    ]
    return sorted(found, key=lambda line: str(line.get("time", "")))[:MOST_LINES]


def _door(service: str, figures: Figures) -> dict[str, Any]:
    return {
        "service": service,
        "up": figures.up,
        "requests": figures.requests,
        "errors": figures.errors,
        # JSON has no infinity.
        "buckets": [["+Inf" if bound == float("inf") else bound, count] for bound, count in figures.buckets.items()],
        "reads": figures.reads,
    }


def _entries(report: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for name, entry in report.items():
        yield {
            "name": name.rpartition("/")[2],
            "depth": int(entry["depth"]),
            "oldestAgeSeconds": float(entry["oldestAgeSeconds"]) if entry["depth"] else 0.0,
        }
