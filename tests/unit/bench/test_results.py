"""What a benchmark prints, for people and for programs."""

from __future__ import annotations

import json

import pytest

from bench.results import KEYS, Row, Target, at_least, at_most, json_line, table


def test_with_a_baseline_the_target_is_for_the_ratio() -> None:
    row = Row("scan", 9_000, "req/s", "scans", 6_000, at_least(0.9))
    assert row.ratio == 1.5
    assert row.holds is True


def test_a_ratio_below_its_target_does_not_hold() -> None:
    assert Row("scan", 5_000, "req/s", "scans", 6_000, at_least(0.9)).holds is False


def test_where_less_is_better_the_ratio_must_not_exceed_its_target() -> None:
    assert Row("cold_start", 0.5, "s", "start", 0.4, at_most(1.6)).holds is True
    assert Row("cold_start", 0.7, "s", "start", 0.4, at_most(1.6)).holds is False


def test_without_a_baseline_the_target_is_for_our_own_figure() -> None:
    row = Row("freshness", 125, "ms", "p99", target=at_most(250))
    assert row.ratio == 0.5
    assert row.holds is True
    assert Row("freshness", 251, "ms", "p99", target=at_most(250)).holds is False


def test_a_row_for_information_has_a_ratio_but_holds_nothing() -> None:
    row = Row("price_single_async", 3_000, "updates/s", "async", 1_500)
    assert row.ratio == 2
    assert row.holds is None


def test_a_row_with_neither_baseline_nor_target_has_no_ratio() -> None:
    row = Row("lookup_miss", 2.5, "ms", "miss")
    assert row.ratio is None
    assert row.holds is None


def test_a_figure_on_its_target_reaches_it() -> None:
    assert at_least(5).holds(5)
    assert at_most(5).holds(5)


@pytest.mark.parametrize(
    "row",
    [
        Row("scan", 9_123.456, "req/s", "scans", 6_000, at_least(0.9)),
        Row("freshness", 125, "ms", "p99", target=at_most(250)),
        Row("lookup_miss", 2.5, "ms", "miss"),
    ],
    ids=lambda row: row.name,
)
def test_every_line_for_programs_has_exactly_the_promised_keys(row: Row) -> None:
    line = json_line(row)
    assert "\n" not in line
    assert tuple(json.loads(line)) == KEYS


def test_a_line_for_programs_says_it_all() -> None:
    assert json.loads(json_line(Row("scan", 9_123.456, "req/s", "scans", 6_000, at_least(0.9)))) == {
        "name": "scan",
        "ours": 9123.0,
        "baseline": 6000,
        "unit": "req/s",
        "ratio": 1.521,
        "target": ">= 0.9",
        "holds": True,
    }


def test_a_target_is_written_as_people_write_it() -> None:
    assert str(Target("<=", 10.0)) == "<= 10"
    assert str(Target(">=", 0.9)) == ">= 0.9"


def test_the_table_has_a_line_for_each_row_and_its_columns_stand_in_line() -> None:
    text = table(
        [
            Row("scan", 12_345.6, "req/s", "cached scans", 6_000, at_least(0.9)),
            Row("freshness", 300, "ms", "p99 of publish to scan", target=at_most(250)),
            Row("lookup_miss", 2.5, "ms", "from MongoDB"),
        ]
    )
    head, scan, freshness, miss = text.splitlines()
    assert scan.split()[:7] == ["scan", "12,300", "6,000", "req/s", "2.06", ">=", "0.9"]
    assert "NO" in freshness
    assert "NO" not in miss
    assert "yes" in scan
    assert head.index("what") == scan.index("cached scans") == miss.index("from MongoDB")
