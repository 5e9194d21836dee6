"""The sums of a day: they add up at every level and do not depend on the order of what is summed."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.checkout import closing_day
from tests.unit.checkout.papers.goods import line, receipted

DAY = date(2026, 11, 20)
CLASSES = ("standard", "reduced")
BASKETS = st.lists(
    st.lists(st.tuples(st.integers(0, 100_000), st.sampled_from(CLASSES)), min_size=1, max_size=4), max_size=8
)


def receipts(baskets: list[list[tuple[int, str]]]) -> list[dict[str, Any]]:
    """One purchase for each basket of (amount, tax class), numbered from 1."""
    made = []
    for number, basket in enumerate(baskets, 1):
        bought = receipted(*(line("x", amount, tax_class=tax) for amount, tax in basket))
        bought["receipt"]["number"] = number
        bought["payment"]["method"] = {"type": ("card", "paypal")[number % 2], "brand": None, "last4": None}
        made.append(bought)
    return made


def refund(amount: int) -> dict[str, Any]:
    return {"amount": amount, "shares": [{"rate": "19", "net": amount - 1, "tax": 1, "gross": amount}]}


@given(BASKETS, st.lists(st.integers(1, 5_000), max_size=5))
def test_a_day_adds_up_in_whatever_order(baskets: list[list[tuple[int, str]]], back: list[int]) -> None:
    bought, refunds = receipts(baskets), [refund(amount) for amount in back]
    said = closing_day.content(closing_day.of(bought, refunds), complete=True)
    total = sum(amount for basket in baskets for amount, _ in basket)
    assert said["total"] == total == sum(rate["gross"] for rate in said["byRate"])
    assert said["total"] == sum(method["amount"] for method in said["byMethod"])
    assert sum(method["count"] for method in said["byMethod"]) == said["receipts"]["count"] == len(baskets)
    assert said["takings"] == total - sum(back) == total - sum(rate["gross"] for rate in said["refunds"]["byRate"])
    assert said["differences"] == []
    chance = random.Random(len(baskets))
    chance.shuffle(bought)
    chance.shuffle(refunds)
    again = closing_day.content(closing_day.of(bought, refunds), complete=True)
    assert closing_day.digest(again) == closing_day.digest(said)


def test_a_day_that_is_over_says_something_else_than_one_that_is_not() -> None:
    day = closing_day.of([], [])
    open_, over = (closing_day.digest(closing_day.content(day, complete=complete)) for complete in (False, True))
    assert open_ != over


def test_what_was_captured_must_be_what_was_sold() -> None:
    (bought,) = receipts([[(999, "standard")]])
    bought["payment"]["captured"] = 998
    said = closing_day.content(closing_day.of([bought], []), complete=True)
    assert said["differences"] == [{"code": "PAYMENT_DIFFERS", "checkoutId": bought["_id"], "ours": 999, "theirs": 998}]
    assert said["byMethod"][0]["amount"] == 998


def test_differences_are_counted_even_when_there_are_too_many_to_list() -> None:
    day = closing_day.of([], [])
    for number in range(closing_day.MOST_DIFFERENCES + 5):
        day.differs("RECEIPT_NUMBER_MISSING", None, number, None)
    said = closing_day.content(day, complete=True)
    assert (len(said["differences"]), said["differenceCount"]) == (200, 205)


@pytest.mark.parametrize(
    ("numbers", "missing"), [([], []), ([7], []), ([1, 2, 3], []), ([3, 1], [2]), ([5, 9, 6], [7, 8])]
)
def test_gaps_are_between_the_first_and_the_last(numbers: list[int], missing: list[int]) -> None:
    assert closing_day.gaps(numbers) == missing


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        (DAY, "Europe/Berlin", 24),
        (date(2026, 3, 29), "Europe/Berlin", 23),
        (date(2026, 10, 25), "Europe/Berlin", 25),
        (date(2026, 7, 1), "America/Mexico_City", 24),
        # There is no midnight on this day: the clocks go forward at 24:00.
        (date(2026, 3, 8), "America/Havana", 23),
    ],
)
def test_days_of_stores_have_their_own_length_and_follow_one_another(day: date, zone: str, hours: int) -> None:
    begin, end = closing_day.bounds(day, zone)
    assert (end - begin, begin.tzinfo) == (timedelta(hours=hours), UTC)
    assert closing_day.bounds(day + timedelta(days=1), zone)[0] == end
    assert begin < datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=12) < end + timedelta(hours=12)
