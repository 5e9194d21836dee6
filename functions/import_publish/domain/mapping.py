"""From the cells of a file to the rows of an import. A profile is compiled once and then maps a million lines."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from typing import Any, Literal, NamedTuple

from functions.import_publish.domain import cells as reading
from functions.import_publish.domain.cells import BLANKS, EMPTY, Convert, Refused
from functions.import_publish.domain.codes import CODES, Fault, fault, storable
from functions.import_publish.domain.fields import (
    FIELDS,
    METADATA,
    MOST_METADATA_KEYS,
    field_of,
    is_field,
    key_from,
)
from functions.import_publish.domain.numbers import Style
from functions.import_publish.domain.profiles import Compose, Profile, ProfileProblem

Cells = Sequence[str | None]
Problem = tuple[str, str, int | None]
NO_PRODUCT = "no_product"
"""Why a line is skipped: it carries on the product before it, with another picture for example."""


@dataclass(slots=True)
class Row:
    """One line of the file as a product; `values` hold only what the file carries and what could be read."""

    line: int
    barcode: str | None
    values: dict[str, Any]
    faults: list[Fault]
    raw: list[str | None]
    """The cells as they came, with what a group of lines writes only once filled in."""


class Use(NamedTuple):
    """What becomes of a column."""

    column: str
    fields: tuple[str, ...]
    use: Literal["field", "metadata", "ignored"]
    """`metadata` for an unknown column that is kept there."""


class _Step(NamedTuple):
    at: int
    name: str
    key: str | None
    """The key of a field of the metadata."""
    column: str
    convert: Convert
    clears: bool


class _Composed(NamedTuple):
    name: str
    column: str
    indexes: tuple[int, ...]
    join: str
    skip: frozenset[str]
    convert: Convert


def compile(
    profile: Profile,
    columns: Sequence[str],
    currency: str,
    *,
    form: str = "csv",
    zone: tzinfo = UTC,
    growing: bool = False,
) -> Mapper:
    """What maps the lines of a file with these columns.

    `form` is what the file is ("csv", "ndjson", "json", "xlsx"): where numbers are written by a program, their
    decimal sign is its, not the profile's. `growing` says that columns may come later, appended to `columns`.
    Raises ProfileProblem when the barcode has no column, or several could be meant, or a constant cannot be read.
    """
    return Mapper(replace(profile, decimal=_decimal(profile, form)), columns, currency, zone, growing)


def _decimal(profile: Profile, form: str) -> Style:
    if form in ("json", "ndjson"):
        return "."
    # The numbers of a workbook come with a point, its texts as the profile says.
    return "auto" if form == "xlsx" and profile.decimal == "," else profile.decimal


class Mapper:
    """A compiled profile. It remembers the first line of a group, so it needs a file's lines in their order."""

    def __init__(
        self, profile: Profile, columns: Sequence[str], currency: str, zone: tzinfo, growing: bool = False
    ) -> None:
        self.profile = profile
        self.skipped: dict[str, int] = {}
        """How many lines were no product, by reason."""
        self.unknown_columns: list[str] = []
        """Columns that are no field; with the profile's `unknown` they are in the metadata or ignored."""
        self._columns, self._currency, self._zone = columns, currency, zone
        self._readers: dict[str, Convert] = {}
        self._kept: dict[int, str] = {}
        self._learn(growing)
        self._constants = self._read_constants()
        self._handle: str | None = None
        self._first: Cells = ()

    # ---- compiling ----------------------------------------------------------------------------------------

    def _learn(self, growing: bool) -> None:
        """Take in the columns there are; JSON shows new ones on the way."""
        self._width = len(self._columns)
        index = _Index(self._columns)
        profile = self.profile
        composed = {name: index.some(each.columns) for name, each in profile.compose.items()}
        found = {
            name: at
            for name in (*FIELDS, *profile.columns)
            if not composed.get(name) and (at := index.find(profile.columns.get(name, ()))) is not None
        }
        if "barcode" not in found and not growing:
            wanted = ", ".join(profile.columns.get("barcode", ())[:5])
            raise ProfileProblem("COLUMN_MISSING", [("barcode", f"none of the columns is one of {wanted}")])
        self._composed = [self._compose(name, at) for name, at in composed.items() if at]
        used = set(found.values()).union(*composed.values())
        found |= self._metadata(used)
        self._steps = [self._step(name, at) for name, at in found.items()]
        self._needs = [
            (name, at) for name, column in profile.needs.items() if (at := index.find((column,))) is not None
        ]
        group = profile.group
        self._by = index.find((group.by,)) if group else None
        self._fill = index.some(group.fill) if group else ()
        self._own = index.some(group.own) if group else ()
        self._named = used

    def _metadata(self, used: set[int]) -> dict[str, int]:
        """The keys of columns that are no field, as the profile wishes, and of those that say they are metadata."""
        taken = {name[len(METADATA) :] for name in self.profile.columns if name.startswith(METADATA)}
        found = {}
        self.unknown_columns = []
        for at, column in enumerate(self._columns):
            if at in used:
                continue
            own = is_field(column) and column.startswith(METADATA) and column[len(METADATA) :] not in taken
            if not own:
                self.unknown_columns.append(storable(column))
            if not own and (self.profile.unknown == "ignore" or column.strip(BLANKS) == ""):
                continue
            if at not in self._kept:
                if len(taken) + len(self._kept) >= MOST_METADATA_KEYS:
                    continue
                names = {*taken, *self._kept.values()}
                self._kept[at] = column[len(METADATA) :] if own else key_from(storable(column), names)
            found[METADATA + self._kept[at]] = at
        return found

    def _step(self, name: str, at: int) -> _Step:
        key = name[len(METADATA) :] if name.startswith(METADATA) else None
        clears = self.profile.empty == "clear" and field_of(name).clears
        return _Step(at, name, key, storable(self._columns[at]), self._reader(name), clears)

    def _compose(self, name: str, indexes: tuple[int, ...]) -> _Composed:
        how: Compose = self.profile.compose[name]
        column = storable(self._columns[indexes[0]])
        skip = frozenset(map(str.casefold, how.skip))
        return _Composed(name, column, indexes, how.join, skip, self._reader(name))

    def _reader(self, name: str) -> Convert:
        if name not in self._readers:
            self._readers[name] = reading.converter(name, self.profile, self._currency, self._zone)
        return self._readers[name]

    def _read_constants(self) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, text in self.profile.constants.items():
            try:
                _put(values, name, self._reader(name)(text))
            except Refused as problem:
                message = fault(problem.code, name, value=text, **problem.known).message
                raise ProfileProblem("PROFILE_INVALID", [(f"constants.{name}", message)]) from None
        return values

    def uses(self) -> list[Use]:
        """What becomes of every column, in the order of the file."""
        steps: dict[int, list[str]] = {}
        for step in self._steps:
            steps.setdefault(step.at, []).append(step.name)
        for each in self._composed:
            for at in each.indexes:
                steps.setdefault(at, []).append(each.name)
        return [
            Use(
                storable(column),
                tuple(steps.get(at, ())),
                "ignored" if at not in steps else "metadata" if at in self._kept else "field",
            )
            for at, column in enumerate(self._columns)
        ]

    # ---- mapping ------------------------------------------------------------------------------------------

    def map(self, line: int, cells: list[str | None], problem: Problem | None = None) -> Row | None:
        """The row of a line, None for one that carries on the product before it.

        `problem` is what was wrong with the line already, as (code, message, column's number).
        """
        if len(cells) > self._width and len(self._columns) > self._width:
            self._learn(growing=True)
        row = Row(line, None, {}, [], cells)
        if problem is not None:
            row.faults.append(self._broken(problem, cells))
            if len(cells) != self._width:
                row.raw = [cell and storable(cell) for cell in cells]
                return row
        if self._by is not None and not self._fill_down(cells):
            return None
        self._read(row, cells)
        if row.faults:
            row.raw = [cell and storable(cell) for cell in cells]
        return row

    def _broken(self, problem: Problem, cells: Cells) -> Fault:
        code, message, at = problem
        column: str | None = None
        value = ""
        if at is not None and at < self._width:
            column, value = self._columns[at], (cells[at] if at < len(cells) else None) or ""
        names = [step.name for step in self._steps if step.at == at]
        severity = CODES[code].severity
        column = column and storable(column)
        return Fault(code, names[0] if names else "", column, storable(value[:200]), message, severity)

    def _fill_down(self, cells: list[str | None]) -> bool:
        """Fill in what only the first line of a group says; False for a line that is no product of its own."""
        handle = cells[self._by] if self._by is not None else None
        if handle and handle == self._handle:
            for at in self._fill:
                if not cells[at]:
                    cells[at] = self._first[at]
        else:
            self._handle, self._first = handle, cells
        if self._own and not any(cells[at] for at in self._own):
            self.skipped[NO_PRODUCT] = self.skipped.get(NO_PRODUCT, 0) + 1
            return False
        return True

    def _read(self, row: Row, cells: Cells) -> None:
        values = row.values
        for name, constant in self._constants.items():
            values[name] = dict(constant) if name == "metadata" else constant
        width = len(cells)
        for index, name, key, column, convert, clears in self._steps:
            cell = cells[index] if index < width else None
            if cell and (text := cell.strip(BLANKS)):
                try:
                    value = convert(text)
                except Refused as problem:
                    row.faults.append(fault(problem.code, name, column, cell, **problem.known))
                    continue
                if value is EMPTY:
                    continue
            elif clears and name not in self._constants:
                value = None
            else:
                continue
            if key is None:
                values[name] = value
            else:
                values.setdefault("metadata", {})[key] = value
        if self._composed:
            self._read_composed(row, cells)
        for name, index in self._needs:
            if index >= width or not cells[index]:
                values.pop(name, None)
        row.barcode = values.pop("barcode", None)
        if row.barcode is None and not any(each.field == "barcode" for each in row.faults):
            row.faults.append(fault("BARCODE_MISSING", "barcode"))

    def _read_composed(self, row: Row, cells: Cells) -> None:
        for name, column, indexes, join, skip, convert in self._composed:
            parts = [part for at in indexes if at < len(cells) and (part := (cells[at] or "").strip(BLANKS))]
            text = join.join(part for part in parts if part.casefold() not in skip)
            if text:
                try:
                    _put(row.values, name, convert(text))
                except Refused as problem:
                    row.faults.append(fault(problem.code, name, column, text, **problem.known))

    # ---- correcting ---------------------------------------------------------------------------------------

    def correct(self, row: Row, changes: Mapping[str, str | None]) -> Row:
        """The row with some texts replaced, by field or by column; null takes a value away, "" leaves it alone.

        Faults of reading stay for what is not corrected; those of the rules and of the live products are dropped,
        for they are to be found again. Raises ProfileProblem for a name that is neither a field nor a column.
        """
        texts = self._by_field(changes)
        values: dict[str, Any] = dict(row.values)
        if "metadata" in values:
            values["metadata"] = dict(values["metadata"])
        if row.barcode is not None:
            values["barcode"] = row.barcode
        fresh = Row(row.line, None, values, [each for each in row.faults if _stays(each, texts)], list(row.raw))
        at = {step.name: step.at for step in self._steps}
        for name, text in texts.items():
            column = None
            if name in at and at[name] < len(fresh.raw):
                fresh.raw[at[name]], column = text, storable(self._columns[at[name]])
            self._correct(fresh, name, column, text)
        fresh.barcode = values.pop("barcode", None)
        if fresh.barcode is None and not any(each.field == "barcode" for each in fresh.faults):
            fresh.faults.append(fault("BARCODE_MISSING", "barcode"))
        return fresh

    def _by_field(self, changes: Mapping[str, str | None]) -> dict[str, str | None]:
        texts: dict[str, str | None] = {}
        columns = {use.column: use.fields for use in self.uses()}
        for name, text in changes.items():
            names = (name,) if is_field(name) else columns.get(name, ())
            if not names:
                raise ProfileProblem("PROFILE_INVALID", [(name[:64], "is neither a field nor a column that is one")])
            for each in names:
                texts[each] = None if text is None else storable(text)
        return texts

    def _correct(self, row: Row, name: str, column: str | None, text: str | None) -> None:
        _take(row.values, name)
        if text is None:
            if field_of(name).clears:
                _put(row.values, name, None)
            return
        if plain := text.strip(BLANKS):
            try:
                _put(row.values, name, self._reader(name)(plain))
            except Refused as problem:
                row.faults.append(fault(problem.code, name, column, text, **problem.known))


