"""A staged row, put right by hand: some of its texts are read again, everything else stays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from functions.import_publish.domain.cells import BLANKS, Convert, Refused
from functions.import_publish.domain.codes import CODES, Fault, fault, storable
from functions.import_publish.domain.columns import Layout
from functions.import_publish.domain.fields import field_of, is_field
from functions.import_publish.domain.profiles import ProfileProblem
from functions.import_publish.domain.rows import Row, put, take

_READING = frozenset({"file", "row"})


def corrected(
    row: Row,
    changes: Mapping[str, str | None],
    layout: Layout,
    reader_of: Callable[[str], Convert],
    constants: Mapping[str, Any],
) -> Row:
    """A new row; see `Mapper.correct`."""
    raw = list(row.raw)
    texts = _by_field(changes, layout, raw)
    values: dict[str, Any] = dict(row.values)
    if "metadata" in values:
        values["metadata"] = dict(values["metadata"])
    if row.barcode is not None:
        values["barcode"] = row.barcode
    fresh = Row(row.line, None, values, [each for each in row.faults if _stays(each, texts)], raw, row.origin)
    columns = {step.name: step.at for step in layout.steps}
    for name, text in texts.items():
        at = columns.get(name)
        if at is not None and at < len(raw):
            raw[at] = text
        _set(fresh, name, None if at is None else layout.columns[at], text, reader_of, constants)
    fresh.barcode = values.pop("barcode", None)
    if fresh.barcode is None and not any(each.field == "barcode" for each in fresh.faults):
        fresh.faults.append(fault("BARCODE_MISSING", "barcode"))
    return fresh


def _by_field(changes: Mapping[str, str | None], layout: Layout, raw: list[str | None]) -> dict[str, str | None]:
    """The texts by field; a column that is a part of several makes its field anew from all of them."""
    texts: dict[str, str | None] = {}
    at = {column: place for place, column in enumerate(layout.columns)}
    composed = {each.name: each for each in layout.composed}
    for name, given in changes.items():
        text = None if given is None else storable(given)
        if is_field(name):
            texts[name] = text
            continue
        place = at.get(name)
        names = () if place is None else layout.fields_of(place)
        if place is None or not names:
            what = "is neither a field nor a column that is one"
            raise ProfileProblem("COLUMN_UNKNOWN", [(storable(name[:64]), what)])
        whole = place < len(raw)
        if whole:
            raw[place] = text
        for each in names:
            texts[each] = composed[each].text(raw) if each in composed and whole else text
    return texts


def _stays(each: Fault, texts: Mapping[str, object]) -> bool:
    # A line that fell apart is whole again when somebody has said which product it is.
    told = "barcode" if each.field == "" else each.field
    return told not in texts and CODES[each.code].stage in _READING


def _set(
    row: Row,
    name: str,
    column: str | None,
    text: str | None,
    reader_of: Callable[[str], Convert],
    constants: Mapping[str, Any],
) -> None:
    take(row.values, name)
    if text is None:
        if field_of(name).clears:
            put(row.values, name, None)
    elif plain := text.strip(BLANKS):
        try:
            put(row.values, name, reader_of(name)(plain))
        except Refused as problem:
            row.faults.append(fault(problem.code, name, column, text, **problem.known))
    elif name in constants:
        put(row.values, name, constants[name])
