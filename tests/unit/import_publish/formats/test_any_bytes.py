"""Whatever bytes come in: records within the limits, or a FileProblem, and never anything else."""

from __future__ import annotations

import gzip
import io
import json
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.import_publish.domain.codes import CODES
from functions.import_publish.formats import (
    FileProblem,
    Hints,
    Limits,
    archives,
    read,
    table,
    workbook_parts,
    workbook_xml,
)
from tests.unit.import_publish.formats.zoo import Entry, deflated, formats, shared, sheet, workbook, zipped

SMALL = Limits(packed=20_000, unpacked=40_000, ratio=50, rows=20, cell=40, columns=6, line=200)
KIB = 1 << 10
MIB = 1 << 20

VALID: list[bytes] = [
    b'barcode,name,price\n1,"Milk, ""fresh""\nx",1.20\n2,Bread,3\n',
    "barcode;name\r\n1;Žlička\r\n".encode("cp1250"),
    "barcode\tname\n1\tKäse\n".encode("utf-16"),
    b'{"a":1.10,"b":{"c":[1,{"d":null}]}}\n{"a":true}\n',
    b'[{"a":1.10,"b":{"c":[1,{"d":null}]}},{"a":true}]',
]
VALID += [
    gzip.compress(VALID[0], mtime=0),
    zipped(Entry("a.csv", VALID[0])),
    zipped(Entry("a.csv", VALID[0], method=0)),
]
VALID += [
    workbook(
        sheet([["a", "b"], [1, "x"], ['<c t="s"><v>0</v></c>', '<c s="1"><v>46025</v></c>']]),
        texts=shared("<t>y</t>"),
        styles=formats(0, 14),
    ),
    zipped(Entry("a.xlsx", workbook(sheet([["a"], [1]])))),
]