def _stays(each: Fault, corrected: Mapping[str, object]) -> bool:
    if each.field == "":
        # A line that fell apart is whole again when somebody has said which product it is.
        return "barcode" not in corrected and CODES[each.code].stage in ("file", "row")
    return each.field not in corrected and CODES[each.code].stage in ("file", "row")


def _put(values: dict[str, Any], name: str, value: Any) -> None:
    if value is EMPTY:
        return
    if name.startswith(METADATA):
        values.setdefault("metadata", {})[name[len(METADATA) :]] = value
    else:
        values[name] = value


def _take(values: dict[str, Any], name: str) -> None:
    if name.startswith(METADATA):
        values.get("metadata", {}).pop(name[len(METADATA) :], None)
    else:
        values.pop(name, None)


# ---- columns ----------------------------------------------------------------------------------------------

_LETTERS = re.compile(r"[^\w*]|_")


def _plain_name(column: str) -> str:
    """A column's name without case, accents, blanks and punctuation: "EAN-Code" is "eancode"."""
    plain = unicodedata.normalize("NFKD", column).casefold()
    return _LETTERS.sub("", "".join(char for char in plain if not unicodedata.combining(char))) or column.strip()


class _Index:
    """The columns of a file by their plain names."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns
        self._at: dict[str, list[int]] = {}
        for at, column in enumerate(columns):
            self._at.setdefault(_plain_name(column), []).append(at)

    def find(self, aliases: Sequence[str]) -> int | None:
        """The column of the first alias that is there. Raises ProfileProblem when two have its name."""
        for alias in aliases:
            plain = _plain_name(alias)
            found = self._at.get(plain, [])
            if not found and plain.endswith("*"):
                found = [at for name, places in self._at.items() if name.startswith(plain[:-1]) for at in places]
            if len(found) > 1:
                names = ", ".join(storable(self._columns[at])[:64] for at in found[:5])
                raise ProfileProblem("COLUMN_AMBIGUOUS", [(alias, f"{names} could be meant; name one of them")])
            if found:
                return found[0]
        return None

    def some(self, names: Sequence[str]) -> tuple[int, ...]:
        """The columns of those names that are there."""
        return tuple(at for name in names if (at := self.find((name,))) is not None)
