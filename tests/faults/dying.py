"""Shoppers of every kind at a till whose processes die, each time at another of the points between two effects."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import uuid
from collections import Counter
from collections.abc import Iterable
from typing import Any

from functions.common.retail.promotion_rules import Amount, Limits, Match, Rule
from local.suite import ROOT
from tests.faults.conftest import Run
from tests.faults.shelves import promote
from tests.faults.shoppers import Refused, Shopper, insist
from tests.faults.till import Till

POINTS = (
    *("order.after_insert", "order.after_lock", "order.before_priced", "card.after_claim", "redemption.after_record"),
    *("redemption.after_counters", "redemption.after_claim", "stock.after_reserve_line", "order.before_reserved"),
    *("pi.before_create", "pi.after_create_before_save", "order.after_pi_saved", "webhook.after_insert_before_ack"),
    *("webhook.before_apply", "webhook.after_apply", "payment.before_capture", "payment.after_capture"),
    *("payment.before_paid", "payment.after_paid", "commit.after_line", "redemption.after_confirmed"),
    *("receipt.before_issue", "receipt.before_insert", "receipt.after_insert", "pass.before_issue", "pass.after_issue"),
    *("relay.after_publish_before_mark", "intervention.after_write", "intervention.after_refusal", "exit.before_mark"),
    *("exit.after_mark", "close.after_stock", "close.after_visit", "close.after_move", "cancel.after_begin"),
    *("cancel.before_intent", "cancel.after_intent", "release.after_stock", "redemption.after_released"),
    *("release.after_redemptions", "release.after_card", "release.after_unlock", "cancel.before_end"),
    *("refund.after_insert", "refund.after_stripe_before_save", "refund.after_restock"),
)
"""All that lie between two effects of a purchase, from the tap to the money's way back."""
KINDS = {"buys": 5, "cancels": 4, "brings back": 3, "is looked at": 3, "is refused": 2, "stays away": 1, "dies": 1}
PATIENCE, MOST = 300, 0.5
STRICT, IN_HAND = "acme-dying", "acme-dying-hand"
MANY = 100_000
HELLO = Rule("welcome", Amount(Match(), 100), codes=frozenset({"HELLO"}), limits=Limits(total=MANY, per_user=1))
GOLD = Rule("members", Amount(Match(), 50), groups=frozenset({"gold"}))

NO_STEPS = {"day.before_write", "payment.after_mismatch_undone"}
"""A day's closing, and a payment of something else: no steps of a checkout."""


def points_in_the_code() -> set[str]:
    """The points that there are in the rooms of a checkout and in what they share."""
    folders = [ROOT / "functions" / room for room in ("checkout", "exit_gate")]
    sources = [source for folder in folders for source in folder.rglob("*.py")]
    sources += [ROOT / "functions/common" / name for name in ("stock_holds.py", "redemptions.py", "outbox.py")]
    found = {point for source in sources for point in re.findall(r'hit\("([a-z_.]+)"', source.read_text())}
    # Two are put together from the state.
    return found - NO_STEPS | {"redemption.after_confirmed", "redemption.after_released"}


