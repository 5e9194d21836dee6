"""Failed rows as a file: in the columns they came in, safe to open in a spreadsheet, good to bring again."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.import_publish.domain import exporting
from functions.import_publish.domain.codes import fault
from functions.import_publish.domain.exporting import Table
from functions.import_publish.domain.profiles import BUILT_IN, Profile

COLUMNS = ["code", "title", "price", "stock", "vegan", "colour", "when", "note"]
FIELDS = [
    ("barcode",),
    ("name",),
    ("price",),
    ("stock",),
    ("showInQuickProducts",),
    ("metadata.colour",),
    ("asOf",),
    (),
]
WRONG = list(fault("PRICE_NOT_A_NUMBER", "price", "Preis", "much"))
VALUES: dict[str, Any] = {
    **{"name": "Pen", "price": 199, "stock": 2500, "showInQuickProducts": True},
    **{"metadata": {"colour": "red"}, "asOf": 1_795_000_000_000_000},
}


def table(columns: list[str] = COLUMNS, **profile: Any) -> Table:
    return Table(
        columns, FIELDS, ";", Profile.from_dict({"name": "p", "columns": {"barcode": ["code"]}, **profile}), "EUR"
    )


def item(**fields: Any) -> dict[str, Any]:
    return {"line": 7, "barcode": "4006381333931", "values": VALUES, "faults": [WRONG, WRONG], **fields}


def rows(written: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(written.decode(), newline=""), delimiter=";"))


@pytest.mark.parametrize("text", ["=1+1", "+49", "-5", "@x", "\tx", "\rx", "\nx", "\x00x", "'=x", "''@x"])
def test_what_a_spreadsheet_could_run_has_an_apostrophe_in_front(text: str) -> None:
    assert exporting.escaped(text) == "'" + text


@pytest.mark.parametrize("text", ["", "plain", "'", "'quoted", "1=1"])
def test_what_it_could_not_run_has_none(text: str) -> None:
    assert exporting.escaped(text) == text


@given(st.text(st.sampled_from("'=+-@\tx "), max_size=6))
def test_what_was_escaped_comes_back_as_it_was(text: str) -> None:
    assert exporting.unescaped([exporting.escaped(text), None]) == [text, None]


def test_the_first_line_has_the_columns_of_the_file_and_three_more() -> None:
    (line,) = rows(table().header().removeprefix("\ufeff".encode()))
    assert line == [*COLUMNS, "retailscan_line", "retailscan_codes", "retailscan_messages"]


def test_an_export_of_an_export_has_them_once() -> None:
    columns = [*COLUMNS[:1], *exporting.ADDED]
    made = Table(columns, [("barcode",), (), (), ()], ";", BUILT_IN["retailscan"], "EUR")
    (head,) = rows(made.header().removeprefix("\ufeff".encode()))
    (line,) = rows(made.lines([item(raw=["x", "3", "OLD", "old"])]))
    assert (head, line[:2], line[2]) == (columns, ["x", "7"], "PRICE_NOT_A_NUMBER")


def test_a_row_that_was_kept_as_it_came_is_written_so() -> None:
    (line,) = rows(table().lines([item(raw=["=1", None, "much"])]))
    assert line[:8] == ["'=1", "", "much", "", "", "", "", ""]
    assert line[8:10] == ["7", "PRICE_NOT_A_NUMBER"]
    assert line[10].startswith("Preis: ")


def test_a_row_that_could_be_read_is_written_from_its_values() -> None:
    (line,) = rows(table().lines([item()]))
    assert line[:8] == ["4006381333931", "Pen", "1.99", "2.5", "true", "red", "2026-11-18T11:06:40+00:00", ""]
    (bare,) = rows(table().lines([item(values={"showInQuickProducts": False}, barcode=None, line=0, faults=[])]))
    assert bare == ["", "", "", "", "false", "", "", "", "", "", ""]


@pytest.mark.parametrize(
    ("profile", "price", "stock"),
    [
        ({"decimal": ","}, "1,99", "2,5"),
        ({"priceUnit": "minor"}, "199", "2.5"),
        ({"stockUnit": "g"}, "1.99", "2500"),
    ],
)
def test_numbers_are_written_as_the_profile_reads_them(profile: dict[str, Any], price: str, stock: str) -> None:
    (line,) = rows(table(**profile).lines([item()]))
    assert line[2:4] == [price, stock]


def test_whole_numbers_have_no_decimals() -> None:
    (line,) = rows(table().lines([item(values={"stock": 12_000, "price": 1200})]))
    assert line[2:4] == ["12.00", "12"]


def test_a_fault_names_the_column_of_its_field_and_one_of_the_whole_row_none() -> None:
    whole = list(fault("RAGGED_ROW", ""))
    (line,) = rows(table().lines([item(faults=[whole, list(fault("BARCODE_MISSING", "barcode"))])]))
    assert line[10] == f"{whole[4]} | code: Every product needs a barcode."


@pytest.mark.parametrize(
    ("cells", "line"),
    [(["x", " 12 "], 12), (["x", "٣"], None), (["x", None], None), (["x"], None), (["x", "1" * 10], None)],
)
def test_a_row_of_an_export_knows_its_line(cells: list[str | None], line: int | None) -> None:
    place = exporting.place_of_line(["code", exporting.LINE])
    assert place == 1
    assert exporting.line_in(cells, place) == line
    assert exporting.place_of_line(["code"]) is None
