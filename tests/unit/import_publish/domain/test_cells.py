"""One cell at a time: what it means, or a stable code that says why not."""

from __future__ import annotations

from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from functions.import_publish.domain.cells import EMPTY, Refused, converter
from functions.import_publish.domain.profiles import Profile


def read(field: str, text: str, currency: str = "EUR", **profile: Any) -> Any:
    return converter(field, Profile.from_dict({"name": "test", **profile}), currency, ZoneInfo("Europe/Berlin"))(text)


def refusal(field: str, text: str, currency: str = "EUR", **profile: Any) -> str:
    with pytest.raises(Refused) as refused:
        read(field, text, currency, **profile)
    return refused.value.code


# ---- barcodes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("4006381333931", "4006381333931"),
        ("04006381333931", "4006381333931"),
        ("036000291452", "0036000291452"),
        ("96385074", "96385074"),
        ("04252614", "0042100005264"),  # no GTIN-8, so the UPC-E that it is
        ("14006381333938", "14006381333938"),
    ],
)
def test_a_barcode_gets_the_form_the_catalogue_stores(text: str, canonical: str) -> None:
    assert read("barcode", text) == canonical


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("4006381333932", "BARCODE_CHECK_DIGIT"),
        ("96385075", "BARCODE_CHECK_DIGIT"),
        ("12345", "BARCODE_LENGTH"),
        ("1234567", "BARCODE_LENGTH"),
        ("400638133393100", "BARCODE_LENGTH"),
        ("36000291452", "BARCODE_LOST_ZEROS"),
        ("4,00638E+12", "BARCODE_MANGLED_BY_SPREADSHEET"),
        ("4.00638E+12", "BARCODE_MANGLED_BY_SPREADSHEET"),
        ("4006381333931.0", "BARCODE_MANGLED_BY_SPREADSHEET"),
        ("'4006381333931", "BARCODE_TEXT_MARK"),
        ("\t4006381333931", "BARCODE_TEXT_MARK"),
        ('="4006381333931"', "BARCODE_TEXT_MARK"),
        ("4 006381 333931", "BARCODE_NOT_DIGITS"),
        ("978-3-16-148410-0", "BARCODE_NOT_DIGITS"),
        ("٤٠٠٦٣٨١٣٣٣٩٣١", "BARCODE_NOT_DIGITS"),
        ("SKU-1", "BARCODE_NOT_DIGITS"),
        ("'" * 70_000, "BARCODE_NOT_DIGITS"),
        ("0000000000000", "BARCODE_ZEROS"),
        ("00000000", "BARCODE_ZEROS"),
    ],
)
def test_a_barcode_that_cannot_be_meant_is_refused(text: str, code: str) -> None:
    assert refusal("barcode", text) == code


@pytest.mark.parametrize("text", ["'4006381333931", "\t4006381333931", '="4006381333931"', "''4006381333931\t"])
def test_a_profile_can_take_off_the_marks_of_spreadsheets(text: str) -> None:
    assert read("barcode", text, textMarks=True) == "4006381333931"


def test_nothing_but_a_mark_is_no_barcode() -> None:
    assert refusal("barcode", "'", textMarks=True) == "BARCODE_MISSING"


@pytest.mark.parametrize(("text", "whole"), [("36000291452", "0036000291452"), ("1234565", "01234565")])
def test_a_profile_can_give_back_the_zeros_a_spreadsheet_took(text: str, whole: str) -> None:
    assert read("barcode", text, restoreZeros=True) == whole


def test_zeros_are_given_back_only_where_the_check_digit_agrees() -> None:
    assert refusal("barcode", "36000291453", restoreZeros=True) == "BARCODE_LENGTH"


# ---- money and stock --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "currency", "minor"), [("12.99", "EUR", 1299), ("1299", "JPY", 1299), ("1.299", "KWD", 1299)]
)
def test_a_price_has_the_decimals_of_its_currency(text: str, currency: str, minor: int) -> None:
    assert read("price", text, currency) == minor


def test_a_price_can_come_in_minor_units() -> None:
    assert read("price", "1299", priceUnit="minor") == 1299
    assert refusal("price", "12.99", priceUnit="minor") == "PRICE_TOO_MANY_DECIMALS"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("NaN", "PRICE_NOT_A_NUMBER"),
        ("1_000", "PRICE_NOT_A_NUMBER"),
        ("١٢", "PRICE_NOT_A_NUMBER"),
        ("03.Jan", "PRICE_IS_A_DATE"),
        ("12,99", "PRICE_DECIMAL_SIGN"),
        ("12.999", "PRICE_TOO_MANY_DECIMALS"),
        ("1E+02", "PRICE_SCIENTIFIC"),
        ("12.99 €", "PRICE_WITH_UNIT"),
    ],
)
def test_a_price_that_is_none_says_why(text: str, code: str) -> None:
    assert refusal("price", text) == code


def test_a_price_without_a_decimal_style_is_not_guessed() -> None:
    assert refusal("price", "1.234", decimal="auto") == "PRICE_AMBIGUOUS"


