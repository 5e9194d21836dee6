"""What a benchmark says: rows, as a table for people and one JSON object a line for programs. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bench.figures import significant

KEYS = ("name", "ours", "baseline", "unit", "ratio", "target", "holds")


class CannotMeasure(RuntimeError):
    """A part did not do what had to be measured: there is no figure. The message is for the person who asked."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure should reach: at least or at most `bound`."""

    sign: Literal[">=", "<="]
    bound: float

    def holds(self, value: float) -> bool:
        """Whether the value reaches it."""
        return value >= self.bound if self.sign == ">=" else value <= self.bound

    def __str__(self) -> str:
        return f"{self.sign} {self.bound:g}"


def at_least(bound: float) -> Target:
    """More is better."""
    return Target(">=", bound)


def at_most(bound: float) -> Target:
    """Less is better."""
    return Target("<=", bound)


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. The target is for the ratio where there is a baseline, else for `ours` in its unit."""

    name: str
    ours: float
    unit: str
    about: str
    """What is measured, for people."""
    baseline: float | None = None
    target: Target | None = None

    @property
    def ratio(self) -> float | None:
        """Ours to the baseline; without a baseline ours to the target's bound; None when there is neither."""
        against = self.baseline if self.baseline is not None else self.target and self.target.bound
        return self.ours / against if against else None

    @property
    def holds(self) -> bool | None:
        """Whether the target is reached; None without a target."""
        if self.target is None:
            return None
        judged = self.ours if self.baseline is None else self.ratio
        return judged is not None and self.target.holds(judged)

    def as_dict(self) -> dict[str, Any]:
        """The row for programs; exactly `KEYS`."""
        return {
            "name": self.name,
            "ours": significant(self.ours),
            "baseline": None if self.baseline is None else significant(self.baseline),
            "unit": self.unit,
            "ratio": None if self.ratio is None else significant(self.ratio),
            "target": None if self.target is None else str(self.target),
            "holds": self.holds,
        }


def json_line(row: Row) -> str:
    """One row as one line of JSON."""
    return json.dumps(row.as_dict())


def table(rows: Sequence[Row]) -> str:
    """The rows for people, columns aligned."""
    lines = [("name", "ours", "baseline", "unit", "ratio", "target", "holds", "what")]
    for row in rows:
        holds = {True: "yes", False: "NO", None: ""}[row.holds]
        target = "" if row.target is None else str(row.target)
        lines.append(
            (row.name, _plain(row.ours), _plain(row.baseline), row.unit, _plain(row.ratio), target, holds, row.about)
        )
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    numbers = {1, 2, 4}
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in numbers else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _plain(value: float | None) -> str:
    if value is None:
        return "-"
    rounded = significant(value, 3)
    return f"{rounded:,.0f}" if abs(rounded) >= 1000 else f"{rounded:g}"
