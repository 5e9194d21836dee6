"""Limited promotions are never given more often than their limits allow, whoever races, dies or repeats."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.common import failpoints, mongo, redemptions
from functions.common.errors import Conflict
from functions.common.redemptions import Redemption, Refusal
from functions.common.retail.promotion_codec import from_dict
from functions.common.retail.promotion_rules import Rule
from functions.common.retail.promotions import Usage
from tests.integration.discount.conftest import BERLIN, RIVAL, TENANT
from tests.support import World

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
TEN = {"type": "percentage", "match": {}, "basisPoints": 1000}


def rule(name: str = "week", codes: tuple[str, ...] = (), **limits: int) -> Rule:
    return from_dict({"id": name, "benefit": TEN, "codes": list(codes), "limits": limits})


def order(number: int) -> str:
    return f"{BERLIN}.{number:032x}"


async def claim(
    number: int, *wanted: tuple[Rule, str | None, int], user: str = "ann", now: datetime = NOW, tenant: str = TENANT
) -> list[Refusal]:
    return await redemptions.claim(
        tenant_id=tenant,
        store_id=BERLIN,
        user_id=user,
        order_id=order(number),
        redemptions=[Redemption(*each) for each in wanted],
        now=now,
    )


async def counters() -> dict[str, tuple[int, int, int]]:
    """Counter -> what was taken and spent of it, and how much of that is only held."""
    found = mongo.database().promotion_counters.find({})
    return {
        each["_id"].removeprefix(f"{TENANT}:"): (each["taken"], each["spent"], len(each["holds"]))
        async for each in found
    }


async def usage(*rules: Rule, user: str = "ann", codes: tuple[str, ...] = (), number: int = 0) -> dict[str, Usage]:
    return await redemptions.usage(TENANT, user, codes, rules, order_id=order(number) if number else "")


async def never(_tenant: str, _order: str) -> bool:
    return False


async def always(_tenant: str, _order: str) -> bool:
    return True


# ---- limits hold, also when everybody comes at once ----------------------------------------------------------


async def test_of_two_hundred_shoppers_fifty_get_what_there_is_fifty_times(world: World) -> None:
    limited = rule(total=50)
    refused = await asyncio.gather(*(claim(n, (limited, None, 100), user=f"user-{n}") for n in range(200)))
    assert sum(1 for each in refused if not each) == 50
    assert {each[0].reason for each in refused if each} == {"TOTAL_LIMIT"}
    assert await counters() == {"week:r": (50, 5000, 50)}


async def test_a_code_for_one_is_given_to_one_of_a_hundred(world: World) -> None:
    limited = rule(codes=("ONLYONE",), perCode=1)
    refused = await asyncio.gather(*(claim(n, (limited, "ONLYONE", 100), user=f"user-{n}") for n in range(100)))
    assert sum(1 for each in refused if not each) == 1
    assert {each for found in refused for each in found} == {Refusal("week", "ONLYONE", "CODE_USED")}
    assert await counters() == {"week:c:ONLYONE": (1, 0, 1)}


async def test_a_shopper_with_many_phones_gets_it_as_often_as_one_may(world: World) -> None:
    limited = rule(perUser=2)
    refused = await asyncio.gather(*(claim(n, (limited, None, 100)) for n in range(50)))
    assert sum(1 for each in refused if not each) == 2
    assert await claim(99, (limited, None, 100), user="bob") == []


async def test_a_budget_is_never_overspent(world: World) -> None:
    limited, chance = rule(budget=10_000), random.Random(7)
    amounts = [chance.randrange(50, 400) for _ in range(100)]
    refused = await asyncio.gather(*(claim(n, (limited, None, amount)) for n, amount in enumerate(amounts)))
    given = sum(amount for amount, found in zip(amounts, refused, strict=True) if not found)
    left = 10_000 - given
    assert 0 <= left < max(amounts)
    assert all(amount > left for amount, found in zip(amounts, refused, strict=True) if found)
    ((_, spent, _),) = (await counters()).values()
    assert spent == given


async def test_a_basket_gets_all_of_its_promotions_or_takes_nothing(world: World) -> None:
    gone, left = rule("gone", total=1), rule("left", total=5)
    assert await claim(1, (gone, None, 10)) == []
    assert await claim(2, (left, None, 10), (gone, None, 10), user="bob") == [Refusal("gone", None, "TOTAL_LIMIT")]
    assert await counters() == {"gone:r": (1, 10, 1), "left:r": (0, 0, 0)}


async def test_baskets_that_want_several_limited_promotions_do_not_lose_any_of_them(world: World) -> None:
    """Claims that failed give back what they took: in the end as many were given as there were."""
    rules = [rule(f"r{n}", total=20) for n in range(3)]
    pending, given, chance = list(range(60)), 0, random.Random(3)
    while pending and given < 20:
        chance.shuffle(pending)
        found = await asyncio.gather(*(claim(n, *((each, None, 5) for each in rules), user=f"u{n}") for n in pending))
        given += sum(1 for refused in found if not refused)
        pending = [n for n, refused in zip(pending, found, strict=True) if refused]
    assert given == 20
    assert await counters() == {f"r{n}:r": (20, 100, 20) for n in range(3)}


# ---- every step may be repeated ------------------------------------------------------------------------------


async def test_claiming_again_takes_nothing_more(world: World) -> None:
    limited = rule(codes=("SAVE",), total=5, perUser=5, perCode=5)
    for _ in range(3):
        assert await claim(1, (limited, "SAVE", 70)) == []
    together = await asyncio.gather(*(claim(1, (limited, "SAVE", 70)) for _ in range(20)))
    assert together == [[]] * 20
    assert await counters() == {"week:r": (1, 70, 1), "week:u:ann": (1, 0, 1), "week:c:SAVE": (1, 0, 1)}


async def test_what_was_paid_stays_taken_and_what_was_not_comes_back(world: World) -> None:
    limited = rule(total=2)
    assert await claim(1, (limited, None, 70)) == await claim(2, (limited, None, 30)) == []
    for _ in range(3):
        assert await redemptions.confirm(TENANT, order(1))
        assert await redemptions.release(TENANT, order(2))
    assert await counters() == {"week:r": (1, 70, 0)}
    assert not await redemptions.release(TENANT, order(1))
    assert not await redemptions.confirm(TENANT, order(2))
    assert await counters() == {"week:r": (1, 70, 0)}


async def test_confirm_and_release_at_one_moment_exclude_each_other(world: World) -> None:
    limited = rule(total=1000)
    for number in range(40):
        assert await claim(number, (limited, None, 10)) == []
    ends = [end(TENANT, order(n)) for n in range(40) for end in (redemptions.confirm, redemptions.release) * 2]
    random.Random(5).shuffle(ends)
    said = await asyncio.gather(*ends)
    assert sum(said) == 80, "of each order's four ends the two of one kind said yes"
    states = [each["state"] async for each in mongo.database().promotion_redemptions.find({})]
    kept = states.count("confirmed")
    assert kept + states.count("released") == 40
    assert await counters() == {"week:r": (kept, 10 * kept, 0)}


async def test_a_checkout_that_goes_on_does_not_count_what_it_holds_itself(world: World) -> None:
    limited = rule(codes=("SAVE",), total=1, perUser=1, perCode=1)
    await claim(1, (limited, "SAVE", 70))
    assert await usage(limited, codes=("save",)) == {"week": Usage(1, 1, {"SAVE": 1}, 70)}
    assert await usage(limited, codes=("save",), number=1) == {"week": Usage(0, 0, {"SAVE": 0}, 0)}
    assert await usage(limited, codes=("save",), user="bob") == {"week": Usage(1, 0, {"SAVE": 1}, 70)}
    assert await usage(limited, codes=("other",)) == {}


async def test_an_order_may_claim_anew_after_it_was_given_up_and_with_other_promotions(world: World) -> None:
    one, other = rule("one", total=1), rule("other", total=1)
    assert await claim(1, (one, None, 10)) == []
    assert await claim(1, (other, None, 20)) == []
    assert await counters() == {"one:r": (0, 0, 0), "other:r": (1, 20, 1)}
    assert await redemptions.release(TENANT, order(1))
    assert await claim(1, (one, None, 30)) == []
    assert await counters() == {"one:r": (1, 30, 1), "other:r": (0, 0, 0)}
    assert await redemptions.confirm(TENANT, order(1))
    with pytest.raises(Conflict):
        await claim(1, (other, None, 20))


async def test_promotions_without_limits_cost_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_name: str) -> None:
        raise AssertionError("the database was asked")

    monkeypatch.setattr(mongo, "collection", refuse)
    monkeypatch.setattr(mongo, "cache_source", refuse)
    free, needs_code = rule(), rule("coded", codes=("SAVE",), perCode=1)
    assert await claim(1, (free, None, 10)) == []
    assert await usage(free, needs_code) == {}


async def test_another_tenants_order_is_none(world: World) -> None:
    limited = rule(total=1)
    await claim(1, (limited, None, 10))
    assert await redemptions.release(RIVAL, order(1))
    assert await redemptions.confirm(RIVAL, order(1))
    with pytest.raises(Conflict):
        await claim(1, (limited, None, 10), tenant=RIVAL)
    assert (await counters())["week:r"] == (1, 10, 1)


async def die_at(point: str, limited: Rule, end: Callable[[str, str], Awaitable[bool]]) -> None:
    """Claim and end an order in a process that dies at this point."""

    async def work() -> None:
        await claim(1, (limited, None, 10))
        await end(TENANT, order(1))

    failpoints.configure(f"{point}:raise")
    try:
        with pytest.raises(failpoints.FailpointHit):
            await work()
    finally:
        failpoints.configure(None)


# ---- processes that die or sleep -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "point", ["redemption.after_record", "redemption.after_counters", "redemption.after_confirmed"]
)
async def test_a_process_that_dies_in_between_is_finished_by_the_next(world: World, point: str) -> None:
    limited = rule(total=2)
    await die_at(point, limited, redemptions.confirm)
    assert await claim(1, (limited, None, 10)) == []
    assert await redemptions.confirm(TENANT, order(1))
    assert await counters() == {"week:r": (1, 10, 0)}
    assert await claim(2, (limited, None, 10)) == []
    assert [each.reason for each in await claim(3, (limited, None, 10))] == ["TOTAL_LIMIT"]


@pytest.mark.parametrize(
    ("point", "left"),
    [
        ("redemption.after_record", (0, 0, 0)),
        ("redemption.after_counters", (0, 0, 0)),
        ("redemption.after_released", (0, 0, 0)),
        ("redemption.after_confirmed", (1, 10, 0)),
    ],
)
async def test_what_the_dead_left_is_settled_by_the_sweep(world: World, point: str, left: tuple[int, int, int]) -> None:
    limited = rule(total=1)
    await die_at(point, limited, redemptions.release if point.endswith("released") else redemptions.confirm)
    early = await redemptions.sweep(never, NOW + timedelta(minutes=1))
    assert early == 0, "whoever works on it may still be at it"
    await redemptions.sweep(never, NOW + timedelta(minutes=3))
    found = await counters()
    assert found.get("week:r", (0, 0, 0)) == left
    assert await redemptions.sweep(never, NOW + timedelta(hours=3)) == 0


async def test_a_claim_is_kept_while_its_order_can_be_paid_and_an_hour_at_least(world: World) -> None:
    await claim(1, (rule(total=1), None, 10))
    for is_alive, later in ((never, timedelta(minutes=50)), (always, timedelta(days=2))):
        assert await redemptions.sweep(is_alive, NOW + later) == 0
        assert await counters() == {"week:r": (1, 10, 1)}
    assert await redemptions.sweep(never, NOW + timedelta(hours=2)) == 1
    assert await counters() == {"week:r": (0, 0, 0)}


async def test_a_claim_that_slept_while_its_order_was_ended_takes_nothing(world: World) -> None:
    limited = rule(total=1)
    failpoints.configure("redemption.after_record:sleep:300")
    try:
        sleeper = asyncio.create_task(claim(1, (limited, None, 10)))
        while await mongo.database().promotion_redemptions.find_one({}) is None:
            await asyncio.sleep(0.01)
        assert await redemptions.release(TENANT, order(1))
        with pytest.raises(Conflict):
            await sleeper
    finally:
        failpoints.configure(None)
    assert (await counters()).get("week:r", (0, 0, 0)) == (0, 0, 0)
    assert await claim(2, (limited, None, 10)) == []


async def test_a_claim_that_slept_while_another_was_paid_takes_nothing_twice(world: World) -> None:
    limited = rule(total=5)
    failpoints.configure("redemption.after_record:sleep:300")
    sleeper = asyncio.create_task(claim(1, (limited, None, 10)))
    while await mongo.database().promotion_redemptions.find_one({}) is None:
        await asyncio.sleep(0.01)
    failpoints.configure("")
    try:
        assert await claim(1, (limited, None, 10)) == []
        assert await redemptions.confirm(TENANT, order(1))
        assert await sleeper == []
    finally:
        failpoints.configure(None)
    assert await counters() == {"week:r": (1, 10, 0)}


@pytest.mark.parametrize("seed", list(range(6)))
async def test_whatever_happens_in_whatever_order_the_counters_are_what_the_orders_say(world: World, seed: int) -> None:
    chance = random.Random(seed)
    rules = [rule("a", total=6, budget=500), rule("b", codes=("X", "Y"), perCode=2), rule("c", perUser=3, total=9)]

    async def shop(number: int) -> None:
        user = f"user-{number % 4}"
        for _ in range(6):
            act = chance.choice(["claim", "claim", "confirm", "release", "sweep"])
            if act == "claim":
                wanted = chance.sample(rules, chance.randint(1, 3))
                picked = [(each, chance.choice(sorted(each.codes)) if each.codes else None, 10 * number + 5)
                          for each in wanted]  # fmt: skip
                try:
                    await claim(number, *picked, user=user)
                except Conflict:
                    continue
            elif act == "sweep":
                await redemptions.sweep(always, NOW + timedelta(seconds=1))
            else:
                await (redemptions.confirm if act == "confirm" else redemptions.release)(TENANT, order(number))
            await asyncio.sleep(chance.random() / 500)

    await asyncio.gather(*(shop(number) for number in range(24) for _ in range(2)))
    expected: dict[str, list[int]] = {}
    async for record in mongo.database().promotion_redemptions.find({"state": {"$in": ["claimed", "confirmed"]}}):
        for item in record["items"]:
            for name in record["counters"]:
                if name.startswith(f"{TENANT}:{item['ruleId']}:"):
                    row = expected.setdefault(name.removeprefix(f"{TENANT}:"), [0, 0, 0])
                    row[0] += 1
                    row[1] += item["amount"] if name.endswith(":r") else 0
                    row[2] += record["state"] == "claimed"
    found = {name: row for name, row in (await counters()).items() if row != (0, 0, 0)}
    assert found == {name: tuple(row) for name, row in expected.items()}
    most: dict[str, Any] = {"a:r": 6, "c:r": 9, "b:c:X": 2, "b:c:Y": 2} | {f"c:u:user-{n}": 3 for n in range(4)}
    assert all(taken <= most[name] for name, (taken, _, _) in found.items())
    assert found.get("a:r", (0, 0, 0))[1] <= 500
