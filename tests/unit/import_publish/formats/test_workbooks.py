"""XLSX: what a person sees in the sheet is what is read, and what nobody can see is refused."""

from __future__ import annotations

import datetime
import importlib
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.import_publish.formats import FileProblem, Limits
from functions.import_publish.formats.workbook_values import is_date, moment, number, unescaped
from tests.unit.import_publish.formats.zoo import (
    Entry,
    formats,
    good,
    opened,
    problems,
    records,
    refused,
    shared,
    sheet,
    workbook,
    zipped,
)

SATURDAY = datetime.datetime(2026, 1, 3, 10, 30)  # noqa: DTZ001 - a spreadsheet knows no time zones
TABLE = [["barcode", "name", "price"], [4006381333931, "Milk", 1.1], [5, "Bread", 2]]
ROWS = {2: ["4006381333931", "Milk", "1.1"], 3: ["5", "Bread", "2"]}


def saved(fill: Any) -> bytes:
    """A workbook as openpyxl writes it."""
    book = importlib.import_module("openpyxl").Workbook()
    fill(book)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def one_cell(xml: str, **more: Any) -> str | None:
    return good(workbook(sheet([["a"], [xml]]), **more))[2][0]


# ---- what is read ----------------------------------------------------------------------------------------


def test_a_workbook_is_read_row_by_row() -> None:
    found = opened(workbook(sheet(TABLE)))
    assert (found.format, found.compression, found.encoding, found.delimiter) == ("xlsx", "", "utf-8", "")
    assert found.columns == ["barcode", "name", "price"]
    assert {record.line: record.cells for record in found} == ROWS


def test_a_workbook_of_another_program_is_read_alike() -> None:
    def fill(book: Any) -> None:
        page = book.active
        page.append(["barcode", "name", "price", "since", "at", "new", "formula"])
        page.append([4006381333931, "Käse & <Brot>\n1 kg", 1.10, datetime.date(2026, 1, 3), None, True, None])
        page.append(["00012345", "=x", 0.1 + 0.2, SATURDAY, datetime.time(9, 5), False, "=1+1"])
        page["B3"].data_type = "s"
        page["A2"].number_format = "0"

    found = records(saved(fill))
    assert found[0] == (2, ["4006381333931", "Käse & <Brot>\n1 kg", "1.1", "2026-01-03", "", "true", ""], None)
    assert found[1].cells[:6] == ["00012345", "=x", "0.3", "2026-01-03T10:30:00", "09:05:00", "false"]
    assert found[1].problem is not None
    assert (found[1].problem[0], found[1].problem[2]) == ("FORMULA", 6)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("4006381333931", "4006381333931"),
        ("4.006381333931E+12", "4006381333931"),
        ("4006381333931.0", "4006381333931"),
        ("14006381333938", "14006381333938"),
        ("1.1000000000000001", "1.1"),
        ("0.30000000000000004", "0.3"),
        ("1E-3", "0.001"),
        ("-12.50", "-12.5"),
        ("0", "0"),
        ("-0", "0"),
        ("007", "7"),
        ("1e400", "1e400"),
        ("1E+20", "100000000000000000000"),
        ("1_000", "1_000"),
        ("NaN", "NaN"),
        ("١٢", "١٢"),
    ],
)
def test_a_number_is_its_shortest_text_without_an_exponent(written: str, read: str) -> None:
    assert one_cell(f'<c r="A2"><v>{written}</v></c>') == read


@given(st.integers(0, 10**14 - 1))
def test_a_code_that_was_kept_as_a_number_keeps_its_digits(code: int) -> None:
    assert number(str(code)) == number(f"{code}.0") == number(f"{code:.14E}") == str(code)


def test_a_format_of_zeros_fills_up() -> None:
    styles = formats(0, "0000000000000", "00000")
    cells = ['<c r="A2" s="1"><v>12345670</v></c>', '<c r="B2" s="2"><v>12.5</v></c>', '<c r="C2" s="9"><v>1</v></c>']
    assert good(workbook(sheet([["a", "b", "c"], cells]), styles=styles)) == {2: ["0000012345670", "12.5", "1"]}


