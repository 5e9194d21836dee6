"""What a reader of files promises: records, problems, and how much of anything there can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

CHUNK = 256 << 10
"""Bytes handled at a time. Memory is a small multiple of it, whatever the size of the file."""
RATIO_FLOOR = 1 << 20
"""Unpacked bytes below which no ratio is asked about: a small and very regular file is no bomb."""

Cell = str | None
Problem = tuple[str, str, int | None]
"""A stable code, a sentence that says what to do, and the column it is about (0-based) where there is one."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a file may be. Everything is counted while it is read; what a header declares is not believed."""

    packed: int = 100 << 20
    """Bytes of a compressed file or a workbook, as uploaded."""
    unpacked: int = 300 << 20
    """Bytes of what is inside, or of a file that is not compressed."""
    ratio: int = 100
    """Unpacked bytes for each packed one, above RATIO_FLOOR."""
    rows: int = 1_200_000
    cell: int = 64 << 10
    """Characters of one cell."""
    columns: int = 200
    line: int = 1 << 20
    """Characters of one line or one record."""


@dataclass(frozen=True, slots=True)
class Hints:
    """What is known about a file before it is opened. Its content is believed first."""

    name: str = ""
    media: str = ""
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None


class FileProblem(ValueError):
    """The whole file cannot be read, or cannot be read further; the records before `line` stand."""

    def __init__(self, code: str, message: str, line: int | None = None) -> None:
        super().__init__(code, message, line)
        self.code = code
        self.message = message
        self.line = line

    def __str__(self) -> str:
        where = "" if self.line is None else f" (line {self.line})"
        return f"{self.code}: {self.message}{where}"

    def at(self, line: int) -> FileProblem:
        """The same problem, with a line if it had none: who finds a broken byte does not count lines."""
        return self if self.line is not None else FileProblem(self.code, self.message, line)


class Record(NamedTuple):
    """One row of a file, readable or not. A row with a problem keeps what could be read of it, for people to see."""

    line: int
    """1-based: the physical line where it begins (CSV, NDJSON), the element's number (JSON array), the sheet's row."""
    cells: list[Cell]
    """Aligned with the table's columns if there is no problem; a table of JSON may have more columns by then."""
    problem: Problem | None


class Meter:
    """Bytes so far, in and out of a compression, and the limits on both."""

    __slots__ = ("_limits", "most_packed", "packed", "unpacked")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.packed = 0
        """Bytes read from the upload."""
        self.unpacked = 0
        """Bytes of what is inside."""
        self.most_packed = limits.unpacked
        """Until the file is known to be compressed it may be as large as what is inside one."""

    def took(self, count: int) -> None:
        """Counts bytes of the upload. Raises FileProblem TOO_LARGE."""
        self.packed += count
        if self.packed > self.most_packed:
            raise FileProblem("TOO_LARGE", f"The file is larger than {_size(self.most_packed)}: split it.")

    def is_compressed(self) -> None:
        """From here on the lower limit holds."""
        self.most_packed = self._limits.packed
        self.took(0)

    def gave(self, count: int, *, so_far: int, of: int) -> None:
        """Counts unpacked bytes; `so_far` of this member came out of `of` packed bytes.

        Raises FileProblem RATIO_TOO_HIGH or TOO_LARGE_UNPACKED.
        """
        self.unpacked += count
        if so_far > RATIO_FLOOR and so_far > self._limits.ratio * max(of, 1):
            raise too_dense(self._limits)
        if self.unpacked > self._limits.unpacked:
            raise too_large_unpacked(self._limits)


def too_dense(limits: Limits) -> FileProblem:
    """A decompression bomb, or something that cannot be told from one."""
    return FileProblem(
        "RATIO_TOO_HIGH", f"The file unpacks to more than {limits.ratio} times its size: upload it unpacked."
    )


def too_large_unpacked(limits: Limits) -> FileProblem:
    """More inside than an import may have."""
    return FileProblem("TOO_LARGE_UNPACKED", f"Unpacked the file is larger than {_size(limits.unpacked)}: split it.")


def clipped(cells: list[Cell], limits: Limits) -> list[Cell]:
    """The cells of a row with a problem, cut to the limits: broken rows are kept too, and must not grow."""
    return [None if cell is None else cell[: limits.cell] for cell in cells[: limits.columns]]


def _size(count: int) -> str:
    return f"{count >> 20} MiB" if count >= 1 << 20 else f"{count} bytes"
