"""Files good and bad, made by hand: no honest tool writes most of them."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest

from functions.import_publish.formats import Cell, FileProblem, Hints, Limits, Record, Table, read

Content = bytes | str | io.BytesIO


class Stream(io.BytesIO):
    """Bytes made when they are asked for; `given` says how many were."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        super().__init__()
        self._pieces = iter(pieces)
        self._rest = b""
        self.given = 0

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        # As a network does: what there is, and seldom as much as was asked for.
        self._rest = self._rest or next(self._pieces, b"")
        data, self._rest = self._rest[:size], self._rest[size:]
        self.given += len(data)
        return data


def opened(content: Content, limits: Limits | None = None, **hints: Any) -> Table:
    if isinstance(content, str):
        content = content.encode()
    stream = io.BytesIO(content) if isinstance(content, bytes) else content
    return read(stream, Hints(**hints), limits)


def records(content: Content, limits: Limits | None = None, **hints: Any) -> list[Record]:
    return list(opened(content, limits, **hints))


def good(content: Content, limits: Limits | None = None, **hints: Any) -> dict[int, list[Cell]]:
    """The cells by line, when no row has a problem."""
    found = records(content, limits, **hints)
    assert [record for record in found if record.problem] == []
    return {record.line: record.cells for record in found}


def problems(content: Content, limits: Limits | None = None, **hints: Any) -> dict[int, str]:
    """The codes of the rows that have one, by line."""
    return {record.line: record.problem[0] for record in records(content, limits, **hints) if record.problem}


def refused(content: Content, limits: Limits | None = None, **hints: Any) -> tuple[list[int], str, int | None]:
    """The lines that stand before the file cannot be read further, the code, and the line it names."""
    lines: list[int] = []
    with pytest.raises(FileProblem) as caught:
        lines.extend(record.line for record in opened(content, limits, **hints))
    assert caught.value.message.endswith("."), "a message is a sentence"
    return lines, caught.value.code, caught.value.line


# ---- archives --------------------------------------------------------------------------------------------


@dataclass
class Entry:
    """One file of a zip, and every lie that can be told about it."""

    name: str
    data: bytes = b""
    packed: bytes | None = None
    size: int | None = None
    crc: int | None = None
    method: int = 8
    flags: int = 0
    attributes: int = 0
    offset: int | None = None
    """Where the directory says it is; where it is, if None."""


def zipped(*entries: Entry) -> bytes:
    body, directory = bytearray(), bytearray()
    for entry in entries:
        packed = entry.packed if entry.packed is not None else deflated(entry.data) if entry.method == 8 else entry.data
        size = entry.size if entry.size is not None else len(entry.data)
        crc = entry.crc if entry.crc is not None else zlib.crc32(entry.data)
        name = entry.name.encode()
        offset = entry.offset if entry.offset is not None else len(body)
        common = struct.pack("<5H3I", 20, entry.flags, entry.method, 0, 33, crc, len(packed), size)
        body += b"PK\3\4" + common + struct.pack("<2H", len(name), 0) + name + packed
        directory += b"PK\1\2" + struct.pack("<H", 20 | 3 << 8) + common
        directory += struct.pack("<5H2I", len(name), 0, 0, 0, 0, entry.attributes, offset) + name
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, len(entries), len(entries), len(directory), len(body), 0)
    return bytes(body + directory) + end


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def zeros(mebibytes: int) -> Iterator[bytes]:
    """Raw deflate of so many MiB of NUL. A block that is flushed stands alone, so one can be repeated."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    for _ in range(mebibytes):
        yield block
    yield packer.flush()


# ---- workbooks -------------------------------------------------------------------------------------------

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def cell(value: Any, reference: str = "") -> str:
    """A cell as a spreadsheet writes it; text in the place, or XML as it is where it begins with <."""
    at = f' r="{reference}"' if reference else ""
    if isinstance(value, str):
        if value.startswith("<c"):
            return value
        return f'<c{at} t="inlineStr"><is><t>{escape(value)}</t></is></c>' if value else ""
    return f"<c{at}><v>{value}</v></c>"


def sheet(rows: Iterable[Any]) -> str:
    lines = (
        f'<row r="{n}">{"".join(cell(value, f"{chr(65 + at)}{n}") for at, value in enumerate(row))}</row>'
        for n, row in enumerate(rows, 1)
    )
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{"".join(lines)}</sheetData></worksheet>'


def workbook(
    *sheets: str | tuple[str, str] | tuple[str, str, str],
    texts: str | None = None,
    styles: str | None = None,
    date1904: bool = False,
    extra: Sequence[Entry] = (),
) -> bytes:
    """A workbook of sheets: XML, or (name, XML), or (name, XML, state)."""
    named = [each if isinstance(each, tuple) else (f"Sheet{n}", each) for n, each in enumerate(sheets, 1)]
    tabs = "".join(
        f'<sheet name={quoteattr(each[0])} sheetId="{n}" r:id="rId{n}"{_state(each)}/>'
        for n, each in enumerate(named, 1)
    )
    book = f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><workbookPr date1904="{int(date1904)}"/>'
    links = [("worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(named) + 1)]
    entries = [Entry(f"xl/worksheets/sheet{n}.xml", each[1].encode()) for n, each in enumerate(named, 1)]
    for part, kind, content in (("sharedStrings", "sharedStrings", texts), ("styles", "styles", styles)):
        if content is not None:
            links.append((kind, f"/xl/{part}.xml"))
            entries.append(Entry(f"xl/{part}.xml", content.encode()))
    relations = "".join(
        f'<Relationship Id="rId{n}" Type="{_RELATIONS}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(links, 1)
    )
    return zipped(
        Entry("[Content_Types].xml", b"<Types/>"),
        Entry("xl/workbook.xml", f"{book}<sheets>{tabs}</sheets></workbook>".encode()),
        Entry("xl/_rels/workbook.xml.rels", f"<Relationships>{relations}</Relationships>".encode()),
        *entries,
        *extra,
    )


def _state(each: tuple[str, ...]) -> str:
    return f' state="{each[2]}"' if len(each) > 2 else ""


def shared(*texts: str) -> str:
    """The shared texts, given as the XML inside each."""
    return f'<sst xmlns="{_MAIN}">{"".join(f"<si>{text}</si>" for text in texts)}</sst>'


def formats(*codes: str | int) -> str:
    """Styles: one cell style for each number format, by its number or its code."""
    own = "".join(
        f'<numFmt numFmtId="{164 + n}" formatCode={quoteattr(code)}/>'
        for n, code in enumerate(codes)
        if isinstance(code, str)
    )
    cells = "".join(f'<xf numFmtId="{code if isinstance(code, int) else 164 + n}"/>' for n, code in enumerate(codes))
    unused = '<cellStyleXfs><xf numFmtId="0"/></cellStyleXfs>'
    return f"<styleSheet><numFmts>{own}</numFmts>{unused}<cellXfs>{cells}</cellXfs></styleSheet>"