SIGNS = [
    ",",
    ";",
    '"',
    '""',
    "\n",
    "\r",
    "\r\n",
    "\0",
    "a",
    "1",
    "{",
    "}",
    "[",
    "]",
    ":",
    '"a":1',
    '{"a":1}',
    "\\",
    " ",
    "'",
]
WORDS = [
    "\\u0000",
    "\\ud800",
    "x" * 50,
    "x" * 250,
    "null",
    "NaN",
    "1e400",
    "<",
    "sep=;\n",
    "PK\3\4",
    "[" * 60,
    "ä",
    "\u2028",
]
BYTES = [b"\xff", b"\xe4", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x1f\x8b"]
PIECES = st.lists(st.sampled_from([*(sign.encode() for sign in SIGNS + WORDS), *BYTES]), max_size=40).map(b"".join)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A valid file with some bytes changed, cut out or put in, and perhaps packed after that."""
    content = bytearray(draw(st.sampled_from(VALID)))
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, len(content)))
        content[place : place + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    packed = draw(st.sampled_from(["", "", "gzip", "zip"]))
    return (
        gzip.compress(content, mtime=0)
        if packed == "gzip"
        else zipped(Entry("a", bytes(content)))
        if packed
        else bytes(content)
    )


@st.composite
def damaged_xml(draw: st.DrawFn) -> bytes:
    """A workbook whose parts are damaged before they are packed, so that the damage is reached."""
    parts = [
        sheet([["a", "b"], [1, "x"], ['<c t="s"><v>0</v></c>', "<c><f>1</f></c>"]]),
        shared("<t>y</t>"),
        formats(0, 14),
    ]
    place = draw(st.integers(0, 2))
    text = parts[place]
    at = draw(st.integers(0, len(text)))
    new = draw(
        st.sampled_from(
            ["<", ">", "&", "<row>", "</row>", "<c>", "</c>", "<v>", "9", '"', "<t>", "\0", "<!DOCTYPE a>", "ä"]
        )
    )
    parts[place] = text[:at] + new + text[at + draw(st.integers(0, 5)) :]
    return workbook(parts[0], texts=parts[1], styles=parts[2])


HINTS = st.builds(
    Hints,
    name=st.sampled_from(["", "a.csv", "a.jsonl"]),
    encoding=st.sampled_from([None, None, "utf-8", "cp1250", "utf-16", "gb18030", "nonsense"]),
    delimiter=st.sampled_from([None, None, ";", "\t", ""]),
    sheet=st.sampled_from([None, None, "Sheet1", "x"]),
)


def check(content: bytes, hints: Hints, size: int) -> None:
    lines, rows = [0], 0
    refusal: FileProblem | None = None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table, "CHUNK", size)
        try:
            found = read(io.BytesIO(content), hints, SMALL)
            for record in found:
                rows += 1
                lines.append(record.line)
                assert len(record.cells) <= SMALL.columns
                for cell in record.cells:
                    assert cell is None or (type(cell) is str and len(cell) <= SMALL.cell)
                    assert cell is None or cell.encode() is not None
                    assert "\0" not in (cell or "")
                if record.problem is None:
                    assert len(record.cells) == len(found.columns)
                else:
                    assert record.problem[0] in CODES
                    assert record.problem[2] is None or 0 <= record.problem[2] < SMALL.columns
            assert 0 < rows <= SMALL.rows
            assert len(found.columns) == len(set(found.columns)) <= SMALL.columns
        except FileProblem as problem:
            refusal = problem
    if refusal is not None:
        assert refusal.code in CODES
        assert refusal.line is None or refusal.line >= max(1, lines[-1])
        assert refusal.message.encode()
    assert rows <= SMALL.rows
    if found_increasing(content):
        assert lines == sorted(set(lines))


def found_increasing(content: bytes) -> bool:
    """The rows of a workbook carry their numbers, and may carry any."""
    return b"PK" not in content and not content.startswith(b"\x1f\x8b")


@settings(max_examples=120, deadline=None)
@given(content=st.binary(max_size=200) | PIECES, hints=HINTS, size=st.sampled_from([1, 7, 64, 262_144]))
def test_any_bytes_are_records_or_a_problem(content: bytes, hints: Hints, size: int) -> None:
    check(content, hints, size)


@settings(max_examples=120, deadline=None)
@given(content=damaged(), hints=HINTS, size=st.sampled_from([16, 262_144]))
def test_damaged_files_are_records_or_a_problem(content: bytes, hints: Hints, size: int) -> None:
    check(content, hints, size)


@settings(max_examples=60, deadline=None)
@given(content=damaged_xml())
def test_damaged_workbooks_are_records_or_a_problem(content: bytes) -> None:
    check(content, Hints(), 262_144)


@settings(max_examples=25, deadline=None)
@given(content=st.binary(max_size=80))
def test_any_bytes_in_any_wrapping_are_records_or_a_problem(content: bytes) -> None:
    for wrapped in (
        b"\x1f\x8b" + content,
        b"PK\3\4" + content,
        gzip.compress(content, mtime=0),
        zipped(Entry("a", content)),
        zipped(Entry("a", packed=content, size=10)),
        zipped(Entry("xl/workbook.xml", content)),
    ):
        check(wrapped, Hints(), 262_144)


# ---- memory ----------------------------------------------------------------------------------------------


def csv_rows(count: int) -> Iterator[bytes]:
    yield b"barcode,name,price,stock\n"
    for start in range(0, count, 500):
        yield b"".join(
            b'%013d,"Product, number %d",1.%02d,%d\n' % (n, n, n % 100, n) for n in range(start, start + 500)
        )


def ndjson_rows(count: int) -> Iterator[bytes]:
    for start in range(0, count, 500):
        yield b"".join(
            b'{"barcode":"%013d","name":"Product %d","price":1.%02d}\n' % (n, n, n % 100)
            for n in range(start, start + 500)
        )


def array_rows(count: int) -> Iterator[bytes]:
    return chain([b"["], (piece.replace(b"\n", b",") for piece in ndjson_rows(count)), [b'{"name":"last"}]'])


def gzip_rows(count: int) -> Iterator[bytes]:
    return chain([gzip.compress(piece, 1) for piece in csv_rows(count)])


def book_rows(count: int) -> Iterator[bytes]:
    texts = shared(*(f"<t>Product number {n}</t>" for n in range(count)))
    rows = [["barcode", "name"], *([n, f'<c t="s"><v>{n}</v></c>'] for n in range(count))]
    yield workbook(sheet(rows), texts=texts)


def peak(content: Iterator[bytes], patch: pytest.MonkeyPatch) -> int:
    """Bytes at the highest while a file is read in small pieces, without those of the file."""
    stream = io.BytesIO(b"".join(content))
    patch.setattr(table, "CHUNK", 4 * KIB)
    patch.setattr(archives, "CHUNK", 4 * KIB)
    patch.setattr(workbook_xml, "STEP", 4 * KIB)
    patch.setattr(workbook_parts, "REMEMBERED", 100)
    tracemalloc.start()
    try:
        with suppress(FileProblem):
            for _ in read(stream, limits=Limits(cell=4 * KIB, line=32 * KIB)):
                pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("rows", [csv_rows, ndjson_rows, array_rows, gzip_rows, book_rows])
def test_memory_does_not_grow_with_the_file(
    rows: Callable[[int], Iterator[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    small, large = peak(rows(500), monkeypatch), peak(rows(2_500), monkeypatch)
    # Four bytes are kept of each text of a workbook.
    assert large < small * 1.1 + 2_500 * 4 + 40 * KIB


@pytest.mark.parametrize(
    "bomb",
    [
        gzip.compress(bytes(MIB)),
        zipped(Entry("a", packed=deflated(bytes(MIB)), size=1_000)),
        b'a,b\n1,"' + b"x" * MIB,
        b'a,b\n1,"' + b"x\n" * MIB,
        b'[{"a":"' + b"x" * MIB,
        b"[" * MIB,
        b'[{"a":' + b"[" * MIB,
        b'{"a":' + b"[" * MIB,
        b"a," * MIB,
        json.dumps({f"k{n}": n for n in range(60_000)}).encode(),
        json.dumps([{f"k{n}": n} for n in range(60_000)]).encode(),
        workbook("<worksheet><row>" + "<c><v>1</v></c>" * 20_000 + "</row></worksheet>"),
        workbook("<worksheet><row><c><v>" + "1" * MIB + "</v></c></row></worksheet>"),
        workbook("<worksheet>" + "<a>" * 100_000),
    ],
    ids=range(14),
)
def test_no_bomb_fills_the_memory(bomb: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    assert peak(iter([bomb]), monkeypatch) < 800 * KIB
