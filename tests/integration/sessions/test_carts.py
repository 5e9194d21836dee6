"""A cart through its real doors: adding, changing, locking, and what it costs."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest

from functions.common import clock, mongo
from functions.common.carts import Carts
from tests.integration.sessions.conftest import (
    ANN,
    CHEESE_LABEL,
    GUM,
    INACTIVE,
    MILK,
    MILK_CASE,
    STORE,
    TENANT,
    UNKNOWN,
    UNPRICED,
    WINE,
    Shopping,
)


async def test_an_untouched_cart_is_empty_and_costs_nothing(shopping: Shopping) -> None:
    cart = await shopping.look()
    assert (cart["cartVersion"], cart["lines"], cart["total"], cart["currency"]) == (0, [], 0, "EUR")


async def test_pieces_of_one_product_share_a_line_and_packs_have_their_own(shopping: Shopping) -> None:
    first = await shopping.add(MILK)
    again = await shopping.add(MILK, 2000)
    both = await shopping.add(MILK_CASE)
    assert [(line["quantity"], line["amount"]) for line in both["lines"]] == [(3000, 477), (6000, 899)]
    assert (first["cartVersion"], again["cartVersion"], both["cartVersion"]) == (1, 2, 3)
    assert again["touchedLineId"] == first["touchedLineId"] != both["touchedLineId"]
    assert (both["units"], both["subtotal"], both["total"]) == (4, 1376, 1376)
    assert both["lines"][1]["unitBarcode"] == MILK_CASE
    assert await shopping.look() == both | {"touchedLineId": None}


async def test_what_a_scale_weighed_is_a_line_of_its_own_that_cannot_be_changed(shopping: Shopping) -> None:
    await shopping.add(CHEESE_LABEL)
    cart = await shopping.add(CHEESE_LABEL)
    assert [(line["quantity"], line["amount"], line["fixed"]) for line in cart["lines"]] == [(354, 563, True)] * 2
    path = f"/v1/cart/lines/{cart['lines'][0]['lineId']}"
    assert await shopping.refusal("PATCH", path, json={"quantity": 100}) == (409, "QUANTITY_FIXED")
    body = {"code": CHEESE_LABEL, "quantity": 100}
    assert await shopping.refusal("POST", "/v1/cart/lines", json=body) == (409, "QUANTITY_FIXED")


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"code": UNKNOWN}, 404, "PRODUCT_NOT_FOUND"),
    ({"code": "4006381333932"}, 400, "INVALID_CODE"),
    ({"code": "]C18110106141416543213150110000310123196000"}, 400, "CODE_IS_COUPON"),
    ({"code": INACTIVE}, 409, "PRODUCT_NOT_FOR_SALE"),
    ({"code": UNPRICED}, 409, "NOT_PRICED"),
    ({"code": f"]C10100000096385074{'10BAD1'}"}, 409, "RECALLED_LOT"),
    ({"code": "]C1010000009638507417200101"}, 409, "EXPIRED"),
    ({"code": "2123450000005"}, 400, "QUANTITY_REQUIRED"),
    ({"code": MILK, "quantity": 1500}, 400, "QUANTITY_INVALID"),
    ({"code": MILK, "quantity": 2_001_000}, 409, "CART_FULL"),
]


@pytest.mark.parametrize(("body", "status", "code"), REFUSED)
async def test_what_cannot_be_bought_does_not_get_in(
    body: dict[str, Any], status: int, code: str, shopping: Shopping
) -> None:
    assert await shopping.refusal("POST", "/v1/cart/lines", json=body) == (status, code)
    assert (await shopping.look())["cartVersion"] == 0


async def test_a_line_changes_its_quantity_and_note_and_is_taken_out(shopping: Shopping) -> None:
    cart = await shopping.add(MILK)
    path = f"/v1/cart/lines/{cart['touchedLineId']}"
    changed = (await shopping.ask("PATCH", path, json={"quantity": 4000, "note": "for the cat"})).json()["data"]
    assert [(line["quantity"], line["note"]) for line in changed["lines"]] == [(4000, "for the cat")]
    gone = (await shopping.ask("DELETE", path)).json()["data"]
    assert (gone["lines"], gone["total"], gone["cartVersion"]) == ([], 0, 3)
    assert await shopping.refusal("DELETE", path) == (404, "LINE_NOT_FOUND")
    assert await shopping.refusal("PATCH", path, json={"note": "x"}) == (404, "LINE_NOT_FOUND")


@pytest.mark.parametrize("how", ["body", "header"])
async def test_an_edit_of_a_cart_that_has_changed_since_is_refused_with_the_cart_of_now(
    how: str, shopping: Shopping
) -> None:
    await shopping.add(MILK)
    await shopping.add(WINE)
    body: dict[str, Any] = {"code": MILK}
    headers = {}
    if how == "body":
        body["cartVersion"] = 1
    else:
        headers["If-Match"] = '"1"'
    reply = await shopping.ask("POST", "/v1/cart/lines", json=body, headers=headers)
    assert (reply.status_code, reply.json()["error"]["code"]) == (409, "CART_CHANGED")
    assert reply.json()["error"]["details"]["cart"] == await shopping.look()
    assert (await shopping.add(MILK, cartVersion=2))["cartVersion"] == 3


async def test_a_repeated_scan_with_its_key_is_added_once_also_when_the_first_died_before_its_answer(
    shopping: Shopping,
) -> None:
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    first = await shopping.ask("POST", "/v1/cart/lines", json={"code": MILK}, headers=headers)
    assert (await shopping.ask("POST", "/v1/cart/lines", json={"code": MILK}, headers=headers)).text == first.text
    await mongo.database().idempotency.delete_many({})
    again = (await shopping.ask("POST", "/v1/cart/lines", json={"code": MILK}, headers=headers)).json()["data"]
    assert (again["cartVersion"], again["lines"][0]["quantity"]) == (1, 1000)
    assert again["touchedLineId"] == first.json()["data"]["touchedLineId"]


async def test_many_scans_at_once_are_all_in_the_cart_or_refused_out_loud(shopping: Shopping) -> None:
    replies = await asyncio.gather(*(shopping.ask("POST", "/v1/cart/lines", json={"code": MILK}) for _ in range(12)))
    done = sum(reply.status_code == 201 for reply in replies)
    assert {reply.status_code for reply in replies} <= {201, 409}
    cart = await shopping.look()
    assert (cart["lines"][0]["quantity"], cart["cartVersion"]) == (done * 1000, done)
    assert done >= 4


async def test_a_locked_cart_is_shown_and_not_edited_until_its_checkout_lets_go(shopping: Shopping) -> None:
    cart = await shopping.add(MILK)
    held = await Carts().lock(TENANT, STORE, shopping.session_id, ANN, cart_ver=1, checkout_id="c1", now=clock.now())
    assert held is not None
    reply = await shopping.ask("POST", "/v1/cart/lines", json={"code": WINE})
    assert (reply.status_code, reply.json()["error"]["code"]) == (409, "CART_LOCKED")
    assert reply.json()["error"]["details"] == {"checkoutId": "c1"}
    for method, path in (("DELETE", "/v1/cart"), ("DELETE", f"/v1/cart/lines/{cart['touchedLineId']}")):
        assert await shopping.refusal(method, path) == (409, "CART_LOCKED")
    assert (await shopping.look())["checkoutId"] == "c1"
    assert (await shopping.check_in.leave(shopping.session_id)).json()["error"]["code"] == "CART_LOCKED"
    assert await Carts().unlock(TENANT, STORE, shopping.session_id, "c1")
    assert (await shopping.add(WINE))["cartVersion"] == 2


async def test_a_price_that_changed_is_shown_beside_the_one_before(shopping: Shopping) -> None:
    await shopping.add(MILK, 2000)
    await shopping.set_price(MILK, 149)
    cart = await shopping.look()
    (line,) = cart["lines"]
    assert (line["unitPrice"], line["amount"], line["oldPrice"]["unitPrice"], cart["total"]) == (149, 298, 159, 298)
    assert [(each["old"], each["new"]) for each in cart["changes"]] == [(159, 149)]
    again = await shopping.look()
    assert (again["cartVersion"], again["changes"], again["lines"]) == (2, [], cart["lines"])


async def test_what_is_not_sold_any_more_stays_in_sight_but_not_in_the_total(shopping: Shopping) -> None:
    await shopping.add(MILK)
    await shopping.add(WINE)
    await mongo.database().products.update_one(
        {"storeId": STORE, "barcode": WINE}, {"$set": {"status": "inactive"}, "$inc": {"ver": 1}}
    )
    ver = await shopping.set_price(WINE, 899)
    assert ver
    cart = await shopping.look()
    assert [line["unavailable"] and line["unavailable"]["code"] for line in cart["lines"]] == [
        None,
        "PRODUCT_NOT_FOR_SALE",
    ]
    assert (cart["total"], cart["lines"][1]["payable"]) == (159, 0)


async def test_a_line_says_what_is_worth_knowing(shopping: Shopping) -> None:
    await shopping.add(WINE)
    await shopping.add(GUM)
    cart = await shopping.add(MILK, 13_000)
    codes = [[remark["code"] for remark in line["warnings"]] for line in cart["lines"]]
    assert codes == [["AGE_RESTRICTED"], ["LOT_NOT_ON_LABEL"], ["OUT_OF_STOCK"]]


async def test_each_edit_prolongs_the_visit_but_looking_does_not(shopping: Shopping) -> None:
    cart = await shopping.look()
    shopping.check_in.wait(10)
    assert (await shopping.look())["expiresAt"] == cart["expiresAt"]
    assert (await shopping.add(MILK))["expiresAt"] > cart["expiresAt"]


async def test_an_expired_or_ended_visit_has_no_cart_any_more(shopping: Shopping) -> None:
    await shopping.add(MILK)
    await shopping.check_in.leave(shopping.session_id)
    assert await shopping.refusal("GET", "/v1/cart") == (409, "SESSION_ENDED")
    await mongo.database().sessions.update_one({"_id": shopping.session_id}, {"$set": {"expiresAt": clock.now()}})
    assert await shopping.refusal("GET", "/v1/cart") == (401, "SESSION_EXPIRED")
