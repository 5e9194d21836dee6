"""When schedules fire, clocks forward and back, and when a run has to wait."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest

from functions.import_publish.domain import schedules, states
from functions.import_publish.domain.schedules import BadSchedule, next_after

BERLIN = ZoneInfo("Europe/Berlin")


def firings(cron: str, zone: str, start: datetime, count: int) -> list[str]:
    def every() -> object:
        moment = start
        while True:
            moment = next_after(cron, zone, moment)
            yield moment.astimezone(ZoneInfo(zone)).isoformat()

    return list(islice(every(), count))  # type: ignore[call-overload]


def test_a_line_is_read_in_its_own_time_zone() -> None:
    assert next_after("30 5 * * *", "Europe/Berlin", datetime(2026, 11, 20, 3, 0, tzinfo=UTC)) == datetime(
        2026, 11, 20, 4, 30, tzinfo=UTC
    )
    assert next_after("30 5 * * *", "Asia/Tokyo", datetime(2026, 11, 20, 3, 0, tzinfo=UTC)) == datetime(
        2026, 11, 20, 20, 30, tzinfo=UTC
    )


def test_a_time_that_the_clocks_leave_out_is_made_up_for_once_that_night() -> None:
    assert firings("30 2 * * *", "Europe/Berlin", datetime(2026, 3, 28, 12, tzinfo=BERLIN), 3) == [
        "2026-03-29T03:00:00+02:00",
        "2026-03-30T02:30:00+02:00",
        "2026-03-31T02:30:00+02:00",
    ]


def test_a_time_that_comes_twice_fires_once() -> None:
    assert firings("30 2 * * *", "Europe/Berlin", datetime(2026, 10, 24, 12, tzinfo=BERLIN), 2) == [
        "2026-10-25T02:30:00+02:00",
        "2026-10-26T02:30:00+01:00",
    ]


def test_what_fires_every_half_hour_does_so_in_the_long_night_too() -> None:
    found = firings("*/30 * * * *", "Europe/Berlin", datetime(2026, 10, 25, 1, 45, tzinfo=BERLIN), 6)
    moments = [datetime.fromisoformat(each) for each in found]
    assert {b - a for a, b in pairwise(moments)} == {timedelta(minutes=30)}


@pytest.mark.parametrize(
    ("cron", "zone", "field"),
    [
        ("x", "UTC", "cron"),
        ("", "UTC", "cron"),
        ("* * * *", "UTC", "cron"),
        ("* * * * * *", "UTC", "cron"),
        ("60 * * * *", "UTC", "cron"),
        ("0 0 31 2 *", "UTC", "cron"),
        ("@daily", "UTC", "cron"),
        ("0 0 * * " + "1," * 60 + "1", "UTC", "cron"),
        ("0 0 * * *", "Europe/Atlantis", "timeZone"),
        ("0 0 * * *", "../../etc/passwd", "timeZone"),
        ("0 0 * * *", "", "timeZone"),
    ],
)
def test_what_cannot_be_read_says_which_field(cron: str, zone: str, field: str) -> None:
    with pytest.raises(BadSchedule) as caught:
        next_after(cron, zone, datetime(2026, 11, 20, tzinfo=UTC))
    assert caught.value.field == field


def test_a_line_that_never_fires_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedules, "CronSim", lambda *_: iter(()))
    with pytest.raises(BadSchedule, match="never"):
        next_after("0 0 * * *", "UTC", datetime(2026, 11, 20, tzinfo=UTC))


@pytest.mark.parametrize("state", sorted(states.STATES))
def test_the_next_run_waits_while_the_last_is_worked_on_but_not_for_a_decision(state: str) -> None:
    working = {"waiting_for_upload", "fetching", "staging", "publishing", "rolling_back"}
    assert schedules.overlaps([states.STAGED, state]) == (state in working)


def test_a_run_is_written_down_with_what_became_of_it() -> None:
    run = {"id": "r"}
    assert schedules.skipped(run, "CODE", "why")["state"] == "skipped"
    assert schedules.started(run, "g", ["i"]) == {
        "id": "r",
        "state": "started",
        "code": None,
        "message": None,
        "groupId": "g",
        "importIds": ["i"],
    }
