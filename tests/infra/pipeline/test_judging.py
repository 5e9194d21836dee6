"""What a canary's figures mean: healthy, slow, failing, no traffic, and all that lies between."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.pipeline.judging import Limits, Sample, Verdict, judge, lower_bound

LIMITS = Limits(bake=300, patience=900)
OLD = Sample(requests=20_000, errors=20, p95_ms=40)


def verdict(new: Sample, old: Sample = OLD, *, waited: float = 600, share: float = 0.05) -> Verdict:
    return judge(new, old, share=share, waited=waited, limits=LIMITS)


def action(new: Sample, old: Sample = OLD, *, waited: float = 600, share: float = 0.05) -> str:
    return verdict(new, old, waited=waited, share=share).action


def test_a_healthy_revision_goes_on() -> None:
    assert action(Sample(1000, 1, 42)) == "go on"


def test_a_healthy_revision_bakes_first() -> None:
    assert action(Sample(1000, 1, 42), waited=299) == "wait"


def test_a_failing_revision_is_rolled_back_at_once() -> None:
    found = verdict(Sample(300, 30, 42), waited=60)
    assert found.action == "roll back"
    assert (
        found.why
        == "30 of 300 requests failed, p95 42 ms; at most 1.0% may fail, before 20 of 20000 requests failed, p95 40 ms"
    )


def test_a_slow_revision_is_rolled_back() -> None:
    found = verdict(Sample(1000, 0, 180))
    assert found.action == "roll back"
    assert "p95 is 180 ms; at most 140 ms is tolerated" in found.why


def test_a_slow_service_may_be_half_as_slow_again() -> None:
    old = Sample(20_000, 0, 800)
    assert action(Sample(1000, 0, 1190), old) == "go on"
    assert action(Sample(1000, 0, 1210), old) == "roll back"


def test_slowness_of_a_handful_of_cold_requests_ends_nothing() -> None:
    assert action(Sample(29, 0, 4000)) == "wait"


def test_where_nothing_can_be_compared_a_second_is_slow() -> None:
    assert action(Sample(1000, 0, 999), Sample()) == "go on"
    assert action(Sample(1000, 0, 1001), Sample()) == "roll back"


def test_without_traffic_it_waits_and_then_goes_on() -> None:
    assert action(Sample(), Sample(), waited=899) == "wait"
    found = verdict(Sample(), Sample(), waited=900)
    assert found == Verdict("go on", "nobody asked in all this time; only the smoke test speaks for it")


def test_a_revision_that_gets_nothing_of_much_traffic_is_rolled_back() -> None:
    found = verdict(Sample(), Sample(5000, 0, 40), waited=900)
    assert found == Verdict("roll back", "it got no request while the old revision had 5000")


def test_a_revision_that_gets_nothing_of_little_traffic_may_be_unlucky() -> None:
    # 0.95 ** 100 is 0.6 %.
    assert action(Sample(), Sample(100, 0, 40), waited=900) == "go on"


def test_with_all_traffic_on_it_silence_is_nobodys_fault() -> None:
    assert action(Sample(), OLD, waited=900, share=1.0) == "go on"


def test_few_good_requests_are_enough_when_the_patience_is_over() -> None:
    assert action(Sample(12, 0, 40), waited=899) == "wait"
    assert action(Sample(12, 0, 40), waited=900) == "go on"


def test_one_or_two_errors_end_nothing_before_the_patience_does() -> None:
    assert action(Sample(5, 2, 40), waited=600) == "wait"
    assert action(Sample(5, 2, 40), waited=900) == "roll back"


def test_three_errors_of_few_requests_end_it_at_once() -> None:
    assert action(Sample(5, 3, 40), waited=60) == "roll back"


def test_trouble_that_hits_both_is_not_blamed_on_the_new_one() -> None:
    assert action(Sample(1000, 300, 900), Sample(19_000, 5_700, 900)) == "go on"


def test_a_single_failure_of_the_old_one_excuses_nothing() -> None:
    assert action(Sample(300, 150, 40), Sample(1, 1, 40)) == "roll back"


def test_an_error_ratio_within_the_limit_is_tolerated() -> None:
    assert action(Sample(1000, 10, 42)) == "go on"


@pytest.mark.parametrize(("errors", "requests", "bound"), [(0, 100, 0.0), (1, 1, 0.156), (10, 100, 0.049), (0, 0, 0.0)])
def test_the_lower_bound_is_wilsons(errors: int, requests: int, bound: float) -> None:
    assert lower_bound(errors, requests, 2.33) == pytest.approx(bound, abs=0.001)


samples = st.integers(0, 5000).flatmap(
    lambda n: st.builds(Sample, st.just(n), st.integers(0, n), st.none() | st.floats(1, 5000))
)


@given(samples, samples, st.sampled_from([0.05, 0.25, 1.0]), st.floats(0, 2000))
def test_patience_ends_every_doubt(new: Sample, old: Sample, share: float, waited: float) -> None:
    assert (judge(new, old, share=share, waited=waited, limits=LIMITS).action == "wait") <= (waited < 900)


@given(samples, samples, st.sampled_from([0.05, 0.25, 1.0]), st.floats(0, 2000))
def test_more_errors_never_help(new: Sample, old: Sample, share: float, waited: float) -> None:
    order = ["roll back", "wait", "go on"]
    worse = Sample(new.requests, new.requests, new.p95_ms)
    before = judge(new, old, share=share, waited=waited, limits=LIMITS).action
    after = judge(worse, old, share=share, waited=waited, limits=LIMITS).action
    assert order.index(after) <= order.index(before)
