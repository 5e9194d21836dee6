"""What is built on first use is built once: in a process, or in an event loop."""

from __future__ import annotations

import asyncio
import threading

import pytest

from functions.common.once import Once, OncePerLoop


def test_of_many_threads_one_builds() -> None:
    made: list[object] = []
    value = Once(lambda: made.append(object()) or made[-1])  # type: ignore[func-returns-value]
    assert value.built is None
    threads = [threading.Thread(target=value) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), value.built) == (1, made[0])
    value.replace(None)
    assert value() is made[1]


def test_each_loop_has_a_value_of_its_own() -> None:
    value = OncePerLoop(asyncio.Semaphore)

    async def twice() -> tuple[object, object, object]:
        before = value.built
        return before, value(), value()

    none, first, again = asyncio.run(twice())
    assert none is None
    assert first is again
    none, other, _ = asyncio.run(twice())
    assert none is None, "another loop's value is no value of this one"
    assert other is not first
    with pytest.raises(RuntimeError):
        value()


def test_another_value_stands_in_for_the_loop_that_put_it_there() -> None:
    value = OncePerLoop(asyncio.Semaphore)

    async def replaced() -> bool:
        mine = asyncio.Semaphore(3)
        value.replace(mine)
        return value() is mine is value.built

    async def found() -> object:
        return value.built

    assert asyncio.run(replaced())
    assert asyncio.run(found()) is None

    async def anew() -> bool:
        value.replace(first := asyncio.Semaphore(3))
        value.replace(None)
        return value() is not first

    assert asyncio.run(anew())
