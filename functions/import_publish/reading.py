"""One pass over a file: bytes to rows of products, in parts of up to five hundred. Blocking, so it runs in a thread.

The parts of a file are a pure function of the file, its profile and the rules: a worker who goes on where another
was killed cuts it in the same places.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from functions.common import clock
from functions.import_publish import formats
from functions.import_publish.domain import exporting, mapping, rules
from functions.import_publish.domain.codes import storable
from functions.import_publish.domain.duplicates import NO_KEY, pack
from functions.import_publish.domain.profiles import Profile
from functions.import_publish.domain.rows import Row
from functions.import_publish.domain.rules import Rules

MOST_ROWS = 500
MOST_CHARACTERS = 1 << 20
"""Of the cells of one part: as a document, with what it changes, it must stay below MongoDB's 16 MiB."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How an import reads its file and judges its rows."""

    profile: Profile
    rules: Rules
    currency: str
    time_zone: str

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Terms:
        """The terms an import was begun under."""
        return cls(
            Profile.from_dict(document["profile"]),
            Rules.from_dict(document["rules"]),
            document["currency"],
            document["timeZone"],
        )

    def hints(self, source: Mapping[str, Any]) -> formats.Hints:
        """What is known of a file before it is opened."""
        profile = self.profile
        return formats.Hints(
            name=source["name"],
            media=source.get("media", ""),
            encoding=profile.encoding,
            delimiter=profile.delimiter,
            sheet=profile.sheet,
        )

    def mapper(self, columns: list[str], form: str) -> mapping.Mapper:
        """What turns the cells of these columns into rows. Raises ProfileProblem."""
        # The columns of JSON show up one by one.
        growing = form in ("json", "ndjson")
        return mapping.compile(
            self.profile, columns, self.currency, form=form, zone=ZoneInfo(self.time_zone), growing=growing
        )


class Part:
    """Up to five hundred rows that stand together in the file. `keys` are their packed barcodes, 0 for none."""

    __slots__ = ("keys", "lines", "n", "rows")

    def __init__(self, n: int) -> None:
        self.n = n
        self.rows: list[Row] = []
        self.keys = array("Q")
        self.lines = array("I")


class _Counted:
    """A stream that knows how far it was read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.read_bytes = 0

    def read(self, size: int = -1, /) -> bytes:
        data = self._stream.read(size)
        self.read_bytes += len(data)
        return data


class Reading:
    """A file being read. Its fields tell how far that is, from another thread too."""

    def __init__(self, open_: Callable[[], BinaryIO], source: Mapping[str, Any], terms: Terms) -> None:
        self._open, self._source, self._terms = open_, source, terms
        self._stream: _Counted | None = None
        self._table: formats.Table | None = None
        self._mapper: mapping.Mapper | None = None
        self.rows = 0

    @property
    def share(self) -> float:
        """How much of the file was read, 0 to 1; a workbook is read as a whole before its first row comes."""
        size = self._source.get("size") or 0
        return min(1.0, self._stream.read_bytes / size) if size and self._stream is not None else 0.0

    @property
    def skipped(self) -> int:
        """Lines that carry no product of their own."""
        return sum(self._mapper.skipped.values()) if self._mapper is not None else 0

    def described(self) -> dict[str, Any]:
        """What the file turned out to be."""
        table, mapper = self._table, self._mapper
        if table is None:
            return {}
        return {
            "format": table.format,
            "compression": table.compression,
            "encoding": table.encoding,
            "delimiter": table.delimiter,
            "columns": [storable(column) for column in table.columns],
            "unknownColumns": list(mapper.unknown_columns) if mapper is not None else [],
        }

    def parts(self) -> Generator[Part, None, None]:
        """The file from its beginning. Raises FileProblem, ProfileProblem, and what the bucket raises."""
        with self._open() as stream:
            self._stream = _Counted(stream)
            table = self._table = formats.read(self._stream, self._terms.hints(self._source))  # type: ignore[arg-type]
            yield from self._cut(table)

    def _cut(self, table: formats.Table) -> Iterator[Part]:
        part, characters = Part(0), 0
        check, currency, limits, now = rules.check_row, self._terms.currency, self._terms.rules, clock.micros()
        mapper = self._mapper = self._terms.mapper(table.columns, table.format)
        origin = exporting.place_of_line(table.columns)
        for line, cells, problem in table:
            row = mapper.map(line, cells if origin is None else exporting.unescaped(cells), problem)
            if row is None:
                continue
            if origin is not None:
                row.origin = exporting.line_in(cells, origin)
            check(row, limits, currency, now)
            part.rows.append(row)
            part.keys.append(pack(row.barcode) if row.barcode is not None else NO_KEY)
            part.lines.append(line)
            characters += sum(map(len, filter(None, cells)))
            if len(part.rows) == MOST_ROWS or characters >= MOST_CHARACTERS:
                self.rows += len(part.rows)
                yield part
                part, characters = Part(part.n + 1), 0
        if part.rows:
            self.rows += len(part.rows)
            yield part
