"""A tenant's rules are data; a row is checked alone, then against what is live, and the whole import at the end."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.import_publish.domain import rules
from functions.import_publish.domain.codes import fault
from functions.import_publish.domain.mapping import Row
from functions.import_publish.domain.rules import Rules, RulesProblem

GTIN, OTHER = "4006381333931", "5000112637922"
NOW = 1_795_000_000_000_000


def row(**values: Any) -> Row:
    return Row(2, GTIN, values, [], [])


def found(row: Row) -> list[tuple[str, str, str]]:
    return [(each.code, each.field, each.severity) for each in row.faults]


def alone(
    values: dict[str, Any], currency: str = "EUR", now: int | None = None, **data: Any
) -> list[tuple[str, str, str]]:
    checked = row(**values)
    rules.check_row(checked, Rules.from_dict(data), currency, now)
    return found(checked)


# ---- rules as data ----------------------------------------------------------------------------------------


def test_rules_survive_being_stored() -> None:
    data = {"minPrice": 10, "taxClasses": ["standard", "reduced"], "required": ["name"], "priceJumpUpPercent": None}
    given = Rules.from_dict(data)
    assert (given.min_price, given.tax_classes, given.required) == (10, ("standard", "reduced"), ("name",))
    assert given.price_jump_up_percent is None
    assert Rules.from_dict(given.to_dict()) == given
    assert Rules.from_dict(Rules().to_dict()) == Rules() == Rules.from_dict({})


@pytest.mark.parametrize(
    ("data", "where"),
    [
        ({"minPrice": -1}, "minPrice"),
        ({"minPrice": 1.0}, "minPrice"),
        ({"maxPrice": True}, "maxPrice"),
        ({"maxPrice": 10**13}, "maxPrice"),
        ({"minPrice": 2, "maxPrice": 1}, "minPrice"),
        ({"zeroPrice": "maybe"}, "zeroPrice"),
        ({"zeroPrice": ["allow"]}, "zeroPrice"),
        ({"priceJumpDownPercent": 0}, "priceJumpDownPercent"),
        ({"dateLikePrice": 1}, "dateLikePrice"),
        ({"maxStock": "many"}, "maxStock"),
        ({"taxClasses": "standard"}, "taxClasses"),
        ({"taxClasses": [""]}, "taxClasses"),
        ({"taxClasses": [1]}, "taxClasses"),
        ({"taxClasses": ["x"] * 101}, "taxClasses"),
        ({"required": ["colour"]}, "required"),
        ({"nameMax": 201}, "nameMax"),
        ({"fullWithdrawMaxPercent": 101}, "fullWithdrawMaxPercent"),
        ({"failureRateAlert": 1.5}, "failureRateAlert"),
        ({"failureRateAlert": True}, "failureRateAlert"),
        ({"failureRateAlert": float("nan")}, "failureRateAlert"),
        ({"colour": "red"}, "colour"),
        ({"min_price": 1}, "min_price"),
    ],
)
def test_what_is_wrong_with_rules_is_named(data: dict[str, Any], where: str) -> None:
    with pytest.raises(RulesProblem) as refused:
        Rules.from_dict(data)
    assert refused.value.code == "RULES_INVALID"
    assert [each[0] for each in refused.value.problems] == [where]


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.lists(st.text(max_size=4))


@given(st.dictionaries(st.sampled_from([*Rules().to_dict(), "x"]), VALUES))
def test_no_description_breaks_the_reading_of_rules(data: dict[str, Any]) -> None:
    with contextlib.suppress(RulesProblem):
        assert Rules.from_dict(Rules.from_dict(data).to_dict()) == Rules.from_dict(data)


# ---- a row alone ------------------------------------------------------------------------------------------


def test_an_ordinary_row_has_no_faults() -> None:
    values = {"name": "Tea", "price": 199, "currency": "EUR", "stock": 12_000, "taxClass": "standard", "asOf": NOW}
    assert alone({**values, "description": "Green", "metadata": {"a": "b", "c": None}}, now=NOW) == []


@pytest.mark.parametrize(
    ("price", "data", "expected"),
    [
        (-1, {}, ("PRICE_NEGATIVE", "error")),
        (0, {}, ("PRICE_ZERO", "confirm")),
        (0, {"zeroPrice": "reject"}, ("PRICE_ZERO", "error")),
        (0, {"zeroPrice": "allow", "minPrice": 10}, None),
        (9, {"minPrice": 10}, ("PRICE_TOO_LOW", "error")),
        (10, {"minPrice": 10}, None),
        (999_999_999, {}, None),
        (10**9, {}, ("PRICE_TOO_HIGH", "error")),
        (10**9, {"maxPrice": 10**12}, None),
        (45_321_00, {}, ("PRICE_LOOKS_LIKE_DATE", "confirm")),
        (45_321_00, {"dateLikePrice": False}, None),
        (45_321_50, {}, None),
        (36_525_00, {}, None),
        (54_789_00, {}, None),
    ],
)
def test_a_price_outside_the_rules(price: int, data: dict[str, Any], expected: tuple[str, str] | None) -> None:
    assert alone({"price": price}, **data) == ([(expected[0], "price", expected[1])] if expected else [])


def test_a_currency_without_decimals_has_prices_that_look_like_days() -> None:
    assert alone({"price": 45_321}, "JPY") == []


def test_a_price_in_another_currency_is_refused() -> None:
    assert alone({"price": 199, "currency": "SEK"}) == [("WRONG_CURRENCY", "currency", "error")]


def test_negative_stock_is_refused_or_taken_for_none() -> None:
    assert alone({"stock": -2000}) == [("STOCK_NEGATIVE", "stock", "error")]
    checked = row(stock=-2000)
    rules.check_row(checked, Rules(negative_stock="zero"), "EUR")
    assert (checked.values, found(checked)) == ({"stock": 0}, [("STOCK_NEGATIVE", "stock", "warning")])
    assert checked.faults[0].value == "-2.000"


def test_absurd_stock_is_refused() -> None:
    assert alone({"stock": 1_000_000_001}) == [("STOCK_TOO_HIGH", "stock", "error")]


def test_tax_classes_are_those_of_the_rules() -> None:
    assert alone({"taxClass": "luxury"}, taxClasses=["standard"]) == [("TAX_CLASS_NOT_ALLOWED", "taxClass", "error")]
    assert alone({"taxClass": "standard"}, taxClasses=["standard"]) == []
    assert alone({}, taxClasses=["standard"]) == []


def test_names_can_be_held_shorter() -> None:
    assert alone({"name": "Green tea"}, nameMax=5) == [("NAME_TOO_LONG", "name", "error")]


def test_a_time_in_the_future_is_refused_but_clocks_may_differ() -> None:
    assert alone({"asOf": NOW + 299_000_000}, now=NOW) == []
    assert alone({"asOf": NOW + 301_000_000}, now=NOW) == [("AS_OF_IN_FUTURE", "asOf", "error")]
    assert alone({"asOf": NOW + 301_000_000}) == []


@pytest.mark.parametrize("char", ["=", "+", "-", "@", "\t", "\r", "\x00"])
def test_text_that_a_spreadsheet_would_run_is_warned_of(char: str) -> None:
    text = char + "cmd|'/c calc'!A0"
    assert alone({"name": text, "description": text, "metadata": {"note": text, "b": "ok"}}) == [
        ("FORMULA_INJECTION", "name", "warning"),
        ("FORMULA_INJECTION", "description", "warning"),
        ("FORMULA_INJECTION", "metadata.note", "warning"),
    ]


def test_required_fields_are_missed_once() -> None:
    assert alone({"name": "Tea"}, required=["barcode", "name", "price"]) == [("REQUIRED_MISSING", "price", "error")]
    unreadable = row()
    unreadable.faults.append(fault("PRICE_NOT_A_NUMBER", "price"))
    rules.check_row(unreadable, Rules(required=("price",)), "EUR")
    assert found(unreadable) == [("PRICE_NOT_A_NUMBER", "price", "error")]


# ---- a row against what is live ---------------------------------------------------------------------------

LIVE = {
    "status": "active",
    "measure": "each",
    "price": {"amount": 1000, "currency": "EUR", "w": {"t": NOW}},
    "stock": {"avail": 5000, "w": {"t": NOW}},
}


def against(values: dict[str, Any], live: dict[str, Any] | None, **more: Any) -> list[tuple[str, str, str]]:
    checked = row(**values)
    limits = Rules.from_dict(more.pop("rules", {}))
    rules.check_live(checked, live, limits, **more)
    return found(checked)


def test_an_ordinary_change_has_no_faults() -> None:
    assert against({"name": "Tea", "price": 1100, "stock": 4000}, LIVE, brands=set()) == []


@pytest.mark.parametrize(
    ("price", "data", "jumps"),
    [
        (400, {}, False),
        (399, {}, True),
        (3000, {}, False),
        (3001, {}, True),
        (1, {"priceJumpDownPercent": None}, False),
        (10**8, {"priceJumpUpPercent": None}, False),
        (899, {"priceJumpDownPercent": 10}, True),
    ],
)
def test_a_price_that_jumps_must_be_confirmed(price: int, data: dict[str, Any], jumps: bool) -> None:
    assert against({"price": price}, LIVE, rules=data) == ([("PRICE_JUMP", "price", "confirm")] if jumps else [])


def test_a_jump_is_told_in_the_money_of_the_store() -> None:
    checked = row(price=199)
    rules.check_live(checked, LIVE, Rules())
    assert checked.faults[0].message == "Confirm the price: it goes from 10.00 to 1.99."


def test_nothing_jumps_from_a_price_that_was_free_or_never_there() -> None:
    assert against({"price": 199}, {**LIVE, "price": {"amount": 0, "currency": "EUR"}}) == []
    assert against({"price": 199}, {**LIVE, "price": None}) == []
    assert against({"price": -1}, LIVE) == []


def test_a_new_product_needs_a_name() -> None:
    assert against({"price": 199}, None) == [("NAME_NEEDED_FOR_NEW", "name", "error")]
    assert against({"name": "Tea"}, None) == []
    unreadable = row()
    unreadable.faults.append(fault("CONTROL_CHARACTERS", "name"))
    rules.check_live(unreadable, None, Rules())
    assert found(unreadable) == [("CONTROL_CHARACTERS", "name", "error")]


def test_a_withdrawn_product_comes_back_as_a_new_one() -> None:
    gone = {**LIVE, "status": "deleted", "measure": "weight"}
    assert against({"name": "Tea", "price": 1}, gone) == [("DELETED_PRODUCT_RETURNS", "", "warning")]
    assert against({"price": 1}, gone) == [
        ("NAME_NEEDED_FOR_NEW", "name", "error"),
        ("DELETED_PRODUCT_RETURNS", "", "warning"),
    ]
    assert ("STOCK_NOT_WHOLE", "stock", "error") in against({"name": "Tea", "stock": 500}, gone)


def test_a_barcode_of_another_products_pack_is_refused() -> None:
    assert against({}, LIVE, pack_of=OTHER) == [("BARCODE_IN_USE", "barcode", "error")]


def test_a_brand_nobody_knows_is_refused_or_left_out() -> None:
    assert against({"brandId": "acme"}, LIVE) == []
    assert against({"brandId": "acme"}, LIVE, brands={"acme"}) == []
    assert against({"brandId": None}, LIVE, brands=set()) == []
    strict = row(brandId="acme")
    rules.check_live(strict, LIVE, Rules(unknown_brand="reject"), brands=set())
    assert (strict.values, found(strict)) == ({"brandId": "acme"}, [("UNKNOWN_BRAND", "brandId", "error")])
    checked = row(brandId="acme")
    rules.check_live(checked, LIVE, Rules(), brands=set())
    assert (checked.values, found(checked)) == ({}, [("UNKNOWN_BRAND", "brandId", "warning")])


def test_another_measure_must_be_confirmed() -> None:
    assert against({"measure": "weight"}, LIVE) == [("MEASURE_CHANGED", "measure", "confirm")]
    assert against({"measure": "each"}, {"status": "active"}) == []


def test_half_a_piece_is_no_stock_but_half_a_kilogram_is() -> None:
    assert against({"stock": 500}, LIVE) == [("STOCK_NOT_WHOLE", "stock", "error")]
    assert against({"name": "Tea", "stock": 500}, None) == [("STOCK_NOT_WHOLE", "stock", "error")]
    assert against({"stock": 500}, {**LIVE, "measure": "weight"}) == []
    assert against({"name": "Tea", "measure": "volume", "stock": 500}, None) == []


def test_a_row_older_than_the_store_is_warned_of() -> None:
    assert against({"price": 1000, "stock": 5000, "asOf": NOW - 1}, LIVE) == [
        ("PRICE_OLDER_THAN_LIVE", "price", "warning"),
        ("STOCK_OLDER_THAN_LIVE", "stock", "warning"),
    ]
    assert against({"price": 1000, "stock": 5000, "asOf": NOW}, LIVE) == []
    assert against({"stock": 5000, "asOf": 0}, {"status": "active", "stock": {"avail": 1}}) == []
    assert against({"stock": 5000, "asOf": 0}, {"status": "active", "stock": None}) == []


# ---- the import as a whole --------------------------------------------------------------------------------


def test_a_duplicate_names_the_other_lines_but_not_a_thousand_of_them() -> None:
    assert rules.duplicate(GTIN, [9, 4]).message == "The same barcode is in line 4, 9: keep one of them."
    assert "line 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and others:" in rules.duplicate(GTIN, range(2, 1000)).message


def test_a_full_catalogue_that_withdraws_much_must_be_confirmed() -> None:
    def codes(withdrawn: int, live: int, unreadable: int) -> list[str]:
        return [each.code for each in rules.check_full(withdrawn, live, unreadable, Rules())]

    assert codes(20, 100, 0) == []
    assert codes(21, 100, 0) == ["FULL_WITHDRAWS_MANY"]
    assert codes(1, 100, 3) == ["FULL_HAS_UNREADABLE_ROWS"]
    assert codes(0, 0, 3) == []
