"""The names of the columns, where the first row of a file gives them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from functions.import_publish.formats.limits import FileProblem, Limits

_NUMBER = re.compile(r"[-+]?[0-9][0-9.,]*(?:[eE][-+]?[0-9]+)?")
_CODE = re.compile(r"'?[0-9]{8,14}")


def names_of(cells: Sequence[str | None], line: int, limits: Limits) -> list[str]:
    """The header's names; one that is missing in the middle gets a name of its own, empty ones at the end are cut.

    Raises FileProblem TOO_MANY_COLUMNS, NO_HEADER, CELL_TOO_LONG or DUPLICATE_HEADER.
    """
    names = [(cell or "").strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    if len(names) > limits.columns:
        raise too_many(len(names), line, limits)
    given = [name for name in names if name]
    if all(_NUMBER.fullmatch(name) for name in given) or any(_CODE.fullmatch(name) for name in given):
        raise FileProblem("NO_HEADER", "The first row is no header: put the names of the columns there.", line)
    if max(map(len, given)) > limits.cell:
        raise FileProblem("CELL_TOO_LONG", "The name of a column is far too long: shorten it.", line)
    seen: dict[str, int] = {}
    for place, name in enumerate(names, 1):
        first = seen.setdefault(name.casefold(), place) if name else place
        if first != place:
            message = f"Columns {first} and {place} have the same name, {name[:60]!r}: rename one."
            raise FileProblem("DUPLICATE_HEADER", message, line)
    return [name or f"column_{place}" for place, name in enumerate(names, 1)]


def too_many(columns: int, line: int, limits: Limits) -> FileProblem:
    """More columns than a file may have."""
    message = f"The file has {columns} columns, and {limits.columns} are allowed: remove some."
    return FileProblem("TOO_MANY_COLUMNS", message, line)
