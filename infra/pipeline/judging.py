"""What a canary's figures mean: go on, wait, or roll back. Pure.

A revision is compared with the one that it replaces over the same minutes, so that a bad quarter of an hour of the
database is not blamed on it. Bounds of confidence, not bare ratios, decide about errors: one failure in three requests
says little, thirty in a thousand say much.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Sample:
    """What one revision did in a window: requests, those answered 5xx, and the 95th percentile of its latency."""

    requests: int = 0
    errors: int = 0
    p95_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What is tolerated. Times are seconds."""

    enough: int = 100
    """Requests after which a step is proven."""
    enough_for_latency: int = 30
    """Requests before which a percentile is not looked at."""
    few_errors: int = 3
    """Fewer errors than this end nothing before the patience does."""
    error_ratio: float = 0.01
    error_factor: float = 2.0
    p95_factor: float = 1.5
    p95_margin_ms: float = 100.0
    p95_alone_ms: float = 1000.0
    """The bound where there is nothing to compare with: what the alert on latency has."""
    confidence: float = 2.33
    """Standard deviations: one canary in a hundred is rolled back by chance at most."""
    bake: float = 300.0
    """A step takes at least so long."""
    patience: float = 1200.0
    """And is decided by then, however few requests came."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do, and the sentence for the log."""

    action: Literal["go on", "wait", "roll back"]
    why: str


def judge(candidate: Sample, stable: Sample, *, share: float, waited: float, limits: Limits) -> Verdict:
    """Whether the candidate, at this `share` of the traffic (0 to 1) and after so many seconds, may have more."""
    over = waited >= limits.patience
    failing = _failing(candidate, stable, limits)
    if failing and (over or candidate.errors >= limits.few_errors):
        return Verdict("roll back", failing)
    if slow := _slow(candidate, stable, limits):
        return Verdict("roll back", slow)
    if candidate.requests >= limits.enough and not failing and waited >= limits.bake:
        return Verdict("go on", f"{_told(candidate)}, before {_told(stable)}")
    if not over:
        return Verdict("wait", f"{_told(candidate)} after {waited:.0f} s")
    if _is_missed_out(candidate, stable, share):
        return Verdict("roll back", f"it got no request while the old revision had {stable.requests}")
    if candidate.requests == 0:
        return Verdict("go on", "nobody asked in all this time; only the smoke test speaks for it")
    return Verdict("go on", f"few asked, nothing speaks against it: {_told(candidate)}")


def lower_bound(errors: int, requests: int, confidence: float) -> float:
    """The least ratio of errors that these figures allow to assume (Wilson's interval); 0 without requests."""
    if requests == 0:
        return 0.0
    ratio, square = errors / requests, confidence * confidence
    middle = ratio + square / (2 * requests)
    reach = confidence * math.sqrt(ratio * (1 - ratio) / requests + square / (4 * requests * requests))
    return max(0.0, (middle - reach) / (1 + square / requests))


def _failing(candidate: Sample, stable: Sample, limits: Limits) -> str:
    # What the old revision fails for certain: one failure in its only request excuses nothing.
    usual = lower_bound(stable.errors, stable.requests, limits.confidence)
    tolerated = max(limits.error_ratio, limits.error_factor * usual)
    if candidate.errors and lower_bound(candidate.errors, candidate.requests, limits.confidence) > tolerated:
        return f"{_told(candidate)}; at most {tolerated:.1%} may fail, before {_told(stable)}"
    return ""


def _slow(candidate: Sample, stable: Sample, limits: Limits) -> str:
    if candidate.p95_ms is None or candidate.requests < limits.enough_for_latency:
        return ""
    compared = stable.p95_ms is not None and stable.requests >= limits.enough_for_latency
    if compared:
        assert stable.p95_ms is not None
        bound = max(stable.p95_ms * limits.p95_factor, stable.p95_ms + limits.p95_margin_ms)
    else:
        bound = limits.p95_alone_ms
    if candidate.p95_ms <= bound:
        return ""
    return f"p95 is {candidate.p95_ms:.0f} ms; at most {bound:.0f} ms is tolerated, before {_told(stable)}"


def _is_missed_out(candidate: Sample, stable: Sample, share: float) -> bool:
    # The chance that none of so many requests fell to this share of the traffic.
    return candidate.requests == 0 and share < 1 and (1 - share) ** stable.requests < 0.001


def _told(sample: Sample) -> str:
    latency = "" if sample.p95_ms is None else f", p95 {sample.p95_ms:.0f} ms"
    return f"{sample.errors} of {sample.requests} requests failed{latency}"
