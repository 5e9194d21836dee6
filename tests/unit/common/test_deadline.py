import asyncio
from contextvars import ContextVar

import pytest

from functions.common.deadline import within

colour: ContextVar[str] = ContextVar("colour", default="none")


async def test_work_that_waits_for_nothing_is_done_at_once() -> None:
    async def work() -> int:
        return 7

    assert await within(0.0, work()) == 7


async def test_work_that_waits_goes_on_with_what_it_waited_for() -> None:
    async def work() -> list[int]:
        found = []
        for number in range(3):
            await asyncio.sleep(0)
            found.append(await asyncio.wait_for(asyncio.sleep(0.001, number), 1))
        return found

    assert await within(1.0, work()) == [0, 1, 2]


async def test_work_that_waits_too_long_is_stopped_where_it_is() -> None:
    seen: list[str] = []

    async def work() -> None:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise
        finally:
            seen.append("cleaned up")

    with pytest.raises(TimeoutError):
        await within(0.01, work())
    assert seen == ["cancelled", "cleaned up"]


@pytest.mark.parametrize("wait", [False, True])
async def test_an_error_leaves_as_it_is(wait: bool) -> None:
    async def work() -> None:
        if wait:
            await asyncio.sleep(0)
        raise KeyError("x")

    with pytest.raises(KeyError):
        await within(1.0, work())


async def test_an_error_of_what_it_waits_for_is_raised_inside() -> None:
    async def fails() -> None:
        await asyncio.sleep(0)
        raise ValueError("inner")

    async def work() -> str:
        try:
            await asyncio.gather(fails())
        except ValueError as error:
            return str(error)
        return "not reached"

    assert await within(1.0, work()) == "inner"


async def test_cancelling_the_caller_cancels_the_work_and_is_no_time_out() -> None:
    stopped = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(30)
        finally:
            stopped.set()

    task = asyncio.create_task(within(10.0, work()))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert stopped.is_set()


async def test_the_context_of_the_caller_is_the_works() -> None:
    async def work() -> str:
        colour.set("red")
        await asyncio.sleep(0)
        return colour.get()

    colour.set("blue")
    assert await within(1.0, work()) == "red"
    assert colour.get() == "red"
