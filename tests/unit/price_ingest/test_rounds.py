"""Coalescing: who shares a round, who waits, and that everybody gets his own answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.common.errors import Retryable
from functions.price_ingest.rounds import Rounds


class Load:
    def __init__(self, name: str, *keys: str) -> None:
        self.name, self.keys, self.weight = name, set(keys or name), max(1, len(keys))


class Runner:
    """Keeps rounds under way until they are let go."""

    def __init__(self) -> None:
        self.rounds: list[tuple[str, list[str]]] = []
        self.under_way: list[set[str]] = []
        self.most_under_way = 0
        self.go = asyncio.Event()
        self.failing: dict[str, Exception] = {}
        self.broken: Exception | None = None

    async def __call__(self, lane: str, loads: Sequence[Load]) -> list[BaseException | None]:
        keys = {lane + key for load in loads for key in load.keys}
        assert all(keys.isdisjoint(other) for other in self.under_way), "two rounds on one product"
        self.rounds.append((lane, [load.name for load in loads]))
        self.under_way.append(keys)
        self.most_under_way = max(self.most_under_way, len(self.under_way))
        await self.go.wait()
        await asyncio.sleep(0)
        self.under_way.remove(keys)
        if self.broken is not None:
            raise self.broken
        return [self.failing.get(load.name) for load in loads]


async def handed_in(rounds: Rounds[Load], lane: str, load: Load) -> None:
    await rounds.submit(lane, load)


async def settled(rounds: Rounds[Load], runner: Runner, *loads: Load, lane: str = "t1") -> list[Any]:
    waiting = [asyncio.ensure_future(handed_in(rounds, lane, load)) for load in loads]
    await asyncio.sleep(0)
    runner.go.set()
    return await asyncio.gather(*waiting, return_exceptions=True)


async def test_what_arrives_while_a_round_is_under_way_shares_the_next() -> None:
    runner = Runner()
    rounds = Rounds(runner, in_flight=1)
    await settled(rounds, runner, *(Load(name) for name in "abcd"))
    assert runner.rounds == [("t1", ["a"]), ("t1", ["b", "c", "d"])]


async def test_two_rounds_may_be_under_way_on_different_products() -> None:
    runner = Runner()
    rounds = Rounds(runner, in_flight=2, worth=1)
    await settled(rounds, runner, Load("a"), Load("b"), Load("c"))
    assert runner.rounds == [("t1", ["a"]), ("t1", ["b"]), ("t1", ["c"])]
    assert runner.most_under_way == 2


async def test_a_second_round_is_under_way_only_when_enough_waits_for_it() -> None:
    runner = Runner()
    rounds = Rounds(runner, in_flight=2, worth=3)
    await settled(rounds, runner, *(Load(name) for name in "abc"))
    assert runner.rounds == [("t1", ["a"]), ("t1", ["b", "c"])]
    assert runner.most_under_way == 1
    runner = Runner()
    rounds = Rounds(runner, in_flight=2, worth=3)
    await settled(rounds, runner, *(Load(name) for name in "abcde"))
    assert runner.rounds == [("t1", ["a"]), ("t1", ["b", "c", "d"]), ("t1", ["e"])]
    assert runner.most_under_way == 2


async def test_a_product_is_in_one_round_at_a_time_and_nobody_overtakes() -> None:
    runner = Runner()
    rounds = Rounds(runner, in_flight=2, worth=1)
    await settled(rounds, runner, Load("a", "x"), Load("b", "x", "y"), Load("c", "z"))
    assert runner.rounds == [("t1", ["a"]), ("t1", ["b", "c"])]


async def test_tenants_do_not_wait_for_one_another() -> None:
    runner = Runner()
    rounds = Rounds(runner, in_flight=1)
    flood = [asyncio.ensure_future(handed_in(rounds, "t1", Load(f"a{n}", "x"))) for n in range(50)]
    other = asyncio.ensure_future(handed_in(rounds, "t2", Load("b")))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert ("t2", ["b"]) in runner.rounds
    runner.go.set()
    await asyncio.gather(*flood, other)


async def test_a_round_is_bounded_but_one_large_message_still_fits() -> None:
    runner = Runner()
    rounds = Rounds(runner, in_flight=1, most_updates=3)
    large = Load("l", *"123456789")
    await settled(rounds, runner, Load("a"), Load("b"), Load("c", "c", "d"), Load("e"), large, Load("f"))
    assert [names for _, names in runner.rounds] == [["a"], ["b", "c"], ["e"], ["l"], ["f"]]


async def test_each_gets_the_answer_of_his_own_message() -> None:
    runner = Runner()
    runner.failing["b"] = Retryable("only b")
    answers = await settled(Rounds(runner, in_flight=1), runner, Load("a"), Load("b"), Load("c"))
    assert answers == [None, runner.failing["b"], None]


async def test_a_round_that_breaks_tells_everybody_and_the_next_goes_on() -> None:
    runner = Runner()
    rounds = Rounds(runner, in_flight=1)
    runner.broken = RuntimeError("broken")
    assert await settled(rounds, runner, Load("a"), Load("b")) == [runner.broken, runner.broken]
    runner.broken = None
    assert await settled(rounds, runner, Load("a")) == [None]


async def test_a_lane_that_is_full_sends_messages_back() -> None:
    runner = Runner()
    rounds = Rounds(runner, in_flight=1, most_waiting=3)
    answers = await settled(rounds, runner, *(Load(name) for name in "abcdef"))
    assert [isinstance(answer, Retryable) for answer in answers] == [False, False, False, False, True, True]


async def test_who_goes_away_does_not_disturb_the_others() -> None:
    runner = Runner()
    rounds = Rounds(runner, in_flight=1)
    waiting = [asyncio.ensure_future(handed_in(rounds, "t1", Load(name))) for name in "abc"]
    await asyncio.sleep(0)
    waiting[1].cancel()
    runner.go.set()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert answers[0] is answers[2] is None
    assert runner.rounds[1] == ("t1", ["b", "c"])


@given(
    loads=st.lists(st.sets(st.sampled_from("wxyz"), min_size=1), max_size=20),
    most=st.integers(1, 6),
    in_flight=st.integers(1, 3),
    worth=st.integers(0, 4),
)
@settings(deadline=None)
def test_every_message_is_in_exactly_one_round_and_order_on_a_product_is_kept(
    loads: list[set[str]], most: int, in_flight: int, worth: int
) -> None:
    async def story() -> None:
        runner = Runner()
        rounds = Rounds(runner, most_updates=most, in_flight=in_flight, worth=worth)
        named = [Load(f"{number}", *keys) for number, keys in enumerate(loads)]
        assert await settled(rounds, runner, *named) == [None] * len(named)
        order = [name for _, names in runner.rounds for name in names]
        assert order == [load.name for load in named]
        assert not rounds._lanes, "an idle lane is forgotten"

    asyncio.run(story())


@pytest.mark.parametrize("in_flight", [1, 2])
async def test_a_product_that_everybody_updates_does_not_stop_the_lane(in_flight: int) -> None:
    runner = Runner()
    rounds = Rounds(runner, most_updates=10, in_flight=in_flight)
    answers = await settled(rounds, runner, *(Load(f"{n}", "hot") for n in range(100)))
    assert answers == [None] * 100
    assert len(runner.rounds) == 11
