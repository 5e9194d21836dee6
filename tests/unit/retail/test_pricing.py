"""What one scanned item costs, and whether it may be sold today."""

from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.common.retail.labels import ASK_QUANTITY, NOTHING, Label
from functions.common.retail.money import Rounding
from functions.common.retail.pricing import (
    FINE,
    Offer,
    Priced,
    Sale,
    Source,
    Verdict,
    judge,
    line_price,
    price_item,
    quantity_for,
)

TEA = Offer(unit_price=249, currency="EUR")
CHEESE = Offer(unit_price=1099, currency="EUR", measure="weight")
TODAY = date(2027, 1, 31)


def test_a_piece_costs_its_list_price() -> None:
    assert price_item(NOTHING, TEA) == Priced(249, 1000, 249, Source.LIST)


def test_a_weight_on_the_label_times_the_price_of_a_kilogram_is_rounded_once() -> None:
    label = Label(measure="weight", quantity=1234)
    assert price_item(label, CHEESE) == Priced(1356, 1234, 1099, Source.LIST)  # 13.56166


def test_the_rounding_of_the_store_is_used() -> None:
    label = Label(measure="weight", quantity=500)
    offer = Offer(unit_price=125, currency="EUR", measure="weight")
    assert price_item(label, offer).amount == 62
    assert price_item(label, offer, rounding=Rounding.HALF_UP).amount == 63


def test_a_price_on_the_label_wins_and_tells_the_weight() -> None:
    label = Label(price=1299, price_decimals=2)
    assert price_item(label, CHEESE) == Priced(1299, 1182, 1099, Source.LABEL)


def test_a_label_with_price_and_weight_keeps_both() -> None:
    label = Label(price=1299, price_decimals=2, measure="weight", quantity=1234)
    assert price_item(label, CHEESE) == Priced(1299, 1234, 1099, Source.LABEL)


def test_a_priced_label_needs_no_list_price() -> None:
    label = Label(price=1299, price_decimals=2)
    unpriced = Offer(unit_price=None, currency="EUR", measure="weight")
    assert price_item(label, unpriced) == Priced(1299, None, None, Source.LABEL)
    free = Offer(unit_price=0, currency="EUR", measure="weight")
    assert price_item(label, free) == Priced(1299, None, 0, Source.LABEL)


def test_a_label_price_is_brought_to_the_decimals_of_the_currency() -> None:
    assert price_item(Label(price=12995, price_decimals=3), TEA).amount == 1300
    assert price_item(Label(price=13, price_decimals=0), TEA).amount == 1300
    assert price_item(Label(price=1299, price_decimals=2), Offer(100, "JPY")).amount == 13


def test_a_label_price_in_another_currency_is_not_used() -> None:
    label = Label(price=1299, price_decimals=2, price_currency="840")
    assert price_item(label, TEA) == Priced(249, 1000, 249, Source.LIST, warnings=("LABEL_CURRENCY",))
    assert price_item(Label(price=1299, price_decimals=2, price_currency="978"), TEA).amount == 1299


def test_a_price_per_kilogram_on_the_label_wins_over_the_list() -> None:
    label = Label(measure="weight", quantity=2000, unit_price=899, unit_price_decimals=2)
    assert price_item(label, CHEESE) == Priced(1798, 2000, 899, Source.LABEL_UNIT)


def test_a_price_per_kilogram_does_not_price_a_piece() -> None:
    label = Label(measure="weight", quantity=2000, unit_price=899, unit_price_decimals=2)
    assert price_item(label, TEA) == Priced(249, 1000, 249, Source.LIST)


def test_loose_goods_without_a_weight_ask_for_it() -> None:
    assert price_item(NOTHING, CHEESE) == Priced(None, None, 1099, Source.LIST, ask_quantity=True)
    assert price_item(ASK_QUANTITY, TEA) == Priced(None, None, 249, Source.LIST, ask_quantity=True)


def test_the_answer_to_that_question_prices_the_item() -> None:
    assert price_item(ASK_QUANTITY, CHEESE, quantity=500) == Priced(550, 500, 1099, Source.LIST)
    assert price_item(ASK_QUANTITY, TEA, quantity=3000) == Priced(747, 3000, 249, Source.LIST)


def test_a_measure_of_another_kind_is_not_used() -> None:
    litre = Label(measure="volume", quantity=1000)
    asked = price_item(litre, CHEESE)
    assert (asked.ask_quantity, asked.warnings) == (True, ("LABEL_MEASURE",))
    assert price_item(litre, TEA).amount == 249


