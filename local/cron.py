"""When a cron line fires next. Pure; the five fields of unix cron, as Cloud Scheduler reads them."""

from __future__ import annotations

from datetime import datetime, timedelta

_MONTHS = {
    name: n
    for n, name in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)
}
_DAYS = {name: n for n, name in enumerate(["sun", "mon", "tue", "wed", "thu", "fri", "sat"])}
_LIMITS: tuple[tuple[int, int, dict[str, int]], ...] = (
    (0, 59, {}),
    (0, 23, {}),
    (1, 31, {}),
    (1, 12, _MONTHS),
    (0, 7, _DAYS),
)


class Cron:
    """One cron line. Raises ValueError when it cannot be read."""

    def __init__(self, line: str) -> None:
        fields = line.split()
        if len(fields) != len(_LIMITS):
            raise ValueError(f"a cron line has five fields: {line!r}")
        sets = [_values(text, *limits) for text, limits in zip(fields, _LIMITS, strict=True)]
        self._minutes, self._hours, self._days, self._months, weekdays = sets
        self._weekdays = {day % 7 for day in weekdays}
        # Unix cron: when both days are restricted, either is enough.
        self._either = not fields[2].startswith("*") and not fields[4].startswith("*")

    def next_after(self, moment: datetime) -> datetime:
        """The first firing later than `moment`, in its time zone. Raises ValueError when there is none in 5 years."""
        at = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
        last = at + timedelta(days=5 * 366)
        while at < last:
            if at.month not in self._months or not self._on_day(at):
                at = at.replace(hour=0, minute=0) + timedelta(days=1)
            elif at.hour not in self._hours:
                at = at.replace(minute=0) + timedelta(hours=1)
            elif at.minute not in self._minutes:
                at += timedelta(minutes=1)
            else:
                return at
        raise ValueError("this cron line never fires")

    def _on_day(self, at: datetime) -> bool:
        by_date = at.day in self._days
        by_weekday = at.isoweekday() % 7 in self._weekdays
        return (by_date or by_weekday) if self._either else (by_date and by_weekday)


def _values(text: str, low: int, high: int, names: dict[str, int]) -> set[int]:
    values: set[int] = set()
    for part in text.lower().split(","):
        span, _, step_text = part.partition("/")
        step = int(step_text) if step_text else 1
        if span == "*":
            first, last = low, high
        else:
            start, _, end = span.partition("-")
            first = names.get(start, -1) if start in names else int(start)
            last = (names[end] if end in names else int(end)) if end else (high if step_text else first)
        if not low <= first <= last <= high or step < 1:
            raise ValueError(f"outside {low}-{high}: {part!r}")
        values |= set(range(first, last + 1, step))
    return values
