"""Money, quantities and times as people write and read them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from functions.admin import formatting


@pytest.mark.parametrize(
    ("amount", "currency", "language", "shown"),
    [
        (149, "EUR", "en", "1.49\u00a0EUR"),
        (149, "EUR", "de", "1,49\u00a0EUR"),
        (123456789, "EUR", "de", "1.234.567,89\u00a0EUR"),
        (-5, "EUR", "en", "-0.05\u00a0EUR"),
        (1500, "JPY", "en", "1,500\u00a0JPY"),
        (1500, "KWD", "en", "1.500\u00a0KWD"),
        (None, "EUR", "en", "–"),
    ],
)
def test_money_has_the_marks_of_the_language_and_the_decimals_of_the_currency(
    amount: int | None, currency: str, language: str, shown: str
) -> None:
    assert formatting.money(amount, currency, language) == shown


@pytest.mark.parametrize(
    ("thousandths", "shown"), [(3000, "3"), (1250, "1.25"), (1, "0.001"), (0, "0"), (-500, "-0.5"), (None, "–")]
)
def test_a_quantity_has_no_zeros_at_its_end(thousandths: int | None, shown: str) -> None:
    assert formatting.quantity(thousandths, "en") == shown


def test_a_time_is_that_of_the_store() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert formatting.moment("2026-07-01T10:00:00Z", "de", berlin) == "01.07.2026 12:00"
    assert formatting.moment(None, "de", berlin) == "–"
    assert formatting.day("2026-07-01", "de") == "01.07.2026"
    assert formatting.day(None, "en") == "–"


@pytest.mark.parametrize(
    ("text", "currency", "minor"), [("1.49", "EUR", 149), (" 1,5 ", "EUR", 150), ("3", "EUR", 300), ("150", "JPY", 150)]
)
def test_what_somebody_types_becomes_minor_units(text: str, currency: str, minor: int) -> None:
    assert formatting.to_minor(text, currency) == minor


@pytest.mark.parametrize("text", ["", "two", "-1", "1.234", "1.2.3", "1e3", "٣", "1 000", "9" * 13])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not an amount|decimals"):
        formatting.to_minor(text, "EUR")


def test_quantities_are_typed_with_up_to_three_decimals() -> None:
    assert formatting.to_thousandths("0,25") == 250
    for wrong in ("x", "1.2345"):
        with pytest.raises(ValueError, match=r"not a quantity|decimals"):
            formatting.to_thousandths(wrong)


@pytest.mark.parametrize(
    ("seconds", "english", "german"),
    [
        (0, "0 min", "0 Min."),
        (3_599, "59 min", "59 Min."),
        (7_380, "2 h 3 min", "2 Std. 3 Min."),
        (183_599, "2 d 2 h", "2 Tg. 2 Std."),
    ],
)
def test_how_long_it_lasts_is_said_in_two_units(seconds: int, english: str, german: str) -> None:
    assert formatting.lasting(seconds, "en").replace("\u00a0", " ") == english
    assert formatting.lasting(seconds, "de").replace("\u00a0", " ") == german


def test_a_share_is_never_rounded_up_to_all() -> None:
    assert formatting.percent(999_999, "de") == "99,9\u00a0%"
    assert formatting.percent(1_000_000, "en") == "100.0\u00a0%"
    assert formatting.percent(None, "en") == formatting.NONE
