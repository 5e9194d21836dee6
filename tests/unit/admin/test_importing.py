"""What pages about imports make of forms and answers."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from functions.admin import importing

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("progress", "percent"),
    [
        (None, None),
        ({"rowsDone": 5, "rowsTotal": None}, None),
        ({"rowsDone": 0, "rowsTotal": 10}, 0),
        ({"rowsDone": 5, "rowsTotal": 10}, 50),
        ({"rowsDone": 12, "rowsTotal": 10}, 100),
    ],
)
def test_a_bar_shows_how_far_it_is_when_anybody_knows(progress: dict[str, int] | None, percent: int | None) -> None:
    assert importing.percent(progress) == percent


def test_a_form_puts_right_what_it_names_and_an_empty_field_takes_the_value_away() -> None:
    form = {"csrf": ["x"], "v.price": [" 2.19 "], "v.metadata.shelf": [""], "do": [""]}
    assert importing.fixes(form) == {"price": "2.19", "metadata.shelf": None}


def test_a_mapping_says_which_columns_are_which_field() -> None:
    query = {"map.Was": "name", "map.Alt": "name", "map.Nr": "barcode", "map.X": "", "map.Y": "$where", "own": "a"}
    assert importing.columns_of(query) == {"name": ["Was", "Alt"], "barcode": ["Nr"]}
    assert importing.profile_of("mine", "retailscan", {"map.Nr": "barcode"}) == {
        "extends": "retailscan", "name": "mine", "columns": {"barcode": ["Nr"]},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("sample", "delimiter", "columns"),
    [
        (b"Nr;Was;Preis, brutto\r\n1;2;3", None, ["Nr", "Was", "Preis, brutto"]),
        (b'\xef\xbb\xbfNr,"Was, genau"\n', ",", ["Nr", "Was, genau"]),
        ("Größe\tNr\n".encode("cp1252"), None, ["Größe", "Nr"]),
        (b"\x00\x01\x02", None, []),
        (b"", None, []),
    ],
)
def test_the_first_line_names_the_columns(sample: bytes, delimiter: str | None, columns: list[str]) -> None:
    assert [each["column"] for each in importing.header_of(sample, delimiter)] == columns


def test_every_field_of_a_row_is_put_right_once() -> None:
    faults = [
        {"field": "price", "column": "Preis", "value": "x", "message": "no digits"},
        {"field": "price", "column": "Preis", "value": "x", "message": "too high"},
        {"field": "", "column": None, "value": "", "message": "the row is too long"},
    ]
    (fix,) = importing.to_fix({"faults": faults})
    assert (fix["name"], fix["value"], fix["wrong"]) == ("price", "x", ["no digits", "too high"])


def test_a_time_is_that_of_the_store() -> None:
    assert importing.moment_of("2026-12-01T06:00", BERLIN) == "2026-12-01T06:00:00+01:00"
    for wrong in ("", "tomorrow", "2026-12-01T06:00Z"):
        with pytest.raises(ValueError, match=r"."):
            importing.moment_of(wrong, BERLIN)


def test_prices_and_stocks_of_rows_are_shown_as_such() -> None:
    def money(value: int) -> str:
        return f"{value} minor"

    def quantity(value: int) -> str:
        return f"{value} thousandths"

    cells: tuple[tuple[str, Any], ...] = (("price", 5), ("stock", 6), ("name", "<b>"), ("x", None))
    shown = [importing.shown(name, value, money, quantity) for name, value in cells]
    assert shown == ["5 minor", "6 thousandths", "<b>", "\u2013"]
