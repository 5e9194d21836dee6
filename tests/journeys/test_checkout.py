"""From the shelf to the street: what shoppers, staff and the brand go through, told through the public doors."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from itertools import count
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from local.suite import Suite
from tests.journeys.shopping import BAD_CARD, GOOD_CARD, STORE, TENANT, TIME_ZONE, Town

pytestmark = [pytest.mark.suite, pytest.mark.asyncio(loop_scope="module")]
ROOMS = ("catalog", "sessions", "discount", "price_ingest", "checkout", "exit_gate", "notify")
_numbers = count(1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town() -> AsyncIterator[Town]:
    async with Suite(rooms=ROOMS, tenants=(TENANT,), door_env={"OTEL_TRACES_SAMPLE": "0"}) as suite:
        town = Town(suite)
        try:
            await town.open()
            yield town
        finally:
            await town.close()


async def test_what_is_scanned_is_paid_and_carried_out(town: Town) -> None:
    # Given bread and milk on their shelves
    bread, milk = await town.shelve(next(_numbers), 249), await town.shelve(next(_numbers), 119)
    ann = await town.enter("ann")
    # When Ann scans two and one of them and taps on pay
    await ann.take(bread, 2)
    cart = await ann.take(milk)
    assert cart["total"] == 617
    checkout = await ann.check_out(cart)
    # Then the goods are hers for now, and the payment is for what the cart has shown
    assert (checkout["state"], checkout["total"]) == ("payment_pending", 617)
    assert (await town.stock_of(bread))["avail"] == 98_000
    # When her card pays
    assert (await town.confirm(checkout["payment"], GOOD_CARD)).status_code == 200
    checkout = await ann.paid(checkout)
    # Then there is a receipt with its tax, as data, page and PDF
    own = f"/v1/checkouts/{checkout['checkoutId']}/receipt"
    receipt = await town.call("GET", own, ann.token)
    assert (receipt["total"], receipt["net"], receipt["tax"]) == (617, 518, 99)
    page = await town.http.get(f"{own}.html", headers=ann.token)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    paper = await town.http.get(f"{own}.pdf", headers=ann.token)
    assert paper.content.startswith(b"%PDF-")
    # When she shows the pass, the gate opens, once
    assert (await ann.leave(checkout))["opened"] is True
    shown = await town.call("GET", f"/v1/checkouts/{checkout['checkoutId']}", ann.token)
    assert shown["state"] in {"exited", "closed"}
    closed = await ann.closed(checkout)
    # Then the purchase is closed, the stock is sold, the visit over, and Stripe has charged once
    assert closed["payment"]["captured"] == 617
    stock = await town.stock_of(bread)
    assert (stock["avail"], stock["holds"]) == (98_000, [])
    error = await town.call("GET", "/v1/cart", ann.token, 409)
    assert error["code"] == "SESSION_ENDED"
    mine = [row for row in await town.ledger() if row["intent"] == checkout["payment"]["intentId"]]
    assert [(row["captured"], row["refunded"]) for row in mine] == [(617, 0)]
    await town.settled()


async def test_the_pass_is_good_for_one_way_out(town: Town) -> None:
    # Given a purchase that is paid
    ann = await town.enter("ann")
    checkout = await ann.check_out(await ann.take(await town.shelve(next(_numbers), 100)))
    await town.confirm(checkout["payment"], GOOD_CARD)
    await ann.paid(checkout)
    text = (await town.call("GET", f"/v1/checkouts/{checkout['checkoutId']}/pass", ann.token))["text"]
    # When two gates are shown the same pass at once
    gate = f"{town.suite.gateway_url}/v1/stores/{STORE}/exits"
    answers = await asyncio.gather(*(town.http.post(gate, json={"pass": text}, headers=town.staff) for _ in range(2)))
    # Then one opens, and the other says why not
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    (shut,) = [answer.json()["error"]["code"] for answer in answers if answer.status_code == 409]
    assert shut == "PASS_USED"
    await ann.closed(checkout)
    await town.settled()


async def test_a_brand_card_makes_members_prices(town: Town) -> None:
    # Given a price for members of the brand's club
    tea = await town.shelve(next(_numbers), 400, brand_id="acme-own")
    benefit = {"type": "member_price", "price": 299, "match": {"barcodes": [tea]}}
    await town.promote("Club price", benefit, groups=["member"])
    ann = await town.enter("ann")
    assert (await ann.take(tea))["total"] == 400
    # When Ann scans her card
    card = await town.call(
        "POST", "/v1/discount-cards", ann.token, 201, json={"brandId": "acme-own", "cardNumber": "9780123456"}
    )
    assert (card["status"], card["maskedNumber"][-4:]) == ("confirmed", "3456")
    # Then the cart is cheaper, and so is what she pays
    cart = await ann.sees(299)
    checkout = await ann.check_out(cart)
    await town.confirm(checkout["payment"], GOOD_CARD)
    await ann.paid(checkout)
    # And the card is used up: another visit of hers has to scan it again
    await ann.leave(checkout)
    await ann.closed(checkout)
    await town.settled()


async def test_a_price_that_changes_on_the_way_to_the_till_is_agreed_on_anew(town: Town) -> None:
    # Given a cart with cheese at 5.00
    cheese = await town.shelve(next(_numbers), 500)
    ann = await town.enter("ann")
    seen = await ann.take(cheese)
    # When the ERP raises the price before she pays
    await town.publish({"barcode": cheese, "price": 550})
    await ann.sees(550)
    # Then what she has seen is not charged, and she is shown the cart as it is
    problem = await ann.check_out(seen, 409)
    assert problem["code"] in {"PRICE_CHANGED", "CART_CHANGED"}
    cart = await ann.cart()
    assert [(line["unitPrice"], line["oldPrice"]["unitPrice"]) for line in cart["lines"]] == [(550, 500)]
    # When she agrees, that is what she pays
    checkout = await ann.check_out(cart)
    await town.confirm(checkout["payment"], GOOD_CARD)
    assert (await ann.paid(checkout))["total"] == 550


async def test_the_last_one_goes_to_who_is_first(town: Town) -> None:
    # Given one cake, in two carts
    cake = await town.shelve(next(_numbers), 1_500, stock=1_000)
    ann, bob = await town.enter("ann"), await town.enter("bob")
    hers, his = await ann.take(cake), await bob.take(cake)
    # When Ann taps on pay first
    checkout = await ann.check_out(hers)
    # Then Bob is told which line there is no more of, and nothing is charged
    problem = await bob.check_out(his, 409)
    assert problem["code"] == "OUT_OF_STOCK"
    # When Ann thinks better of it
    await town.call("POST", f"/v1/checkouts/{checkout['checkoutId']}/cancel", ann.token)
    # Then Bob gets it
    mine = await bob.check_out(await bob.cart())
    await town.confirm(mine["payment"], GOOD_CARD)
    await bob.paid(mine)
    assert (await town.stock_of(cake))["avail"] == 0
    await bob.leave(mine)
    await bob.closed(mine)
    await town.settled()


async def test_a_declined_card_is_followed_by_another(town: Town) -> None:
    ann = await town.enter("ann")
    checkout = await ann.check_out(await ann.take(await town.shelve(next(_numbers), 700)))
    # When the bank declines
    assert (await town.confirm(checkout["payment"], BAD_CARD)).status_code == 402

    async def told() -> bool:
        now = await ann.look(checkout)
        return now["state"] == "payment_pending" and bool(now["payment"].get("error"))

    await town.until(told, "the app to be told of the declined card")
    # Then the same checkout can still be paid with another card
    again = await ann.look(checkout)
    await town.confirm(again["payment"], GOOD_CARD)
    await ann.paid(checkout)
    mine = [row for row in await town.ledger() if row["intent"] == checkout["payment"]["intentId"]]
    assert [row["captured"] for row in mine] == [700]


async def test_an_app_that_dies_between_pay_and_receipt_finds_both_when_it_is_back(town: Town) -> None:
    ann = await town.enter("ann")
    cart = await ann.take(await town.shelve(next(_numbers), 333))
    key = uuid.uuid4().hex
    checkout = await ann.check_out(cart, key=key)
    # When the app is killed after the payment, and asks nobody for anything
    await town.confirm(checkout["payment"], GOOD_CARD)

    async def done() -> bool:
        found = await town.db["purchases"].find_one({"_id": checkout["checkoutId"]})
        return found is not None and found["state"] == "exit_issued"

    await town.until(done, "the webhook to do all of it")
    # Then the same tap again is answered as before, and the list of the visit leads to receipt and pass
    assert (await ann.check_out(cart, key=key))["checkoutId"] == checkout["checkoutId"]
    (mine,) = await town.call("GET", "/v1/checkouts", ann.token)
    assert (mine["checkoutId"], mine["state"]) == (checkout["checkoutId"], "exit_issued")
    receipt = await town.call("GET", f"/v1/checkouts/{mine['checkoutId']}/receipt", ann.token)
    assert receipt["total"] == 333


async def test_a_line_of_a_promotion_comes_back(town: Town) -> None:
    # Given three for the price of two
    soap = await town.shelve(next(_numbers), 300)
    await town.promote("Three for two", {"type": "buy_get", "buy": 2, "get": 1, "match": {"barcodes": [soap]}})
    ann = await town.enter("ann")
    await ann.take(soap, 3)
    cart = await ann.sees(600)
    checkout = await ann.check_out(cart)
    await town.confirm(checkout["payment"], GOOD_CARD)
    await ann.paid(checkout)
    await ann.leave(checkout)
    await ann.closed(checkout)
    # When one of them is brought back
    line = cart["lines"][0]["lineId"]
    path = f"/v1/stores/{STORE}/purchases/{checkout['checkoutId']}/refunds"
    body = {"lines": [{"lineId": line, "quantity": 1_000}], "reason": "not needed", "restock": True}
    await town.call("POST", path, town.manager, 201, json=body, key=uuid.uuid4().hex)
    # Then nothing is paid back for it: the two that are kept cost what was paid, without the promotion
    rows = [row for row in await town.ledger() if row["intent"] == checkout["payment"]["intentId"]]
    assert [row["refunded"] for row in rows] == [0]
    # When all of it comes back, all of it is paid back
    await town.call("POST", path, town.manager, 201, json={"whole": True, "reason": "all"}, key=uuid.uuid4().hex)

    async def refunded() -> bool:
        rows = [row for row in await town.ledger() if row["intent"] == checkout["payment"]["intentId"]]
        return [row["refunded"] for row in rows] == [600]

    await town.until(refunded, "the money to be back")
    await town.settled()


async def test_a_day_is_closed_with_what_it_took(town: Town) -> None:
    receipts = town.db["purchases"].find({"storeId": STORE, "receipt.number": {"$gt": 0}})
    # Days are the store's: within an hour or two of its midnight they are not the machine's, and there may be two.
    sold = Counter(
        [each["receipt"]["at"].astimezone(ZoneInfo(TIME_ZONE)).date().isoformat() async for each in receipts]
    )
    assert sold
    for day, bought in sold.items():
        closing = await town.call("POST", f"/v1/stores/{STORE}/day-closings", town.manager, json={"date": day})
        again = await town.call("POST", f"/v1/stores/{STORE}/day-closings", town.manager, json={"date": day})
        assert closing["receipts"]["count"] == bought
        assert again == closing
