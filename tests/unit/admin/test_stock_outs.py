"""When something was out of stock: the same whatever order facts come in."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.admin import stock_outs
from functions.admin.stock_outs import Seen, Spell

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return NOW - timedelta(hours=10) + timedelta(minutes=minutes)


def change(old: int | None, new: int, **more: Any) -> dict[str, Any]:
    given = {"barcode": "1", "field": "stock", "old": old, "new": new, "currency": None, "ver": 7}
    return {**given, "sourceTime": "2026-11-20T09:30:00.123456Z", **more}


SEEN = st.builds(
    Seen,
    ver=st.integers(1, 12),
    # Some of it long ago, so that forgetting is part of the property.
    at=st.one_of(st.integers(0, 600).map(at), st.integers(0, 9).map(lambda days: NOW - timedelta(days=88 + days))),
    out=st.booleans(),
)


@given(facts=st.lists(SEEN, max_size=14), seed=st.integers(0, 1000))
def test_facts_in_any_order_told_twice_and_a_few_at_a_time_end_the_same(facts: list[Seen], seed: int) -> None:
    at_once = stock_outs.together(facts, now=NOW)
    dice = random.Random(seed)
    told = facts + dice.choices(facts, k=8) if facts else []
    dice.shuffle(told)
    known: tuple[Seen, ...] = ()
    while told:
        size = dice.randint(1, 4)
        known, told = stock_outs.together(known, told[:size], now=NOW), told[size:]
    assert known == at_once
    assert stock_outs.summary(known) == stock_outs.summary(at_once)


@given(facts=st.lists(SEEN, max_size=20))
def test_stock_outs_follow_each_other_and_only_the_last_may_last(facts: list[Seen]) -> None:
    found = stock_outs.spells(stock_outs.together(facts, now=NOW))
    times = [moment for each in found for moment in (each.since, each.until) if moment is not None]
    assert times == sorted(times)
    assert all(each.until is not None and each.until > each.since for each in found[:-1])
    assert stock_outs.is_out(stock_outs.together(facts, now=NOW)) == bool(found and found[-1].until is None)


def test_what_is_kept_of_a_product_has_an_end() -> None:
    many = [Seen(number, NOW, number % 2 == 0) for number in range(1, 1000)]
    known = stock_outs.together(many, now=NOW)
    assert [each.ver for each in known] == list(range(600, 1000))
    assert stock_outs.together(known, many[:100], now=NOW) == known, "what is forgotten stays so"


def test_it_is_out_from_the_first_fact_that_says_so_to_the_first_that_does_not() -> None:
    facts = [Seen(1, at(0), False), Seen(2, at(10), True), Seen(3, at(20), True), Seen(5, at(40), False)]
    assert stock_outs.spells(facts) == [Spell(at(10), at(40))]
    assert stock_outs.spells([*facts, Seen(4, at(30), False)]) == [Spell(at(10), at(30))]
    assert stock_outs.spells([*facts, Seen(9, at(90), True)]) == [Spell(at(10), at(40)), Spell(at(90), None)]


def test_a_count_of_the_morning_that_comes_at_noon_ends_nothing_before_it_was_known() -> None:
    facts = [Seen(8, at(60), True), Seen(9, at(0), False), Seen(10, at(90), True)]
    assert stock_outs.spells(facts) == [Spell(at(90), None)]
    late = [Seen(1, at(60), True), Seen(2, at(70), False), Seen(3, at(10), True)]
    assert stock_outs.spells(late) == [Spell(at(60), at(70)), Spell(at(70), None)]


def test_a_product_that_is_not_listed_any_more_is_not_missing() -> None:
    facts = stock_outs.together([Seen(7, at(5), True)], [Seen(7, at(9), False)], now=NOW)
    assert facts == (Seen(7, at(5), False),)


@pytest.mark.parametrize(
    ("old", "new", "out"),
    [(3000, 0, True), (None, 0, True), (0, 5000, False), (0, 0, None), (5000, 3000, None), (None, 5000, None)],
)
def test_only_changes_to_nothing_and_from_nothing_say_anything(old: int | None, new: int, out: bool | None) -> None:
    found = stock_outs.seen_of(change(old, new))
    assert (found[1].out if found else None) is out
    if found is not None:
        assert found == ("1", Seen(7, datetime(2026, 11, 20, 9, 30, 0, 123000, tzinfo=UTC), out is True))
    assert stock_outs.seen_of(change(old, new, field="price")) is None


def test_the_summary_says_how_often_and_how_long() -> None:
    facts = (Seen(1, at(0), True), Seen(2, at(10), False), Seen(3, at(20), True), Seen(4, at(25), False))
    assert stock_outs.summary(facts) == {"since": None, "until": at(25), "times": 2, "seconds": 900}
    lasting = (*facts, Seen(5, at(30), True))
    assert stock_outs.summary(lasting) == {"since": at(30), "until": at(25), "times": 3, "seconds": 900}
    assert stock_outs.summary(()) == {"since": None, "until": None, "times": 0, "seconds": 0}
