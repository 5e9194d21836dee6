"""From the cells of a file to the rows of an import. A profile is compiled once and then maps a million lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, tzinfo
from typing import Any, Literal, NamedTuple

from functions.import_publish.domain import cells as reading
from functions.import_publish.domain.cells import BLANKS, EMPTY, Convert, Refused
from functions.import_publish.domain.codes import CODES, LONGEST_VALUE, Fault, fault, storable
from functions.import_publish.domain.columns import Layout, lay_out
from functions.import_publish.domain.correcting import corrected
from functions.import_publish.domain.numbers import Style
from functions.import_publish.domain.profiles import Profile, ProfileProblem
from functions.import_publish.domain.rows import Row, put

__all__ = ("NO_PRODUCT", "Fault", "Mapper", "Row", "Use", "compile")

Problem = tuple[str, str, int | None]
_OF_PROGRAMS = ("json", "ndjson")
NO_PRODUCT = "no_product"
"""Why a line is skipped: it carries on the product before it, with another picture for example."""


class Use(NamedTuple):
    """What becomes of a column."""

    column: str
    fields: tuple[str, ...]
    use: Literal["field", "metadata", "ignored"]
    """`metadata` for a column that is no field and kept there."""


def compile(
    profile: Profile,
    columns: Sequence[str],
    currency: str,
    *,
    form: str = "csv",
    zone: tzinfo = UTC,
    growing: bool = False,
) -> Mapper:
    """What maps the lines of a file with these columns to rows.

    `form` is what the file is ("csv", "ndjson", "json", "xlsx"): where numbers are written by a program, their
    decimal sign is its, not the profile's. `growing` says that columns may come later, appended to `columns`.
    Raises ProfileProblem when the barcode has no column, or several could be meant, or a constant cannot be read.
    """
    return Mapper(profile, columns, currency, form, zone, growing=growing)


def _decimal(profile: Profile, form: str) -> Style:
    if form in _OF_PROGRAMS:
        return "."
    # The numbers of a workbook come with a point, its texts as the profile says.
    return "auto" if form == "xlsx" and profile.decimal == "," else profile.decimal


class Mapper:
    """A compiled profile. It remembers the first line of a group, so it needs a file's lines in their order."""

    def __init__(
        self, profile: Profile, columns: Sequence[str], currency: str, form: str, zone: tzinfo, *, growing: bool
    ) -> None:
        self.profile = replace(profile, decimal=_decimal(profile, form))
        self.skipped: dict[str, int] = {}
        """How many lines were no product, by reason."""
        self._columns, self._currency, self._zone = columns, currency, zone
        self._readers: dict[str, Convert] = {}
        self._learn({}, growing=growing)
        self._stated, self._constants = self._read_constants()
        # A JSON file can spell half a surrogate pair, which no database keeps.
        self._cleans = form in _OF_PROGRAMS
        self._handle: str | None = None
        self._first: Sequence[str | None] = ()

    @property
    def unknown_columns(self) -> list[str]:
        """Columns that are no field; the profile says whether they are kept in the metadata."""
        return self._layout.unknown

    def uses(self) -> list[Use]:
        """What becomes of every column, in the order of the file."""
        layout, result = self._layout, []
        for at, column in enumerate(layout.columns):
            names = layout.fields_of(at)
            use: Literal["field", "metadata"] = "metadata" if at in layout.kept else "field"
            result.append(Use(column, names, use if names else "ignored"))
        return result

    def correct(self, row: Row, changes: Mapping[str, str | None]) -> Row:
        """The row with some texts replaced, by field or by column; null takes a value away, "" leaves it alone.

        Faults of reading stay where nothing is corrected; those of the rules and of the live products are dropped,
        for they are to be found again. Raises ProfileProblem for a name that is neither a field nor such a column.
        """
        return corrected(row, changes, self._layout, self.reader, self._stated)

    def reader(self, name: str) -> Convert:
        """What reads the texts of a field."""
        if name not in self._readers:
            self._readers[name] = reading.converter(name, self.profile, self._currency, self._zone)
        return self._readers[name]

    def map(self, line: int, cells: list[str | None], problem: Problem | None = None) -> Row | None:
        """The row of a line, None for one that carries on the product before it.

        `problem` is what was wrong with the line already, as (code, message, column's number).
        """
        width = self._width
        if len(cells) > width and len(self._columns) > width:
            self._learn(self._layout.kept, growing=True)
            width = self._width
        row = Row(line, None, {}, [], cells)
        if problem is not None:
            row.faults.append(self._broken(problem, cells))
        # In a line that fell apart it is anybody's guess which cell belongs to which column.
        if problem is None or len(cells) == width:
            if len(cells) < width:
                cells = [*cells, *[None] * (width - len(cells))]
            if self._layout.by is not None:
                cells = list(cells)
                if not self._fill_down(cells, self._layout.by):
                    return None
            self._read(row, cells)
        row.raw = [cell and storable(cell) for cell in cells] if self._cleans else cells
        return row

    def _learn(self, kept: dict[int, str], *, growing: bool) -> None:
        """Take in the columns there are; JSON shows new ones on the way."""
        self._layout: Layout = lay_out(self.profile, self._columns, self.reader, kept, growing=growing)
        self._width = len(self._layout.columns)
        self._steps = self._layout.steps

    def _read_constants(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What the profile states, by field, and as the values of a row."""
        stated: dict[str, Any] = {}
        values: dict[str, Any] = {}
        for name, text in self.profile.constants.items():
            try:
                stated[name] = self.reader(name)(text.strip(BLANKS))
            except Refused as problem:
                message = fault(problem.code, name, **problem.known).message
                raise ProfileProblem("PROFILE_INVALID", [(f"constants.{name}", message)]) from None
            put(values, name, stated[name])
        return stated, values

    def _broken(self, problem: Problem, cells: Sequence[str | None]) -> Fault:
        code, message, at = problem
        if at is None or at >= min(self._width, len(cells)):
            return Fault(code, "", None, "", message, CODES[code].severity)
        names = self._layout.fields_of(at)
        value = storable((cells[at] or "")[:LONGEST_VALUE])
        return Fault(code, names[0] if names else "", self._layout.columns[at], value, message, CODES[code].severity)

    def _fill_down(self, cells: list[str | None], by: int) -> bool:
        """Fill in what only the first line of a group says; False for a line that is no product of its own."""
        handle = cells[by]
        if handle and handle == self._handle:
            for at in self._layout.fill:
                if not cells[at]:
                    cells[at] = self._first[at]
        else:
            self._handle, self._first = handle, cells
        own = self._layout.own
        if own and not any(cells[at] for at in own):
            self.skipped[NO_PRODUCT] = self.skipped.get(NO_PRODUCT, 0) + 1
            return False
        return True

    def _read(self, row: Row, cells: Sequence[str | None]) -> None:
        values = row.values
        if self._constants:
            for name, constant in self._constants.items():
                values[name] = dict(constant) if name == "metadata" else constant
        for at, name, key, column, convert, clears in self._steps:
            cell = cells[at]
            if cell and (text := cell.strip(BLANKS)):
                try:
                    value = convert(text)
                except Refused as problem:
                    row.faults.append(fault(problem.code, name, column, cell, **problem.known))
                    continue
                if value is EMPTY:
                    continue
            elif clears:
                value = None
            else:
                continue
            if key is None:
                values[name] = value
            else:
                values.setdefault("metadata", {})[key] = value
        for each in self._layout.composed:
            text = each.text(cells)
            if text:
                try:
                    put(values, each.name, each.convert(text))
                except Refused as problem:
                    row.faults.append(fault(problem.code, each.name, each.column, text, **problem.known))
        for name, at in self._layout.needs:
            if not cells[at]:
                values.pop(name, None)
        row.barcode = values.pop("barcode", None)
        if row.barcode is None and not any(each.field == "barcode" for each in row.faults):
            row.faults.append(fault("BARCODE_MISSING", "barcode"))
