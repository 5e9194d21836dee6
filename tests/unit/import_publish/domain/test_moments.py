"""Times in a file become microseconds, in the store's time zone where the file says none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.import_publish.domain import moments

BERLIN = ZoneInfo("Europe/Berlin")


def micros(*parts: int, tz: tzinfo = UTC) -> int:
    year, month, day, hour, minute, second, rest = (*parts, *[0] * (7 - len(parts)))
    moment = datetime(year, month, day, hour, minute, second, rest, tz)
    return (moment - moments.EPOCH) // timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-20T09:30:00Z", micros(2026, 11, 20, 9, 30)),
        ("2026-11-20 09:30:00z", micros(2026, 11, 20, 9, 30)),
        ("2026-11-20T09:30:00+01:00", micros(2026, 11, 20, 8, 30)),
        ("2026-11-20T09:30:00-0530", micros(2026, 11, 20, 15, 0)),
        ("2026-11-20T09:30", micros(2026, 11, 20, 8, 30)),
        ("2026-07-20T09:30", micros(2026, 7, 20, 7, 30)),
        ("2026-11-20", micros(2026, 11, 19, 23)),
        ("2026-11-20T09:30:00.1234567Z", micros(2026, 11, 20, 9, 30, 0, 123456)),
        ("20.11.2026 09:30", micros(2026, 11, 20, 8, 30)),
        ("1.2.2026 9:05", micros(2026, 2, 1, 8, 5)),
        ("20261120", micros(2026, 11, 19, 23)),
    ],
)
def test_a_time_is_read(text: str, expected: int) -> None:
    assert moments.reader(("DD.MM.YYYY HH:mm", "YYYYMMDD"), BERLIN)(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "now", "1763629800", "2026-13-01", "2026-02-30", "1926-01-01", "2026-11-20T25:00", "20.11.26", "45321.5"],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(moments.NotATime):
        moments.reader(("DD.MM.YYYY",), UTC)(text)


def test_an_offset_no_place_on_earth_has_is_no_time() -> None:
    with pytest.raises(moments.NotATime):
        moments.reader((), UTC)("2026-11-20T09:30:00+99:00")


@pytest.mark.parametrize("form", ["", "DD.MM", "YYYY-MM-DD DD", "%Y-%m-%d"])
def test_a_form_must_say_which_day(form: str) -> None:
    with pytest.raises(ValueError, match="YYYY, MM, DD"):
        moments.reader((form,), UTC)


@given(st.timedeltas(timedelta(days=1), timedelta(days=36_000)), st.integers(-12 * 60, 14 * 60))
def test_every_time_written_as_the_standard_says_is_read_back(since: timedelta, offset: int) -> None:
    moment = datetime(2000, 1, 1, tzinfo=UTC) + since
    text = moment.astimezone(timezone(timedelta(minutes=offset))).isoformat()
    assert moments.reader((), BERLIN)(text) == (moment - moments.EPOCH) // timedelta(microseconds=1)