@pytest.mark.parametrize(
    ("serial", "style", "read"),
    [
        ("46025", 14, "2026-01-03"),
        ("46025.4375", 22, "2026-01-03T10:30:00"),
        ("46025.4374999999", 22, "2026-01-03T10:30:00"),
        ("0.4375", 20, "10:30:00"),
        ("1", 14, "1900-01-01"),
        ("59", 14, "1900-02-28"),
        ("61", 14, "1900-03-01"),
        ("2958465", 14, "9999-12-31"),
        ("2958466", 14, "2958466"),
        ("-1", 14, "-1"),
        ("46025", 'dd"."mm"."yyyy', "2026-01-03"),
        ("46025", "[$-409]mmm yy;@", "2026-01-03"),
        ("46025.5", "[h]:mm", "2026-01-03T12:00:00"),
        ("46025", "General", "46025"),
        ("46025", '0.00 "days"', "46025"),
        ("46025", "#,##0.00 [$€-de-DE]", "46025"),
        ("46025", "[Red]0", "46025"),
        ("46025", "0\\d", "46025"),
        ("46025", 4, "46025"),
    ],
)
def test_a_number_shown_as_a_date_is_read_as_one(serial: str, style: int | str, read: str) -> None:
    assert one_cell(f'<c r="A2" s="1"><v>{serial}</v></c>', styles=formats(0, style)) == read


def test_dates_of_old_macs_count_from_1904() -> None:
    book = workbook(sheet([["a"], ['<c r="A2" s="0"><v>44563</v></c>']]), styles=formats(14), date1904=True)
    assert good(book)[2] == ["2026-01-03"]
    assert moment("2958465", from_1904=True) is None, "behind the last year there is"
    assert moment("0", from_1904=True) == "1904-01-01"


def test_a_date_that_is_no_number_stays_as_it_is() -> None:
    assert one_cell('<c r="A2" s="0"><v>soon</v></c>', styles=formats(14)) == "soon"
    assert one_cell('<c r="A2" t="d"><v>2026-01-03T10:30:00</v></c>') == "2026-01-03T10:30:00"
    assert not is_date(99, None)


def test_shared_texts_are_whole_and_without_pronunciation() -> None:
    texts = shared(
        "<t>Milk</t>",
        '<r><t xml:space="preserve">1 </t></r><r><rPr><b/></rPr><t>kg</t></r>',
        "<t>牛乳</t><rPh sb='0' eb='2'><t>ギュウニュウ</t></rPh>",
        "<t>a_x000D_\nb_x0041__xD800__x0000_</t>",
        "",
    )
    cells = [f'<c t="s"><v>{n}</v></c>' for n in range(5)]
    book = workbook(sheet([["a", "b", "c", "d", "e"], cells]), texts=texts)
    assert good(book)[2] == ["Milk", "1 kg", "牛乳", "a\nbA_xD800__x0000_", ""]


def test_texts_in_place_and_of_formulas_are_texts() -> None:
    assert (
        one_cell('<c r="A2" t="inlineStr"><is><r><t>1 </t></r><r><t>kg</t></r><rPh><t>x</t></rPh></is></c>') == "1 kg"
    )
    assert one_cell('<c r="A2" t="str"><v>0012</v></c>') == "0012"
    assert one_cell('<c r="A2" t="b"><v>1</v></c>') == "true"
    assert unescaped("plain") == "plain"


def test_cells_that_are_left_out_are_empty() -> None:
    rows = '<row r="1"><c r="A1"><v>0</v></c></row>'
    content = sheet([["a", "b", "c"], [], ["1", "", "3"], ["", "2"], ["", "", ""]]).replace("<x/>", rows)
    assert good(workbook(content)) == {3: ["1", "", "3"], 4: ["", "2", ""]}


def test_cells_and_rows_without_a_place_follow_each_other() -> None:
    xml = "<worksheet><sheetData><row><c><v>1</v></c></row></sheetData></worksheet>"
    cells = '<row><c t="inlineStr"><is><t>a</t></is></c><c t="inlineStr"><is><t>b</t></is></c></row>'
    assert good(workbook(xml.replace("<row>", cells + "<row>", 1))) == {2: ["1", ""]}


