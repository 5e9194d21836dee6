"""XLSX, row by row. Shared texts, of which there can be as many as cells, stay on the disk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from functions.import_publish.formats import workbook_xml as xml
from functions.import_publish.formats.archives import Zip
from functions.import_publish.formats.headers import names_of, too_many
from functions.import_publish.formats.limits import FileProblem, Limits, Record, clipped
from functions.import_publish.formats.workbook_parts import SharedTexts, Sheet, book_of
from functions.import_publish.formats.workbook_sheet import Row, Rows


class Workbook:
    """The records of one sheet of a workbook."""

    def __init__(self, archive: Zip, texts: BinaryIO, wanted: str | None, limits: Limits) -> None:
        """Finds the sheet and reads its header. `texts` is an empty file that the caller closes.

        Raises FileProblem.
        """
        self._archive = archive
        self._limits = limits
        self._book = book_of(archive)
        self._texts = SharedTexts(archive, self._book.texts, texts, limits)
        self._rows = self._rows_of(self._chosen(wanted))
        header = next((row for row in self._rows if any(cell.strip() for cell in row.cells)), None)
        if header is None:
            raise FileProblem("FILE_EMPTY", "The sheet is empty: upload one with a row of column names and rows.")
        if header.problem is not None:
            raise FileProblem(header.problem[0], header.problem[1], header.number)
        if header.beyond:
            raise too_many(limits.columns + header.beyond, header.number, limits)
        self.columns = names_of(header.cells, header.number, limits)

    def __iter__(self) -> Iterator[Record]:
        width = len(self.columns)
        for row in self._rows:
            cells, problem = row.cells, row.problem
            if problem is None and (row.beyond or any(cells[width:])):
                message = f"The row has cells behind the {width} columns: give them a name, or clear them."
                problem = ("RAGGED_ROW", message, None)
            if problem is not None:
                yield Record(row.number, clipped(list(cells), self._limits), problem)
            else:
                yield Record(row.number, [*cells[:width], *[""] * (width - len(cells))], None)

    def _rows_of(self, sheet: Sheet) -> Iterator[Row]:
        info = self._archive.entries.get(sheet.part)
        if info is None:
            raise FileProblem("BAD_ARCHIVE", "The workbook is damaged, a sheet is missing: save it again.")
        rows = Rows(self._texts, self._book, self._limits)
        try:
            for _ in xml.parse(self._archive.chunks(info), rows, rows.are_waiting):
                yield from rows.taken()
        except FileProblem as problem:
            raise problem.at(max(rows.number, 1)) from None

    def _chosen(self, wanted: str | None) -> Sheet:
        """The sheet that is meant. Raises FileProblem SHEET_MISSING or SHEET_AMBIGUOUS, naming what there is."""
        sheets = self._book.sheets
        if wanted is not None:
            for sheet in sheets:
                if sheet.name.strip().casefold() == wanted.strip().casefold():
                    return sheet
            message = f"The workbook has no sheet {wanted[:60]!r} but {_names(sheets)}: name one of them."
            raise FileProblem("SHEET_MISSING", message)
        visible = [sheet for sheet in sheets if sheet.visible]
        # New workbooks come with empty sheets, which nobody means.
        filled = visible if len(visible) == 1 else [sheet for sheet in visible if any(self._rows_of(sheet))]
        if len(filled) > 1:
            message = f"The workbook has several sheets, {_names(filled)}: name one in the profile."
            raise FileProblem("SHEET_AMBIGUOUS", message)
        if not filled:
            raise FileProblem("FILE_EMPTY", "The workbook is empty: upload one with a row of column names and rows.")
        return filled[0]


def _names(sheets: list[Sheet]) -> str:
    names = ", ".join(repr(sheet.name[:60]) for sheet in sheets[:5])
    return f"{names} and {len(sheets) - 5} more" if len(sheets) > 5 else names
