"""The days that a page is about, and what they come to. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from functions.admin.counting import FIGURES

LONGEST: Final = 366
"""Days that may be asked for at once."""
EARLIEST: Final = date(2000, 1, 1)
"""No store of ours is older; and there is a year before it, which the calendar of computers must have."""
SPANS: Final = (7, 30, 90, 365)
"""Offered with one click, in days up to today."""
USUAL: Final = 30


@dataclass(frozen=True, slots=True)
class Period:
    """From one day to another, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1

    @property
    def query(self) -> dict[str, str]:
        """As the API and the addresses of pages say it."""
        return {"from": self.first.isoformat(), "to": self.last.isoformat()}


def asked(query: Mapping[str, str], today: date) -> Period:
    """What an address asks for; whatever cannot be is put right: no end, or one to come, is today, no beginning is the
    usual span before the end, a beginning after the end is the end, and more than a year ends with its last year.
    """
    last = max(EARLIEST, min(_date(query.get("to", "")) or today, today))
    first = _date(query.get("from", "")) or last - timedelta(days=USUAL - 1)
    return Period(max(min(first, last), last - timedelta(days=LONGEST - 1)), last)


def up_to(today: date, days: int) -> Period:
    """So many days, today the last."""
    return Period(today - timedelta(days=days - 1), today)


def added_up(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """What days, or stores, come to together."""
    sums = dict.fromkeys(FIGURES, 0)
    for row in rows:
        for name in FIGURES:
            sums[name] += row[name]
    return sums


def _date(text: str) -> date | None:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
