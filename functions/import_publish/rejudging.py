"""Staged rows, judged once more: after a correction, after a retry, or because what is live has changed."""

from __future__ import annotations

from collections.abc import Sequence

from functions.common import clock
from functions.import_publish.domain.rows import Row
from functions.import_publish.domain.rules import check_row, duplicate
from functions.import_publish.domain.staged import StagedRow, faults_of, from_reading, settle
from functions.import_publish.judging import Judge
from functions.import_publish.reading import Terms

DUPLICATE = "DUPLICATE_IN_FILE"


async def rejudged(judge: Judge, terms: Terms, rows: Sequence[StagedRow]) -> list[StagedRow]:
    """Staged rows as they are found to be now; what could not be read stays so."""
    fresh = [
        Row(row["r"], row["b"], row["v"], from_reading(faults_of(row)), row.get("raw", []), row.get("l"))
        for row in rows
    ]
    now = clock.micros()
    for row in fresh:
        check_row(row, terms.rules, terms.currency, now)
    staged = await judge.judge(fresh)
    for before, after in zip(rows, staged, strict=True):
        if before.get("x"):
            after["x"] = True
            settle(after, faults_of(after))
    return staged


def mark_duplicate(row: StagedRow, lines: Sequence[int]) -> None:
    """Say of a row that its barcode stands in these other lines too; with none, that it does not any more."""
    faults = [each for each in faults_of(row) if each.code != DUPLICATE]
    if lines:
        faults.append(duplicate(row["b"], lines))
    settle(row, faults)
