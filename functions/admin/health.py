"""How the platform does: counters become rates and shares, what waits is late or not, and who sees what. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from functions.common.quantiles import Buckets, quantile, since

WINDOW_SECONDS = 60.0
"""What is counted is said of the last minute, or of as much of it as somebody has been looking."""
LATE_SECONDS, LATE_DEPTH = 300.0, 5_000
"""From here on the alerts `messages_wait` and `tasks_wait` of infra/terraform/modules/observability speak."""
FRESH_SECONDS = 10.0
"""No price should wait longer: the objective `prices-freshness` of the same module."""
MOST_ERRORS = 50
READS_DOOR = "scan"
_HITS = ("memory", "hit")

Unknown = Mapping[str, str]
"""Field of the answer -> why nobody can tell it now."""


class Away(Exception):
    """The source does not tell anything now; `args[0]` says why, for people."""


@dataclass(frozen=True, slots=True)
class Door:
    """A door over the last minute or so; None is what cannot be told. `error_share` is between 0 and 1."""

    service: str
    up: bool | None = None
    per_second: float | None = None
    error_share: float | None = None
    p95_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A subscription or a queue now; `tenant_id` is None for one that is everybody's."""

    name: str
    depth: int | None = None
    oldest_seconds: float | None = None
    tenant_id: str | None = None


@dataclass(frozen=True, slots=True)
class Cache:
    """Reads of products by scans, and which share of them the caches answered (0 to 1)."""

    hit_rate: float | None
    per_second: float | None


@dataclass(frozen=True, slots=True)
class Error:
    """A line of a log: the event's name and a code, nothing that a caller or an exception has said."""

    at: datetime
    door: str
    message: str
    code: str | None = None
    trace_id: str | None = None
    link: str | None = None
    tenant_id: str | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """What a source told at once; a part that is None could not be told, and `unknown` says why."""

    at: datetime
    doors: tuple[Door, ...] | None = None
    queues: tuple[Waiting, ...] | None = None
    subscriptions: tuple[Waiting, ...] | None = None
    cache: Cache | None = None
    errors: tuple[Error, ...] | None = None
    unknown: Unknown = field(default_factory=dict)


class Source(Protocol):
    """Where figures come from; `keep_seconds`: for how long a look is good enough for all who ask."""

    name: str
    keep_seconds: float

    async def look(self) -> Figures:
        """All of it. Raises Away."""
        ...


@dataclass(frozen=True, slots=True)
class Counters:
    """What a door has counted since it started."""

    up: bool
    requests: float
    errors: float
    buckets: Buckets
    reads: Mapping[str, float]


Counted = Mapping[str, Counters]
"""Every door's at one moment."""


# ---- from counters to rates ----------------------------------------------------------------------------------


def door_of(service: str, now: Counters, before: Counters | None, seconds: float) -> Door:
    """What a door did between two looks; a look alone tells no more than whether it is up."""
    if not now.up or before is None or not before.up or seconds <= 0:
        return Door(service, now.up)
    # A door that has started again counts from zero.
    again = now.requests < before.requests or now.errors < before.errors
    requests = now.requests - (0.0 if again else before.requests)
    errors = now.errors - (0.0 if again else before.errors)
    slow = quantile(since(now.buckets, before.buckets), 0.95)
    return Door(
        service,
        True,
        requests / seconds,
        share(errors, requests),
        None if slow is None else slow * 1000,
    )


def cache_of(now: Mapping[str, float], before: Mapping[str, float] | None, seconds: float) -> Cache:
    """Reads between two looks; without an earlier one the hit rate is that of all reads so far."""
    if before is None or seconds <= 0:
        return Cache(hit_rate(now), None)
    again = any(value < before.get(name, 0.0) for name, value in now.items())
    made = {name: value - (0.0 if again else before.get(name, 0.0)) for name, value in now.items()}
    rate = hit_rate(made)
    return Cache(hit_rate(now) if rate is None else rate, sum(made.values()) / seconds)


def hit_rate(reads: Mapping[str, float]) -> float | None:
    """Which share memory and Redis answered; None when nobody read."""
    return share(sum(reads.get(name, 0.0) for name in _HITS), sum(reads.values()))


def share(part: float, whole: float) -> float | None:
    """Between 0 and 1; None of nothing."""
    return min(1.0, max(0.0, part / whole)) if whole > 0 else None


def earlier(looks: Sequence[tuple[float, Counted]], now: float) -> tuple[float, Counted] | None:
    """The oldest look of the last minute (times in seconds): over a longer time, rates jump less."""
    return next(((at, counted) for at, counted in looks if 0 < now - at <= WINDOW_SECONDS), None)


def up_by_answers(per_second: float, failed: float) -> bool | None:
    """Whether a door is up, by its answers alone: not if all are failures; None when nobody asked."""
    return None if per_second <= 0 else failed < per_second


# ---- what is late, and in which order ------------------------------------------------------------------------


def is_late(waiting: Waiting) -> bool | None:
    """As the alerts judge it; None when neither depth nor age is known."""
    if waiting.depth is None and waiting.oldest_seconds is None:
        return None
    return (waiting.oldest_seconds or 0.0) > LATE_SECONDS or (waiting.depth or 0) > LATE_DEPTH


def lag_of(subscriptions: Iterable[Waiting]) -> float | None:
    """For how long the oldest price that ERPs have sent waits to be applied, in seconds; None when nobody can tell.

    Prices come in by subscriptions of tenants; those of dead letters hold what was given up.
    """
    ages = [each.oldest_seconds for each in subscriptions if each.tenant_id is not None and "-dead" not in each.name]
    known = [age for age in ages if age is not None]
    return max(known) if known else None


def in_order(waiting: Iterable[Waiting]) -> list[Waiting]:
    """What is late first, then what waits longest, then what waits most."""
    return sorted(
        waiting, key=lambda each: (not is_late(each), -(each.oldest_seconds or 0.0), -(each.depth or 0), each.name)
    )


def doors_in_order(doors: Iterable[Door]) -> list[Door]:
    """What is down first, then what fails most."""
    return sorted(doors, key=lambda each: (each.up is not False, -(each.error_share or 0.0), each.service))


def of_tenant(figures: Figures, tenant_id: str) -> Figures:
    """Without what is another tenant's."""

    def own(each: Waiting | Error) -> bool:
        return each.tenant_id in (None, tenant_id)

    return replace(
        figures,
        subscriptions=None if figures.subscriptions is None else tuple(filter(own, figures.subscriptions)),
        errors=None if figures.errors is None else tuple(filter(own, figures.errors)),
    )


def latest(errors: Iterable[Error], most: int = MOST_ERRORS) -> list[Error]:
    """The latest first."""
    return sorted(errors, key=lambda each: each.at, reverse=True)[:most]


def text_or_none(value: Any, most: int = 100) -> str | None:
    """A field of a log line as a short text."""
    return str(value)[:most] if value not in (None, "") else None
