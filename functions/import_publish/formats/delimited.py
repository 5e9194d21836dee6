"""CSV and its relatives: delimiter and quoting found out, records told apart to the physical line."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Iterator
from typing import Any

from functions.import_publish.formats.dialects import dialect_of
from functions.import_publish.formats.headers import names_of
from functions.import_publish.formats.limits import CHUNK, Cell, FileProblem, Hints, Limits, Problem, Record, clipped
from functions.import_publish.formats.lines import Lines, defect, shown

_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\n?')


class Delimited:
    """The records of a CSV file. What is read is strict: a quote is where a quote can be, or the row says so."""

    def __init__(self, lines: Lines, hints: Hints, limits: Limits) -> None:
        """Reads the header. Raises FileProblem."""
        self._lines = lines
        self._limits = limits
        batches = iter(lines)
        first = next(batches, None) or [""]
        declared = hints.delimiter
        # Excel writes and understands a first line that says only what separates the cells.
        if named := _SEPARATOR_LINE.fullmatch(first[0]):
            declared = declared or named[1]
            first[0] = "\n"
        self._dialect = dialect_of(first, declared)
        self.delimiter = str(self._dialect["delimiter"])
        self._careful = False
        self._batch: list[str] = []
        self._kept = ""
        self._ended = False
        self._start = 1
        """The physical line where the record that is read now begins."""
        # The reader's own limit is one for the whole process and ends a row anywhere; ours are counted here.
        csv.field_size_limit(max(csv.field_size_limit(), 4 * (limits.line + CHUNK)))
        fed = itertools.chain.from_iterable(self._fed(itertools.chain([first], batches)))
        self._reader = csv.reader(fed, strict=True, **self._dialect)
        self.columns = self._header()
        self._width = len(self.columns)

    def __iter__(self) -> Iterator[Record]:
        """The records. Raises FileProblem where the rest cannot be taken apart."""
        reader, width = self._reader, self._width
        while True:
            try:
                for cells in reader:
                    line = self._start
                    self._start = after = reader.line_num + 1
                    if len(cells) == width and after - line == 1 and not self._careful and (cells[0] or any(cells)):
                        yield Record(line, cells, None)  # type: ignore[arg-type]
                    elif any(cells):
                        yield self._judged(line, after, cells)
                return
            except csv.Error:
                yield self._misquoted()

    def _header(self) -> list[str]:
        try:
            for cells in self._reader:
                line = self._start
                self._start = self._reader.line_num + 1
                if any(cell.strip() for cell in cells):
                    if self._careful and (found := defect("".join(cells))) is not None:
                        raise FileProblem(found[0], "The names of the columns hold bytes that are no text.", line)
                    return names_of(cells, line, self._limits)
        except csv.Error:
            raise self._unclosed(self._pending()) from None
        raise FileProblem("FILE_EMPTY", "The file is empty: upload one with a line of column names and rows.")

    def _fed(self, batches: Iterator[list[str]]) -> Iterator[list[str]]:
        """The batches for the reader, watching how long a record has become at every batch's end."""
        for batch in batches:
            self._batch = batch
            self._careful = self._lines.suspect or self._lines.longest > self._limits.cell
            yield batch
            # The reader asks for more, so it is in the middle of a record or right behind one.
            self._kept = self._pending()
            if len(self._kept) > self._limits.line:
                raise self._unclosed(self._kept)
        self._batch = []
        self._ended = True

    def _pending(self) -> str:
        """The text of the record that is read now, as far as it has been read."""
        if self._ended:
            return self._kept
        before = self._lines.before
        here = self._batch[max(0, self._start - 1 - before) : self._reader.line_num - before]
        # Kept is the beginning of a record, if it began before this batch.
        return (self._kept if self._start <= before else "") + "".join(here)

    def _judged(self, line: int, after: int, cells: list[Any]) -> Record:
        """A record that is not plain: whether it is a good one all the same."""
        extra = cells[self._width :]
        problem: Problem | None = None
        if self._careful and (found := defect("".join(cells))) is not None:
            problem = found
            cells = [shown(cell) for cell in cells]
        elif len(cells) < self._width or any(extra):
            message = f"The row has {len(cells)} cells and there are {self._width} columns: quote its texts."
            problem = ("RAGGED_ROW", message, None)
        elif max(map(len, cells)) > self._limits.cell:
            place = next(n for n, cell in enumerate(cells) if len(cell) > self._limits.cell)
            problem = ("CELL_TOO_LONG", f"The cell is longer than {self._limits.cell} characters: shorten it.", place)
        elif after - line > 1 and sum(map(len, cells)) > self._limits.line:
            problem = ("LINE_TOO_LONG", f"The row is longer than {self._limits.line} characters: shorten it.", None)
        else:
            return Record(line, cells[: self._width], None)
        return Record(line, clipped(cells, self._limits), problem)

    def _misquoted(self) -> Record:
        """The row of a quote that does not fit. Raises FileProblem if it has swallowed other lines already.

        `12" Pizza` is fine, `"12" Pizza"` concerns its own line only; but a quote that is closed by the opening one
        of a later line has eaten everything in between, and from there on inside and outside are swapped.
        """
        text = self._pending()
        if self._ended or self._reader.line_num > self._start:
            raise self._unclosed(text)
        line = self._start
        self._start = self._reader.line_num + 1
        cells: list[Cell] = [shown(cell) for cell in next(csv.reader([text], **self._dialect))]
        message = "A quote is in the middle of a quoted cell: double it there."
        found = defect(text) or ("UNCLOSED_QUOTE", message, None)
        return Record(line, clipped(cells, self._limits), found)

    def _unclosed(self, text: str) -> FileProblem:
        """Where the quote was opened that is never closed, or closed where another one opens."""
        delimiter, quote = re.escape(self.delimiter), re.escape(str(self._dialect["quotechar"]))
        blanks = " *" if self._dialect["skipinitialspace"] else ""
        body = f"[^{quote}]*+(?:{quote}{quote}[^{quote}]*+)*+"
        cell = re.compile(rf"{blanks}(?:{quote}{body}{quote}(?={delimiter}|\n|\Z)|(?!{quote})[^{delimiter}\n]*)")
        place = 0
        # The first cell that is neither whole nor without quotes.
        while place < len(text) and (found := cell.match(text, place)) is not None:
            place = found.end() + 1
        line = self._start + text.count("\n", 0, min(place, len(text) - 1))
        return FileProblem("UNCLOSED_QUOTE", "A quote is never closed: close it, or double it inside a text.", line)
