"""Columns become fields, lines become rows; what cannot be read is named, and nothing else is lost by it."""

from __future__ import annotations

from typing import Any

import pytest

from functions.import_publish.domain import mapping
from functions.import_publish.domain.mapping import Mapper, Row
from functions.import_publish.domain.profiles import BUILT_IN, Profile, ProfileProblem

GTIN, OTHER = "4006381333931", "5000112637922"


def profile(**data: Any) -> Profile:
    return Profile.from_dict({"name": "test", "extends": "retailscan", **data})


def mapper(columns: list[str], given: Profile | None = None, **how: Any) -> Mapper:
    return mapping.compile(given or BUILT_IN["retailscan"], columns, "EUR", **how)


def row(columns: list[str], cells: list[str | None], given: Profile | None = None, **how: Any) -> Row:
    found = mapper(columns, given, **how).map(2, cells)
    assert found is not None
    return found


def codes(found: Row) -> list[tuple[str, str]]:
    return [(each.code, each.field) for each in found.faults]


def test_a_plain_row_is_read_into_the_units_of_the_catalogue() -> None:
    columns = ["barcode", "name", "price", "currency", "stock", "status", "asOf", "metadata.colour"]
    found = row(columns, [GTIN, "Marker", "1.99", "EUR", "12", "Active", "2026-11-20T09:30:00Z", "yellow"])
    assert found == Row(
        2,
        GTIN,
        {
            "name": "Marker",
            "status": "active",
            "price": 199,
            "currency": "EUR",
            "stock": 12_000,
            "asOf": 1_795_167_000_000_000,
            "metadata": {"colour": "yellow"},
        },
        [],
        [GTIN, "Marker", "1.99", "EUR", "12", "Active", "2026-11-20T09:30:00Z", "yellow"],
    )


@pytest.mark.parametrize(
    ("columns", "fields"),
    [
        (["EAN", "Bezeichnung", "Preis", "Bestand", "Marke"], ["barcode", "name", "price", "stock", "brandId"]),
        (["ean-code", "ARTIKELNAME", "VK brutto", "Währung"], ["barcode", "name", "price", "currency"]),
        (["Código de barras", "Nombre", "Precio", "Existencias"], ["barcode", "name", "price", "stock"]),
        (["Streckkod", "Benämning", "Pris", "Lagersaldo"], ["barcode", "name", "price", "stock"]),
        (["GTIN*", "Brand ID", "tax_class", "image-url"], ["barcode", "brandId", "taxClass", "imageUrl"]),
        (["\ufeffbarcode ", "NAME", "Minimum Age"], ["barcode", "name", "ageRestriction"]),
    ],
)
def test_columns_are_known_by_many_names(columns: list[str], fields: list[str]) -> None:
    assert [use.fields for use in mapper(columns).uses()] == [(field,) for field in fields]


def test_the_first_alias_that_is_there_wins_and_the_other_column_is_told_of() -> None:
    found = mapper(["gtin", "barcode"])
    assert found.unknown_columns == ["gtin"]
    assert [use.use for use in found.uses()] == ["ignored", "field"]


def test_a_file_without_barcodes_cannot_be_imported() -> None:
    with pytest.raises(ProfileProblem) as refused:
        mapper(["name", "price"])
    assert (refused.value.code, refused.value.problems[0][0]) == ("COLUMN_MISSING", "barcode")


@pytest.mark.parametrize("columns", [["EAN", "ean"], ["barcode", "Bar-Code"]])
def test_two_columns_of_one_name_are_not_chosen_from(columns: list[str]) -> None:
    with pytest.raises(ProfileProblem) as refused:
        mapper(columns)
    assert refused.value.code == "COLUMN_AMBIGUOUS"


# ---- unknown columns --------------------------------------------------------------------------------------


def test_unknown_columns_are_ignored_and_told_of() -> None:
    found = mapper(["barcode", "Shelf", "metadata.note"])
    assert found.unknown_columns == ["Shelf"]
    assert [use.use for use in found.uses()] == ["field", "ignored", "metadata"]


def test_unknown_columns_are_kept_in_the_metadata_if_the_profile_says_so() -> None:
    columns = ["barcode", "Shelf", "$a.b", "a_b", "\x07", "", "metadata.Shelf"]
    found = mapper(columns, profile(unknown="metadata"))
    read = found.map(2, [GTIN, "7", "1", "2", "3", "4", "5"])
    assert read is not None
    assert read.values["metadata"] == {"Shelf": "7", "_a_b": "1", "a_b": "2", "_": "3", "Shelf_2": "5"}
    assert found.unknown_columns == ["Shelf", "$a.b", "a_b", "\x07", ""]