def test_a_count_on_the_label_multiplies() -> None:
    assert price_item(Label(count=6), TEA) == Priced(1494, 6000, 249, Source.LIST)


def test_a_pack_holds_its_pieces_and_may_have_its_own_price() -> None:
    six = Offer(unit_price=249, currency="EUR", pack=6000)
    assert price_item(NOTHING, six) == Priced(1494, 6000, 249, Source.LIST)
    cheaper = Offer(unit_price=249, currency="EUR", pack=6000, pack_price=1299)
    assert price_item(NOTHING, cheaper) == Priced(1299, 6000, 249, Source.PACK)
    assert price_item(Label(count=2), cheaper).amount == 2598
    assert price_item(NOTHING, cheaper, quantity=3000).amount == 650
    only = Offer(unit_price=None, currency="EUR", pack_price=1299)
    assert price_item(NOTHING, only) == Priced(1299, 1000, None, Source.PACK)


def test_a_pack_of_loose_goods_has_its_weight_without_asking() -> None:
    bag = Offer(unit_price=1099, currency="EUR", measure="weight", pack=2000)
    assert price_item(NOTHING, bag) == Priced(2198, 2000, 1099, Source.LIST)


def test_without_any_price_there_is_none() -> None:
    assert price_item(NOTHING, Offer(None, "EUR")) == Priced(None, 1000, None, Source.NONE)


def test_a_percentage_on_the_label_is_left_to_the_discounts() -> None:
    assert price_item(Label(percent_off=50_000), TEA).amount == 249


def test_an_unknown_currency_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="not an ISO 4217"):
        price_item(Label(price=100), Offer(100, "XXX"))


@given(st.integers(1, 10**7), st.integers(1, 10**6))
def test_a_weight_derived_from_a_price_costs_that_price_again(unit_price: int, grams: int) -> None:
    amount = line_price(unit_price, grams)
    # Off by what half a gram costs, and half a cent of rounding at each end.
    assert abs(line_price(unit_price, quantity_for(amount, unit_price)) - amount) <= unit_price // 2000 + 1


def test_a_plain_number_is_always_fine() -> None:
    assert judge(NOTHING, today=TODAY) is FINE == Verdict()


@pytest.mark.parametrize(
    ("label", "verdict"),
    [
        (Label(use_by=date(2027, 1, 31)), FINE),
        (Label(use_by=date(2027, 2, 1)), FINE),
        (Label(use_by=date(2027, 1, 30)), Verdict(blocked=(Sale.EXPIRED,))),
        (Label(best_before=date(2027, 1, 31)), FINE),
        (Label(best_before=date(2027, 1, 30)), Verdict(warnings=(Sale.BEST_BEFORE_PASSED,))),
        (Label(sell_by=date(2027, 1, 31)), FINE),
        (Label(sell_by=date(2027, 1, 30)), Verdict(warnings=(Sale.SELL_BY_PASSED,))),
        (Label(use_by=date(2027, 1, 31), use_by_time=time(14, 30)), FINE),
        (Label(use_by=date(2027, 1, 31), use_by_time=time(14, 29)), Verdict(blocked=(Sale.EXPIRED,))),
    ],
)
def test_a_day_on_the_label_is_good_to_its_end(label: Label, verdict: Verdict) -> None:
    assert judge(label, today=TODAY, now=time(14, 30)) == verdict


def test_without_a_time_of_day_a_label_is_good_all_day() -> None:
    assert judge(Label(use_by=TODAY, use_by_time=time(0, 0)), today=TODAY) == FINE


def test_a_recalled_lot_is_blocked_and_an_unknown_lot_is_a_warning() -> None:
    assert judge(Label(lot="LOT7"), today=TODAY, recalled_lots=["LOT7"]).blocked == (Sale.RECALLED_LOT,)
    assert judge(Label(lot="LOT8"), today=TODAY, recalled_lots=["LOT7"]) == FINE
    assert judge(NOTHING, today=TODAY, recalled_lots=["LOT7"]) == Verdict(warnings=(Sale.LOT_NOT_ON_LABEL,))


def test_every_reason_is_told_at_once() -> None:
    past = date(2027, 1, 1)
    label = Label(lot="LOT7", use_by=past, best_before=past, sell_by=past)
    assert judge(label, today=TODAY, recalled_lots={"LOT7"}) == Verdict(
        blocked=(Sale.EXPIRED, Sale.RECALLED_LOT),
        warnings=(Sale.BEST_BEFORE_PASSED, Sale.SELL_BY_PASSED),
    )
