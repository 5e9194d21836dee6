"""Taxes to the cent: inside prices or on top, one rate or several, rounded by line or by unit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.common.retail.money import Rounding
from functions.common.retail.taxes import (
    Level,
    Rate,
    TaxClassUnknown,
    TaxPart,
    TaxRules,
    TaxShare,
    format_rate,
    parse_rate,
    tax_of,
    tax_shares,
    tax_units,
)

VAT = (Rate(190_000),)
CITY = (Rate(40_000, "state"), Rate(48_750, "city"))


@pytest.mark.parametrize(
    ("text", "millionths"), [("19", 190_000), ("8.875", 88_750), ("0", 0), ("0.0001", 1), ("5.5", 55_000)]
)
def test_a_rate_is_text_outside_and_an_integer_inside(text: str, millionths: int) -> None:
    assert parse_rate(text) == millionths
    assert format_rate(millionths) == text


@pytest.mark.parametrize("text", ["-1", "19%", "19,0", "1e1", "0.00001", ""])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        parse_rate(text)


@pytest.mark.parametrize("millionths", [-1, 10_000_001])
def test_a_rate_lies_within_reason(millionths: int) -> None:
    with pytest.raises(ValueError, match="between 0 and 1000"):
        Rate(millionths)


@pytest.mark.parametrize(
    ("amount", "rates", "inclusive", "tax"),
    [
        (119, VAT, True, 19),
        (100, VAT, False, 19),
        (1000, CITY, False, 89),  # 88.75
        (1000, CITY, True, 82),  # 81.515
        (1000, (), True, 0),
        (1000, (Rate(0),), False, 0),
    ],
)
def test_tax_is_inside_the_price_or_on_top_of_it(
    amount: int, rates: tuple[Rate, ...], inclusive: bool, tax: int
) -> None:
    assert tax_of(amount, rates, inclusive=inclusive) == tax


@pytest.mark.parametrize(("mode", "tax"), [(Rounding.HALF_EVEN, 2), (Rounding.HALF_UP, 3), (Rounding.HALF_DOWN, 2)])
def test_the_rounding_mode_decides_about_halves(mode: Rounding, tax: int) -> None:
    assert tax_of(50, (Rate(50_000),), inclusive=False, rounding=mode) == tax  # 2.5


def test_by_line_and_by_unit_are_a_cent_apart() -> None:
    # The example of commercetools' documentation: three times 1.08 at 19 %.
    for level, gross in ((Level.LINE, 386), (Level.UNIT, 387)):
        rules = TaxRules({"standard": VAT}, inclusive=False, level=level)
        assert sum(net + tax for net, tax in tax_units(rules, "standard", [108, 108, 108])) == gross


def test_the_tax_of_a_line_is_shared_out_over_its_units_without_losing_a_cent() -> None:
    rules = TaxRules({"standard": VAT})
    assert tax_units(rules, "standard", [100, 100, 99]) == [(84, 16), (84, 16), (83, 16)]
    assert tax_units(rules, "standard", [0, 0]) == [(0, 0), (0, 0)]


def test_a_class_without_a_rate_is_refused_unless_there_is_a_default() -> None:
    rules = TaxRules({"standard": VAT})
    with pytest.raises(TaxClassUnknown, match="'wine'") as refused:
        rules.rates("wine")
    assert refused.value.tax_class == "wine"
    with pytest.raises(TaxClassUnknown, match="missing"):
        rules.rates(None)
    assert TaxRules({"standard": VAT}, default="standard").rates(None) == VAT


def test_shares_are_by_rate_with_the_highest_first_and_say_the_parts_of_several_taxes() -> None:
    reduced = (Rate(70_000),)
    assert tax_shares([(reduced, 100, 7), (VAT, 100, 19), (CITY, 1000, 89), (VAT, 50, 10)]) == (
        TaxShare("19", 150, 29, 179, (TaxPart("", "19", 29),)),
        TaxShare("8.875", 1000, 89, 1089, (TaxPart("state", "4", 40), TaxPart("city", "4.875", 49))),
        TaxShare("7", 100, 7, 107, (TaxPart("", "7", 7),)),
    )


def test_what_is_exempt_has_a_share_too() -> None:
    assert tax_shares([((), 100, 0), ((Rate(0),), 50, 0)]) == (
        TaxShare("0", 100, 0, 100, ()),
        TaxShare("0", 50, 0, 50, (TaxPart("", "0", 0),)),
    )


@given(
    st.lists(st.integers(0, 10**6), min_size=1, max_size=9),
    st.sampled_from((VAT, CITY, (), (Rate(1),))),
    st.booleans(),
    st.sampled_from(Level),
    st.sampled_from(Rounding),
)
def test_no_unit_has_less_than_no_tax_and_all_cents_are_there(
    amounts: list[int], rates: tuple[Rate, ...], inclusive: bool, level: Level, rounding: Rounding
) -> None:
    units = tax_units(TaxRules({"x": rates}, inclusive, level, rounding), "x", amounts)
    assert all(net >= 0 and tax >= 0 for net, tax in units)
    assert [net + tax if inclusive else net for net, tax in units] == amounts
    if level is Level.LINE:
        assert sum(tax for _, tax in units) == tax_of(sum(amounts), rates, inclusive=inclusive, rounding=rounding)