def test_no_more_columns_are_kept_than_a_product_has_room_for() -> None:
    columns = ["barcode", *(f"c{n}" for n in range(60))]
    found = row(columns, [GTIN, *("x" for _ in range(60))], profile(unknown="metadata"))
    assert len(found.values["metadata"]) == 50


def test_a_key_that_is_mapped_is_not_taken_by_another_column() -> None:
    given = profile(columns={"metadata.colour": ["Farbe"]}, unknown="metadata")
    found = row(["barcode", "Farbe", "metadata.colour", "colour"], [GTIN, "rot", "red", "rouge"], given)
    assert found.values["metadata"] == {"colour": "rot", "metadata_colour": "red", "colour_2": "rouge"}


# ---- cells ------------------------------------------------------------------------------------------------


def test_empty_cells_leave_the_product_as_it_is() -> None:
    assert row(["barcode", "name", "description", "price"], [GTIN, None, "", " "]).values == {}


def test_empty_cells_clear_what_a_product_can_be_without_if_the_profile_says_so() -> None:
    columns = ["barcode", "name", "description", "brand", "price", "stock", "status", "metadata.note"]
    found = row(columns, [GTIN, *[""] * 7], profile(empty="clear"))
    assert found.values == {"description": None, "brandId": None, "metadata": {"note": None}}


def test_constants_are_for_rows_that_say_nothing_themselves() -> None:
    given = profile(constants={"taxClass": "reduced", "metadata.source": "acme", "description": "-"}, empty="clear")
    found = mapper(["barcode", "taxClass", "description", "metadata.a"], given)
    one, other = found.map(2, [GTIN, "standard", "", "x"]), found.map(3, [OTHER, "", "", ""])
    assert one is not None
    assert other is not None
    assert one.values == {"taxClass": "standard", "metadata": {"source": "acme", "a": "x"}, "description": "-"}
    assert other.values == {"taxClass": "reduced", "metadata": {"source": "acme", "a": None}, "description": "-"}


def test_a_constant_that_cannot_be_read_is_the_profiles_mistake() -> None:
    with pytest.raises(ProfileProblem) as refused:
        mapper(["barcode"], profile(constants={"price": "free"}))
    assert refused.value.problems == [("constants.price", "Write the price with the digits 0 to 9, such as 12.99.")]


def test_words_of_the_profile_can_mean_nothing() -> None:
    found = row(["barcode", "price", "status"], [GTIN, "n/a", "aktiv"], profile(words={"price": {"n/a": ""}}))
    assert (found.values, found.faults) == ({"status": "active"}, [])


def test_only_blanks_are_taken_off_a_cell() -> None:
    found = row(["barcode", "name", "description"], [f" {GTIN}\u00a0", " Tea ", "\tcup"])
    assert (found.barcode, found.values) == (GTIN, {"name": "Tea", "description": "\tcup"})


def test_every_fault_names_the_column_and_what_stood_there_and_nothing_else_is_lost() -> None:
    found = row(["EAN", "Name", "Preis", "Menge", "qty"], ["4,00638E+12", "Tea", "03.Jan", "x", "many"])
    assert found.values == {"name": "Tea"}
    assert found.barcode is None
    assert [(each.code, each.field, each.column, each.value, each.severity) for each in found.faults] == [
        ("BARCODE_MANGLED_BY_SPREADSHEET", "barcode", "EAN", "4,00638E+12", "error"),
        ("PRICE_IS_A_DATE", "price", "Preis", "03.Jan", "error"),
        ("STOCK_NOT_A_NUMBER", "stock", "qty", "many", "error"),
    ]


def test_what_came_is_kept_to_200_characters_and_can_always_be_stored() -> None:
    found = row(["barcode", "name", "x"], [GTIN, "\ud800" + "x" * 300, "\udfff"], form="ndjson")
    assert found.faults[0].value == "?" + "x" * 199
    assert found.raw == [GTIN, "?" + "x" * 300, "?"]


def test_a_row_without_a_barcode_says_so_once() -> None:
    assert codes(row(["barcode", "name"], [None, "Tea"])) == [("BARCODE_MISSING", "barcode")]


# ---- numbers of programs ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "text", "stock"),
    [("csv", "1.234,5", 1_234_500), ("csv", "1.234", 1_234_000), ("json", "1.234", 1_234), ("ndjson", "2.5", 2_500)],
)
def test_the_profiles_decimal_sign_is_for_what_people_write(form: str, text: str, stock: int) -> None:
    assert row(["barcode", "stock"], [GTIN, text], profile(decimal=","), form=form).values == {"stock": stock}


