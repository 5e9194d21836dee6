"""Processes are killed (-9) wherever a checkout can stand; at the end money, stock, coupons and receipts agree."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable

import pytest

from functions.checkout.payments.stripe_payments import StripePayments
from functions.common import mongo
from functions.common.retail import purchase_states as states
from functions.common.retail.promotion_rules import Limits
from local.stripe import FakeStripe
from local.stripe.server import PUBLISHABLE_KEY, SECRET_KEY
from retailscan import audit, audit_purchases
from retailscan.audit_purchases import Charge
from tests.integration.checkout.floor import INK, PEN, Floor, Shopper
from tests.integration.checkout.test_crashes import CANCELLING, MEMBERS, ONE_OFF, OPENING, PAYING
from tests.support import ROOT, World

SMALL = ("stock.after_reserve_line", "pi.after_create_before_save", "commit.after_line", "receipt.before_insert",
         "cancel.after_intent", "release.after_stock")  # fmt: skip
ALL = (*OPENING, *PAYING, *CANCELLING)


WELCOME = dataclasses.replace(ONE_OFF, limits=Limits(total=10_000, per_user=1))


async def shopper(floor: Floor) -> Shopper:
    """Somebody with a coupon and a card, who wants two of what there is too little of."""
    made = await floor.shopper({PEN: 2, INK: 1}, codes=("HELLO",))
    await made.show_card("gold")
    await made.agree()
    return made


async def run(world: World, stripe: FakeStripe, failpoint: str, seed: int, shoppers: list[Shopper], fickle: int) -> int:
    """One process; how it ended. Of the first `fickle` shoppers every third thinks better of it."""
    given = [
        {
            "sub": each.caller.sub,
            "session": each.caller.session_id,
            "total": each.total,
            "leaves": n % 3 == 2 and n < fickle,
        }
        for n, each in enumerate(shoppers)
    ]
    environment = {
        **os.environ,
        "ENVIRONMENT": "test", "TEST": "1", "FAILPOINT": failpoint, "LOG_LEVEL": "ERROR",
        "MONGODB_URI": world.settings.mongodb_uri, "MONGODB_DATABASE": world.settings.mongodb_database,
        "REDIS_URL": world.settings.redis_url, "REDIS_TIMEOUT_SECONDS": "2.0",
        "STRIPE_API_KEY": SECRET_KEY, "STRIPE_API_BASE": stripe.url, "STRIPE_PUBLISHABLE_KEY": PUBLISHABLE_KEY,
    }  # fmt: skip
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.integration.checkout.buy_all", str(seed), json.dumps(given),
        cwd=ROOT, env=environment, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        _, said = await asyncio.wait_for(child.communicate(), 120)
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    assert child.returncode in (0, -signal.SIGKILL), said.decode()[-2000:]
    return int(child.returncode or 0)


def ledger(stripe: FakeStripe) -> list[Charge]:
    """What Stripe has taken."""
    return [
        Charge(row["intent"], str(row["order"]), row["captured"], row["refunded"], str(row["currency"]).upper())
        for row in stripe.ledger()
        if row["captured"]
    ]


async def findings(stripe: FakeStripe) -> list[str]:
    """What the auditor says, with Stripe's ledger beside ours."""
    database = mongo.database()
    found = await audit.findings(database, None)
    return found + [each async for each in audit_purchases.charges(database, ledger(stripe))]


@pytest.mark.parametrize("points", [SMALL, pytest.param(ALL * 2, marks=pytest.mark.soak)], ids=["some", "all"])
async def test_whoever_is_killed_wherever_everything_agrees_in_the_end(
    floor: Floor, world: World, points: tuple[str, ...], later: Callable[[float], None]
) -> None:
    ends: Counter[str] = Counter()
    async with FakeStripe(seed=20_261_121) as stripe:
        payments = StripePayments(SECRET_KEY, publishable_key=PUBLISHABLE_KEY, api_base=stripe.url)
        floor.deps = dataclasses.replace(floor.deps, payments=payments)
        await floor.open()
        await floor.shelf(PEN, 250, 6 * len(points))
        await floor.shelf(INK, 990, 9 * len(points))
        await floor.promotion(WELCOME)
        await floor.promotion(MEMBERS)
        shoppers: list[Shopper] = []
        for number, point in enumerate(points):
            shoppers += [await shopper(floor) for _ in range(3)]
            ended = await run(world, stripe, f"{point}:kill9", number, shoppers, len(shoppers))
            ends[f"killed at {point}" if ended else f"not killed at {point}"] += 1
        assert not any(end.startswith("not") for end in ends), ends
        # Nobody dies any more; then come more than there is something left for.
        fickle = len(shoppers)
        assert await run(world, stripe, "", 998, shoppers, fickle) == 0
        shoppers += [await shopper(floor) for _ in range(len(points) + 3)]
        assert await run(world, stripe, "", 999, shoppers, fickle) == 0
        for _ in range(4):
            later(8 * 60)
            await floor.sweep()
        purchases = await floor.purchases()
        counted = Counter(each["state"] for each in purchases)
        assert set(counted) <= {states.EXIT_ISSUED, states.CANCELLED, states.EXPIRED}, counted
        assert counted[states.EXIT_ISSUED] == 3 * len(points), counted
        assert await floor.avail(PEN) == (0, 0, 6 * len(points))
        assert await findings(stripe) == []
        await payments.close()


def test_the_points_of_the_small_size_are_points() -> None:
    assert set(SMALL) <= set(ALL)