def test_a_cell_that_comes_twice_or_late_is_in_its_place() -> None:
    cells = ['<c r="B2"><v>2</v></c>', '<c r="A2"><v>1</v></c>', '<c r="B2"><v>3</v></c>']
    assert good(workbook(sheet([["a", "b"], cells]))) == {2: ["1", "3"]}


def test_elements_may_have_a_prefix() -> None:
    content = (
        sheet(TABLE).replace("<", "<x:").replace("<x:/", "</x:").replace("x:worksheet xmlns=", "x:worksheet xmlns:x=")
    )
    assert good(workbook(content)) == ROWS


def test_the_header_may_come_late_and_empty_rows_are_skipped() -> None:
    found = opened(workbook(sheet([[], ["", ""], ["a", "b", ""], [1, 2], ["", ""], [3, 4]])))
    assert found.columns == ["a", "b"]
    assert [record.line for record in found] == [4, 6]


# ---- rows that are wrong ---------------------------------------------------------------------------------


def test_a_formula_is_told_with_its_column_and_the_other_rows_stand() -> None:
    rows = [
        ["barcode", "price"],
        [1, '<c r="B2"><f>A2*2</f><v>2</v></c>'],
        [2, '<c r="B3"><f t="shared" si="0"/><v>4</v></c>'],
        [3, '<c r="B4"><f t="shared" si="0"/></c>'],
        [4, '<c r="B5" t="str"><f>HYPERLINK("http://x")</f><v>x</v></c>'],
        [5, 6],
    ]
    found = records(workbook(sheet(rows)))
    assert [record.problem and (record.problem[0], record.problem[2]) for record in found] == [("FORMULA", 1)] * 4 + [
        None
    ]
    assert [record.cells[1] for record in found] == ["=A2*2", "4", "=", '=HYPERLINK("http://x")', "6"]


def test_an_error_of_a_formula_is_told() -> None:
    assert problems(workbook(sheet([["a"], ['<c r="A2" t="e"><v>#N/A</v></c>'], [1]]))) == {2: "FORMULA"}


def test_a_formula_in_the_header_is_about_the_file() -> None:
    assert refused(workbook(sheet([["a", "<c><f>1</f></c>"], [1, 2]]))) == ([], "FORMULA", 1)


def test_a_cell_that_is_too_long_concerns_its_row_only() -> None:
    rows = [["a", "b"], [1, "x" * 11], [2, "y" * 10], [3, '<c r="B4" t="s"><v>0</v></c>']]
    book = workbook(sheet(rows), texts=shared(f"<t>{'z' * 500}</t>"))
    found = records(book, Limits(cell=10))
    assert [record.problem and (record.problem[0], record.problem[2]) for record in found] == [
        ("CELL_TOO_LONG", 1),
        None,
        ("CELL_TOO_LONG", 1),
    ]
    assert found[2].cells == ["3", "z" * 10]


def test_cells_behind_the_last_column_are_told() -> None:
    rows = [["a", "b"], [1, 2], [1, 2, 3], [1, '<c r="XFD4"><v>9</v></c>'], [1, 2, ""], ['<c r="XFD6"><v>9</v></c>']]
    assert problems(workbook(sheet(rows))) == {3: "RAGGED_ROW", 4: "RAGGED_ROW", 6: "RAGGED_ROW"}


def test_too_many_columns_and_bad_names_are_refused() -> None:
    assert (
        refused(workbook(sheet([["a", '<c r="XFD1"><v>9</v></c>'], [1]])), Limits(columns=1))[1] == "TOO_MANY_COLUMNS"
    )
    wide = "".join(f'<c t="inlineStr"><is><t>c{n}</t></is></c>' for n in range(10_000))
    assert refused(workbook(sheet([[], [wide], [1]]))) == ([], "TOO_MANY_COLUMNS", 2)
    assert refused(workbook(sheet([["a", "A"], [1, 2]]))) == ([], "DUPLICATE_HEADER", 1)
    assert refused(workbook(sheet([[4006381333931, "Milk"], [1, 2]]))) == ([], "NO_HEADER", 1)