def test_in_a_workbook_numbers_have_a_point_and_texts_a_comma_so_neither_is_guessed() -> None:
    columns, given = ["barcode", "price"], profile(decimal=",")
    assert row(columns, [GTIN, "1.99"], given, form="xlsx").values == {"price": 199}
    assert row(columns, [GTIN, "1,99"], given, form="xlsx").values == {"price": 199}
    assert codes(row(columns, [GTIN, "1.234"], given, form="xlsx")) == [("PRICE_AMBIGUOUS", "price")]


def test_a_german_tenants_file_is_read_by_its_profile() -> None:
    given = profile(
        columns={"barcode": ["Artikelnummer"], "metadata.regal": ["Regal"]},
        decimal=",",
        stockUnit="kg",
        dates=["DD.MM.YYYY HH:mm"],
        words={"measure": {"lose": "weight"}},
        slugify=["brandId"],
    )
    columns = ["Artikelnummer", "Bezeichnung", "Preis", "Bestand", "Einheit", "Marke", "Stand", "Regal", "Notiz"]
    found = mapper(columns, given)
    read = found.map(
        2, [GTIN, "Äpfel Elstar", "1.002,49", "12,5", "Lose", "Obsthof Müller", "20.11.2026 09:30", "A7", "-"]
    )
    assert read is not None
    assert read.values == {
        "name": "Äpfel Elstar",
        "price": 100_249,
        "stock": 12_500,
        "measure": "weight",
        "brandId": "obsthof-muller",
        "asOf": 1_795_167_000_000_000,
        "metadata": {"regal": "A7"},
    }
    assert read.faults == []
    assert found.unknown_columns == ["Notiz"]


# ---- broken lines -----------------------------------------------------------------------------------------


def test_a_line_that_fell_apart_is_a_row_with_that_fault_and_nothing_is_guessed() -> None:
    found = mapper(["barcode", "name", "price"]).map(7, [GTIN, "Tea"], ("RAGGED_ROW", "Two cells.", None))
    assert found is not None
    assert (found.line, found.barcode, found.values) == (7, None, {})
    assert found.faults == [mapping.Fault("RAGGED_ROW", "", None, "", "Two cells.", "error")]
    assert found.raw == [GTIN, "Tea"]


@pytest.mark.parametrize(("at", "field", "column", "value"), [(2, "price", "price", "=1+1"), (9, "", None, "")])
def test_a_cell_that_cannot_be_taken_is_named_and_the_others_are_read(
    at: int, field: str, column: str | None, value: str
) -> None:
    found = mapper(["barcode", "name", "price", "x"]).map(
        2, [GTIN, "Tea", "=1+1" if at == 2 else None, None], ("FORMULA", "A formula.", at)
    )
    assert found is not None
    assert found.faults[0] == mapping.Fault("FORMULA", field, column, value, "A formula.", "error")
    assert (found.barcode, found.values) == (GTIN, {"name": "Tea"})


def test_a_cell_of_no_field_can_be_at_fault_too() -> None:
    found = mapper(["barcode", "x"]).map(2, [GTIN, None], ("CELL_TOO_LONG", "Too long.", 1))
    assert found is not None
    assert found.faults == [mapping.Fault("CELL_TOO_LONG", "", "x", "", "Too long.", "error")]


# ---- columns that come later ------------------------------------------------------------------------------


def test_json_may_show_new_columns_on_the_way() -> None:
    columns: list[str] = ["name"]
    found = mapper(columns, profile(unknown="metadata"), form="ndjson", growing=True)
    first = found.map(1, ["Tea"])
    columns += ["shelf", "barcode"]
    second = found.map(2, ["Cup", "7", GTIN])
    columns += ["price", "zone"]
    third = found.map(3, ["Pot", "8", OTHER, "1.234", "z"])
    short = found.map(4, ["Can"])
    assert first is not None
    assert codes(first) == [("BARCODE_MISSING", "barcode")]
    assert second is not None
    assert (second.barcode, second.values) == (GTIN, {"name": "Cup", "metadata": {"shelf": "7"}})
    assert third is not None
    assert codes(third) == [("PRICE_TOO_MANY_DECIMALS", "price")]
    assert third.values == {"name": "Pot", "metadata": {"shelf": "8", "zone": "z"}}
    assert short is not None
    assert short.raw == ["Can", None, None, None, None]


def test_cells_beyond_the_columns_are_left_to_whoever_reads_the_file() -> None:
    assert row(["barcode"], [GTIN, "more"]).values == {}
