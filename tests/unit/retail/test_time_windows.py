"""A promotion is on by the clock on the store's wall, on the nights when that clock is changed too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.common.retail import time_windows
from functions.common.retail.time_windows import (
    ALWAYS,
    Closed,
    Hours,
    Window,
    from_dict,
    moment_of,
    to_dict,
    why_closed,
)

BERLIN, NEW_YORK, TOKYO = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"), ZoneInfo("Asia/Tokyo")
# Clocks go forward at midnight there: the day begins at 01:00.
BEIRUT = ZoneInfo("Asia/Beirut")
FRIDAY, SUNDAY = 5, 7


def at(text: str, zone: ZoneInfo = BERLIN, *, second_time: bool = False) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=int(second_time)).astimezone(UTC)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_what_restricts_nothing_is_always_open() -> None:
    assert why_closed(ALWAYS, at("2026-11-20T03:00"), BERLIN) is None
    assert why_closed(Window(), at("2026-11-20T03:00"), BERLIN) is None


@pytest.mark.parametrize(
    ("moment", "why"),
    [
        ("2026-11-30T23:59:59", Closed.NOT_STARTED),
        ("2026-12-01T00:00:00", None),
        ("2026-12-24T13:59:59", None),
        ("2026-12-24T14:00:00", Closed.ENDED),
    ],
)
def test_it_starts_and_ends_to_the_second_by_the_local_clock(moment: str, why: Closed | None) -> None:
    window = Window(local("2026-12-01T00:00"), local("2026-12-24T14:00"))
    for zone in (BERLIN, NEW_YORK, TOKYO):
        assert why_closed(window, at(moment, zone), zone) == why


def test_the_same_moment_is_another_time_in_another_store() -> None:
    window = Window(hours=(Hours(8 * 60, 10 * 60),))
    moment = at("2026-11-20T09:00")
    assert why_closed(window, moment, BERLIN) is None
    assert why_closed(window, moment, NEW_YORK) is Closed.OTHER_HOURS


def test_only_on_some_weekdays() -> None:
    window = Window(weekdays=frozenset({FRIDAY}))
    assert why_closed(window, at("2026-11-20T00:00"), BERLIN) is None
    assert why_closed(window, at("2026-11-20T23:59"), BERLIN) is None
    assert why_closed(window, at("2026-11-21T00:00"), BERLIN) is Closed.OTHER_WEEKDAY


@pytest.mark.parametrize(
    ("moment", "why"),
    [
        ("2026-11-20T21:59", Closed.OTHER_HOURS),
        ("2026-11-20T22:00", None),
        ("2026-11-21T01:59", None),  # Saturday, but the night of Friday
        ("2026-11-21T02:00", Closed.OTHER_WEEKDAY),
        ("2026-11-21T23:00", Closed.OTHER_WEEKDAY),
        ("2026-11-20T01:00", Closed.OTHER_HOURS),  # the night of Thursday
    ],
)
def test_hours_past_midnight_belong_to_the_day_they_start_on(moment: str, why: Closed | None) -> None:
    window = Window(weekdays=frozenset({FRIDAY}), hours=(Hours(22 * 60, 2 * 60),))
    assert why_closed(window, at(moment), BERLIN) == why


def test_of_several_hours_one_is_enough() -> None:
    window = Window(hours=(Hours(8 * 60, 9 * 60), Hours(17 * 60, 24 * 60)))
    opened = [hour for hour in range(24) if why_closed(window, at(f"2026-11-20T{hour:02d}:30"), BERLIN) is None]
    assert opened == [8, 17, 18, 19, 20, 21, 22, 23]


# ---- the nights when clocks change ---------------------------------------------------------------------------
# Berlin 2026: on 29 March 02:00 becomes 03:00, on 25 October 03:00 becomes 02:00.


def open_minutes(window: Window, begin: datetime, minutes: int, zone: ZoneInfo = BERLIN) -> list[str]:
    """The UTC times, to the minute, at which a window opens (+) and closes (-)."""
    changes, was = [], False
    for minute in range(minutes):
        moment = begin + timedelta(minutes=minute)
        now = why_closed(window, moment, zone) is None
        if now != was:
            changes.append(("+" if now else "-") + moment.strftime("%H:%M"))
            was = now
    return changes


def test_hours_around_the_skipped_hour_are_an_hour_shorter() -> None:
    window = Window(hours=(Hours(60, 4 * 60),))  # 01:00 to 04:00
    assert open_minutes(window, at("2026-03-28T23:00"), 600) == ["+00:00", "-02:00"]


def test_hours_within_the_skipped_hour_do_not_come_at_all() -> None:
    window = Window(hours=(Hours(2 * 60 + 15, 2 * 60 + 45),))
    assert open_minutes(window, at("2026-03-28T23:00"), 600) == []
    assert len(open_minutes(window, at("2026-03-27T23:00"), 600)) == 2


def test_hours_that_start_within_the_skipped_hour_start_when_it_is_over() -> None:
    window = Window(hours=(Hours(2 * 60 + 30, 4 * 60),))
    assert open_minutes(window, at("2026-03-28T23:00"), 600) == ["+01:00", "-02:00"]


def test_hours_around_the_hour_that_comes_twice_are_an_hour_longer() -> None:
    window = Window(hours=(Hours(60, 4 * 60),))
    assert open_minutes(window, at("2026-10-24T22:00"), 600) == ["+23:00", "-03:00"]


def test_hours_that_end_within_the_hour_that_comes_twice_end_once() -> None:
    window = Window(hours=(Hours(22 * 60, 2 * 60 + 30),))
    assert open_minutes(window, at("2026-10-24T19:00"), 600) == ["+20:00", "-00:30"]


def test_a_window_that_starts_at_a_time_that_comes_twice_starts_once() -> None:
    window = Window(starts=local("2026-10-25T02:30"))
    assert open_minutes(window, at("2026-10-24T22:00"), 600) == ["+00:30"]
    assert why_closed(window, at("2026-10-25T02:10", second_time=True), BERLIN) is None


def test_a_weekday_that_begins_late_begins_at_its_first_minute() -> None:
    window = Window(weekdays=frozenset({SUNDAY}), hours=(Hours(0, 24 * 60),))
    before = at("2026-03-28T23:00", BEIRUT)
    assert open_minutes(window, before, 1500, BEIRUT) == ["+22:00", "-21:00"]


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK, TOKYO, BEIRUT, ZoneInfo("Australia/Lord_Howe")])
@given(minute=st.integers(0, 2 * 525_600))
def test_a_moment_goes_to_the_local_clock_and_back(zone: ZoneInfo, minute: int) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    on_the_wall = moment.astimezone(zone).replace(tzinfo=None, fold=0)
    again = moment_of(on_the_wall, zone)
    assert again <= moment
    assert again.astimezone(zone).replace(tzinfo=None) == on_the_wall


def test_a_skipped_time_is_the_moment_of_the_change() -> None:
    change = datetime(2026, 3, 29, 1, tzinfo=UTC)
    for text in ("2026-03-29T02:00", "2026-03-29T02:00:01", "2026-03-29T02:59:59"):
        assert moment_of(local(text), BERLIN) == change
    assert moment_of(local("2026-03-29T03:00"), BERLIN) == change
    assert moment_of(local("2026-10-04T02:10"), ZoneInfo("Australia/Lord_Howe")) == datetime(
        2026, 10, 3, 15, 30, tzinfo=UTC
    )


# ---- what a window can be ------------------------------------------------------------------------------------


def test_a_window_reads_back_as_it_was_written() -> None:
    window = Window(
        local("2026-12-01T00:00"), local("2026-12-31T23:59:59"), frozenset({6, 7}), (Hours(0, 1440), Hours(1320, 120))
    )
    plain = {
        "starts": "2026-12-01T00:00:00",
        "ends": "2026-12-31T23:59:59",
        "weekdays": [6, 7],
        "hours": [{"opens": "00:00", "closes": "24:00"}, {"opens": "22:00", "closes": "02:00"}],
    }
    assert to_dict(window) == plain
    assert from_dict(plain) == window


def test_midnight_as_an_end_is_the_end_of_the_day() -> None:
    assert from_dict({"hours": [{"opens": "22:00", "closes": "00:00"}]}).hours == (Hours(1320, 1440),)


def test_a_window_that_says_nothing_is_always() -> None:
    assert from_dict({}) is ALWAYS
    assert from_dict(to_dict(ALWAYS)) is ALWAYS


@pytest.mark.parametrize(
    "plain",
    [
        {"until": "2026-12-01T00:00"},
        {"starts": "soon"},
        {"starts": "1969-12-31T23:59"},
        {"ends": "2200-01-01T00:00"},
        {"starts": "2026-12-01T00:00+01:00"},
        {"ends": "2026-12-01T00:00Z"},
        {"starts": "2026-12-02T00:00", "ends": "2026-12-02T00:00"},
        {"weekdays": [0]},
        {"weekdays": [8]},
        {"hours": [{"opens": "8:00", "closes": "09:00"}]},
        {"hours": [{"opens": "08:60", "closes": "09:00"}]},
        {"hours": [{"opens": "24:00", "closes": "09:00"}]},
        {"hours": [{"opens": "08:00", "closes": "24:01"}]},
        {"hours": [{"opens": "08:00", "closes": "08:00"}]},
        {"hours": [{"opens": "08:00", "closes": "٠٩:00"}]},
        {"hours": [{"opens": "08.00", "closes": "09:00"}]},
    ],
)
def test_what_no_window_can_be_is_refused(plain: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\.$|Invalid isoformat"):
        time_windows.from_dict(plain)
