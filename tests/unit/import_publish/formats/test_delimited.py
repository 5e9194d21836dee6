"""CSV: found out how it is written, and told to the physical line what is wrong."""

from __future__ import annotations

import csv
import io
from itertools import chain, repeat
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.import_publish.formats import Limits, table
from tests.unit.import_publish.formats.zoo import Stream, good, opened, problems, records, refused

MIB = 1 << 20


# ---- how it is written -----------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", list(",;\t|"))
def test_the_delimiter_is_found_out(delimiter: str) -> None:
    found = opened("barcode,name,price\n1,Milk,2\n2,Bread,3\n".replace(",", delimiter))
    assert found.delimiter == delimiter
    assert found.columns == ["barcode", "name", "price"]
    assert [record.cells for record in found] == [["1", "Milk", "2"], ["2", "Bread", "3"]]


def test_a_decimal_comma_does_not_separate() -> None:
    found = opened("barcode;name;price\n1;Milk, fresh, 1 l;1,20\n2;Bread, brown, sliced;2,40\n")
    assert found.delimiter == ";"
    assert next(iter(found)).cells == ["1", "Milk, fresh, 1 l", "1,20"]


def test_a_declared_delimiter_is_believed() -> None:
    assert opened("a:b;c\n1:2;3\n", delimiter=":").columns == ["a", "b;c"]
    assert opened("a;b,c,d\n1;2,3,4\n", delimiter=";").columns == ["a", "b,c,d"]


@pytest.mark.parametrize("delimiter", ["", "::", '"', "\n", "\0"])
def test_a_declared_delimiter_must_be_able_to_separate(delimiter: str) -> None:
    assert refused("a,b\n1,2\n", delimiter=delimiter)[1] == "UNKNOWN_FORMAT"


def test_excels_own_first_line_says_the_delimiter() -> None:
    assert good("sep=|\r\na,x|b\r\n1|2\r\n") == {3: ["1", "2"]}
    assert good('"sep=;"\na;b\n1;2\n') == {3: ["1", "2"]}


def test_one_column_needs_no_delimiter() -> None:
    assert good("barcode\n1\n2\n") == {2: ["1"], 3: ["2"]}


def test_single_quotes_and_blanks_before_quotes_are_found_out() -> None:
    assert good("'a','b'\n'1','x,y'\n") == {2: ["1", "x,y"]}
    assert good('"a", "b"\n"1", "x, y"\n') == {2: ["1", "x, y"]}
    assert good("a, b\n1, x\n") == {2: ["1", " x"]}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_is_one(end: str) -> None:
    assert good(f"a,b{end}1,2{end}{end}3,4{end}") == {2: ["1", "2"], 4: ["3", "4"]}
    assert good(f"a,b{end}1,2") == {2: ["1", "2"]}


def test_mixed_line_ends_are_counted_one_by_one() -> None:
    assert good("a,b\r\n1,2\n3,4\r5,6\r\r\n7,8\n\r9,0\r") == {
        2: ["1", "2"],
        3: ["3", "4"],
        4: ["5", "6"],
        6: ["7", "8"],
        8: ["9", "0"],
    }


def test_signs_that_only_some_call_line_ends_are_text() -> None:
    assert good("a,b\n1,x\x0by\x0cz\x1cw\x85v\u2028u\u2029t\n") == {2: ["1", "x\x0by\x0cz\x1cw\x85v\u2028u\u2029t"]}


def test_a_line_break_in_quotes_belongs_to_the_cell_and_counts_as_a_line() -> None:
    assert good('a,b\n1,"x\r\ny\n\nz"\n2,w\n') == {2: ["1", "x\ny\n\nz"], 6: ["2", "w"]}


def test_quotes_are_doubled_in_quotes_and_plain_elsewhere() -> None:
    assert good('a,b\n"12"" Pizza",12" Pizza\n') == {2: ['12" Pizza', '12" Pizza']}


def test_rows_of_nothing_are_skipped_and_counted() -> None:
    assert good("a;b;c\n;;\n1;2;3\n\n;;;;\n4;5;6\n;;\n") == {3: ["1", "2", "3"], 6: ["4", "5", "6"]}


def test_empty_columns_at_the_end_are_none() -> None:
    found = opened("a,b,,\n1,2,,\n3,4\n5,6,,7\n")
    assert found.columns == ["a", "b"]
    assert [(record.line, record.problem and record.problem[0]) for record in found] == [
        (2, None),
        (3, None),
        (4, "RAGGED_ROW"),
    ]


# ---- the header ------------------------------------------------------------------------------------------


def test_a_column_without_a_name_gets_one() -> None:
    assert opened("a,,c\n1,2,3\n").columns == ["a", "column_2", "c"]


@pytest.mark.parametrize("header", ["price,name,price", "Price,name,PRICE", "price,name, price "])
def test_two_columns_of_one_name_are_refused(header: str) -> None:
    assert refused(f"{header}\n1,2,3\n") == ([], "DUPLICATE_HEADER", 1)


