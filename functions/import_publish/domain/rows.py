"""A line of a file as a product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from functions.import_publish.domain.cells import EMPTY
from functions.import_publish.domain.codes import Fault
from functions.import_publish.domain.fields import METADATA


@dataclass(slots=True)
class Row:
    """One line of the file as a product; `values` hold only what the file carries and what could be read."""

    line: int
    barcode: str | None
    values: dict[str, Any]
    faults: list[Fault]
    raw: list[str | None]
    """The cells as they came, with what a group of lines writes only once filled in."""
    origin: int | None = None
    """In a file that puts another one right: the line of that one."""


def put(values: dict[str, Any], name: str, value: Any) -> None:
    """Set a field that a cell was read for, unless there turned out to be nothing in the cell."""
    if value is EMPTY:
        return
    if name.startswith(METADATA):
        values.setdefault("metadata", {})[name[len(METADATA) :]] = value
    else:
        values[name] = value


def take(values: dict[str, Any], name: str) -> None:
    """Leave a field as it is in the product."""
    if name.startswith(METADATA):
        values.get("metadata", {}).pop(name[len(METADATA) :], None)
    else:
        values.pop(name, None)
