"""Payment windows that close within the same second share one task."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.checkout import reminders, wiring
from functions.checkout.reminders import Reminders
from functions.common import tasks

CLOSES = datetime(2026, 11, 21, 12, 0, 7, 250_000, tzinfo=UTC)
SECOND = int(datetime(2026, 11, 21, 12, 0, 8, tzinfo=UTC).timestamp())


class Tasks:
    """Cloud Tasks: takes what is asked for when it may, or refuses it."""

    def __init__(self) -> None:
        self.made: list[int] = []
        self.may = asyncio.Event()
        self.refuses = False

    async def __call__(self, second: int) -> None:
        await self.may.wait()
        if self.refuses:
            raise ConnectionError("no Cloud Tasks")
        self.made.append(second)


async def test_windows_of_one_second_share_a_task_that_comes_when_all_have_closed() -> None:
    tasks = Tasks()
    remind = Reminders(tasks).at
    waiting = [asyncio.create_task(remind(CLOSES + timedelta(milliseconds=250 * n))) for n in range(5)]
    await asyncio.sleep(0)
    assert not any(each.done() for each in waiting), "nobody goes on before Cloud Tasks has it"
    tasks.may.set()
    await asyncio.gather(*waiting)
    await remind(CLOSES)
    assert tasks.made == [SECOND, SECOND + 1], "until 12:00:08 the first four have closed"


async def test_a_refusal_is_told_to_all_who_wait_and_whoever_comes_next_asks_again() -> None:
    tasks = Tasks()
    tasks.refuses = True
    tasks.may.set()
    remind = Reminders(tasks).at
    told = await asyncio.gather(remind(CLOSES), remind(CLOSES), return_exceptions=True)
    assert [type(each) for each in told] == [ConnectionError, ConnectionError]
    tasks.refuses = False
    await remind(CLOSES)
    assert tasks.made == [SECOND]


async def test_who_no_longer_waits_takes_nothing_from_the_others() -> None:
    tasks = Tasks()
    remind = Reminders(tasks).at
    first, second = asyncio.create_task(remind(CLOSES)), asyncio.create_task(remind(CLOSES))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    tasks.may.set()
    await second
    assert tasks.made == [SECOND]


async def test_a_task_whose_making_was_cut_off_is_made_by_whoever_comes_next() -> None:
    tasks = Tasks()
    kept = Reminders(tasks)
    waiting = asyncio.create_task(kept.at(CLOSES))
    await asyncio.sleep(0)
    kept._asked[SECOND].cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    tasks.may.set()
    await kept.at(CLOSES)
    assert tasks.made == [SECOND]


async def test_what_was_asked_for_long_ago_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reminders, "MOST", 3)
    tasks = Tasks()
    tasks.may.set()
    kept = Reminders(tasks)
    for number in range(5):
        await kept.at(CLOSES + timedelta(seconds=number))
    assert len(kept._asked) == 3
    assert tasks.made == [SECOND + number for number in range(5)]


async def test_all_processes_ask_under_one_name_so_that_cloud_tasks_keeps_one(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, Any]] = []

    async def enqueue(*_: Any, schedule: Any, name: Any) -> None:
        asked.append((schedule, name))

    monkeypatch.setattr(tasks, "enqueue", enqueue)
    for second in (SECOND, SECOND, SECOND + 1):
        await wiring.close_windows(second)
    (first, mine), (_, theirs), (later, other) = asked
    assert (first, later) == (datetime.fromtimestamp(SECOND, UTC), datetime.fromtimestamp(SECOND + 1, UTC))
    assert mine == theirs != other
    assert isinstance(mine, str)