@pytest.mark.parametrize(
    ("unit", "text", "thousandths"),
    [
        ("piece", "12", 12_000),
        ("kg", "1.25", 1250),
        ("g", "1250", 1250),
        ("l", "0.75", 750),
        ("ml", "750", 750),
        ("m", "2.5", 2500),
        ("cm", "250.5", 2505),
        ("mm", "2505", 2505),
        ("thousandths", "2500", 2500),
        ("piece", "-3", -3000),
    ],
)
def test_stock_is_kept_in_thousandths_of_the_base_unit(unit: str, text: str, thousandths: int) -> None:
    assert read("stock", text, stockUnit=unit) == thousandths


def test_a_stock_with_its_unit_is_refused() -> None:
    assert refusal("stock", "5 kg", stockUnit="kg") == "STOCK_WITH_UNIT"


# ---- texts ------------------------------------------------------------------------------------------------


def test_a_name_is_one_line_of_at_most_200_characters() -> None:
    assert read("name", "Bärlauch-Pesto 190\u00a0g 🌿") == "Bärlauch-Pesto 190\u00a0g 🌿"
    assert read("name", "x" * 200) == "x" * 200
    assert refusal("name", "x" * 201) == "TEXT_TOO_LONG"


@pytest.mark.parametrize("char", ["\t", "\n", "\x00", "\x1b", "\x7f", "\u2028", "\ud800"])
def test_characters_that_break_a_till_are_refused_in_names(char: str) -> None:
    assert refusal("name", f"a{char}b") == "CONTROL_CHARACTERS"


def test_a_description_may_have_lines_but_no_other_control_characters() -> None:
    assert read("description", "a\r\n\tb") == "a\r\n\tb"
    assert refusal("description", "a\x00b") == "CONTROL_CHARACTERS"
    assert refusal("description", "x" * 4001) == "TEXT_TOO_LONG"
    assert refusal("metadata.note", "x" * 1001) == "TEXT_TOO_LONG"


def test_a_description_can_come_as_html() -> None:
    assert read("description", "<p>One</p><p>Two</p>", html=["description"]) == "One\n\nTwo"
    assert read("description", "<p></p>", html=["description"]) is EMPTY


@pytest.mark.parametrize("text", ["Acme", "-a", "a-", "a b", "x" * 49, "ä"])
def test_an_identifier_is_taken_as_it_is_or_refused(text: str) -> None:
    assert refusal("brandId", text) == "SLUG_INVALID"


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Ben & Jerry's", "ben-and-jerry-s"),
        ("Müller", "muller"),
        ("Großer Åse Ørsted", "grosser-ase-orsted"),
        ("acme--tools", "acme--tools"),
        ("x" * 47 + " yz", "x" * 47),
    ],
)
def test_a_profile_can_make_identifiers_of_names(text: str, slug: str) -> None:
    assert read("brandId", text, slugify=["brandId"]) == slug


def test_a_name_without_a_single_letter_of_an_identifier_makes_none() -> None:
    assert refusal("brandId", "東京", slugify=["brandId"]) == "SLUG_INVALID"


def test_choices_and_flags_know_no_case_and_a_profile_adds_its_own_words() -> None:
    assert read("status", "Active") == "active"
    assert read("status", "Aktiv", words={"status": {"AKTIV": "active"}}) == "active"
    assert read("status", "?", words={"status": {"?": ""}}) is EMPTY
    assert refusal("status", "deleted") == "NOT_A_CHOICE"
    assert read("showInQuickProducts", "Ja") is True
    assert read("showInQuickProducts", "0") is False
    assert refusal("showInQuickProducts", "maybe") == "NOT_A_CHOICE"


def test_a_picture_is_an_https_address() -> None:
    assert read("imageUrl", "https://cdn.example.com/a.jpg?v=1") == "https://cdn.example.com/a.jpg?v=1"
    assert refusal("imageUrl", "http://cdn.example.com/a.jpg") == "IMAGE_URL_INVALID"
    assert refusal("imageUrl", "https://cdn.example.com/a b.jpg") == "IMAGE_URL_INVALID"
    assert refusal("imageUrl", "https://" + "x" * 500) == "TEXT_TOO_LONG"


def test_an_age_is_1_to_99_and_0_is_none() -> None:
    assert read("ageRestriction", "18+") == 18
    assert read("ageRestriction", "0") is None
    assert refusal("ageRestriction", "100") == "AGE_INVALID"


def test_a_currency_is_one_of_iso_4217() -> None:
    assert read("currency", "eur") == "EUR"
    assert refusal("currency", "€") == "CURRENCY_UNKNOWN"


def test_a_time_is_in_the_stores_zone_unless_it_says_so() -> None:
    assert read("asOf", "20.11.2026", dates=["DD.MM.YYYY"]) == read("asOf", "2026-11-19T23:00:00Z")
    assert refusal("asOf", "yesterday") == "AS_OF_NOT_A_TIME"
    assert converter("asOf", Profile(name="utc"), "EUR", UTC)("2026-11-20") == read("asOf", "2026-11-20T00:00:00Z")
