"""Numbers as files write them: exact, or refused with a reason; never guessed."""

from __future__ import annotations

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.common.retail import money
from functions.import_publish.domain import numbers
from functions.import_publish.domain.numbers import NotANumber, Reason, Style

STYLES = st.sampled_from([".", ","])


def read(text: str, style: Style = ".", places: int = 2) -> int:
    return numbers.reader(style, places)(text)


def reason(text: str, style: Style = ".", places: int = 2) -> Reason:
    with pytest.raises(NotANumber) as refused:
        read(text, style, places)
    return refused.value.reason


@pytest.mark.parametrize(
    ("text", "style", "cents"),
    [
        ("12.99", ".", 1299),
        ("12,99", ",", 1299),
        ("12", ".", 1200),
        ("0.5", ".", 50),
        ("007.50", ".", 750),
        ("-3.10", ".", -310),
        ("1,234.50", ".", 123450),
        ("1.234,50", ",", 123450),
        ("1 234,50", ",", 123450),
        ("1\u00a0234\u202f567,5", ",", 123456750),
        ("1'234.50", ".", 123450),
        ("1\u2019234", ".", 123400),
        ("12.990000", ".", 1299),
        ("12.99", "auto", 1299),
        ("12,99", "auto", 1299),
        ("1.234,50", "auto", 123450),
        ("1,234.50", "auto", 123450),
        ("1.234.567", "auto", 123456700),
        ("1234", "auto", 123400),
        ("0.120", "auto", 12),
        ("0,120", "auto", 12),
        ("-5", "auto", -500),
    ],
)
def test_a_number_is_read_in_the_style_of_its_file(text: str, style: Style, cents: int) -> None:
    assert read(text, style) == cents


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "-",
            ".",
            ",",
            ".5",
            "5.",
            "1..5",
            "1.2.3.4.5",
            "+5",
            "--5",
            "5-",
            "(5)",
            "1_000",
            "0x10",
            "1 2",
            "1,23,456",
        ),
        *("NaN", "nan", "inf", "Infinity", "None", "null", "true", "12.-", "١٢٫٥٠", "１２", "²", "1\n", "1\x00"),
        *("1" * 16, "1" * 70_000, "12 345 67", "1,2345.00"),
    ],
)
@pytest.mark.parametrize("style", [".", ",", "auto"])
def test_what_is_no_number_is_refused(text: str, style: Style) -> None:
    assert reason(text, style) in (Reason.NOT_A_NUMBER, Reason.DECIMAL_SIGN)


@pytest.mark.parametrize("text", ["1.234", "1,234", "12.000", "-999,999"])
def test_a_number_that_two_countries_read_differently_is_not_guessed(text: str) -> None:
    assert reason(text, "auto") is Reason.AMBIGUOUS


@pytest.mark.parametrize(
    "text",
    [
        *("03.Jan", "3. Jan", "3-Jan", "Jan-03", "Jan 24", "3-Jan-24", "12.05.2024", "2024-05-12", "5/12/2024", "1/2"),
        *("03. Mär", "1. Mai 2024", "Dez 24", "01.okt", "2024-05-12 00:00:00", "2024-05-12T00:00:00Z"),
    ],
)
@pytest.mark.parametrize("style", [".", ",", "auto"])
def test_a_price_that_a_spreadsheet_made_a_date_of_is_called_so(text: str, style: Style) -> None:
    assert reason(text, style) is Reason.IS_A_DATE


@pytest.mark.parametrize("text", ["1E+02", "4,00638E+12", "1.5e3", "-2e-3"])
def test_powers_of_ten_are_a_spreadsheets_and_refused(text: str) -> None:
    assert reason(text) is Reason.SCIENTIFIC


@pytest.mark.parametrize("text", ["€ 12.50", "12.50 EUR", "$5", "12,50 €", "USD 3", "5 kg", "12 Stk.", "kr 10"])
def test_a_number_with_its_unit_is_told_from_no_number(text: str) -> None:
    assert reason(text, "auto") is Reason.WITH_UNIT


@pytest.mark.parametrize("text", ["12 pieces", "12 - 13", "twelve", "EUR", "5 kg net", "a1b2"])
def test_more_than_a_unit_is_no_number(text: str) -> None:
    assert reason(text) is Reason.NOT_A_NUMBER


@pytest.mark.parametrize(("text", "style"), [("12,99", "."), ("12.99", ","), ("1.234,5", "."), ("1,234.5", ",")])
def test_the_other_countrys_decimal_sign_is_called_so(text: str, style: Style) -> None:
    assert reason(text, style) is Reason.DECIMAL_SIGN


@pytest.mark.parametrize(("text", "places"), [("1.999", 2), ("1.5", 0), ("0.0001", 3)])
def test_a_decimal_too_many_is_refused_and_not_rounded(text: str, places: int) -> None:
    assert reason(text, ".", places) is Reason.TOO_MANY_DECIMALS


@given(st.integers(-(10**12), 10**12), st.integers(0, 3))
def test_every_amount_written_plainly_is_read_back(amount: int, places: int) -> None:
    text = money.format_decimal(amount, places)
    assert read(text, ".", places) == amount
    assert read(text.replace(".", ","), ",", places) == amount


def grouped(whole: str, sign: str) -> str:
    head = len(whole) % 3
    groups = [whole[:head]] if head else []
    return sign.join(groups + [whole[at : at + 3] for at in range(head, len(whole), 3)])


@given(st.integers(0, 10**12), st.sampled_from([(".", ","), (",", "."), (".", " "), (",", "\u00a0"), (".", "'")]))
def test_groups_of_thousands_change_nothing(cents: int, signs: tuple[Style, str]) -> None:
    style, group = signs
    whole, fraction = divmod(cents, 100)
    assert read(f"{grouped(str(whole), group)}{style}{fraction:02}", style) == cents


@given(st.text("0123456789.,- ' \u00a0eE", max_size=12), st.integers(0, 3))
def test_without_a_style_a_number_is_never_another_than_in_one(text: str, places: int) -> None:
    """Where both styles can read it, they agree; where only one can, it is that one's number."""
    styles: list[Style] = [".", ","]
    seen = set()
    for style in styles:
        try:
            seen.add(read(text, style, places))
        except NotANumber as problem:
            if problem.reason is Reason.TOO_MANY_DECIMALS:
                seen.add(-1)  # a number all the same
    try:
        found = read(text, "auto", places)
    except NotANumber:
        return
    assert seen == {found}


@given(STYLES, st.text("0123456789.,- '", max_size=14))
def test_what_is_read_is_what_arithmetic_says(style: Style, text: str) -> None:
    try:
        found = read(text, style, 2)
    except NotANumber:
        return
    other = "," if style == "." else "."
    plain = text.replace(other, "").replace(" ", "").replace("'", "").replace(style, ".")
    assert Decimal(found) == Decimal(plain) * 100


@given(st.text(max_size=80), st.sampled_from([".", ",", "auto"]), st.integers(0, 3))
def test_no_text_makes_it_fail_in_another_way(text: str, style: Style, places: int) -> None:
    with contextlib.suppress(NotANumber):
        assert isinstance(read(text, style, places), int)
