"""Live carts when prices, stock or promotions of their store change, and when their visit is about to end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from functions.common import clock, mongo
from functions.common.carts import Carts
from functions.common.contracts.catalog import PRICE_CHANGED
from functions.common.contracts.discount import PROMOTIONS_CHANGED
from functions.common.retail.promotion_codec import to_dict
from functions.common.retail.promotion_rules import Match, Percentage, Rule
from tests.integration.sessions.conftest import ANN, BORN, MILK, MILK_CASE, STORE, TENANT, WINE, Shopping


def change(barcode: str, new: int, field: str = "price", old: int | None = 159) -> dict[str, Any]:
    return {
        "barcode": barcode, "field": field, "old": old, "new": new, "currency": "EUR" if field == "price" else None,
        "sourceTime": "2026-11-20T09:30:00Z", "ver": 2,
    }  # fmt: skip


async def prices(shopping: Shopping, *changes: dict[str, Any]) -> None:
    assert await shopping.push("/push/cart-prices", PRICE_CHANGED, {"changes": list(changes)}) == 204


async def promotion(name: str, rule: Rule, *, status: str = "active", stores: list[str] | None = None) -> None:
    plain = {key: value for key, value in to_dict(rule).items() if key not in ("id", "version", "stores")}
    await mongo.database().promotions.update_one(
        {"tenantId": TENANT, "promotionId": name},
        {
            "$set": {**plain, "status": status, "storeIds": stores, "deletedAt": None, "description": "", "edit": {}},
            "$setOnInsert": {"createdAt": BORN, "updatedAt": BORN},
            "$inc": {"ver": 1},
        },
        upsert=True,
    )


async def promotions_changed(shopping: Shopping, stores: list[str] | None = None) -> int:
    data = {"promotions": [{"promotionId": "p", "ver": 1, "status": "active", "storeIds": stores}]}
    return await shopping.push("/push/cart-promotions", PROMOTIONS_CHANGED, data, store="")


async def test_a_new_price_reaches_the_cart_and_is_told_once(shopping: Shopping) -> None:
    await shopping.add(MILK, 2000)
    await shopping.set_price(MILK, 149)
    await prices(shopping, change(MILK, 149))
    await prices(shopping, change(MILK, 149))
    assert shopping.told("session.cart_repriced") == [
        {
            "sessionId": shopping.session_id, "userId": ANN, "cartVersion": 2,
            "changes": [{"barcode": MILK, "name": "Oat milk", "old": 159, "new": 149, "currency": "EUR"}],
            "currency": "EUR", "oldTotal": 318, "total": 298,
        }
    ]  # fmt: skip
    stored = await shopping.stored()
    assert (stored["cart"]["total"], stored["cart"]["lines"][0]["price"]["was"], stored["outbox"]) == (298, 159, [])
    cart = await shopping.look()
    assert (cart["cartVersion"], cart["changes"], cart["lines"][0]["oldPrice"]["unitPrice"]) == (2, [], 159)


async def test_a_price_of_something_else_or_of_another_store_changes_nothing(shopping: Shopping) -> None:
    await shopping.add(MILK)
    await prices(shopping, change(WINE, 1))
    data = {"changes": [change(MILK, 1)]}
    assert await shopping.push("/push/cart-prices", PRICE_CHANGED, data, store="umbrella-rome") == 204
    assert ((await shopping.stored())["cart"]["ver"], shopping.published) == (1, [])


async def test_the_price_of_a_pack_of_its_own_is_not_that_of_its_product(shopping: Shopping) -> None:
    await shopping.add(MILK_CASE)
    await shopping.set_price(MILK, 149)
    await prices(shopping, change(MILK, 149))
    assert shopping.published == []


async def test_a_cart_that_a_checkout_holds_is_left_alone(shopping: Shopping) -> None:
    await shopping.add(MILK)
    await Carts().lock(TENANT, STORE, shopping.session_id, ANN, cart_ver=1, checkout_id="c1", now=clock.now())
    await shopping.set_price(MILK, 149)
    await prices(shopping, change(MILK, 149))
    assert ((await shopping.stored())["cart"]["ver"], shopping.published) == (1, [])


async def test_what_is_sold_out_is_told_in_one_event_with_the_same_id_at_every_delivery(shopping: Shopping) -> None:
    await shopping.add(MILK)
    await shopping.add(WINE)
    gone = (change(MILK, 0, "stock", 9_000), change(WINE, 0, "stock", 1_000), change("5012345678900", 0, "stock"))
    await prices(shopping, *gone)
    await prices(shopping, *gone)
    told = shopping.told("session.cart_stock_changed")
    assert [[each["name"] for each in event["changes"]] for event in told] == [["Oat milk", "Wine"]] * 2
    ids = {message.attributes["eventId"] for _, message in shopping.published}
    assert ids == {f"e-1:{shopping.session_id}"}
    assert (await shopping.stored())["cart"]["ver"] == 2


async def test_stock_that_is_left_and_stock_that_does_not_matter_is_not_told(shopping: Shopping) -> None:
    await shopping.add(MILK)
    await prices(shopping, change(MILK, 1000, "stock"))
    await mongo.database().stores.update_one({"_id": STORE}, {"$set": {"stockPolicy": "sell_in_hand"}})
    shopping.check_in.wait(1)
    await prices(shopping, change(MILK, 0, "stock"))
    assert shopping.published == []


TEN = Rule(id="p", version=1, name="Ten percent", benefit=Percentage(Match(), 1000))


async def test_a_new_promotion_reaches_carts_that_it_makes_cheaper(shopping: Shopping) -> None:
    await shopping.add(WINE)
    await promotion("p", TEN)
    shopping.check_in.wait(0.2)
    assert await promotions_changed(shopping) == 204
    (told,) = shopping.told("session.cart_repriced")
    assert (told["changes"], told["oldTotal"], told["total"]) == ([], 799, 719)
    assert await promotions_changed(shopping) == 204
    assert len(shopping.published) == 1
    cart = await shopping.look()
    (applied,) = cart["promotions"]["applied"]
    assert (cart["total"], cart["discount"], applied["promotionId"], applied["discount"]) == (719, 80, "p", 80)
    assert (cart["lines"][0]["discount"], cart["lines"][0]["payable"]) == (80, 719)


async def test_a_promotion_of_another_store_is_not_looked_at(shopping: Shopping) -> None:
    await shopping.add(WINE)
    before = (await shopping.stored())["cart"]["quotedAt"]
    shopping.check_in.wait(0.2)
    assert await promotions_changed(shopping, ["acme-hamburg"]) == 204
    assert (await shopping.stored())["cart"]["quotedAt"] == before
    assert await promotions_changed(shopping, [STORE]) == 204
    assert (await shopping.stored())["cart"]["quotedAt"] > before


async def test_a_shopper_is_told_once_that_the_visit_ends_and_again_after_it_went_on(shopping: Shopping) -> None:
    await shopping.add(MILK)
    for _ in range(2):
        assert await shopping.run_job("tell-expiring") == 204
    assert shopping.published == []
    shopping.check_in.wait(26)
    for _ in range(2):
        assert await shopping.run_job("tell-expiring") == 204
    (told,) = shopping.told("session.expiring")
    stored = await shopping.stored()
    assert told == {
        "sessionId": shopping.session_id, "userId": ANN, "lines": 1,
        "expiresAt": stored["expiresAt"].isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }  # fmt: skip
    assert (await shopping.check_in.renew(shopping.session_id)).status_code == 201
    shopping.check_in.wait(26)
    assert await shopping.run_job("tell-expiring") == 204
    assert len(shopping.told("session.expiring")) == 2


async def test_an_empty_cart_and_one_that_a_checkout_holds_end_without_a_notice(shopping: Shopping) -> None:
    shopping.check_in.wait(26)
    assert await shopping.run_job("tell-expiring") == 204
    await shopping.add(MILK)
    await Carts().lock(TENANT, STORE, shopping.session_id, ANN, cart_ver=1, checkout_id="c1", now=clock.now())
    shopping.check_in.wait(26)
    assert await shopping.run_job("tell-expiring") == 204
    assert shopping.published == []


async def test_what_a_dead_process_left_in_the_outbox_is_swept(shopping: Shopping) -> None:
    await shopping.add(MILK)
    entry = {"id": "x", "type": "session.expiring", "version": 1, "at": clock.now() - timedelta(seconds=9), "data": {}}
    await mongo.database().sessions.update_one({"_id": shopping.session_id}, {"$push": {"outbox": entry}})
    assert await shopping.run_job("sweep-sessions") == 204
    assert [message.attributes["eventId"] for _, message in shopping.published] == ["x"]
    assert (await shopping.stored())["outbox"] == []


async def test_an_event_nobody_knows_is_parked_and_not_lost(shopping: Shopping) -> None:
    assert await shopping.push("/push/cart-prices", ("catalog.price_changed", 9), {"changes": []}) == 204
    assert await mongo.database().dead_letters.count_documents({"code": "UNKNOWN_VERSION"}) == 1