@pytest.mark.parametrize("first", ["4006381333931,Milk,1.20", "1,2,3", "'04006381333931,Milk", "1.5E+12,7,-3"])
def test_data_in_the_first_row_is_no_header(first: str) -> None:
    assert refused(f"{first}\n{first}\n") == ([], "NO_HEADER", 1)


def test_ten_thousand_columns_are_refused() -> None:
    header = ",".join(f"c{n}" for n in range(10_000))
    assert refused(f"{header}\n{header}\n") == ([], "TOO_MANY_COLUMNS", 1)
    assert len(opened(",".join(f"c{n}" for n in range(200)) + "\n").columns) == 200


@pytest.mark.parametrize("content", ["", "\n", "\r\n\r\n", " \n", ",,,\n,,,\n", "\ufeff"])
def test_an_empty_file_is_empty(content: str) -> None:
    assert refused(content)[1] == "FILE_EMPTY"


def test_only_a_header_is_empty_too() -> None:
    found = opened("barcode,name\n")
    assert found.columns == ["barcode", "name"]
    assert refused("barcode,name\n")[:2] == ([], "FILE_EMPTY")
    assert refused("barcode,name\n\n,\n")[:2] == ([], "FILE_EMPTY")


def test_the_header_may_come_late() -> None:
    assert good("\n\n,\na,b\n1,2\n") == {5: ["1", "2"]}


def test_a_name_beyond_the_limit_is_refused() -> None:
    assert refused(f"a,{'b' * 101}\n1,2\n", Limits(cell=100)) == ([], "CELL_TOO_LONG", 1)


# ---- rows that are wrong ---------------------------------------------------------------------------------


def test_ragged_rows_are_told_and_the_others_stand() -> None:
    found = records("a,b,c\n1,2,3\n1,2\n1,2,3,4\n1,2,3,\n7,8,9\n")
    assert [(record.line, len(record.cells), record.problem and record.problem[0]) for record in found] == [
        (2, 3, None),
        (3, 2, "RAGGED_ROW"),
        (4, 4, "RAGGED_ROW"),
        (5, 3, None),
        (6, 3, None),
    ]


def test_a_row_of_very_many_cells_is_kept_in_part() -> None:
    (record,) = records("a,b\n" + "," * 5_000 + "x\n")
    assert record.problem is not None
    assert record.problem[0] == "RAGGED_ROW"
    assert len(record.cells) == 200


@pytest.mark.parametrize("length", [64 * 1024 + 1, 131_072, 131_073, 500_000])
@pytest.mark.parametrize("quote", ["", '"'])
def test_a_cell_that_is_too_long_concerns_its_row_only(length: int, quote: str) -> None:
    content = f"a,b\n1,2\n3,{quote}{'x' * length}{quote}\n5,6\n"
    found = records(content)
    assert [(record.line, record.problem and record.problem[0]) for record in found] == [
        (2, None),
        (3, "CELL_TOO_LONG"),
        (4, None),
    ]
    assert found[1].problem is not None
    assert found[1].problem[2] == 1, "the column"
    assert len(found[1].cells[1] or "") == Limits().cell


def test_a_long_cell_over_many_lines_is_told_at_its_first() -> None:
    content = 'a,b\n1,2\n3,"' + "x\n" * 40_000 + '"\n5,6\n'
    assert problems(content) == {3: "CELL_TOO_LONG"}
    assert records(content)[-1].line == 40_004


def test_a_cell_as_long_as_allowed_is_fine() -> None:
    assert good(f"a,b\n1,{'x' * 10}\n", Limits(cell=10))[2][1] == "x" * 10
    assert problems(f"a,b\n1,{'x' * 11}\n", Limits(cell=10)) == {2: "CELL_TOO_LONG"}


def test_a_quote_in_the_middle_of_a_quoted_cell_concerns_its_row_only() -> None:
    found = records('a,b\n1,2\n3,"12" Pizza"\n5,6\n')
    assert [(record.line, record.problem and record.problem[0]) for record in found] == [
        (2, None),
        (3, "UNCLOSED_QUOTE"),
        (4, None),
    ]
    assert found[1].cells == ["3", '12 Pizza"']


def test_such_a_row_may_hold_other_defects() -> None:
    assert problems('a,b\n3,"12" Pi\0zza"\n5,6\n') == {2: "NUL_BYTE"}


# ---- quotes that are never closed ------------------------------------------------------------------------


def test_an_unclosed_quote_is_told_where_it_was_opened_and_the_rows_before_it_stand() -> None:
    assert refused('a,b\n1,2\n3,4\n5,"x\n7,8\n9,0\n') == ([2, 3], "UNCLOSED_QUOTE", 4)


