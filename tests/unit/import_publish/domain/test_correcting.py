"""A staged row is put right by hand: what is corrected is read again, what is not stays as it is."""

from __future__ import annotations

from typing import Any

import pytest

from functions.import_publish.domain import mapping, rules
from functions.import_publish.domain.mapping import Mapper, Row
from functions.import_publish.domain.profiles import BUILT_IN, Profile, ProfileProblem
from functions.import_publish.domain.rules import Rules

GTIN = "4006381333931"
COLUMNS = ["EAN", "Bezeichnung", "Preis", "Beschreibung", "x"]


def mapper(columns: list[str] = COLUMNS, **data: Any) -> Mapper:
    return mapping.compile(Profile.from_dict({"name": "test", "extends": "retailscan", **data}), columns, "EUR")


def row(found: Mapper, *cells: str | None) -> Row:
    made = found.map(2, list(cells))
    assert made is not None
    rules.check_row(made, Rules(), "EUR")
    return made


def codes(found: Row) -> list[str]:
    return [each.code for each in found.faults]


def test_a_corrected_field_loses_its_fault_and_the_others_keep_theirs() -> None:
    found = mapper()
    broken = row(found, "4,00638E+12", "Tea", "03.Jan", "=1+1", None)
    assert codes(broken) == ["BARCODE_MANGLED_BY_SPREADSHEET", "PRICE_IS_A_DATE", "FORMULA_INJECTION"]
    better = found.correct(broken, {"barcode": GTIN})
    assert (better.barcode, codes(better)) == (GTIN, ["PRICE_IS_A_DATE"])
    best = found.correct(better, {"Preis": "3.01"})
    assert (best.values["price"], codes(best)) == (301, [])
    assert best.raw == [GTIN, "Tea", "3.01", "=1+1", None]
    assert broken.raw == ["4,00638E+12", "Tea", "03.Jan", "=1+1", None]
    assert codes(broken) == ["BARCODE_MANGLED_BY_SPREADSHEET", "PRICE_IS_A_DATE", "FORMULA_INJECTION"]


def test_a_correction_can_be_wrong_too() -> None:
    found = mapper()
    worse = found.correct(row(found, GTIN, "Tea", "1.99", None, None), {"Preis": "much", "EAN": "1\ud800"})
    assert (worse.barcode, "price" in worse.values) == (None, False)
    assert [(each.code, each.column, each.value) for each in worse.faults] == [
        ("PRICE_NOT_A_NUMBER", "Preis", "much"),
        ("BARCODE_NOT_DIGITS", "EAN", "1?"),
    ]


def test_null_takes_a_value_away_and_nothing_leaves_the_product_as_it_is() -> None:
    found = mapper()
    made = row(found, GTIN, "Tea", "1.99", "Green", None)
    assert found.correct(made, {"description": None, "name": None}).values == {"price": 199, "description": None}
    assert found.correct(made, {"description": " ", "price": ""}).values == {"name": "Tea"}
    assert codes(found.correct(made, {"barcode": None})) == ["BARCODE_MISSING"]


def test_fields_the_file_does_not_have_can_be_given_too() -> None:
    found = mapper()
    made = row(found, GTIN, "Tea", "1.99", None, None)
    better = found.correct(made, {"stock": "7", "metadata.shelf": "A", "metadata.old": None})
    assert better.values == {"name": "Tea", "price": 199, "stock": 7000, "metadata": {"shelf": "A", "old": None}}
    assert made.values == {"name": "Tea", "price": 199}
    again = found.correct(better, {"metadata.shelf": ""})
    assert (again.values["metadata"], better.values["metadata"]) == ({"old": None}, {"shelf": "A", "old": None})


def test_a_word_of_the_profile_that_means_nothing_does_so_in_a_correction_too() -> None:
    found = mapper(words={"price": {"n/a": ""}})
    assert found.correct(row(found, GTIN, "Tea", "1.99", None, None), {"price": "n/a"}).values == {"name": "Tea"}


def test_a_constant_comes_back_when_the_rows_own_value_goes() -> None:
    found = mapper(["EAN", "taxClass"], constants={"taxClass": "reduced", "metadata.by": "us"})
    made = row(found, GTIN, "standard")
    assert found.correct(made, {"taxClass": "", "metadata.by": ""}).values == {
        "taxClass": "reduced",
        "metadata": {"by": "us"},
    }


@pytest.mark.parametrize("name", ["x", "colour", "metadata.", "metadata.a.b"])
def test_a_name_that_means_nothing_is_refused(name: str) -> None:
    found = mapper()
    with pytest.raises(ProfileProblem) as refused:
        found.correct(row(found, GTIN, "Tea", "1.99", None, None), {name: "1"})
    assert refused.value.problems == [(name, "is neither a field nor a column that is one")]


def test_a_line_that_fell_apart_is_whole_again_once_somebody_says_which_product_it_is() -> None:
    found = mapper()
    broken = found.map(2, [GTIN], ("RAGGED_ROW", "One cell.", None))
    assert broken is not None
    still = found.correct(broken, {"name": "Tea"})
    assert codes(still) == ["RAGGED_ROW", "BARCODE_MISSING"]
    whole = found.correct(still, {"barcode": GTIN, "Preis": "1.99"})
    assert (whole.barcode, whole.values, whole.faults) == (GTIN, {"name": "Tea", "price": 199}, [])
    assert whole.raw == [GTIN]


def test_a_column_that_is_a_part_of_a_name_makes_the_name_anew() -> None:
    head = ["Handle", "Title", "Option1 Value", "Variant Barcode", "Vendor"]
    found = mapping.compile(BUILT_IN["shopify"], head, "EUR")
    made = row(found, "shirt", "Shirt", "M", "'" + GTIN, "Acme")
    better = found.correct(made, {"Option1 Value": "L", "Vendor": "Acme Ltd"})
    assert better.values == {
        "name": "Shirt L",
        "brandId": "acme-ltd",
        "metadata": {"handle": "shirt", "vendor": "Acme Ltd"},
    }
    made.raw = []  # only rows with faults keep their cells
    assert found.correct(made, {"Title": "Blouse"}).values["name"] == "Blouse"
