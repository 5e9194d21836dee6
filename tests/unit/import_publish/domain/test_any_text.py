"""Whatever a file holds, a row comes out: with values that can be stored, or with codes of the table."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from functions.common.retail import barcode
from functions.import_publish.domain import mapping, rules
from functions.import_publish.domain.codes import CODES, LONGEST_VALUE, worst
from functions.import_publish.domain.differences import ACTIONS, diff
from functions.import_publish.domain.fields import FIELDS
from functions.import_publish.domain.profiles import BUILT_IN, Profile, ProfileProblem
from functions.import_publish.domain.rules import Rules

NASTY = st.sampled_from(
    [
        *("4006381333931", "'4006381333931", "4,00638E+12", "03.Jan", "-1", "1e999", "NaN", "١٢", "1.234", "12,99 €"),
        *("=cmd|'/c calc'!A0", "\x00", "\ud800", "\ufeff", "\u202e", "<p>", "<!--", "2026-11-20", "9" * 20, "x" * 5000),
        *("true", "kg", "https://", "{}", "[]", "None", " ", "\t", "0", "-0", "99", "Ben & Jerry's"),
    ]
)
CELL = st.none() | NASTY | st.text(max_size=12)
COLUMNS = [*FIELDS, "metadata.note", "Handle", "Title", "Option1 Value", "Image Src", "x"]
PROFILES = [
    *BUILT_IN.values(),
    Profile.from_dict(
        {
            "name": "all",
            "extends": "retailscan",
            "decimal": ",",
            "unknown": "metadata",
            "empty": "clear",
            "html": ["description"],
            "textMarks": True,
            "restoreZeros": True,
            "dates": ["DD.MM.YYYY"],
            "constants": {"taxClass": "standard"},
        }
    ),
]
LIVE: list[Any] = [
    None,
    {"status": "active", "measure": "weight", "price": {"amount": 1, "currency": "EUR"}, "stock": {"avail": 0}},
    {"status": "deleted", "metadata": {"note": 1}},
]


def plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and plain(each) for key, each in value.items())
    if isinstance(value, str):
        return not any("\ud800" <= char <= "\udfff" for char in value)
    return value is None or isinstance(value, bool) or (isinstance(value, int) and abs(value) < 2**63)


def check(row: mapping.Row, live: Any) -> None:
    rules.check_row(row, Rules(required=("name",), tax_classes=("standard",)), "EUR", 0)
    rules.check_live(row, live, Rules(), brands=set())
    for each in row.faults:
        assert each.code in CODES
        assert each.severity in ("error", "confirm", "warning")
        assert len(each.value) <= LONGEST_VALUE
        assert plain(each.value)
        assert plain(each.message)
    assert row.barcode is None or barcode.canonical(row.barcode) == row.barcode
    assert (row.barcode is None) <= (worst(row.faults) == "error")
    assert plain(row.values)
    assert all(map(plain, row.raw))
    found = diff(row.values, live)
    assert found.action in ACTIONS
    assert all(plain(before) and plain(after) for _, before, after in found.changes)


@given(st.sampled_from(PROFILES), st.data(), st.sampled_from(LIVE), st.sampled_from(["csv", "json", "xlsx"]))
def test_no_cells_break_a_row(profile: Profile, data: st.DataObject, live: Any, form: str) -> None:
    names = [name for name in COLUMNS if profile.name not in ("shopify", "square") or name != "barcode"]
    aliases = {"shopify": "Variant Barcode", "square": "GTIN"}
    columns = [aliases.get(profile.name, "barcode"), *(name for name in names if name != "barcode")]
    mapper = mapping.compile(profile, columns, "EUR", form=form)
    cell = CELL if form == "json" else CELL.filter(plain)
    for line in (2, 3):
        cells = data.draw(st.lists(cell, min_size=len(columns), max_size=len(columns)))
        row = mapper.map(line, cells)
        if row is None:
            assert mapper.skipped
            continue
        check(row, live)
        changes = data.draw(st.dictionaries(st.sampled_from(sorted(FIELDS)), CELL, max_size=3))
        check(mapper.correct(row, changes), live)


@given(st.sampled_from(PROFILES), st.lists(st.text(max_size=6), max_size=8), st.data())
def test_no_columns_break_a_profile(profile: Profile, columns: list[str], data: st.DataObject) -> None:
    head = ["barcode", "Variant Barcode", "GTIN", *columns]
    try:
        mapper = mapping.compile(profile, head, "EUR", form="ndjson")
    except ProfileProblem as problem:
        found = problem.code
    else:
        found = "COLUMN_MISSING"
        cells = data.draw(st.lists(CELL, max_size=len(head) + 1))
        row = mapper.map(2, cells)
        if row is not None:
            check(row, None)
        assert [use.column for use in mapper.uses()] == [name.encode("utf-8", "replace").decode() for name in head]
    assert found in ("COLUMN_AMBIGUOUS", "COLUMN_MISSING")
