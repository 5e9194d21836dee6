"""The tests of the guards: each guard is taken out, and a test that is green with it must be red without it.

`@both_ways` runs a proof twice. With the guard in place the scenario, an ordinary test, must pass; then the proof
takes the guard out, and the same scenario must fail. A guard that can be taken out unnoticed is one
that the next change may take out by mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

import pytest

from functions.common.mongo import Scoped

Query = dict[str, Any]
Guard = Literal["in place", "taken out"]
OUT: Guard = "taken out"

RED = (AssertionError, LookupError, ValueError)
"""How a scenario fails: an assertion, or an answer that lacks what it looks for. Anything else is a broken proof."""

both_ways = pytest.mark.parametrize("guard", ["in place", OUT])


@contextmanager
def red_without(guard: Guard) -> Iterator[None]:
    """What happens within must pass with the guard and fail without it."""
    if guard != OUT:
        yield
        return
    with pytest.raises(RED):
        yield


def without(text: str, part: str, instead: str = "") -> str:
    """A script without a part that is in it."""
    if part not in text:
        raise ValueError(f"there is no {part!r} to take out any more")
    return text.replace(part, instead)


def weaken(patch: pytest.MonkeyPatch, change: Callable[[Query], Query]) -> None:
    """What conditional writes ask for, changed."""

    def weaker(update: Any) -> Any:
        async def updated(self: Scoped, query: Mapping[str, Any], *rest: Any, **options: Any) -> Any:
            return await update(self, change(dict(query)), *rest, **options)

        return updated

    for name in ("find_one_and_update", "change_one"):
        patch.setattr(Scoped, name, weaker(getattr(Scoped, name)))


def fields_but(*names: str) -> Callable[[Query], Query]:
    """A query that does not ask for these fields any more."""
    return lambda query: {name: value for name, value in query.items() if name not in names}
