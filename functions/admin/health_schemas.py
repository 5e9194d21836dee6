"""How the platform does, as it goes over the wire."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from pydantic import Field

from functions.admin import health
from functions.admin.health import Figures, Waiting
from functions.admin.health_watch import Seen
from functions.common.wire import Wire


class HealthQuery(Wire):
    """How much is told."""

    errors: int = Field(default=20, ge=0, le=health.MOST_ERRORS, description="how many of the latest errors")


class DoorHealth(Wire):
    """A door over the last minute or so (Google's figures: five minutes that ended three minutes ago)."""

    service: str
    up: bool | None
    requests_per_second: float | None
    error_share: float | None = Field(description="of its requests, between 0 and 1; null when nobody asked")
    p95_ms: float | None = Field(description="the 95th percentile of its answers, in milliseconds")


class WaitingHealth(Wire):
    """What waits in a subscription or a queue; those of other tenants are not shown."""

    name: str
    depth: int | None
    oldest_age_seconds: float | None
    late: bool | None


class CacheHealth(Wire):
    """Reads of products by scans."""

    hit_rate: float | None = Field(description="the share that memory and Redis answered, between 0 and 1")
    reads_per_second: float | None


class FreshnessHealth(Wire):
    """For how long the oldest price that ERPs have sent waits to be applied."""

    lag_seconds: float | None
    target_seconds: float
    late: bool | None


class PlatformError(Wire):
    """An error that a door logged."""

    time: datetime
    door: str
    message: str
    code: str | None
    trace_id: str | None
    link: str | None = Field(description="where the trace, or the lines that belong to it, can be read")


class UnknownHealth(Wire):
    """Why a field of this answer is null."""

    field: str
    reason: str


class PlatformHealth(Wire):
    """What cannot be told is null, and `unknown` says why."""

    source: Literal["local", "google", "none"]
    as_of: datetime | None = Field(description="when the source told it; null when it never did")
    age_seconds: float | None
    stale: bool = Field(description="the source is away: these are the last known figures")
    doors: list[DoorHealth] | None
    queues: list[WaitingHealth] | None
    subscriptions: list[WaitingHealth] | None
    cache: CacheHealth | None
    freshness: FreshnessHealth
    errors: list[PlatformError] | None
    unknown: list[UnknownHealth]


def shown(seen: Seen, source: str, tenant_id: str, most_errors: int, now: datetime) -> PlatformHealth:
    """What an operator of the tenant may know of it."""
    figures = health.of_tenant(seen.figures, tenant_id) if seen.figures is not None else None
    lag = health.lag_of(figures.subscriptions or ()) if figures is not None else None
    unknown = dict(figures.unknown) if figures is not None else {}
    if seen.away:
        unknown["asOf"] = seen.away
    return PlatformHealth(
        source=source,  # type: ignore[arg-type]
        as_of=figures.at if figures is not None else None,
        age_seconds=max(0.0, round((now - figures.at).total_seconds(), 1)) if figures is not None else None,
        stale=bool(seen.away),
        doors=_doors(figures),
        queues=_waiting(figures.queues if figures is not None else None),
        subscriptions=_waiting(figures.subscriptions if figures is not None else None),
        cache=_cache(figures),
        freshness=FreshnessHealth(
            lag_seconds=lag,
            target_seconds=health.FRESH_SECONDS,
            late=None if lag is None else lag > health.FRESH_SECONDS,
        ),
        errors=_errors(figures, most_errors),
        unknown=[UnknownHealth(field=field, reason=reason) for field, reason in sorted(unknown.items())],
    )


def _doors(figures: Figures | None) -> list[DoorHealth] | None:
    if figures is None or figures.doors is None:
        return None
    return [
        DoorHealth(
            service=each.service,
            up=each.up,
            requests_per_second=_rounded(each.per_second, 2),
            error_share=_rounded(each.error_share, 4),
            p95_ms=_rounded(each.p95_ms, 1),
        )
        for each in health.doors_in_order(figures.doors)
    ]


def _waiting(entries: Iterable[Waiting] | None) -> list[WaitingHealth] | None:
    if entries is None:
        return None
    return [
        WaitingHealth(
            name=each.name,
            depth=each.depth,
            oldest_age_seconds=_rounded(each.oldest_seconds, 1),
            late=health.is_late(each),
        )
        for each in health.in_order(entries)
    ]


def _cache(figures: Figures | None) -> CacheHealth | None:
    if figures is None or figures.cache is None:
        return None
    return CacheHealth(
        hit_rate=_rounded(figures.cache.hit_rate, 4), reads_per_second=_rounded(figures.cache.per_second, 2)
    )


def _errors(figures: Figures | None, most: int) -> list[PlatformError] | None:
    if figures is None or figures.errors is None:
        return None
    return [
        PlatformError(
            time=each.at,
            door=each.door,
            message=each.message,
            code=each.code,
            trace_id=each.trace_id,
            link=each.link,
        )
        for each in health.latest(figures.errors, most)
    ]


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
