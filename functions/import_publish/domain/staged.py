"""A staged row as it is stored: short keys, because a million of them are written, and nothing that is not there.

r line (0: not in the file) · l line of the file that this one puts right · b barcode · v values · raw cells (only of
a row with errors) · e faults, as [code, field, column, value, message, severity] · x excluded · s status, unless valid
· a action and d changes, as [field, before, after], of what would be published · name of what would be withdrawn
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from typing import Any, Final, NamedTuple

from functions.import_publish.domain.codes import CODES, CONFIRM, Fault, worst

StagedRow = dict[str, Any]

VALID, ERROR, WARNING, EXCLUDED = "valid", "error", "warning", "excluded"
STATUSES: Final = {VALID: "valid", ERROR: "errors", WARNING: "warnings", CONFIRM: "confirm", EXCLUDED: "excluded"}
"""The status of a row -> where it is counted. Every row has exactly one."""
ACTIONS: Final = ("create", "update", "unchanged", "return", "withdraw")
COUNTS: Final = ("rows", *STATUSES.values(), "skipped", *ACTIONS)
"""What is counted of chunks and imports."""
HELD_BACK: Final = frozenset({ERROR, EXCLUDED})
"""Rows that are never published, whatever is confirmed."""
_READING: Final = frozenset({"file", "row"})


class Tally(NamedTuple):
    """What rows add up to. `codes` counts rows by what is wrong with them, `confirms` what waits to be confirmed."""

    counts: dict[str, int]
    codes: dict[str, int]
    confirms: dict[str, int]


def settle(row: StagedRow, faults: Sequence[Fault]) -> str:
    """Give a row its faults and, by them, its status; returns it. What is held back keeps no action."""
    for key in ("e", "s"):
        row.pop(key, None)
    status = EXCLUDED if row.get("x") else worst(faults) if faults else VALID
    if faults:
        row["e"] = [list(fault) for fault in faults]
    if status != VALID:
        row["s"] = status
    if status in HELD_BACK:
        row.pop("a", None)
        row.pop("d", None)
    return status


def faults_of(row: Mapping[str, Any]) -> list[Fault]:
    """The faults of a row, as they were found."""
    return [Fault(*fault) for fault in row.get("e", ())]


def from_reading(faults: Iterable[Fault]) -> list[Fault]:
    """Those that only the file could tell; all others can be found again from the values."""
    return [fault for fault in faults if CODES[fault.code].stage in _READING]


def tally(rows: Iterable[Mapping[str, Any]]) -> Tally:
    """Count rows by status and action, and by what is wrong with them."""
    counts = dict.fromkeys(COUNTS, 0)
    codes: dict[str, int] = {}
    confirms: dict[str, int] = {}
    for row in rows:
        status = row.get("s", VALID)
        counts["rows"] += 1
        counts[STATUSES[status]] += 1
        action = row.get("a")
        if action is not None:
            counts[action] += 1
        if status == EXCLUDED or "e" not in row:
            continue
        for code in {fault[0] for fault in row["e"]}:
            codes[code] = codes.get(code, 0) + 1
        if status == CONFIRM:
            for code in {fault[0] for fault in row["e"] if fault[5] == CONFIRM}:
                confirms[code] = confirms.get(code, 0) + 1
    return Tally(counts, codes, confirms)


def add(into: MutableMapping[str, int], more: Mapping[str, int], sign: int = 1) -> None:
    """Add counts to others, or take them off; what comes to nothing and is no fixed count is left out."""
    for name, number in more.items():
        total = into.get(name, 0) + sign * number
        if total or name in COUNTS:
            into[name] = total
        else:
            into.pop(name, None)


def total(tallies: Iterable[Tally]) -> Tally:
    """The sum of what chunks add up to."""
    result = Tally(dict.fromkeys(COUNTS, 0), {}, {})
    for each in tallies:
        for into, more in zip(result, each, strict=True):
            add(into, more)
    return result