def test_the_line_is_that_of_the_quote_and_not_of_the_row() -> None:
    assert refused('a,b,c\n1,2,3\n3,"x\ny""\nz","w\n7,8,9\n9,0,1\n') == ([2], "UNCLOSED_QUOTE", 5)
    assert refused('a, "b"\n1, "x"\n3, "y\n') == ([2], "UNCLOSED_QUOTE", 3)


def test_an_unclosed_quote_that_the_next_opening_one_closes_does_not_eat_the_rows_between() -> None:
    assert refused('a,b\n1,2\n3,"x\n5,6\n7,"y"\n9,0\n') == ([2], "UNCLOSED_QUOTE", 3)


def test_an_unclosed_quote_in_the_header_is_about_the_file() -> None:
    assert refused('a,"b\n1,2\n') == ([], "UNCLOSED_QUOTE", 1)


def test_an_unclosed_quote_is_not_followed_to_the_end_of_the_file() -> None:
    rows = (b"%d,Milk\n" % n for n in range(10_000_000))
    stream = Stream(chain([b'a,b\n1,2\n3,"x\n'], rows))
    assert refused(stream) == ([2], "UNCLOSED_QUOTE", 3)
    assert stream.given < 3 * MIB


def test_an_unclosed_quote_behind_many_pieces_is_told_by_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "CHUNK", 16)
    rows = "".join(f'{n},"x\ny"\n' for n in range(50))
    assert refused(f'a,b\n{rows}1,"z\n5,6\n7,8\n' + "9,10\n" * 20, delimiter=",")[1:] == ("UNCLOSED_QUOTE", 102)


# ---- lines that never end --------------------------------------------------------------------------------


def test_a_line_of_200_mib_is_refused_after_little_of_it() -> None:
    stream = Stream(chain([b"a,b\n1,2\n"], repeat(b"x" * 65_536, 3_200)))
    assert refused(stream) == ([2], "LINE_TOO_LONG", 3)
    assert stream.given < 3 * MIB


def test_a_first_line_of_200_mib_is_refused_as_well() -> None:
    for piece in (b"x" * 65_536, b"a,b;c\t" * 10_000, b"\0" * 65_536, b" " * 65_536, "ä".encode() * 30_000):
        stream = Stream(repeat(piece, 200 * MIB // len(piece)))
        assert refused(stream)[1:] == ("LINE_TOO_LONG", 1)
        assert stream.given < 5 * MIB


def test_a_long_line_between_others_is_told() -> None:
    assert refused(f"a,b\n1,2\n3,{'x' * 100}\n5,6\n", Limits(line=50)) == ([2], "LINE_TOO_LONG", 3)
    assert problems('a,b\n1,"' + "x\n" * 30 + '"\n3,4\n', Limits(line=50)) == {2: "LINE_TOO_LONG"}


def test_more_rows_than_allowed_are_refused_at_the_first_of_them() -> None:
    assert refused("a,b\n" + "1,2\n" * 11, Limits(rows=10)) == (list(range(2, 12)), "TOO_MANY_ROWS", 12)
    assert len(good("a,b\n" + "1,2\n" * 10, Limits(rows=10))) == 10


# ---- properties ------------------------------------------------------------------------------------------

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=12)
ROWS = st.integers(2, 5).flatmap(
    lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width).filter(any), min_size=1, max_size=8)
)


def written(rows: list[list[Any]], **how: str) -> str:
    file = io.StringIO()
    # Python's writer forgets to quote a line break that is not its own.
    quoting = csv.QUOTE_ALL if how.get("lineterminator") == "\r" else csv.QUOTE_MINIMAL
    csv.writer(file, quoting=quoting, **how).writerows([[f"name{n}" for n in range(len(rows[0]))], *rows])  # type: ignore[arg-type]
    return file.getvalue()


@settings(max_examples=50, deadline=None)
@given(
    rows=ROWS,
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_was_written_is_read(rows: list[list[str]], delimiter: str, end: str, encoding: str) -> None:
    content = written(rows, delimiter=delimiter, lineterminator=end).encode(encoding)
    assert list(good(content, delimiter=delimiter).values()) == rows


@settings(max_examples=50, deadline=None)
@given(rows=ROWS, size=st.integers(1, 40))
def test_where_the_pieces_are_cut_makes_no_difference(rows: list[list[str]], size: int) -> None:
    content = written(rows, delimiter=";", lineterminator="\r\n") + 'x;"y\n'
    whole = refused(content, delimiter=";")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table, "CHUNK", size)
        assert refused(content, delimiter=";") == whole


@settings(max_examples=50, deadline=None)
@given(rows=ROWS, extra=st.integers(0, 3))
def test_a_record_is_named_by_the_line_it_begins_on(rows: list[list[str]], extra: int) -> None:
    content = "\n" * extra + written(rows, lineterminator="\n")
    lines = content.split("\n")
    for line, cells in good(content, delimiter=",").items():
        beginning = written([cells], lineterminator="\n").split("\n")[1]
        assert lines[line - 1] == beginning
