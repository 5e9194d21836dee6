"""A process that claims, pays and gives up orders, as checkouts do.

`python -m tests.faults.redeeming URI DATABASE ORDERS SEED`, and a failpoint on its standard input. Killed there, it is
started again and goes through the same orders until it has ended all.
"""

from __future__ import annotations

import asyncio
import random
import sys
from datetime import UTC, datetime

from functions.common import mongo, redemptions, settings
from functions.common.errors import Conflict
from functions.common.redemptions import Redemption
from functions.common.retail.promotion_codec import from_dict
from functions.common.retail.promotion_rules import Rule

TENANT, STORE = "acme", "acme-centre"
_TEN = {"type": "percentage", "match": {}, "basisPoints": 1000}
CODES = ("ALPHA", "BETA")


def rules(orders: int) -> list[Rule]:
    """Promotions of which there are too few for so many orders."""
    said = (
        {"id": "first-come", "limits": {"total": orders // 3, "budget": orders * 20}},
        {"id": "one-each", "limits": {"perUser": 2}},
        {"id": "codes", "codes": list(CODES), "limits": {"perCode": max(1, orders // 10)}},
    )
    return [from_dict({"benefit": _TEN, **each}) for each in said]


def order_of(number: int) -> str:
    """The order's id."""
    return f"{STORE}.{number:032x}"


def wanted(number: int, known: list[Rule]) -> list[Redemption]:
    """What an order's basket gets, always the same."""
    chance = random.Random(number)
    picked = chance.sample(known, chance.randint(1, len(known)))
    return [Redemption(rule, chance.choice(CODES) if rule.codes else None, 40 + number % 30) for rule in picked]


def is_paid(number: int) -> bool:
    """Whether the order ends with a payment."""
    return number % 3 != 0


async def _shop(number: int, known: list[Rule]) -> None:
    try:
        refused = await redemptions.claim(
            tenant_id=TENANT, store_id=STORE, user_id=f"user-{number % 20}", order_id=order_of(number),
            redemptions=wanted(number, known), now=datetime.now(UTC),
        )  # fmt: skip
    except Conflict:
        return  # another process has ended it
    if not refused:
        await (redemptions.confirm if is_paid(number) else redemptions.release)(TENANT, order_of(number))


async def _work(orders: int, seed: int) -> None:
    known, numbers = rules(orders), list(range(orders))
    random.Random(seed).shuffle(numbers)
    waiting = iter(numbers)

    async def one_after_the_other() -> None:
        for number in waiting:
            await _shop(number, known)

    await asyncio.gather(*(one_after_the_other() for _ in range(8)))
    await mongo.close()


if __name__ == "__main__":
    uri, database, orders, seed = sys.argv[1:]
    loaded = settings.load(settings.Common, {"TEST": "1", "MONGODB_URI": uri, "MONGODB_DATABASE": database})
    from functions.common import failpoints

    settings.override(loaded)
    failpoints.configure(sys.stdin.readline().strip())
    asyncio.run(_work(int(orders), int(seed)))