def test_more_rows_than_allowed_are_refused() -> None:
    assert refused(workbook(sheet([["a"], *[[n] for n in range(11)]])), Limits(rows=10))[1:] == ("TOO_MANY_ROWS", 12)


# ---- sheets ----------------------------------------------------------------------------------------------


def test_two_sheets_with_rows_are_ambiguous_and_named() -> None:
    book = workbook(("Food", sheet(TABLE)), ("Drinks", sheet(TABLE)))
    with pytest.raises(FileProblem, match="'Food', 'Drinks'") as caught:
        opened(book)
    assert caught.value.code == "SHEET_AMBIGUOUS"
    assert good(book, sheet="drinks ") == ROWS


def test_empty_and_hidden_sheets_do_not_count() -> None:
    assert good(workbook(sheet(TABLE), sheet([]), sheet([["", ""]]))) == ROWS
    assert good(workbook(sheet(TABLE), ("Lists", sheet(TABLE), "hidden"))) == ROWS
    assert good(workbook(sheet(TABLE), ("Lists", sheet([["a"], [1]]), "veryHidden")), sheet="Lists") == {2: ["1"]}


def test_a_sheet_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(FileProblem, match="'Sheet1'") as caught:
        opened(workbook(sheet(TABLE)), sheet="Food")
    assert caught.value.code == "SHEET_MISSING"
    many = workbook(*[sheet(TABLE)] * 7)
    with pytest.raises(FileProblem, match="and 2 more"):
        opened(many)


@pytest.mark.parametrize("pages", [[], [sheet([])], [sheet([]), sheet([])], [sheet([["", ""]])]])
def test_a_workbook_without_rows_is_empty(pages: list[str]) -> None:
    assert refused(workbook(*pages))[1] == "FILE_EMPTY"


def test_only_a_header_is_empty_too() -> None:
    assert refused(workbook(sheet([["a", "b"]])))[1] == "FILE_EMPTY"


# ---- workbooks that are hostile or broken ----------------------------------------------------------------

LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha">{}]>'.format(
    "".join(f'<!ENTITY {chr(b)} "{f"&{chr(b - 1)};" * 10}">' for b in range(ord("b"), ord("k")))
)


def test_a_billion_laughs_are_not_laughed() -> None:
    bad = LAUGHS + sheet([["a"], ["<c><v>&j;</v></c>"]])
    assert refused(workbook(bad))[1] == "BAD_ARCHIVE"
    assert refused(workbook(sheet(TABLE), texts=LAUGHS + shared("<t>&j;</t>")))[1] == "BAD_ARCHIVE"
    assert refused(workbook(sheet(TABLE), styles=LAUGHS + formats(0)))[1] == "BAD_ARCHIVE"


def test_an_outer_entity_is_not_fetched() -> None:
    bad = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + sheet([["a"], ["<c><v>&e;</v></c>"]])
    assert refused(workbook(bad))[1] == "BAD_ARCHIVE"


@pytest.mark.parametrize(
    "inside",
    [
        "<a>" * 65 + "</a>" * 65,
        "".join(f"<n{n}/>" for n in range(20_000)),
        "".join(f"<n x{n}='1'/>" for n in range(20_000)),
        f'<c t="{"n" * (3 << 20)}"/>',
    ],
    ids=["deep", "names", "attributes", "tag"],
)
def test_xml_that_would_fill_the_parsers_memory_is_refused(inside: str) -> None:
    limits = Limits(ratio=100_000)
    assert refused(workbook(sheet(TABLE).replace("<sheetData>", f"<sheetData>{inside}")), limits)[1] == "BAD_ARCHIVE"


def test_the_rows_before_broken_xml_stand() -> None:
    rows = [["a"], *([n] for n in range(20_000))]
    lines, code, line = refused(workbook(sheet(rows).replace("<v>15000</v>", "<v>15000</w>")))
    assert (lines, code, line) == (list(range(2, 15_002)), "BAD_ARCHIVE", 15_002)


