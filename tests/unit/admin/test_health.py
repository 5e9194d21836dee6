"""Counters become rates and shares, what waits is late or not, and nobody sees another tenant's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.admin import formatting, health
from functions.admin.health import Cache, Counters, Door, Error, Figures, Waiting
from functions.admin.health_local import counters_of, read

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
INFINITY = float("inf")


def counters(requests: float = 0, errors: float = 0, *, up: bool = True, slow: float = 0, **reads: float) -> Counters:
    """`slow` of the requests took between 10 and 100 ms, the others less."""
    return Counters(up, requests, errors, {0.01: requests - slow, 0.1: requests, INFINITY: requests}, reads)


def test_what_came_between_two_looks_is_a_rate_a_share_and_a_percentile() -> None:
    door = health.door_of("scan", counters(300, 6, slow=100), counters(100, 1), 10.0)
    assert (door.up, door.per_second, door.error_share) == (True, 20.0, 0.025)
    assert door.p95_ms == pytest.approx(91.0)


def test_a_door_that_has_started_again_counts_from_zero() -> None:
    door = health.door_of("scan", counters(30, 3), counters(1_000, 0), 10.0)
    assert (door.per_second, door.error_share) == (3.0, 0.1)


def test_one_look_alone_tells_whether_a_door_is_up_and_no_rate() -> None:
    assert health.door_of("scan", counters(30), None, 0.0) == Door("scan", True)
    assert health.door_of("scan", counters(30), counters(20), 0.0) == Door("scan", True)


def test_of_a_door_that_is_down_nothing_else_is_said() -> None:
    assert health.door_of("scan", counters(up=False), counters(20), 5.0) == Door("scan", False)
    assert health.door_of("scan", counters(900), counters(up=False), 5.0) == Door("scan", True), "the rate of its start"


def test_a_door_that_nobody_asked_has_no_share_of_failures() -> None:
    assert health.door_of("scan", counters(20), counters(20), 5.0) == Door("scan", True, 0.0, None, None)


def test_the_hit_rate_is_what_memory_and_redis_answered() -> None:
    now, before = {"memory": 60.0, "hit": 40.0, "miss": 10.0, "down": 5.0}, {"memory": 10.0, "hit": 15.0, "miss": 5.0}
    assert health.cache_of(now, before, 10.0) == Cache(75 / 85, 8.5)
    assert health.cache_of(now, None, 0.0) == Cache(100 / 115, None), "of all reads, as long as there is one look"
    assert health.cache_of(now, now, 10.0) == Cache(100 / 115, 0.0), "nobody has scanned since"
    assert health.hit_rate({}) is None


def test_rates_are_of_the_last_minute_at_most() -> None:
    looks: list[Any] = [(0.0, "old"), (50.0, "oldest that counts"), (90.0, "newer")]
    found: Any = health.earlier(looks, 100.0)
    assert found == (50.0, "oldest that counts")
    assert health.earlier(looks, 151.0) is None
    assert health.earlier([], 1.0) is None


def test_by_answers_alone_a_door_is_down_when_all_of_them_are_failures() -> None:
    assert [health.up_by_answers(*each) for each in ((2.0, 0.0), (2.0, 1.9), (2.0, 2.0), (0.0, 0.0))] == [
        *(True, True, False),
        None,
    ]


@pytest.mark.parametrize(
    ("depth", "oldest", "late"),
    [(0, 0.0, False), (1, 300.0, False), (1, 300.1, True), (5_001, 1.0, True), (5_000, None, False),
     (5_001, None, True), (None, 301.0, True), (None, None, None)],
)  # fmt: skip
def test_what_is_late_is_what_the_alerts_say(depth: int | None, oldest: float | None, late: bool | None) -> None:
    assert health.is_late(Waiting("q", depth, oldest)) is late


def test_prices_lag_by_the_oldest_that_waits_in_a_tenants_subscription() -> None:
    prices = Waiting("price-updates-acme", 3, 7.5, "acme")
    others = (Waiting("session-events", 9, 900.0), Waiting("price-updates-dead-acme", 1, 8_000.0, "acme"))
    assert health.lag_of((*others, prices)) == 7.5
    assert health.lag_of(others) is None
    assert health.lag_of([Waiting("price-updates-acme", 3, None, "acme")]) is None


def test_the_worst_comes_first() -> None:
    waiting = [Waiting("c", 0, 0.0), Waiting("b", 9, 20.0), Waiting("a", 1, 20.0), Waiting("d", 6_000, 1.0)]
    assert [each.name for each in health.in_order(waiting)] == ["d", "b", "a", "c"]
    doors = [Door("a", True, 1.0, 0.0), Door("b", None), Door("c", True, 1.0, 0.2), Door("d", False)]
    assert [each.service for each in health.doors_in_order(doors)] == ["d", "c", "a", "b"]
    errors = [Error(NOW + timedelta(seconds=n), "scan", str(n)) for n in (1, 3, 2)]
    assert [each.message for each in health.latest(errors, 2)] == ["3", "2"]


COUNTS = st.floats(0, 1e9)


@given(st.tuples(COUNTS, COUNTS), st.tuples(COUNTS, COUNTS), st.floats(0.1, 3_600))
def test_no_rate_is_negative_and_no_share_leaves_its_bounds(
    now: tuple[float, float], before: tuple[float, float], seconds: float
) -> None:
    door = health.door_of("scan", counters(*now), counters(*before), seconds)
    assert door.per_second is not None
    assert door.per_second >= 0
    assert door.error_share is None or 0 <= door.error_share <= 1
    reads = health.cache_of({"hit": now[0], "miss": now[1]}, {"hit": before[0], "miss": before[1]}, seconds)
    assert reads.per_second is not None
    assert reads.per_second >= 0
    assert reads.hit_rate is None or 0 <= reads.hit_rate <= 1


OWNERS = st.sampled_from([None, "acme", "bolt"])


@given(st.lists(OWNERS), st.lists(OWNERS))
def test_an_operator_sees_what_is_everybodys_and_his_own_tenants_alone(
    waiting: list[str | None], failed: list[str | None]
) -> None:
    figures = Figures(
        NOW,
        subscriptions=tuple(Waiting(str(n), 1, 1.0, owner) for n, owner in enumerate(waiting)),
        errors=tuple(Error(NOW, "scan", str(n), tenant_id=owner) for n, owner in enumerate(failed)),
    )
    seen = health.of_tenant(figures, "acme")
    assert seen.subscriptions is not None
    assert seen.errors is not None
    assert [each.tenant_id for each in seen.subscriptions] == [owner for owner in waiting if owner != "bolt"]
    assert [each.tenant_id for each in seen.errors] == [owner for owner in failed if owner != "bolt"]


SAID: dict[str, Any] = {
    "asOf": "2026-11-21T12:00:00+00:00",
    "doors": [
        {"service": "scan", "up": True, "requests": 40.0, "errors": 4.0, "buckets": [[0.1, 40.0], ["+Inf", 40.0]],
         "reads": {"memory": 3.0, "miss": 1.0}},
        {"service": "catalog", "up": False, "requests": 0.0, "errors": 0.0, "buckets": [], "reads": {}},
    ],
    "queues": [{"name": "publish", "depth": 2, "oldestAgeSeconds": 4.5}],
    "subscriptions": None,
    "errors": [{"time": "2026-11-21T11:59:00+00:00", "service": "scan", "event": "http.unexpected_error", "code": None,
                "error": "KeyError", "traceId": "ab", "tenantId": "acme"}],
}  # fmt: skip


def test_the_local_clouds_answer_becomes_figures_and_says_what_is_missing() -> None:
    figures = read(SAID, counters_of(SAID), None, 5.0, "http://here")
    assert figures.doors == (Door("scan", True), Door("catalog", False))
    assert figures.queues == (Waiting("publish", 2, 4.5),)
    assert figures.subscriptions is None
    assert figures.cache == Cache(0.75, None)
    assert figures.errors == (
        Error(
            datetime(2026, 11, 21, 11, 59, tzinfo=UTC), "scan", "http.unexpected_error", "KeyError",
            "ab", "http://here/dev/traces/ab", "acme",
        ),
    )  # fmt: skip
    assert set(figures.unknown) == {"subscriptions", "doors.requestsPerSecond", "cache.readsPerSecond"}


def test_the_second_look_tells_rates() -> None:
    before = {"scan": counters(20, 2, memory=1.0)}
    figures = read(SAID, counters_of(SAID), (3.0, before), 5.0, "http://here")
    assert figures.doors is not None
    assert (figures.doors[0].per_second, figures.doors[0].error_share) == (10.0, 0.1)
    assert figures.cache == Cache(2 / 3, 1.5)
    assert set(figures.unknown) == {"subscriptions"}


def test_without_the_door_of_scans_the_cache_cannot_be_told() -> None:
    said = SAID | {"doors": SAID["doors"][1:]}
    figures = read(said, counters_of(said), None, 5.0, "http://here")
    assert figures.cache is None
    assert figures.unknown["cache"] == "the door scan does not answer"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, "–"), (0.0, "0,0\u00a0s"), (9.94, "9,9\u00a0s"), (59.0, "59\u00a0s"), (61.0, "1,0\u00a0min"),
     (3_600.0, "1,0\u00a0h"), (200_000.0, "2,3\u00a0d")],
)  # fmt: skip
def test_how_long_is_said_in_the_largest_unit_that_fits(seconds: float | None, said: str) -> None:
    assert formatting.duration(seconds, "de") == said


def test_shares_are_said_in_per_cent() -> None:
    assert [formatting.share(each, "en") for each in (None, 0.0, 0.1234, 1.0)] == [
        *("–", "0.0\u00a0%", "12.3\u00a0%", "100.0\u00a0%")
    ]
