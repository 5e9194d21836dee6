"""What checkouts and brand cards do to a visit: each a conditional write that may be repeated, and one wins a race."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from functions.common import clock, mongo, redemptions
from functions.common.carts import CardOnVisit, Carts, Visit, why_not
from functions.common.redemptions import Redemption
from functions.common.retail.promotion_rules import Limits, Match, MemberPrice, Percentage, Rule
from tests.integration.sessions.conftest import ANN, BOB, MILK, STORE, TENANT, WINE, Shopping
from tests.integration.sessions.test_live_carts import TEN, promotion

CARTS = Carts()


async def lock(shopping: Shopping, checkout_id: str = "c1", cart_ver: int = 1, user: str = ANN) -> Visit | None:
    return await CARTS.lock(
        TENANT, STORE, shopping.session_id, user, cart_ver=cart_ver, checkout_id=checkout_id, now=clock.now()
    )


async def read(shopping: Shopping) -> Visit:
    found = await CARTS.read(TENANT, STORE, shopping.session_id, ANN)
    assert found is not None
    return found


async def test_a_checkout_holds_a_cart_in_its_version_and_may_ask_again(shopping: Shopping) -> None:
    await shopping.add(MILK)
    held = await lock(shopping)
    assert held is not None
    assert held.checkout is not None
    assert (held.checkout.checkout_id, held.checkout.cart_ver, held.lines[0].barcode) == ("c1", 1, MILK)
    assert await lock(shopping) is not None
    assert await lock(shopping, "c2") is None
    assert why_not(await read(shopping), 1, "c2", clock.now()) == "CART_LOCKED"


async def test_an_old_version_an_empty_cart_and_another_shopper_s_are_not_held(shopping: Shopping) -> None:
    assert await lock(shopping, cart_ver=0) is None
    await shopping.add(MILK)
    await shopping.add(MILK)
    assert await lock(shopping, cart_ver=1) is None
    assert await lock(shopping, cart_ver=2, user=BOB) is None
    assert await CARTS.read(TENANT, STORE, shopping.session_id, BOB) is None
    assert await CARTS.read("umbrella", STORE, shopping.session_id, ANN) is None
    await shopping.ask("DELETE", "/v1/cart")
    assert await lock(shopping, cart_ver=3) is None
    shopping.check_in.wait(31)
    assert await lock(shopping, cart_ver=3) is None
    assert why_not(await read(shopping), 3, "c1", clock.now()) == "SESSION_EXPIRED"


async def test_of_ten_checkouts_at_once_one_holds_the_cart(shopping: Shopping) -> None:
    await shopping.add(MILK)
    held = await asyncio.gather(*(lock(shopping, f"c{n}") for n in range(10)))
    assert sum(each is not None for each in held) == 1


async def test_a_checkout_and_a_scan_at_once_never_both_have_their_way(shopping: Shopping) -> None:
    for ver in range(1, 9):
        await shopping.add(MILK)
        held, scanned = await asyncio.gather(
            lock(shopping, f"c{ver}", ver), shopping.ask("POST", "/v1/cart/lines", json={"code": WINE})
        )
        seen = await read(shopping)
        if held is not None:
            assert (seen.cart_ver, scanned.json()["error"]["code"]) == (ver, "CART_LOCKED")
            assert await CARTS.unlock(TENANT, STORE, shopping.session_id, f"c{ver}")
        else:
            assert (seen.cart_ver, scanned.status_code) == (ver + 1, 201)
            return


async def test_a_visit_in_which_somebody_pays_goes_on_for_half_an_hour_at_least(shopping: Shopping) -> None:
    await mongo.database().sessions.update_one(
        {"_id": shopping.session_id}, {"$set": {"createdAt": clock.now() - timedelta(hours=3, minutes=40)}}
    )
    cart = await shopping.add(MILK)
    held = await lock(shopping)
    assert held is not None
    assert held.expires_at.isoformat() >= cart["expiresAt"]
    assert held.expires_at - clock.now() > timedelta(minutes=29)


async def test_only_who_holds_a_cart_lets_go_of_it(shopping: Shopping) -> None:
    await shopping.add(MILK)
    await lock(shopping)
    assert not await CARTS.unlock(TENANT, STORE, shopping.session_id, "c2")
    assert not await CARTS.unlock("umbrella", STORE, shopping.session_id, "c1")
    assert await CARTS.unlock(TENANT, STORE, shopping.session_id, "c1")
    assert not await CARTS.unlock(TENANT, STORE, shopping.session_id, "c1")
    assert (await read(shopping)).checkout is None


async def test_a_visit_ends_with_its_checkout_however_often_that_is_said(shopping: Shopping) -> None:
    await shopping.add(MILK)
    await lock(shopping)
    assert not await CARTS.finish(TENANT, STORE, shopping.session_id, "c2", clock.now())
    for _ in range(2):
        assert await CARTS.finish(TENANT, STORE, shopping.session_id, "c1", clock.now())
    assert (await read(shopping)).status == "ended"
    assert not await CARTS.unlock(TENANT, STORE, shopping.session_id, "c1")
    assert await lock(shopping) is None
    assert await CARTS.finish(TENANT, STORE, f"{STORE}.{'0' * 32}", "c1", clock.now()), "it is gone"


async def test_a_card_changes_what_the_cart_costs_until_its_time_is_over(shopping: Shopping) -> None:
    await promotion(
        "gold", Rule(id="gold", version=1, name="Gold", benefit=MemberPrice(Match(), 99), groups=frozenset({"gold"}))
    )
    await shopping.add(MILK)
    assert (await shopping.look())["total"] == 159
    card = CardOnVisit("card-1", "b1", frozenset({"gold"}), clock.now() + timedelta(minutes=10), "•••• 42")
    attached = await CARTS.attach_card(TENANT, STORE, shopping.session_id, ANN, card, clock.now())
    assert attached is not None
    assert attached.card is not None
    cart = await shopping.look()
    assert (cart["total"], cart["cartVersion"], cart["card"]["maskedNumber"]) == (99, 1, "•••• 42")
    shopping.check_in.wait(11)
    cart = await shopping.look()
    assert (cart["total"], cart["card"]) == (159, None)


async def test_a_card_is_not_put_on_or_taken_off_while_a_checkout_holds_the_cart(shopping: Shopping) -> None:
    await shopping.add(MILK)
    card = CardOnVisit("card-1", "b1", frozenset({"gold"}), clock.now() + timedelta(minutes=10))
    assert await CARTS.attach_card(TENANT, STORE, shopping.session_id, BOB, card, clock.now()) is None
    assert await CARTS.attach_card(TENANT, STORE, shopping.session_id, ANN, card, clock.now()) is not None
    await lock(shopping)
    other = replace(card, card_id="card-2")
    assert await CARTS.attach_card(TENANT, STORE, shopping.session_id, ANN, other, clock.now()) is None
    assert not await CARTS.detach_card(TENANT, STORE, shopping.session_id, ANN, "card-1")
    await CARTS.unlock(TENANT, STORE, shopping.session_id, "c1")
    for _ in range(2):
        assert await CARTS.detach_card(TENANT, STORE, shopping.session_id, ANN, "card-1")
    assert (await read(shopping)).card is None


async def test_a_coupon_code_is_taken_and_said_what_became_of_it(shopping: Shopping) -> None:
    await promotion(
        "coupon",
        Rule(id="coupon", version=1, name="Milk", benefit=Percentage(Match(), 1000), codes=frozenset({"MILK10"})),
    )
    await shopping.add(MILK)
    cart = (await shopping.ask("PUT", "/v1/cart/codes/milk10")).json()["data"]
    assert (cart["total"], cart["codes"][0]["promotionId"]) == (143, "coupon")
    cart = (await shopping.ask("PUT", "/v1/cart/codes/OTHER")).json()["data"]
    assert [(each["code"], each["reason"]) for each in cart["codes"]] == [("MILK10", None), ("OTHER", "UNKNOWN_CODE")]
    cart = (await shopping.ask("DELETE", "/v1/cart/codes/MILK10")).json()["data"]
    assert (cart["total"], [each["code"] for each in cart["codes"]]) == (159, ["OTHER"])
    assert await shopping.refusal("PUT", "/v1/cart/codes/a.b") == (400, "VALIDATION_FAILED")


async def test_a_coupon_that_the_cart_s_own_checkout_holds_is_not_used_up_for_it(shopping: Shopping) -> None:
    once = Rule(
        id="once",
        version=1,
        name="Milk",
        benefit=Percentage(Match(), 1000),
        codes=frozenset({"MILK10"}),
        limits=Limits(total=1),
    )
    await promotion("once", once)
    await shopping.add(MILK)
    assert (await shopping.ask("PUT", "/v1/cart/codes/milk10")).json()["data"]["total"] == 143
    held = await lock(shopping, cart_ver=2)
    assert held is not None
    refused = await redemptions.claim(
        tenant_id=TENANT,
        store_id=STORE,
        user_id=ANN,
        order_id="c1",
        redemptions=[Redemption(once, "MILK10", 16)],
        now=clock.now(),
    )
    assert not refused
    assert (await shopping.look())["total"] == 143


async def test_a_cart_is_emptied_with_its_codes(shopping: Shopping) -> None:
    await promotion("p", TEN)
    await shopping.add(MILK)
    await shopping.ask("PUT", "/v1/cart/codes/x")
    cart = (await shopping.ask("DELETE", "/v1/cart")).json()["data"]
    assert (cart["lines"], cart["codes"], cart["total"], cart["promotions"]["notApplied"]) == ([], [], 0, [])
    everything = await shopping.look(explain="true")
    assert [each["reason"] for each in everything["promotions"]["notApplied"]] == ["NO_MATCH"]


async def test_taxes_are_those_of_the_tenant(shopping: Shopping) -> None:
    taxes = {"inclusive": False, "classes": {"standard": [{"name": "VAT", "percent": "19"}]}}
    await mongo.database().tenant_settings.insert_one(
        {"tenantId": TENANT, "name": "settings", "taxes": taxes, "ver": 1, "deletedAt": None, "createdAt": clock.now(),
         "updatedAt": clock.now()}
    )  # fmt: skip
    cart = await shopping.add(WINE)
    assert (cart["net"], cart["tax"], cart["total"], cart["taxShares"][0]["rate"]) == (799, 152, 951, "19")
