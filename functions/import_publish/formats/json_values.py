"""JSON values as cells: scalars as text exactly as written, objects one level deep as columns, the rest as JSON."""

from __future__ import annotations

import json
from typing import Any

from functions.import_publish.formats.limits import Cell, FileProblem, Limits, Problem
from functions.import_publish.formats.lines import NUL

MOST_DEPTH = 32
"""Levels of one element. Deeper than any product, and far less than any stack."""


class Broken(Exception):
    """An element that cannot be read, and why."""

    def __init__(self, code: str, message: str, column: int | None = None) -> None:
        super().__init__(code, message)
        self.problem: Problem = (code, message, column)


class _Number(str):
    """A number as it was written, where it matters that it is not a text."""

    __slots__ = ()


def _refuse_constant(name: str) -> str:
    raise ValueError(f"{name} is no JSON")


# Objects become tuples of pairs, so that keys given twice are seen; arrays stay lists. Numbers stay text: 1.10 is not
# 1.1, 1e400 is not infinity, and no price passes through a float.
def _scanner(number: type[str]) -> Any:
    decoder: Any = json.JSONDecoder(
        parse_float=number, parse_int=number, parse_constant=_refuse_constant, object_pairs_hook=tuple
    )
    # `decode` and `raw_decode` are wrappers in Python around this, which is C.
    return decoder.scan_once


_plain = _scanner(str)
_exact = _scanner(_Number)


def scan(text: str, place: int) -> int | None:
    """Where the JSON value that begins here ends, or None if that cannot be said."""
    try:
        end = _plain(text, place)[1]
    except (ValueError, StopIteration, RecursionError):
        return None
    return int(end)


class Flattener:
    """Objects to cells, with the columns that have been seen so far."""

    def __init__(self, limits: Limits) -> None:
        self.columns: list[str] = []
        """Grows in place, so cells of earlier rows are fewer."""
        self._limits = limits
        self._places: dict[str, int] = {}
        self._usual: tuple[str, ...] = ()

    def cells(self, text: str) -> list[Cell]:
        """The cells of one object, aligned with `columns`; None is null or not there.

        Raises Broken if the text is no object that can be read, FileProblem TOO_MANY_COLUMNS.
        """
        pairs = _object(_plain, text)
        keys, values = zip(*pairs, strict=True) if pairs else ((), ())
        # Most files have the same keys in every element and no objects inside.
        cells: list[Cell] = list(values) if keys == self._usual and _all_text(values) else self._placed(pairs, text)
        if len(cells) < len(self.columns):
            cells += [None] * (len(self.columns) - len(cells))
        if "\\u" in text:
            _check_escapes(cells)
        if len(text) > self._limits.cell:
            self._check_lengths(cells)
        return cells

    def _placed(self, pairs: tuple[tuple[str, Any], ...], text: str) -> list[Cell]:
        if any(type(value) is list or (type(value) is tuple and _deep(value)) for _, value in pairs):
            pairs = _object(_exact, text)
        found: dict[str, Cell] = {}
        for key, value in pairs:
            if type(value) is tuple:
                for inner, what in value:
                    _put(found, f"{key}.{inner}", what)
            else:
                _put(found, key, value)
        for key in found:
            if key not in self._places:
                self._add(key)
        cells: list[Cell] = [None] * len(self.columns)
        for key, cell in found.items():
            cells[self._places[key]] = cell
        if len(pairs) == len(self.columns):
            keys = tuple(key for key, _ in pairs)
            self._usual = keys if list(keys) == self.columns else self._usual
        return cells

    def _add(self, key: str) -> None:
        if len(self.columns) >= self._limits.columns:
            message = f"The file has more than {self._limits.columns} columns: remove some."
            raise FileProblem("TOO_MANY_COLUMNS", message)
        if len(key) > self._limits.cell:
            raise Broken("CELL_TOO_LONG", "The name of a field is far too long: shorten it.")
        if "\0" in key or _half(key):
            raise Broken("BAD_JSON", "The name of a field holds what is no text: correct it.")
        self._places[key] = len(self.columns)
        self.columns.append(key)

    def _check_lengths(self, cells: list[Cell]) -> None:
        for place, cell in enumerate(cells):
            if cell is not None and len(cell) > self._limits.cell:
                message = f"The cell is longer than {self._limits.cell} characters: shorten it."
                raise Broken("CELL_TOO_LONG", message, place)


def _object(scanner: Any, text: str) -> tuple[tuple[str, Any], ...]:
    try:
        if not text.startswith("{"):
            text = text.lstrip(" \t\n")
        value, end = scanner(text, 0)
        if text[end:].strip(" \t\n"):
            raise Broken("BAD_JSON", f"Something follows behind the JSON value, at character {end + 1}: remove it.")
    except json.JSONDecodeError as error:
        raise _no_json(error.pos) from None
    except StopIteration as stop:
        raise _no_json(int(stop.value or 0)) from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        raise Broken("BAD_JSON", f"{error}: write a number.") from None
    if type(value) is not tuple:
        raise Broken("NOT_AN_OBJECT", "Every element must be a JSON object.")
    return value


def _put(found: dict[str, Cell], key: str, value: Any) -> None:
    if key in found:
        raise Broken("BAD_JSON", f"The field {key[:60]!r} is there twice: remove one.")
    if value is None:
        found[key] = None
    elif isinstance(value, str):
        found[key] = str(value)
    elif isinstance(value, bool):
        found[key] = "true" if value else "false"
    else:
        found[key] = _written(value, 1)


def _written(value: Any, depth: int) -> str:
    """The value as compact JSON, its numbers as they came."""
    if depth > MOST_DEPTH:
        raise _too_deep()
    if type(value) is _Number:
        return str(value)
    if type(value) is list:
        return f"[{','.join(_written(item, depth + 1) for item in value)}]"
    if type(value) is tuple:
        fields = (f"{json.dumps(key, ensure_ascii=False)}:{_written(item, depth + 1)}" for key, item in value)
        return f"{{{','.join(fields)}}}"
    return json.dumps(value, ensure_ascii=False)


def _no_json(place: int) -> Broken:
    return Broken("BAD_JSON", f"This is not JSON, from character {place + 1} on: correct it.")


def _too_deep() -> Broken:
    return Broken("BAD_JSON", f"The element is nested more than {MOST_DEPTH} levels deep: flatten it.")


def _all_text(values: tuple[Any, ...]) -> bool:
    return all(type(value) is str or value is None for value in values)


def _deep(pairs: tuple[tuple[str, Any], ...]) -> bool:
    return any(type(value) is tuple or type(value) is list for _, value in pairs)


def _check_escapes(cells: list[Cell]) -> None:
    """An escape can spell what no text holds: NUL, and half of a surrogate pair."""
    for place, cell in enumerate(cells):
        if cell is not None and not cell.isascii() and _half(cell):
            message = "The text holds half of a character, an escape from \\ud800 to \\udfff: correct it."
            raise Broken("BAD_JSON", message, place)
        if cell is not None and "\0" in cell:
            raise Broken(NUL[0], NUL[1], place)


def _half(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
