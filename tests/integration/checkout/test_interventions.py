"""Staff look at a basket before it is paid: they let it pass, refuse it, or find less or more in the bag."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from functions.checkout import interventions, opening, rescanning
from functions.checkout.payments.provider import Intent, PaymentRefused
from functions.checkout.rescanning import Found
from functions.common import clock, failpoints, mongo, redemptions
from functions.common.errors import Conflict, Malformed, NotFound, Problem
from functions.common.failpoints import FailpointHit
from functions.common.mongo import Document
from functions.common.product_edits import Editor, editor
from functions.common.retail import purchase_states as states
from functions.common.retail.promotion_rules import BuyGet, Limits, Match, Rule
from tests.integration.checkout.floor import INK, PEN, WINE, Floor, Shopper

TWO_FOR_ONE = Rule("wine-week", BuyGet(Match(barcodes=frozenset({WINE})), 1, 1))


def staff(name: str = "staff-1") -> Editor:
    return editor(name, "store_staff", "request", name, clock.now())


async def waiting(floor: Floor, goods: dict[str, int] | None = None) -> tuple[Shopper, Document, str]:
    """A shopper with wine whose payment is authorised, and the intervention about it."""
    await floor.open()
    await floor.shelf(WINE, 900, 10, age=18)
    await floor.shelf(PEN, 250, 10)
    await floor.shelf(INK, 990, 10)
    shopper = await floor.shopper(goods or {WINE: 1, PEN: 3})
    await shopper.agree()
    _, intent = await shopper.check_out()
    assert intent is not None
    floor.purse.pay(intent.id)
    purchase = await shopper.look()
    assert purchase["state"] == states.PAYMENT_PENDING
    return shopper, purchase, purchase["interventions"][0]["id"]


async def refused(coroutine: object) -> str:
    with pytest.raises(Problem) as caught:
        await coroutine  # type: ignore[misc]
    return caught.value.code


async def test_the_money_is_taken_when_staff_let_the_basket_pass(floor: Floor) -> None:
    _, purchase, identifier = await waiting(floor)
    purchase = await interventions.claim(floor.deps, purchase, identifier, staff())
    assert floor.purse.ledger() == []
    purchase = await interventions.approve(floor.deps, purchase, identifier, "", staff())
    assert (purchase["state"], purchase["payment"]["captured"]) == (states.EXIT_ISSUED, 1650)
    # Once more is nothing new.
    again = await interventions.approve(floor.deps, purchase, identifier, "", staff())
    assert again["rev"] == purchase["rev"]
    assert [entry["action"] for entry in again["audit"]] == ["intervention.claimed", "intervention.approved"]
    assert await floor.findings() == []


async def test_a_refused_basket_is_never_charged_and_everything_goes_back(floor: Floor) -> None:
    shopper, purchase, identifier = await waiting(floor)
    purchase = await interventions.reject(floor.deps, purchase, identifier, "too young", staff())
    assert purchase["state"] == states.CANCELLED
    assert purchase["refusal"] == {"code": "REJECTED_BY_STAFF", "details": {"reason": "too young"}}
    assert [each.status for each in floor.purse.intents.values()] == ["canceled"]
    assert await floor.avail(WINE) == (10, 0, 0)
    assert (await shopper.visit())["checkout"] is None
    again = await interventions.reject(floor.deps, purchase, identifier, "too young", staff())
    assert again["rev"] == purchase["rev"]
    assert await refused(interventions.approve(floor.deps, purchase, identifier, "", staff())) == "INTERVENTION_DECIDED"
    assert await floor.findings() == []


async def test_what_a_colleague_has_taken_on_is_his(floor: Floor) -> None:
    _, purchase, identifier = await waiting(floor)
    mine = await interventions.claim(floor.deps, purchase, identifier, staff("one"))
    for verb in (interventions.approve, interventions.reject):
        assert await refused(verb(floor.deps, mine, identifier, "no", staff("two"))) == "CLAIMED_BY_ANOTHER"
    # Also for who still sees it as nobody's.
    assert await refused(interventions.claim(floor.deps, purchase, identifier, staff("two"))) == "CLAIMED_BY_ANOTHER"
    assert (await interventions.claim(floor.deps, mine, identifier, staff("one")))["rev"] == mine["rev"]


async def test_of_two_who_decide_at_once_one_is_right(floor: Floor) -> None:
    _, purchase, identifier = await waiting(floor)
    done = await asyncio.gather(
        interventions.approve(floor.deps, purchase, identifier, "", staff("one")),
        interventions.reject(floor.deps, purchase, identifier, "too young", staff("two")),
        return_exceptions=True,
    )
    (lost,) = [each for each in done if isinstance(each, BaseException)]
    assert isinstance(lost, Conflict)
    end = (await floor.purchases())[0]["state"]
    assert end in (states.EXIT_ISSUED, states.CANCELLED)
    assert await floor.findings() == []


@pytest.mark.parametrize("point", ["intervention.after_refusal", "cancel.before_intent", "cancel.after_intent"])
async def test_a_refusal_holds_whoever_dies_over_it(floor: Floor, point: str, later: Callable[[float], None]) -> None:
    _, purchase, identifier = await waiting(floor)
    failpoints.configure(f"{point}:raise")
    with pytest.raises(FailpointHit):
        await interventions.reject(floor.deps, purchase, identifier, "too young", staff())
    failpoints.configure("")
    later(60)
    await floor.sweep(floor.fresh())
    assert (await floor.purchases())[0]["state"] == states.CANCELLED
    assert await floor.avail(WINE) == (10, 0, 0)
    assert await floor.findings() == []


@pytest.mark.parametrize("point", ["payment.before_capture", "payment.after_capture", "payment.before_paid"])
async def test_what_staff_let_pass_is_captured_once_whoever_dies_over_it(
    floor: Floor, point: str, later: Callable[[float], None]
) -> None:
    _, purchase, identifier = await waiting(floor)
    failpoints.configure(f"{point}:raise")
    with pytest.raises(FailpointHit):
        await interventions.approve(floor.deps, purchase, identifier, "", staff())
    failpoints.configure("")
    later(14 * 60)
    await floor.sweep(floor.fresh())
    later(2 * 60)
    await floor.sweep(floor.fresh())
    purchase = (await floor.purchases())[0]
    assert (purchase["state"], purchase["payment"]["captured"]) == (states.EXIT_ISSUED, 1650)
    assert await floor.findings() == []


async def test_whoever_waits_for_staff_has_more_time(floor: Floor, later: Callable[[float], None]) -> None:
    _, purchase, identifier = await waiting(floor)
    later(15.5 * 60)
    await floor.sweep()
    await floor.sweep()
    purchase = (await floor.purchases())[0]
    assert purchase["state"] == states.PAYMENT_PENDING
    purchase = await interventions.approve(floor.deps, purchase, identifier, "", staff())
    assert purchase["state"] == states.EXIT_ISSUED
    assert await floor.findings() == []


async def test_less_in_the_bag_costs_less(floor: Floor) -> None:
    _, purchase, identifier = await waiting(floor, {WINE: 1, PEN: 3, INK: 1})
    done = await rescanning.rescan(floor.deps, purchase, identifier, [Found(WINE, 1000), Found(PEN, 2000)], staff())
    assert (done.outcome, done.old_total, done.purchase["totals"]["total"]) == ("lowered", 2640, 1400)
    assert [(each.barcode, each.basket, each.found) for each in done.differences] == [
        (PEN, 3000, 2000),
        (INK, 1000, 0),
    ]
    purchase = await interventions.approve(floor.deps, done.purchase, identifier, "", staff())
    assert (purchase["state"], purchase["payment"]["captured"]) == (states.EXIT_ISSUED, 1400)
    assert (await floor.avail(PEN), await floor.avail(INK)) == ((8, 0, 2), (10, 0, 0))
    assert [charge.received for charge in floor.purse.ledger()] == [1400]
    assert sum(line["gross"] for line in purchase["lines"]) == 1400
    assert await floor.findings() == []


async def test_what_was_taken_off_goes_back_with_the_rest(floor: Floor) -> None:
    _, purchase, identifier = await waiting(floor, {WINE: 1, PEN: 3, INK: 1})
    done = await rescanning.rescan(floor.deps, purchase, identifier, [Found(WINE, 1000), Found(PEN, 2000)], staff())
    purchase = await interventions.reject(floor.deps, done.purchase, identifier, "too young", staff())
    assert purchase["state"] == states.CANCELLED
    assert [await floor.avail(barcode) for barcode in (WINE, PEN, INK)] == [(10, 0, 0)] * 3
    assert await floor.findings() == []


@pytest.mark.parametrize("passes", [True, False])
async def test_a_limited_promotion_that_breaks_is_settled_all_the_same(floor: Floor, passes: bool) -> None:
    await floor.promotion(replace(TWO_FOR_ONE, limits=Limits(total=5)))
    _, purchase, identifier = await waiting(floor, {WINE: 2, PEN: 1})
    done = await rescanning.rescan(floor.deps, purchase, identifier, [Found(WINE, 1000), Found(PEN, 1000)], staff())
    assert done.purchase["redemptions"] == []
    if passes:
        await interventions.approve(floor.deps, done.purchase, identifier, "", staff())
    else:
        await interventions.reject(floor.deps, done.purchase, identifier, "too young", staff())
    counter = await mongo.collection("promotion_counters").find_one({})
    assert counter is not None
    assert (counter["taken"], counter["holds"]) == (1 if passes else 0, [])
    assert await floor.findings() == []


class Rival:
    """Somebody who takes the last of a promotion at the very moment when a rescanned basket asks for it anew."""

    def __init__(self, stays: bool) -> None:
        self.stays, self.came = stays, False
        self.usage, self.confirm, self.release = redemptions.usage, redemptions.confirm, redemptions.release

    async def claim(self, **asked: Any) -> Sequence[redemptions.Refusal]:
        if self.came:
            return await redemptions.claim(**asked)
        self.came = True
        await redemptions.release(asked["tenant_id"], asked["order_id"])
        other = {**asked, "order_id": f"{asked['order_id'][:-4]}0000", "user_id": "rival"}
        assert await redemptions.claim(**other) == []
        refused = await redemptions.claim(**asked)
        assert refused != [], "the last was never taken"
        if not self.stays:
            await redemptions.release(other["tenant_id"], other["order_id"])
        return refused


async def taken() -> int:
    """How often the limited promotion was given."""
    counter = await mongo.collection("promotion_counters").find_one({})
    assert counter is not None
    return int(counter["taken"])


@pytest.mark.parametrize("stays", [True, False])
async def test_a_rescan_that_loses_a_promotion_to_another_never_goes_beyond_its_limit(
    floor: Floor, stays: bool
) -> None:
    await floor.promotion(replace(TWO_FOR_ONE, limits=Limits(total=1)))
    shopper, purchase, identifier = await waiting(floor, {WINE: 4, PEN: 1})
    deps = replace(floor.deps, redemptions=Rival(stays))
    bag = [Found(WINE, 3000), Found(PEN, 1000)]
    assert await refused(rescanning.rescan(deps, purchase, identifier, bag, staff())) == "COUPON_USED_UP"
    if stays:
        # Nobody may pay for this basket with a promotion that is another's.
        assert (await shopper.purchase())["state"] == states.CANCELLED
        assert floor.purse.ledger() == []
    else:
        purchase = await interventions.approve(floor.deps, await shopper.purchase(), identifier, "", staff())
        assert purchase["state"] == states.EXIT_ISSUED
    assert await taken() == 1


async def test_a_promotion_that_was_given_back_by_mistake_is_taken_anew_with_the_payment(floor: Floor) -> None:
    await floor.promotion(replace(TWO_FOR_ONE, limits=Limits(total=1)))
    _, purchase, identifier = await waiting(floor, {WINE: 2, PEN: 1})
    assert await redemptions.release(purchase["tenantId"], purchase["_id"])
    assert await taken() == 0
    purchase = await interventions.approve(floor.deps, purchase, identifier, "", staff())
    assert (purchase["state"], await taken()) == (states.EXIT_ISSUED, 1)
    assert await floor.findings() == []


async def test_what_is_left_must_cost_something(floor: Floor) -> None:
    await floor.open()
    await floor.shelf(WINE, 0, 10, age=18)
    await floor.shelf(PEN, 250, 10)
    shopper = await floor.shopper({WINE: 1, PEN: 1})
    purchase, _ = await shopper.check_out()
    identifier = purchase["interventions"][0]["id"]
    bag = [Found(WINE, 1000)]
    assert await refused(rescanning.rescan(floor.deps, purchase, identifier, bag, staff())) == "NOTHING_FOUND"
    assert (await shopper.purchase())["totals"]["total"] == 250


async def test_until_the_payment_is_there_the_bag_is_not_compared(floor: Floor) -> None:
    await floor.open()
    await floor.shelf(WINE, 900, 10, age=18)
    shopper = await floor.shopper({WINE: 2})
    floor.purse.silent.add("create")
    assert await refused(shopper.check_out()) == "PAYMENT_PROVIDER_DOWN"
    purchase = await shopper.purchase()
    identifier = purchase["interventions"][0]["id"]
    bag = [Found(WINE, 1000)]
    assert await refused(rescanning.rescan(floor.deps, purchase, identifier, bag, staff())) == "CONCURRENT_EDIT"
    floor.purse.silent.clear()
    purchase, intent = await shopper.check_out()
    assert (purchase["state"], intent and intent.amount) == (states.PAYMENT_PENDING, 1800)
    done = await rescanning.rescan(floor.deps, purchase, identifier, bag, staff())
    assert (done.outcome, done.purchase["totals"]["total"]) == ("lowered", 900)


async def test_money_that_the_provider_will_not_take_ends_the_checkout_with_its_window(
    floor: Floor, later: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> Intent:
        raise PaymentRefused("capture_failed")

    monkeypatch.setattr(floor.purse, "capture", refuse)
    shopper, purchase, identifier = await waiting(floor)
    purchase = await interventions.approve(floor.deps, purchase, identifier, "", staff())
    assert purchase["state"] == states.PAYMENT_PENDING
    for _ in range(3):
        later(11 * 60)
        await floor.sweep()
    assert (await shopper.purchase())["state"] == states.EXPIRED
    assert [each.status for each in floor.purse.intents.values()] == ["canceled"]
    assert await floor.avail(WINE) == (10, 0, 0)
    assert await floor.findings() == []


async def test_the_same_in_the_bag_changes_nothing(floor: Floor) -> None:
    _, purchase, identifier = await waiting(floor)
    purchase = await interventions.claim(floor.deps, purchase, identifier, staff())
    bag = [Found(PEN, 1000), Found(WINE, 1000), Found(PEN, 2000)]
    done = await rescanning.rescan(floor.deps, purchase, identifier, bag, staff())
    assert (done.outcome, done.differences, done.purchase["totals"]) == ("same", (), purchase["totals"])


async def test_more_in_the_bag_ends_the_checkout_and_says_what_to_add(floor: Floor) -> None:
    shopper, purchase, identifier = await waiting(floor)
    purchase = await interventions.claim(floor.deps, purchase, identifier, staff())
    bag = [Found(PEN, 3000), Found(WINE, 1000), Found(INK, 1000)]
    done = await rescanning.rescan(floor.deps, purchase, identifier, bag, staff())
    assert (done.outcome, done.purchase["state"]) == ("extra", states.CANCELLED)
    assert done.purchase["refusal"]["details"]["items"] == [{"barcode": INK, "name": "", "basket": 0, "found": 1000}]
    assert (await shopper.visit())["checkout"] is None
    assert floor.purse.ledger() == []
    assert await floor.findings() == []


async def test_a_promotion_that_breaks_is_not_paid_for_by_surprise(floor: Floor) -> None:
    await floor.promotion(TWO_FOR_ONE)
    _, purchase, identifier = await waiting(floor, {WINE: 2, PEN: 1})
    assert purchase["totals"]["total"] == 1150
    purchase = await interventions.claim(floor.deps, purchase, identifier, staff())
    done = await rescanning.rescan(floor.deps, purchase, identifier, [Found(WINE, 1000), Found(PEN, 1000)], staff())
    # One bottle at its full price is as much as two of which one was free.
    assert (done.outcome, done.purchase["totals"]["total"], done.purchase["promotions"]) == ("lowered", 1150, [])


async def test_an_empty_bag_and_unknown_codes_are_refused(floor: Floor) -> None:
    _, purchase, identifier = await waiting(floor)
    purchase = await interventions.claim(floor.deps, purchase, identifier, staff())
    assert await refused(rescanning.rescan(floor.deps, purchase, identifier, [], staff())) == "NOTHING_FOUND"
    with pytest.raises(NotFound):
        await rescanning.rescan(floor.deps, purchase, identifier, [Found("4006381333979", 1000)], staff())
    with pytest.raises(Malformed):
        await rescanning.rescan(floor.deps, purchase, identifier, [Found("4006381333930", 1000)], staff())


async def test_chance_picks_the_share_of_baskets_that_it_is_told_to(floor: Floor) -> None:
    await floor.open(checks={"spotCheckShare": 1_000_000, "riskAmount": 5000})
    await floor.shelf(PEN, 2500, 10)
    small, large = await floor.shopper({PEN: 1}), await floor.shopper({PEN: 2})
    picked, _ = await small.check_out()
    risky, _ = await large.check_out()
    assert [each["kind"] for each in picked["interventions"]] == ["spot_check"]
    assert [each["kind"] for each in risky["interventions"]] == ["risk"]
    assert await mongo.collection("purchases").count_documents({"payment.capture": "manual"}) == 2


async def test_who_is_picked_stays_so_however_often_the_checkout_is_begun_again(floor: Floor) -> None:
    await floor.open(checks={"spotCheckShare": 500_000})
    await floor.shelf(PEN, 2500, 100)
    seen = set()
    for _ in range(12):
        shopper = await floor.shopper({PEN: 1})
        picked = set()
        for key in ("one", "two", "three"):
            purchase, _ = await shopper.check_out(key)
            picked.add(len(purchase["interventions"]))
            await opening.cancel(floor.deps, purchase, clock.now())
        assert len(picked) == 1
        seen |= picked
    assert seen == {0, 1}


async def test_a_basket_that_costs_nothing_waits_for_staff_all_the_same(floor: Floor) -> None:
    await floor.open()
    await floor.shelf(WINE, 0, 10, age=18)
    shopper = await floor.shopper({WINE: 1})
    purchase, intent = await shopper.check_out()
    assert (purchase["state"], intent) == (states.PAYMENT_PENDING, None)
    purchase = await interventions.approve(floor.deps, purchase, purchase["interventions"][0]["id"], "", staff())
    assert purchase["state"] == states.EXIT_ISSUED
    assert floor.purse.calls["create"] == 0
    assert await floor.findings() == []
