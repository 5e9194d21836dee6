"""Changes of a cart put together: what was before and what is now, whatever order they came in."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from functions.notify.domain.changes import Changes
from tests.unit.notify.builders import MILK, PEN, price, repriced, seconds, sold_out


def changes(*facts: Any) -> Changes:
    joined = Changes()
    for fact in facts:
        joined = joined.joined(fact.changes)
    return joined


def test_the_oldest_price_and_the_newest_are_told_in_any_order_of_arrival() -> None:
    steps = [
        repriced(price(old=199, new=149), at=seconds(0)),
        repriced(price(old=149, new=169), at=seconds(1)),
        repriced(price(old=169, new=159), at=seconds(2)),
    ]
    for order in itertools.permutations(steps):
        left = changes(*order).left()
        assert left is not None
        assert left.as_data()["prices"] == [{"barcode": PEN, "name": "Pen", "old": 199, "new": 159, "currency": "EUR"}]
        assert left.items == 1


def test_a_price_that_came_back_is_not_told() -> None:
    there_and_back = changes(repriced(price(old=199, new=149)), repriced(price(old=149, new=199), at=seconds(1)))
    assert there_and_back.left() is None


def test_prices_and_stock_of_one_product_are_one_item() -> None:
    left = changes(repriced(price()), sold_out(), sold_out(MILK)).left()
    assert left is not None
    assert left.items == 2
    assert [each["barcode"] for each in left.as_data()["stock"]] == [PEN, MILK]
    assert left.as_data()["stock"][0] == {"barcode": PEN, "name": "Pen", "available": 0}


def test_promotions_alone_change_the_total() -> None:
    left = changes(repriced(total=(500, 450)), repriced(total=(450, 400), at=seconds(1))).left()
    assert left is not None
    assert left.as_data()["total"] == {"old": 500, "new": 400, "currency": "EUR"}
    assert (left.items, left.as_data()["prices"]) == (0, [])


def test_a_total_that_is_what_it_was_is_not_told() -> None:
    assert changes(repriced(total=(500, 500))).left() is None


def test_a_total_nobody_had_asked_for_says_nothing() -> None:
    assert changes(repriced(total=(None, 500))).left() is None


@pytest.mark.parametrize("first", [(500, 450), (None, 450)])
def test_the_first_total_that_was_known_counts(first: tuple[int | None, int]) -> None:
    left = changes(repriced(price(), total=first), repriced(price(MILK), total=(450, 300), at=seconds(1))).left()
    assert left is not None
    assert left.as_data()["total"]["new"] == 300
    assert left.as_data()["total"]["old"] == (first[0] or 450)
