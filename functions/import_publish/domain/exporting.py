"""Failed rows as a file that can be put right and brought again: the columns as they came, and what is wrong. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from functions.common.retail import money
from functions.import_publish.domain.fields import METADATA, STOCK_UNITS
from functions.import_publish.domain.profiles import Profile

LINE, CODES, MESSAGES = "retailscan_line", "retailscan_codes", "retailscan_messages"
ADDED: Final = (LINE, CODES, MESSAGES)
_DANGEROUS: Final = frozenset("=+-@\t\r\n\x00")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def escaped(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: with an apostrophe in front, if it looks like one.

    So does one that an apostrophe is in front of already; else nobody could tell whose that is.
    """
    return "'" + cell if cell and (cell[0] in _DANGEROUS or _is_escaped(cell)) else cell


def unescaped(cells: Sequence[str | None]) -> list[str | None]:
    """The cells of a file that was exported here as they were before."""
    return [cell[1:] if cell and _is_escaped(cell) else cell for cell in cells]


def _is_escaped(cell: str) -> bool:
    plain = cell.lstrip("'")
    return len(plain) < len(cell) and plain != "" and plain[0] in _DANGEROUS


def place_of_line(columns: Sequence[str]) -> int | None:
    """Where a file names the lines of the file that it puts right; None when it is no export."""
    return columns.index(LINE) if LINE in columns else None


def line_in(cells: Sequence[str | None], place: int) -> int | None:
    """The line of the first file that a row is about."""
    text = (cells[place] or "").strip() if place < len(cells) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


class Table:
    """Writes items as CSV. `fields` names for each column of the file the fields it goes into."""

    def __init__(
        self, columns: Sequence[str], fields: Sequence[Sequence[str]], delimiter: str, profile: Profile, currency: str
    ) -> None:
        self._places = [place for place, column in enumerate(columns) if column not in ADDED]
        self._columns, self._fields = columns, fields
        self._delimiter, self._profile, self._currency = delimiter, profile, currency
        self._column_of = {name: column for column, names in zip(columns, fields, strict=True) for name in names}

    def header(self) -> bytes:
        """The first line, with the mark by which spreadsheets know UTF-8."""
        return "\ufeff".encode() + self._written([[*(self._columns[place] for place in self._places), *ADDED]])

    def lines(self, items: Iterable[Mapping[str, Any]]) -> bytes:
        """The lines of some items."""
        return self._written([self._line(item) for item in items])

    def _line(self, item: Mapping[str, Any]) -> list[str]:
        raw = item.get("raw")
        cells = [
            self._text(item, self._fields[place]) if raw is None else (raw[place] or "" if place < len(raw) else "")
            for place in self._places
        ]
        faults = item["faults"]
        codes = dict.fromkeys(fault[0] for fault in faults)
        messages = dict.fromkeys(map(self._said, faults))
        return [*map(escaped, cells), str(item["line"] or ""), " ".join(codes), escaped(" | ".join(messages))]

    def _said(self, fault: Sequence[Any]) -> str:
        where = fault[2] or self._column_of.get(fault[1], fault[1])
        return f"{where}: {fault[4]}" if where else str(fault[4])

    def _text(self, item: Mapping[str, Any], fields: Sequence[str]) -> str:
        """What a cell must have said, of a row whose cells were not kept because it could be read."""
        values = item["values"]
        for name in fields:
            if name == "barcode":
                return item["barcode"] or ""
            key = name[len(METADATA) :] if name.startswith(METADATA) else None
            value = values.get(name) if key is None else values.get("metadata", {}).get(key)
            if value is not None:
                return self._written_as(name, value)
        return ""

    def _written_as(self, name: str, value: Any) -> str:
        if name == "price" and self._profile.price_unit == "major":
            return self._decimal(money.format_money(value, self._currency))
        if name == "stock":
            return self._decimal(money.format_decimal(value, STOCK_UNITS[self._profile.stock_unit]))
        if name == "asOf":
            return (_EPOCH + timedelta(microseconds=value)).isoformat()
        return ("true" if value else "false") if isinstance(value, bool) else str(value)

    def _decimal(self, text: str) -> str:
        whole, point, rest = text.partition(".")
        rest = rest if len(rest) == 2 else rest.rstrip("0")
        if not rest:
            return whole
        return whole + ("," if self._profile.decimal == "," else point) + rest

    def _written(self, lines: Iterable[Sequence[str]]) -> bytes:
        buffer = io.StringIO()
        csv.writer(buffer, delimiter=self._delimiter, lineterminator="\r\n").writerows(lines)
        return buffer.getvalue().encode("utf-8", "replace")
