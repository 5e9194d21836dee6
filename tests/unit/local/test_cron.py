"""Cron lines fire when unix cron says."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from local.cron import Cron

FRIDAY = datetime(2026, 11, 20, 23, 58, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "next_one"),
    [
        ("* * * * *", datetime(2026, 11, 20, 23, 59, tzinfo=UTC)),
        ("*/15 * * * *", datetime(2026, 11, 21, 0, 0, tzinfo=UTC)),
        ("5,35 2 * * *", datetime(2026, 11, 21, 2, 5, tzinfo=UTC)),
        ("0 3 * * mon", datetime(2026, 11, 23, 3, 0, tzinfo=UTC)),
        ("0 3 * * 7", datetime(2026, 11, 22, 3, 0, tzinfo=UTC)),
        ("0 0 1 jan *", datetime(2027, 1, 1, tzinfo=UTC)),
        ("0 0 29 2 *", datetime(2028, 2, 29, tzinfo=UTC)),
        ("10-20/5 4 * * *", datetime(2026, 11, 21, 4, 10, tzinfo=UTC)),
        ("0 12 13 * fri", datetime(2026, 11, 27, 12, 0, tzinfo=UTC)),
    ],
)
def test_the_next_firing(line: str, next_one: datetime) -> None:
    assert Cron(line).next_after(FRIDAY) == next_one


def test_a_firing_is_never_the_moment_itself() -> None:
    midnight = datetime(2026, 11, 21, tzinfo=UTC)
    assert Cron("0 0 * * *").next_after(midnight) == datetime(2026, 11, 22, tzinfo=UTC)


def test_hours_are_those_of_the_time_zone() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    fired = Cron("0 3 * * *").next_after(FRIDAY.astimezone(berlin))
    assert fired.astimezone(UTC) == datetime(2026, 11, 21, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize("line", ["", "* * * *", "60 * * * *", "* 24 * * *", "*/0 * * * *", "5-1 * * * *", "x * * * *"])
def test_a_line_that_cannot_be_read_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Cron(line)


def test_a_day_that_never_comes_is_refused() -> None:
    with pytest.raises(ValueError, match="never fires"):
        Cron("0 0 30 2 *").next_after(FRIDAY)