@pytest.mark.parametrize(
    "content",
    [
        workbook(sheet(TABLE)[:-20]),
        workbook("<worksheet/>x"),
        workbook("no xml"),
        workbook('<?xml version="1.0" encoding="rot13"?>' + sheet(TABLE)),
        workbook('<?xml version="1.0" encoding="shift_jis"?>' + sheet(TABLE)),
        workbook(sheet([["a"], ['<c t="s"><v>7</v></c>']])),
        workbook(sheet([["a"], ["<c><v>&#0;</v></c>"]])),
        workbook(sheet([["a"], ["<c><v>&#xD800;</v></c>"]])),
        zipped(Entry("xl/workbook.xml", b"<workbook/>")),
        workbook(sheet(TABLE)).replace(b"xl/worksheets/sheet1.xml", b"xl/worksheets/sheet9.xml"),
        workbook(sheet(TABLE), styles="<styleSheet>"),
        workbook(sheet(TABLE), styles="<a/>" + " " * (17 << 20)),
    ],
)
def test_a_broken_workbook_is_refused(content: bytes) -> None:
    assert refused(content, Limits(ratio=100_000))[1] == "BAD_ARCHIVE"


def test_xml_in_another_encoding_is_read() -> None:
    content = '<?xml version="1.0" encoding="iso-8859-1"?>' + sheet([["a"], ["x"]])
    assert good(workbook(content)) == {2: ["x"]}


def test_a_workbook_that_unpacks_to_too_much_is_refused() -> None:
    big = sheet([["a"], *([f"{n * 2_654_435_761:x}" * 5] for n in range(3_000))])
    assert refused(workbook(big), Limits(unpacked=100_000))[1] == "TOO_LARGE_UNPACKED"
    spaces = sheet(TABLE).replace("<sheetData>", "<sheetData>" + " " * (4 << 20))
    assert refused(workbook(spaces))[1] == "RATIO_TOO_HIGH"
    assert refused(workbook(sheet(TABLE), extra=[Entry("xl/media/a.png", bytes(4 << 20))]))[1] == "RATIO_TOO_HIGH"


def test_a_sheet_outside_of_the_workbook_is_not_read() -> None:
    relation = '<Relationship Id="r1" Type="x/worksheet" TargetMode="External" Target="http://127.0.0.1/sheet.xml"/>'
    outside = zipped(
        Entry("xl/workbook.xml", b'<workbook><sheets><sheet name="a" id="r1"/></sheets></workbook>'),
        Entry("xl/_rels/workbook.xml.rels", f"<Relationships>{relation}</Relationships>".encode()),
    )
    assert refused(outside)[1] == "FILE_EMPTY"
    above = relation.replace(' TargetMode="External"', "").replace("http://127.0.0.1/sheet.xml", "../../../etc/passwd")
    content = zipped(
        Entry("xl/workbook.xml", b'<workbook><sheets><sheet name="a" id="r1"/></sheets></workbook>'),
        Entry("xl/_rels/workbook.xml.rels", f"<Relationships>{above}</Relationships>".encode()),
    )
    assert refused(content)[1] == "BAD_ARCHIVE"


def test_an_endless_row_of_texts_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("functions.import_publish.formats.workbook_parts.MOST_TEXTS", 100)
    assert refused(workbook(sheet(TABLE), texts=shared(*[""] * 101)))[1] == "TOO_LARGE_UNPACKED"
    assert good(workbook(sheet(TABLE), texts=shared(*[""] * 100))) == ROWS


def test_more_texts_than_are_remembered_are_still_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("functions.import_publish.formats.workbook_parts.REMEMBERED", 3)
    texts = shared(*(f"<t>text {n} {'ä' * n * 20}</t>" for n in range(20)))
    rows = [["a"], *([f'<c t="s"><v>{n * 7 % 20}</v></c>'] for n in range(60))]
    found = good(workbook(sheet(rows), texts=texts))
    assert [cells[0] for cells in found.values()] == [f"text {n * 7 % 20} {'ä' * (n * 7 % 20) * 20}" for n in range(60)]
