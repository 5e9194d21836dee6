"""Lines are units, and their cents are all somewhere."""

import pytest

from functions.common.retail import basket
from functions.common.retail.basket import BasketInvalid, Line, in_order, priced_line, unit_amounts


def test_a_line_by_the_piece_is_as_many_units_as_pieces() -> None:
    assert priced_line("l1", "1", 3000, 99).units == 3


@pytest.mark.parametrize(
    ("quantity", "measure", "pack"),
    [(1234, "weight", 1000), (3000, "volume", 1000), (1500, "each", 1000), (9000, "each", 6000), (500, "each", 1000)],
)
def test_what_was_measured_or_is_no_whole_number_of_pieces_is_one_unit(quantity: int, measure: str, pack: int) -> None:
    line = Line("l1", "1", quantity, 500, measure=measure, pack=pack)
    assert (line.units, unit_amounts(line)) == (1, [500])


def test_two_packs_are_two_units_at_the_price_of_the_pack() -> None:
    line = priced_line("l1", "1", 12_000, 899, pack=6000)
    assert (line.units, line.amount, unit_amounts(line)) == (2, 1798, [899, 899])


def test_the_cents_that_do_not_divide_are_borne_by_the_first_units() -> None:
    assert unit_amounts(Line("l1", "1", 3000, 100)) == [34, 33, 33]


def test_a_weighed_line_costs_its_weight_times_the_price_rounded_once() -> None:
    assert priced_line("l1", "1", 333, 1050, measure="weight").amount == 350  # 3.4965


def test_half_a_piece_costs_half() -> None:
    assert priced_line("l1", "1", 1500, 300).amount == 450


@pytest.mark.parametrize(
    "make",
    [
        lambda: Line("l1", "1", 0, 100),
        lambda: Line("l1", "1", -1000, 100),
        lambda: Line("l1", "1", 1000, 100, pack=0),
        lambda: Line("l1", "1", 1000, -1),
        lambda: priced_line("l1", "1", 1000, 1, pack=0),
    ],
)
def test_a_line_that_cannot_be_is_refused_by_its_id(make: object) -> None:
    with pytest.raises(BasketInvalid) as refused:
        make()  # type: ignore[operator]
    assert refused.value.line == "l1"


def test_two_lines_with_one_id_are_refused() -> None:
    with pytest.raises(BasketInvalid, match="id of its own") as refused:
        in_order([Line("l1", "1", 1000, 1), Line("l1", "2", 1000, 1)])
    assert refused.value.line == "l1"


def test_a_basket_of_more_units_than_anybody_carries_is_refused() -> None:
    most = Line("l1", "1", basket.MOST_UNITS * 1000, 1)
    assert in_order([most]) == [most]
    with pytest.raises(BasketInvalid, match="at most 2000 units"):
        in_order([most, Line("l2", "1", 1000, 1)])


def test_lines_are_ordered_by_what_they_are_before_their_ids() -> None:
    one, two, three = Line("c", "1", 1000, 5), Line("b", "1", 1000, 7), Line("a", "2", 1000, 1)
    assert in_order([three, two, one]) == in_order([one, two, three]) == [one, two, three]
