"""When something is on: from one local time to another, on some weekdays, at some hours, by the clock of the store.

Local times become moments before they are compared, so a window ends once, on the nights the clocks change too:
a time that comes twice is its first coming, one that is skipped is the moment of the change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Any

DAY_MINUTES = 1440
YEARS = range(1970, 2200)
"""Far enough from the ends of Python's calendar that every time zone can be applied."""


class Closed(StrEnum):
    """Why a window is not open."""

    NOT_STARTED = "NOT_STARTED"
    ENDED = "ENDED"
    OTHER_WEEKDAY = "OTHER_WEEKDAY"
    OTHER_HOURS = "OTHER_HOURS"


@dataclass(frozen=True, slots=True, order=True)
class Hours:
    """Minutes after midnight, the end not included. An end at or before the start is on the next day.

    Raises ValueError outside a day and for an end that is the start: a whole day is 00:00 to 24:00.
    """

    start: int
    end: int

    def __post_init__(self) -> None:
        if not (0 <= self.start < DAY_MINUTES and 0 < self.end <= DAY_MINUTES) or self.start == self.end:
            raise ValueError("Hours start within the day, end by 24:00 and do not end when they start.")

    @property
    def minutes(self) -> int:
        """How long they last by the clock."""
        return self.end - self.start if self.end > self.start else self.end + DAY_MINUTES - self.start


@dataclass(frozen=True, slots=True)
class Window:
    """`starts` and `ends` are local times without a zone, the end not included; weekdays as ISO numbers them (1 to 7).

    What is empty or None does not restrict. Hours that pass midnight belong to the weekday they start on.
    Raises ValueError for times with a zone or far away, an end that is not after the start, and unknown weekdays.
    """

    starts: datetime | None = None
    ends: datetime | None = None
    weekdays: frozenset[int] = frozenset()
    hours: tuple[Hours, ...] = ()

    def __post_init__(self) -> None:
        for moment in (self.starts, self.ends):
            if moment is not None and (moment.tzinfo is not None or moment.year not in YEARS):
                raise ValueError(
                    f"A window starts and ends at local times from {YEARS[0]} to {YEARS[-1]}, without offset."
                )
        if self.starts is not None and self.ends is not None and self.ends <= self.starts:
            raise ValueError("A window ends after it starts.")
        if not self.weekdays <= frozenset(range(1, 8)):
            raise ValueError("Weekdays are numbered from 1 (Monday) to 7 (Sunday).")


ALWAYS = Window()


def why_closed(window: Window, moment: datetime, zone: tzinfo) -> Closed | None:
    """Why the window is closed at an aware moment in a store of this time zone, None when it is open."""
    if window is ALWAYS:
        return None
    if window.starts is not None and moment < moment_of(window.starts, zone):
        return Closed.NOT_STARTED
    if window.ends is not None and moment >= moment_of(window.ends, zone):
        return Closed.ENDED
    today = moment.astimezone(zone).date()
    if not window.hours:
        return None if _is_on(window, today) else Closed.OTHER_WEEKDAY
    if any(_is_within(window, hours, day, moment, zone) for hours in window.hours for day in _days(hours, today)):
        return None
    return Closed.OTHER_HOURS if _is_on(window, today) else Closed.OTHER_WEEKDAY


def moment_of(local: datetime, zone: tzinfo) -> datetime:
    """The moment (UTC) of a local time: its first coming if it comes twice, the change itself if it is skipped."""
    late = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if late.astimezone(zone).replace(tzinfo=None) == local:
        return late
    # Skipped: read with the offset of before it lies after the change, read with that of after it lies before it.
    early = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    before = early.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):
        between = early + timedelta(seconds=(late - early) // timedelta(seconds=2))
        if between.astimezone(zone).utcoffset() == before:
            early = between
        else:
            late = between
    return late


def _is_on(window: Window, day: date) -> bool:
    return not window.weekdays or day.isoweekday() in window.weekdays


def _days(hours: Hours, today: date) -> tuple[date, ...]:
    """The days on which hours may have started that are not over."""
    return (today,) if hours.end > hours.start else (today, today - timedelta(days=1))


def _is_within(window: Window, hours: Hours, day: date, moment: datetime, zone: tzinfo) -> bool:
    if not _is_on(window, day):
        return False
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001  (a local time)
    begin = midnight + timedelta(minutes=hours.start)
    end = begin + timedelta(minutes=hours.minutes)
    return moment_of(begin, zone) <= moment < moment_of(end, zone)


# ---- as plain data ------------------------------------------------------------------------------------------


def to_dict(window: Window) -> dict[str, Any]:
    """The window as JSON has it; `from_dict` reads it back."""
    return {
        "starts": _text(window.starts),
        "ends": _text(window.ends),
        "weekdays": sorted(window.weekdays),
        "hours": [{"opens": _clock(each.start), "closes": _clock(each.end)} for each in window.hours],
    }


def from_dict(data: Mapping[str, Any]) -> Window:
    """The window of plain data; what is left out does not restrict. Raises ValueError for anything a window is not."""
    unknown = data.keys() - {"starts", "ends", "weekdays", "hours"}
    if unknown:
        raise ValueError(f"A window has no {min(unknown)}.")
    window = Window(
        starts=_local(data.get("starts")),
        ends=_local(data.get("ends")),
        weekdays=frozenset(data.get("weekdays") or ()),
        # Midnight as an end is the end of the day.
        hours=tuple(
            sorted(
                Hours(_minutes(each["opens"]), _minutes(each["closes"]) or DAY_MINUTES)
                for each in data.get("hours") or ()
            )
        ),
    )
    return ALWAYS if window == ALWAYS else window


def _text(local: datetime | None) -> str | None:
    return None if local is None else local.isoformat(timespec="seconds")


def _local(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _minutes(text: str) -> int:
    hours, _, minutes = text.partition(":")
    if len(text) != 5 or not (hours.isdecimal() and minutes.isdecimal() and text.isascii()) or int(minutes) > 59:
        raise ValueError('A time of day is written as in "08:30".')
    return int(hours) * 60 + int(minutes)
