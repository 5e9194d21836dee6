"""At which pace an import is written: how much at once, and how long a pause."""

from __future__ import annotations

import asyncio

import pytest

from functions.import_publish import gently
from functions.import_publish.gently import FULL, GENTLE, LONGEST_PAUSE, PACES, Gait, Pace


class Clock:
    """A clock that only work and pauses move."""

    def __init__(self) -> None:
        self.now = 100.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    def work(self, seconds: float) -> None:
        self.now += seconds

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(round(seconds, 6))
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(gently, "monotonic", made)
    monkeypatch.setattr(asyncio, "sleep", made.sleep)
    return made


async def sizes(gait: Gait, clock: Clock, items: int, seconds: float = 0.01) -> list[int]:
    """How many of the items came at once, when the work on each slice takes so long."""
    found: list[int] = []
    async for some in gait.slices(range(items)):
        found.append(len(some))
        clock.work(seconds)
    return found


async def test_every_item_comes_once_and_in_order(clock: Clock) -> None:
    gait, nothing = Gait(Pace(2, 1.0)), list[int]()
    assert [list(some) async for some in gait.slices([1, 2, 3, 4, 5])] == [[1, 2], [3, 4], [5]]
    assert [list(some) async for some in gait.slices(nothing)] == []


async def test_the_gentle_pace_writes_little_and_pauses_for_four_times_as_long(clock: Clock) -> None:
    found = await sizes(Gait(PACES[GENTLE]), clock, 500)
    assert max(found) <= 20
    assert clock.pauses == [0.04] * len(found), "the work has a fifth of the time"


async def test_the_full_pace_writes_much_and_never_pauses(clock: Clock) -> None:
    assert await sizes(Gait(PACES[FULL]), clock, 500) == [250] * 2
    assert set(clock.pauses) == {0.0}


async def test_a_pause_is_for_all_that_was_done_since_the_last_one(clock: Clock) -> None:
    gait = Gait(Pace(10, 2.0))
    clock.work(0.03)
    assert await sizes(gait, clock, 20) == [10, 10]
    clock.work(0.05)
    await gait.rest()
    await gait.rest()
    assert clock.pauses == [0.08, 0.02, 0.1, 0.0]


async def test_no_pause_is_so_long_that_a_task_runs_out_of_time(clock: Clock) -> None:
    gait = Gait(PACES[GENTLE])
    clock.work(60)
    await gait.rest()
    assert clock.pauses == [LONGEST_PAUSE]


async def test_a_turn_ends_with_a_pause_for_what_was_done_last(clock: Clock) -> None:
    async with gently.turn(Pace(10, 2.0)):
        clock.work(0.01)
    assert clock.pauses == [0.02]


@pytest.mark.parametrize("approval", [None, {}, {"by": "ann"}, {"by": "ann", "pace": GENTLE}])
def test_an_import_is_published_gently_unless_somebody_said_otherwise(approval: dict[str, str] | None) -> None:
    assert gently.pace_of({"approval": approval}) is PACES[GENTLE]


def test_an_import_is_published_at_the_pace_it_was_approved_with() -> None:
    assert gently.pace_of({"approval": {"by": "ann", "pace": FULL}}) is PACES[FULL]
