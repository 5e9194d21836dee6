"""How long to wait before a source is asked again, and when not to."""

import asyncio
from dataclasses import replace

import pytest

from functions.import_publish.sources.guard import Guard
from functions.import_publish.sources.jobs import Job
from functions.import_publish.sources.problems import Budget, SourceProblem
from functions.import_publish.sources.retries import pause, persistently


@pytest.fixture
def job() -> Job:
    return Job({}, Guard(), Budget(), asyncio.sleep)


def busy(after: float | None = None) -> SourceProblem:
    return SourceProblem("SOURCE_BUSY", "later", passing=True, after=after)


def test_waits_grow_and_are_spread_from_nothing_to_their_longest(job: Job) -> None:
    for attempt, longest in ((1, 1.0), (2, 2.0), (3, 4.0), (4, 8.0)):
        waits = [pause(attempt, busy(), job) for _ in range(300)]
        assert all(wait is not None and 0 <= wait <= longest for wait in waits)
        assert max(wait or 0 for wait in waits) > 0.8 * longest
        assert min(wait or 0 for wait in waits) < 0.2 * longest


def test_what_the_source_asks_for_is_waited_for_and_a_little_more(job: Job) -> None:
    waits = [pause(1, busy(7.0), job) or 0.0 for _ in range(100)]
    assert all(7.0 <= wait <= 7.5 for wait in waits)
    assert len(set(waits)) > 50


@pytest.mark.parametrize("after", [61.0, 86_400.0])
def test_nobody_holds_a_worker_for_longer_than_a_minute(job: Job, after: float) -> None:
    assert pause(1, busy(after), job) is None


def test_what_does_not_pass_is_not_tried_again(job: Job) -> None:
    assert pause(1, SourceProblem("SOURCE_REFUSES", "no"), job) is None


def test_five_tries_are_enough(job: Job) -> None:
    assert pause(4, busy(), job) is not None
    assert pause(5, busy(), job) is None


def test_nobody_waits_beyond_the_end_of_the_pull(job: Job) -> None:
    over = replace(job, begun=job.begun - job.budget.seconds - 1)
    assert pause(1, busy(), over) is None


async def test_the_last_problem_is_the_one_that_is_told(job: Job) -> None:
    asked = 0

    async def work() -> None:
        nonlocal asked
        asked += 1
        raise SourceProblem(f"CODE_{asked}", "no", passing=True)

    async def at_once(_seconds: float) -> None:
        return None

    with pytest.raises(SourceProblem) as caught:
        await persistently(work, replace(job, sleep=at_once))
    assert (asked, caught.value.code) == (5, "CODE_5")
