"""Money is whole numbers: read from text, rounded in one place, split without losing a cent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.common.retail import money
from functions.common.retail.currencies import BY_NUMBER, EXPONENTS, NUMBERS
from functions.common.retail.money import Rounding

AMOUNTS = st.integers(-(10**15) + 1, 10**15 - 1)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("12.99", "EUR", 1299),
        ("12.9", "EUR", 1290),
        ("12", "EUR", 1200),
        ("0.05", "USD", 5),
        ("-3.50", "GBP", -350),
        ("1299", "JPY", 1299),
        ("1.234", "KWD", 1234),
        ("0", "ISK", 0),
    ],
)
def test_an_amount_is_read_as_minor_units_of_its_currency(text: str, currency: str, minor: int) -> None:
    assert money.parse_money(text, currency) == minor


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1 ",
        "1\n",
        "NaN",
        "Infinity",
        "1e3",
        "1E3",
        "1_000",
        "1,99",
        "+1",
        "--1",
        "-",
        ".5",
        "5.",
        "1.2.3",
        "007",
        "0x10",
        "١٢",
        "１２",
        "12.٣",
        "1.999",
        "½",
    ],
)
def test_anything_but_a_plain_decimal_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        money.parse_money(text, "EUR")


def test_a_currency_without_decimals_takes_none() -> None:
    with pytest.raises(ValueError, match="At most 0 decimals"):
        money.parse_money("1.0", "JPY")


def test_an_amount_of_more_than_15_digits_is_refused() -> None:
    assert money.parse_money("9999999999999.99", "EUR") == 999_999_999_999_999
    with pytest.raises(ValueError, match="too large"):
        money.parse_money("10000000000000.00", "EUR")


@pytest.mark.parametrize("currency", ["XXX", "eur", "EURO", ""])
def test_a_code_that_is_no_currency_is_refused(currency: str) -> None:
    with pytest.raises(ValueError, match="not an ISO 4217"):
        money.exponent(currency)


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (1299, "EUR", "12.99"),
        (5, "EUR", "0.05"),
        (0, "EUR", "0.00"),
        (-5, "EUR", "-0.05"),
        (-1299, "JPY", "-1299"),
        (7, "BHD", "0.007"),
    ],
)
def test_an_amount_is_written_with_all_its_decimals(minor: int, currency: str, text: str) -> None:
    assert money.format_money(minor, currency) == text


@given(AMOUNTS, st.sampled_from(sorted(EXPONENTS)))
def test_what_is_written_is_read_back_the_same(minor: int, currency: str) -> None:
    assert money.parse_money(money.format_money(minor, currency), currency) == minor


@given(st.text(max_size=20))
def test_no_text_makes_the_reader_crash(text: str) -> None:
    try:
        minor = money.parse_money(text, "EUR")
    except ValueError:
        return
    assert money.parse_money(money.format_money(minor, "EUR"), "EUR") == minor


@pytest.mark.parametrize(
    ("dividend", "divisor", "even", "up", "down"),
    [
        (5, 10, 0, 1, 0),
        (15, 10, 2, 2, 1),
        (25, 10, 2, 3, 2),
        (24, 10, 2, 2, 2),
        (26, 10, 3, 3, 3),
        (30, 10, 3, 3, 3),
        (-5, 10, 0, -1, 0),
        (-15, 10, -2, -2, -1),
        (-26, 10, -3, -3, -3),
        (1, 3, 0, 0, 0),
        (2, 3, 1, 1, 1),
    ],
)
def test_only_an_exact_half_is_a_matter_of_the_mode(dividend: int, divisor: int, even: int, up: int, down: int) -> None:
    assert money.divide(dividend, divisor) == even
    assert money.divide(dividend, divisor, Rounding.HALF_EVEN) == even
    assert money.divide(dividend, divisor, Rounding.HALF_UP) == up
    assert money.divide(dividend, divisor, Rounding.HALF_DOWN) == down


@given(st.integers(-(10**18), 10**18), st.integers(1, 10**9), st.sampled_from(Rounding))
def test_a_rounded_quotient_is_never_more_than_half_off(dividend: int, divisor: int, mode: Rounding) -> None:
    assert abs(money.divide(dividend, divisor, mode) * divisor - dividend) * 2 <= divisor


@pytest.mark.parametrize("divisor", [0, -1])
def test_amounts_are_divided_by_positive_numbers_only(divisor: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        money.divide(1, divisor)


def test_a_price_times_thousandths_is_rounded_once() -> None:
    # 10.99 a kilogram times 1.234 kg is 13.56166
    assert money.times_thousandths(1099, 1234) == 1356
    # 1.25 times 0.5 kg is 0.625: the half goes to the even cent, or up when the store says so
    assert money.times_thousandths(125, 500) == 62
    assert money.times_thousandths(125, 500, Rounding.HALF_UP) == 63


def test_a_number_is_rewritten_with_other_decimals() -> None:
    assert money.rescale(1299, 2, 3) == 12990
    assert money.rescale(1299, 2, 2) == 1299
    assert money.rescale(12995, 3, 2) == 1300
    assert money.rescale(12985, 3, 2) == 1298
    assert money.rescale(1250, 2, 0, Rounding.HALF_UP) == 13


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (5, [3, 7], [2, 3]),  # 1.5 and 3.5: equal remainders, the first one gets the cent
        (1000, [0, 1, 0], [0, 1000, 0]),
        (0, [2, 3], [0, 0]),
        (1, [1, 1, 1, 1], [1, 0, 0, 0]),
    ],
)
def test_leftover_cents_go_to_the_largest_remainders(total: int, weights: list[int], parts: list[int]) -> None:
    assert money.allocate(total, weights) == parts


@given(AMOUNTS, st.lists(st.integers(0, 10**9), min_size=1, max_size=30).filter(any))
def test_parts_always_sum_to_the_whole_and_are_less_than_one_off(total: int, weights: list[int]) -> None:
    parts = money.allocate(total, weights)
    assert sum(parts) == total
    whole = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * whole - total * weight) < whole


@pytest.mark.parametrize("weights", [[], [0, 0], [2, -1]])
def test_nothing_can_be_split_without_proper_weights(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="Weights"):
        money.allocate(100, weights)


def test_a_currency_is_known_by_code_and_by_number() -> None:
    assert money.currency_of_number("978") == "EUR"
    assert money.currency_of_number("999") is None
    assert money.is_currency_number("978", "EUR")
    assert not money.is_currency_number("840", "EUR")
    # The Caribbean guilder took over the number of its predecessor.
    assert money.is_currency_number("532", "ANG")
    assert money.is_currency_number("532", "XCG")


def test_the_currency_table_is_well_formed() -> None:
    assert len(EXPONENTS) == len(NUMBERS) == 157
    assert all(len(code) == 3 and code.isalpha() and code.isupper() for code in EXPONENTS)
    assert all(len(number) == 3 and number.isdigit() for number in BY_NUMBER)
    assert len(BY_NUMBER) == len(NUMBERS) - 1
    assert {code for code, decimals in EXPONENTS.items() if decimals == 3} == {
        *("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
    }
    assert [EXPONENTS[code] for code in ("EUR", "JPY", "KRW", "CLP", "HUF")] == [2, 0, 0, 0, 2]