class Dying:
    """The whole scenario: `wanted` deaths at each point, and at least so many checkouts."""

    def __init__(self, till: Till, run: Run, *, wanted: int, chance: float, checkouts: int, at_once: int) -> None:
        self.till, self.run, self.rng = till, run, random.Random(run.seed)
        self.wanted, self._chance = wanted, chance
        self._checkouts, self._at_once = checkouts, at_once
        self._before = till.deaths()
        self.acknowledged: dict[str, bool] = {}
        """Checkouts that an app was told of, and whether Stripe took its money."""

    async def open(self) -> None:
        """Two stores, a coupon that counts, a price for members."""
        self.goods = {STRICT: await self.till.store(STRICT, [MANY] * 4, age=18)}
        self.goods[IN_HAND] = await self.till.store(IN_HAND, [MANY] * 2, policy="sell_in_hand")
        await promote(self.till.db, HELLO)
        await promote(self.till.db, GOLD)

    async def play(self, seconds: float) -> None:
        """Until there were enough deaths and enough checkouts."""
        plan = asyncio.create_task(self._plan())
        clock = asyncio.create_task(self._time_goes_by())
        try:
            async with asyncio.timeout(seconds):
                await asyncio.gather(*(self._shoppers() for _ in range(self._at_once)))
        finally:
            for task in (plan, clock):
                task.cancel()
            await asyncio.gather(plan, clock, return_exceptions=True)
            self.till.die_at([])
        self.run.reached("deaths", self.deaths().total())
        self.run.reached("points where processes died", len(self.deaths()))

    def deaths(self) -> Counter[str]:
        """How often processes have died at each point."""
        return self.till.deaths() - self._before

    async def _plan(self) -> None:
        """Whoever comes to a point where too few have died yet may die there."""
        last: list[str] = []
        while True:
            dead = self.deaths()
            # Where few come by, the dying must not take until the end of days.
            chance = self._chance if self.run.counts["checkouts"] < 0.7 * self._checkouts else MOST
            now = [f"{point}:kill9:{chance}" for point in POINTS if dead[point] < self.wanted]
            if now != last:
                last = now
                self.till.die_at(now)
            await asyncio.sleep(0.03)

    async def _time_goes_by(self) -> None:
        """Fifteen times as fast, with the schedules that come by."""
        while True:
            with contextlib.suppress(Exception):
                await self.till.later(15)
                await self.till.fire()
            await asyncio.sleep(1)

    def _enough(self) -> bool:
        dead = self.deaths()
        return self.run.counts["checkouts"] >= self._checkouts and all(dead[point] >= self.wanted for point in POINTS)

    async def _shoppers(self) -> None:
        while not self._enough():
            kind = self.rng.choices(list(KINDS), list(KINDS.values()))[0]
            self.run.reached("checkouts")
            try:
                await self._visit(kind)
            except Refused as refused:
                self.run.reached(f"told {refused.code}")

    # ---- the shoppers

    async def _visit(self, kind: str) -> None:
        store = IN_HAND if kind == "buys" and self.rng.random() < 0.4 else STRICT
        shopper = await self._with_a_cart(store, kind)
        if kind == "dies":
            # The phone is out of battery after the first tap, answered or not.
            with contextlib.suppress(Exception):
                await shopper.tap("tap")
            return
        checkout = await shopper.check_out()
        name = checkout["checkoutId"]
        self.acknowledged[name] = False
        if kind == "cancels":
            await shopper.cancel(name)
        if kind in ("cancels", "stays away"):
            return
        self.acknowledged[name] = await shopper.pay(checkout)
        if kind == "is looked at":
            await self._decide(name, "approve", {"reason": "grey hair"})
        if kind == "is refused":
            self.acknowledged[name] = False
            await self._decide(name, "reject", {"reason": "no papers"})
            return
        await self._finished(shopper, name)
        if kind == "brings back":
            await self._bring_back(shopper, checkout)
        elif kind == "buys":
            await shopper.leave(name)
            await self.till.in_state("closed", count=1, seconds=PATIENCE, _id=name)

    async def _with_a_cart(self, store: str, kind: str) -> Shopper:
        goods, looked_at = self.goods[store], kind in ("is looked at", "is refused")
        chosen = [*self.rng.sample(goods[:-1], 1), *([goods[-1]] if looked_at or store == IN_HAND else [])]
        pieces = {each: self.rng.randint(1, 3) for each in chosen}
        code = "HELLO" if self.rng.random() < 0.6 else ""
        groups = ("gold",) if self.rng.random() < 0.6 else ()
        return await self.till.enter(store, pieces, code=code, groups=groups)

    async def _finished(self, shopper: Shopper, name: str) -> None:
        """Half the apps ask, the others wait for what Stripe tells us."""
        if self.rng.random() < 0.5:
            await self.till.in_state("exit_issued", "expired", count=1, seconds=PATIENCE, _id=name)
        async with asyncio.timeout(PATIENCE):
            while (state := (await shopper.read(name))["state"]) not in ("exit_issued", "expired", "cancelled"):
                self.run.reached(f"seen {state}")
                await asyncio.sleep(0.2)

    async def _decide(self, name: str, verb: str, body: dict[str, Any]) -> None:
        staff = self.till.staff("store_staff")
        await insist(self.till.http, "POST", f"/v1/interventions/{name}.1/claim", headers=staff)
        await insist(self.till.http, "POST", f"/v1/interventions/{name}.1/{verb}", json=body, headers=staff)

    async def _bring_back(self, shopper: Shopper, checkout: dict[str, Any]) -> None:
        lines = [{"lineId": checkout["lines"][0]["lineId"], "quantity": 1000}]
        body = {"reason": "brought back", "restock": True, **self.rng.choice([{"whole": True}, {"lines": lines}])}
        path = f"/v1/stores/{shopper.store}/purchases/{checkout['checkoutId']}/refunds"
        headers = {**self.till.staff(), "Idempotency-Key": uuid.uuid4().hex}
        await insist(self.till.http, "POST", path, json=body, headers=headers)

    # ---- the end

    async def differences(self) -> list[str]:
        """Where what became of a checkout is not what its shopper and Stripe know."""
        found = []
        good = {True: {"exit_issued", "exited", "closed", "refunded"}, False: {"cancelled", "expired"}}
        async for each in self.till.db["purchases"].find({"_id": {"$in": list(self.acknowledged)}}):
            paid = self.acknowledged.pop(each["_id"])
            self.run.reached("paid" if paid else "given up")
            if each["state"] not in good[paid]:
                found.append(f"{each['_id']} is {each['state']}, paid: {paid}")
        found += [f"{name} is gone" for name in self.acknowledged]
        async for counter in self.till.db["promotion_counters"].find({"holds.0": {"$exists": True}}):
            found.append(f"{counter['_id']} holds {len(counter['holds'])}")
        return found + [sentence for store in self.goods for sentence in _gaps(store, await self.till.receipts(store))]


def _gaps(store: str, numbers: Iterable[int]) -> list[str]:
    known = list(numbers)
    return [] if known == list(range(1, 1 + len(known))) else [f"the receipts of {store} have gaps or doubles"]
