"""The parts of a workbook besides its sheets: which sheets there are, what its formats show, its shared texts."""

from __future__ import annotations

import posixpath
from array import array
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple

from functions.import_publish.formats import workbook_xml as xml
from functions.import_publish.formats.archives import Zip
from functions.import_publish.formats.limits import FileProblem, Limits
from functions.import_publish.formats.workbook_values import is_date, unescaped, zeros_of

MOST_PART = 16 << 20
"""Bytes of a part that is kept in memory; the sheets and the shared texts are not."""
MOST_TEXTS = 8_000_000
REMEMBERED = 10_000
_REMEMBERED_LENGTH = 200
_BOOK = "xl/workbook.xml"


class Sheet(NamedTuple):
    """A sheet, by its tab."""

    name: str
    part: str
    visible: bool


class Format(NamedTuple):
    """What a cell's style does to a number."""

    date: bool
    zeros: int
    """Digits it is filled up to; 0 if it is not."""


@dataclass
class Book:
    """What a workbook says about itself."""

    sheets: list[Sheet] = field(default_factory=list)
    formats: list[Format] = field(default_factory=list)
    from_1904: bool = False
    texts: str | None = None
    """The part of the shared texts, if there is one."""


def is_workbook(archive: Zip) -> bool:
    """Whether a zip is an XLSX file, as opposed to one that holds a file."""
    return _BOOK in archive.entries


def book_of(archive: Zip) -> Book:
    """Reads the small parts. Raises FileProblem BAD_ARCHIVE when one is damaged or missing."""
    outline = _Outline()
    _read(archive, _BOOK, outline)
    relations = _Relations()
    _read(archive, "xl/_rels/workbook.xml.rels", relations)
    book = Book(from_1904=outline.from_1904)
    for name, relation, visible in outline.sheets:
        kind, part = relations.parts.get(relation, ("", ""))
        if kind == "worksheet":
            book.sheets.append(Sheet(name, part, visible))
    for kind, part in relations.parts.values():
        if kind == "sharedStrings":
            book.texts = part
        elif kind == "styles" and part in archive.entries:
            styles = _Styles()
            _read(archive, part, styles)
            book.formats = styles.formats
    return book


class SharedTexts:
    """The texts that cells share, by number, in a file."""

    def __init__(self, archive: Zip, part: str | None, file: BinaryIO, limits: Limits) -> None:
        """Reads them all into the file, which the caller closes. Raises FileProblem."""
        self._file = file
        self._ends = array("I", [0])
        self._remembered: dict[int, str] = {}
        if part is not None and part in archive.entries:
            reader = _Texts(file, self._ends, limits)
            for _ in xml.parse(archive.chunks(archive.entries[part]), reader):
                pass

    def __getitem__(self, number: int) -> str:
        """Raises FileProblem BAD_ARCHIVE for one that is not there."""
        text = self._remembered.get(number)
        if text is not None:
            return text
        if number >= len(self._ends) - 1:
            raise FileProblem("BAD_ARCHIVE", "The workbook is damaged, a text is missing: save it again.")
        start, end = self._ends[number], self._ends[number + 1]
        self._file.seek(start)
        text = self._file.read(end - start).decode()
        if len(text) <= _REMEMBERED_LENGTH:
            if len(self._remembered) >= REMEMBERED:
                self._remembered.clear()
            self._remembered[number] = text
        return text


class _Quiet:
    """A handler of nothing."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        pass

    def end(self, name: str) -> None:
        pass

    def text(self, data: str) -> None:
        pass


class _Outline(_Quiet):
    """xl/workbook.xml."""

    def __init__(self) -> None:
        self.sheets: list[tuple[str, str, bool]] = []
        self.from_1904 = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "sheet":
            relation = next((value for key, value in attributes.items() if key.rpartition(":")[2] == "id"), "")
            visible = attributes.get("state", "visible") == "visible"
            self.sheets.append((attributes.get("name", ""), relation, visible))
        elif name == "workbookPr":
            self.from_1904 = attributes.get("date1904") in ("1", "true")


class _Relations(_Quiet):
    """Which part is meant by an id: kind and path."""

    def __init__(self) -> None:
        self.parts: dict[str, tuple[str, str]] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "Relationship" and attributes.get("TargetMode") != "External":
            kind = attributes.get("Type", "").rpartition("/")[2]
            # Only ever looked up among the entries of the same zip, whatever it says.
            part = posixpath.normpath(posixpath.join("/xl", attributes.get("Target", ""))).lstrip("/")
            self.parts[attributes.get("Id", "")] = (kind, part)


class _Styles(_Quiet):
    """xl/styles.xml: what each cell style shows."""

    def __init__(self) -> None:
        self.formats: list[Format] = []
        self._codes: dict[str, str] = {}
        self._known: dict[str, Format] = {}
        self._inside = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "numFmt":
            self._codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif name == "cellXfs":
            self._inside = True
        elif name == "xf" and self._inside:
            number = attributes.get("numFmtId", "0")
            if number not in self._known:
                code = self._codes.get(number)
                plain = int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 0
                self._known[number] = Format(is_date(plain, code), zeros_of(code))
            self.formats.append(self._known[number])

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self._inside = False


class _Texts(_Quiet):
    """xl/sharedStrings.xml, to a file."""

    def __init__(self, file: BinaryIO, ends: array[int], limits: Limits) -> None:
        self._file = file
        self._ends = ends
        self._most = limits.cell
        self._parts: list[str] = []
        self._length = 0
        self._inside = False
        self._phonetic = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "t":
            self._inside = not self._phonetic
        elif name == "rPh":
            # How a Japanese text is pronounced is written next to it, and is no part of it.
            self._phonetic = True
        elif name == "si":
            self._parts, self._length = [], 0

    def text(self, data: str) -> None:
        # One more than allowed is kept, so that the cell can be refused.
        if self._inside and self._length <= self._most:
            self._parts.append(data[: self._most + 1])
            self._length += len(data)

    def end(self, name: str) -> None:
        if name == "t":
            self._inside = False
        elif name == "rPh":
            self._phonetic = False
        elif name == "si":
            if len(self._ends) > MOST_TEXTS:
                raise FileProblem("TOO_LARGE_UNPACKED", "The workbook holds far too many texts: split it.")
            data = unescaped("".join(self._parts)).encode()
            self._file.write(data)
            self._ends.append(self._ends[-1] + len(data))


def _read(archive: Zip, part: str, handler: xml.Handler) -> None:
    info = archive.entries.get(part)
    if info is None or info.file_size > MOST_PART:
        raise FileProblem("BAD_ARCHIVE", "The workbook is damaged, a part is missing: save it again.")
    for _ in xml.parse(archive.chunks(info), handler):
        pass
