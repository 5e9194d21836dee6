"""The arithmetic that every benchmark rests on."""

from __future__ import annotations

import pytest

from bench.figures import median, percentile, schedule, significant


@pytest.mark.parametrize(
    ("values", "expected"),
    [([3.0], 3.0), ([9.0, 1.0, 5.0], 5.0), ([4.0, 1.0, 3.0, 2.0], 2.5), ([1.0, 1.0, 100.0], 1.0)],
)
def test_the_median_is_the_value_in_the_middle(values: list[float], expected: float) -> None:
    assert median(values) == expected


def test_there_is_no_median_of_nothing() -> None:
    with pytest.raises(ValueError, match="no values"):
        median([])


def test_the_99th_of_a_hundred_values_is_the_second_largest() -> None:
    values = [float(n) for n in range(100, 0, -1)]
    assert percentile(values, 99) == 99
    assert percentile(values, 100) == 100
    assert percentile(values, 50) == 50


def test_of_few_values_the_99th_percentile_is_the_worst() -> None:
    assert percentile([1.0, 2.0, 50.0], 99) == 50


@pytest.mark.parametrize("percent", [0, 101, -1])
def test_a_percentile_outside_of_its_range_is_refused(percent: float) -> None:
    with pytest.raises(ValueError, match="percentile"):
        percentile([1.0], percent)


def test_there_is_no_percentile_of_nothing() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 99)


def test_an_open_loop_sends_at_a_constant_pace_whatever_is_answered() -> None:
    assert schedule(4, 1.5) == [0, 0.25, 0.5, 0.75, 1.0, 1.25]


def test_the_pace_does_not_drift_over_many_requests() -> None:
    offsets = schedule(1000, 60)
    assert len(offsets) == 60_000
    assert offsets[-1] == pytest.approx(59.999, abs=1e-9)


def test_a_pace_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="rate"):
        schedule(0, 1)


@pytest.mark.parametrize(
    ("value", "expected"), [(7213.456, 7213.0), (0.0123456, 0.01235), (0.0, 0.0), (-1.23456, -1.235), (99999.0, 1e5)]
)
def test_figures_are_told_with_four_significant_digits(value: float, expected: float) -> None:
    assert significant(value) == expected
