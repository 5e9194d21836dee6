"""Several things at once, all of them to their end: what fails takes nothing with it that is half done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar, overload

A = TypeVar("A")
B = TypeVar("B")


@overload
async def together(one: Awaitable[A], other: Awaitable[B], /) -> tuple[A, B]: ...
@overload
async def together(*work: Awaitable[A]) -> tuple[A, ...]: ...
async def together(*work: Awaitable[Any]) -> tuple[Any, ...]:
    """The results in order. Raises the first failure, but only once all have ended (`asyncio.gather` lets them run)."""
    results = await asyncio.gather(*work, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return tuple(results)
