"""What is done at once is done to its end, also when a part of it fails."""

from __future__ import annotations

import asyncio

import pytest

from functions.common.together import together


async def later(value: int, done: list[int]) -> int:
    await asyncio.sleep(0.01)
    done.append(value)
    return value


async def fails(why: str) -> int:
    raise ValueError(why)


async def test_the_results_come_in_the_order_of_the_work() -> None:
    assert await together(later(1, []), later(2, [])) == (1, 2)
    assert await together() == ()


async def test_a_failure_waits_for_the_others_and_the_first_one_counts() -> None:
    done: list[int] = []
    with pytest.raises(ValueError, match="first"):
        await together(later(1, done), fails("first"), fails("second"), later(2, done))
    assert done == [1, 2]
