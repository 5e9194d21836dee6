"""How a CSV file separates and quotes its cells, found out from its first lines."""

from __future__ import annotations

import csv
from itertools import islice
from typing import Any

from functions.import_publish.formats.limits import FileProblem

DELIMITERS = ",;\t|"
_SAMPLE_LINES = 50
_SAMPLE_CHARACTERS = 64 << 10


def dialect_of(lines: list[str], declared: str | None = None) -> dict[str, Any]:
    """The arguments for csv.reader. A declared delimiter is believed.

    Raises FileProblem UNKNOWN_FORMAT for one that cannot separate anything.
    """
    if declared is not None and (len(declared) != 1 or declared in "\"'\r\n\0 "):
        raise FileProblem("UNKNOWN_FORMAT", "The delimiter that the profile names is not one character: name another.")
    sample = _sample(lines)
    best: tuple[float, dict[str, Any]] | None = None
    for delimiter in declared or DELIMITERS:
        dialect = {"delimiter": delimiter, **_quoting(sample, delimiter)}
        fit = _fit(sample, dialect)
        if best is None or fit > best[0]:
            best = (fit, dialect)
    assert best is not None
    return best[1]


def _sample(lines: list[str]) -> list[str]:
    sample, characters = [], 0
    for line in islice((line for line in lines if line.strip()), _SAMPLE_LINES):
        sample.append(line)
        characters += len(line)
        if characters > _SAMPLE_CHARACTERS:
            break
    return sample


def _quoting(sample: list[str], delimiter: str) -> dict[str, Any]:
    """Single quotes only where the header is full of them; a blank before a quote only where one is seen."""
    header = sample[0].strip() if sample else ""
    single = header.startswith("'") and header.endswith("'") and len(header) > 1 and '"' not in header
    quote = "'" if single else '"'
    blank = any(f"{delimiter} {quote}" in line for line in sample)
    return {"quotechar": quote, "skipinitialspace": blank}


def _fit(sample: list[str], dialect: dict[str, Any]) -> float:
    """How well a delimiter explains the sample: many names in the header, and as many cells in the rows."""
    try:
        rows = [row for row in csv.reader(sample, **dialect) if row]
    except csv.Error:
        return 0.0
    if not rows or len(rows[0]) < 2:
        return 0.0
    width = len(rows[0])
    alike = sum(len(row) == width for row in rows) / len(rows)
    return width * (alike + 0.1)
