"""The rows of one sheet, as its XML streams by."""

from __future__ import annotations

import re
from typing import NamedTuple

from functions.import_publish.formats.limits import Limits, Problem
from functions.import_publish.formats.workbook_parts import Book, SharedTexts
from functions.import_publish.formats.workbook_values import moment, number, unescaped

_REFERENCE = re.compile(r"([A-Z]{1,3})[0-9]{1,7}")
_INDEX = re.compile(r"[0-9]{1,9}")
_COLLECTED = frozenset({"v", "t", "f"})


class Row(NamedTuple):
    """One row as it stands in the sheet."""

    number: int
    cells: list[str]
    """From column A on; a cell that is not there is empty."""
    beyond: int
    """Filled cells further right than any column may be."""
    problem: Problem | None


class Rows:
    """Collects rows; `taken` hands them out."""

    def __init__(self, texts: SharedTexts, book: Book, limits: Limits) -> None:
        self.number = 0
        """The row that is read now."""
        self._texts = texts
        self._book = book
        self._limits = limits
        self._waiting: list[Row] = []
        self._new_row({})
        self.number = 0
        self._new_cell({})
        self._into: list[str] | None = None

    def are_waiting(self) -> bool:
        return bool(self._waiting)

    def taken(self) -> list[Row]:
        """The rows that are whole, once."""
        rows, self._waiting = self._waiting, []
        return rows

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._new_cell(attributes)
        elif name in _COLLECTED:
            if name == "f":
                self._is_formula = True
            self._into = self._formula if name == "f" else self._value
            self._length = 0
        elif name == "row":
            self._new_row(attributes)
        elif name == "rPh":
            self._phonetic = True

    def text(self, data: str) -> None:
        # One character more than allowed is kept, so that the cell can be refused.
        if self._into is not None and self._length <= self._limits.cell and not self._phonetic:
            self._into.append(data[: self._limits.cell + 1])
            self._length += len(data)

    def end(self, name: str) -> None:
        if name in _COLLECTED:
            self._into = None
        elif name == "c":
            self._finish_cell()
        elif name == "rPh":
            self._phonetic = False
        elif name == "row" and (self._cells or self._beyond or self._problem):
            self._waiting.append(Row(self.number, self._cells, self._beyond, self._problem))

    def _new_row(self, attributes: dict[str, str]) -> None:
        given = attributes.get("r", "")
        self.number = int(given) if _INDEX.fullmatch(given) else self.number + 1
        self._cells: list[str] = []
        self._beyond = 0
        self._problem: Problem | None = None
        self._column = -1

    def _new_cell(self, attributes: dict[str, str]) -> None:
        found = _REFERENCE.fullmatch(attributes.get("r", ""))
        self._column = _column(found[1]) if found else self._column + 1
        self._type = attributes.get("t", "n")
        self._style = attributes.get("s", "")
        self._value: list[str] = []
        self._formula: list[str] = []
        self._is_formula = False
        self._phonetic = False
        self._length = 0

    def _finish_cell(self) -> None:
        text = self._text("".join(self._value))
        problem: Problem | None = None
        if self._is_formula:
            formula = "".join(self._formula)
            text = f"={formula}" if formula else text or "="
            problem = ("FORMULA", "The cell holds a formula: put its value there instead.", self._column)
        elif self._type == "e":
            problem = ("FORMULA", f"The cell shows an error, {text[:20]}: put a value there.", self._column)
        elif len(text) > self._limits.cell:
            message = f"The cell is longer than {self._limits.cell} characters: shorten it."
            problem = ("CELL_TOO_LONG", message, self._column)
        if not text:
            return
        if self._column >= self._limits.columns:
            self._beyond += 1
            return
        self._problem = self._problem or problem
        cells = self._cells
        if self._column < len(cells):
            cells[self._column] = text
        else:
            cells.extend([""] * (self._column - len(cells)))
            cells.append(text)

    def _text(self, value: str) -> str:
        """What the cell says. Raises FileProblem for a shared text that is not there."""
        kind = self._type
        if not value:
            return ""
        if kind == "s":
            return self._texts[int(value)] if _INDEX.fullmatch(value) else value
        if kind == "n":
            shape = self._book.formats[int(self._style)] if self._is_styled() else None
            if shape is None:
                return number(value)
            as_date = moment(value, from_1904=self._book.from_1904) if shape.date else None
            return as_date if as_date is not None else number(value, shape.zeros)
        if kind == "b":
            return "false" if value == "0" else "true"
        return unescaped(value)

    def _is_styled(self) -> bool:
        style = self._style
        return bool(style) and _INDEX.fullmatch(style) is not None and int(style) < len(self._book.formats)


def _column(letters: str) -> int:
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - 64
    return place - 1
