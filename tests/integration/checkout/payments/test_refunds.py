"""What is given back: by line or whole, never more than was paid, and above a limit only by two people."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from functions.common import failpoints, mongo
from tests.integration.checkout.payments.shop import GUM, HAND_STORE, MILK, STORE, WINE, Shop


def refusal(reply: httpx.Response) -> tuple[int, str]:
    return reply.status_code, reply.json()["error"]["code"]


def line_of(purchase: dict[str, Any], barcode: str) -> str:
    return str(next(line["id"] for line in purchase["lines"] if line["barcode"] == barcode))


async def stock(barcode: str, store: str = STORE) -> int:
    found = await mongo.database().products.find_one({"storeId": store, "barcode": barcode})
    assert found is not None
    return int(found["stock"]["avail"])


async def approve(shop: Shop, purchase: dict[str, Any], refund_id: str, sub: str) -> httpx.Response:
    path = f"/v1/stores/{purchase['storeId']}/purchases/{purchase['_id']}/refunds/{refund_id}/approval"
    return await shop.door.post(path, headers=shop.manager(sub))


async def test_one_piece_of_a_line_comes_back_with_its_money_and_its_stock(shop: Shop) -> None:
    _, purchase = await shop.bought({MILK: 3, WINE: 1})
    assert await stock(MILK) == 997_000
    lines = [{"lineId": line_of(purchase, MILK), "quantity": 1000}]
    reply = await shop.refund(purchase, lines=lines, restock=True)
    assert reply.status_code == 201, reply.text
    refund = reply.json()["data"]
    assert (refund["state"], refund["amount"], refund["restocked"]) == ("succeeded", 160, True)
    assert refund["goods"] == [{"barcode": MILK, "quantity": 1000}]
    assert (await stock(MILK), shop.money()[0][3]) == (998_000, 160)
    after = await shop.purchase(purchase["_id"])
    assert (after["refunded"], after["state"], [each["action"] for each in after["audit"]]) == (
        160, "exit_issued", ["refund.made"],
    )  # fmt: skip
    (told,) = shop.told("purchase.refunded")
    assert (told["amount"], told["refunded"], told["total"]) == (160, 160, 1280)


async def test_the_same_key_is_the_same_refund(shop: Shop) -> None:
    _, purchase = await shop.bought({MILK: 3})
    lines = [{"lineId": line_of(purchase, MILK), "quantity": 1000}]
    replies = [await shop.refund(purchase, key="k1", lines=lines) for _ in range(3)]
    assert len({each.content for each in replies}) == 1
    assert shop.money()[0][3] == 160
    assert refusal(await shop.refund(purchase, key="k1", whole=True))[0] == 422


async def test_all_of_it_comes_back_and_the_purchase_is_over(shop: Shop) -> None:
    shopper, purchase = await shop.bought({MILK: 2, GUM: 1})
    await shop.refund(purchase, lines=[{"lineId": line_of(purchase, GUM), "quantity": 1000}])
    reply = await shop.refund(purchase, whole=True, restock=True)
    assert (reply.json()["data"]["amount"], shop.money()[0][2:]) == (320, (420, 420))
    after = await shop.purchase(purchase["_id"])
    assert (after["state"], after["refunded"]) == ("refunded", 420)
    assert [step["state"] for step in after["history"]][-3:] == ["exit_issued", "closed", "refunded"]
    assert (await stock(MILK), await stock(GUM)) == (1_000_000, 999_000)
    assert refusal(await shop.refund(purchase, whole=True)) == (409, "NOTHING_LEFT_TO_REFUND")
    assert (await shop.carts.get("/v1/cart", headers=shopper.headers)).status_code in (401, 403, 404, 409)


async def test_goods_of_a_store_that_sells_what_is_in_hand_are_sold_before_they_come_back(shop: Shop) -> None:
    _, purchase = await shop.bought({MILK: 2}, HAND_STORE)
    assert await stock(MILK, HAND_STORE) == 1_000_000
    await shop.refund(purchase, whole=True, restock=True)
    assert await stock(MILK, HAND_STORE) == 1_000_000
    kinds = await mongo.database().stock_movements.distinct("kind", {"storeId": HAND_STORE})
    assert kinds == ["return", "sale"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"lines": [{"lineId": "nobody", "quantity": 1000}]}, (409, "NOT_RETURNABLE")),
        ({"lines": [{"lineId": "MILK", "quantity": 4000}]}, (409, "NOT_RETURNABLE")),
        ({"lines": [{"lineId": "MILK", "quantity": 500}]}, (409, "NOT_RETURNABLE")),
        ({"lines": [{"lineId": "MILK", "quantity": 0}]}, (400, "VALIDATION_FAILED")),
        ({"lines": [{"lineId": "MILK", "quantity": 1000}] * 2}, (400, "VALIDATION_FAILED")),
        ({"lines": []}, (400, "VALIDATION_FAILED")),
        ({"lines": [{"lineId": "MILK", "quantity": 1000}], "whole": True}, (400, "VALIDATION_FAILED")),
        ({}, (400, "VALIDATION_FAILED")),
        ({"whole": True, "amount": 1}, (400, "VALIDATION_FAILED")),
        ({"whole": True, "reason": ""}, (400, "VALIDATION_FAILED")),
    ],
)
async def test_what_cannot_come_back_is_refused_and_costs_nothing(
    shop: Shop, body: dict[str, Any], expected: tuple[int, str]
) -> None:
    _, purchase = await shop.bought({MILK: 3})
    for each in body.get("lines", ()):
        each["lineId"] = line_of(purchase, MILK) if each["lineId"] == "MILK" else each["lineId"]
    assert refusal(await shop.refund(purchase, **body)) == expected
    assert shop.money()[0][3] == 0


async def test_only_what_is_paid_comes_back_and_only_by_managers_of_its_store(shop: Shop) -> None:
    _, checkout = await shop.begin({MILK: 1})
    unpaid = await shop.purchase(checkout["checkoutId"])
    assert refusal(await shop.refund(unpaid, whole=True)) == (409, "PURCHASE_NOT_REFUNDABLE")
    _, purchase = await shop.bought({MILK: 1})
    path = f"/v1/stores/{STORE}/purchases/{purchase['_id']}/refunds"
    body, key = {"whole": True, "reason": "brought back"}, {"Idempotency-Key": "k"}
    for headers, status in (
        (shop.manager(role="store_staff"), 403),
        (shop.manager(role="brand_manager"), 403),
        (shop.manager(tenant="umbrella"), 404),
        ({}, 401),
    ):
        assert (await shop.door.post(path, json=body, headers={**headers, **key})).status_code == status
    other = path.replace(STORE, HAND_STORE)
    assert (await shop.door.post(other, json=body, headers={**shop.manager(), **key})).status_code == 404
    assert shop.money()[-1][3] == 0


# ---- two people ----------------------------------------------------------------------------------------------


async def test_above_the_limit_a_second_person_has_to_agree(shop: Shop) -> None:
    await shop.limit(500)
    _, purchase = await shop.bought({WINE: 1, MILK: 1})
    reply = await shop.refund(purchase, lines=[{"lineId": line_of(purchase, WINE), "quantity": 1000}])
    refund = reply.json()["data"]
    assert (refund["state"], shop.money()[0][3]) == ("awaiting_approval", 0)
    assert refusal(await approve(shop, purchase, refund["refundId"], "kim")) == (403, "SECOND_PERSON_NEEDED")
    assert refusal(await approve(shop, purchase, "nobody", "lee")) == (404, "REFUND_NOT_FOUND")
    agreed = (await approve(shop, purchase, refund["refundId"], "lee")).json()["data"]
    assert (agreed["state"], agreed["by"], agreed["approvedBy"], shop.money()[0][3]) == ("succeeded", "kim", "lee", 800)
    assert (await approve(shop, purchase, refund["refundId"], "lee")).status_code == 200
    assert refusal(await approve(shop, purchase, refund["refundId"], "pat")) == (409, "REFUND_NOT_WAITING")
    after = await shop.purchase(purchase["_id"])
    assert [(each["action"], each["who"]) for each in after["audit"]] == [
        ("refund.asked", "kim"), ("refund.made", "lee"),
    ]  # fmt: skip
    assert shop.money()[0][3] == 800


async def test_many_small_refunds_count_like_a_large_one(shop: Shop) -> None:
    await shop.limit(400)
    _, purchase = await shop.bought({MILK: 5})
    line = [{"lineId": line_of(purchase, MILK), "quantity": 1000}]
    states = [(await shop.refund(purchase, lines=line)).json()["data"]["state"] for _ in range(4)]
    assert states == ["succeeded", "succeeded", "awaiting_approval", "awaiting_approval"]
    assert shop.money()[0][3] == 320


async def test_what_was_asked_for_does_not_come_back_twice_when_it_is_agreed_to_late(shop: Shop) -> None:
    await shop.limit(100)
    _, purchase = await shop.bought({MILK: 1})
    first, second = [(await shop.refund(purchase, whole=True)).json()["data"]["refundId"] for _ in range(2)]
    assert (await approve(shop, purchase, first, "lee")).status_code == 200
    assert refusal(await approve(shop, purchase, second, "lee"))[0] == 409
    assert shop.money()[0][3] == 160


# ---- races and failures --------------------------------------------------------------------------------------


@pytest.mark.parametrize("at_once", [50, pytest.param(200, marks=pytest.mark.soak)])
async def test_many_refunds_at_once_never_give_back_more_than_was_paid(shop: Shop, at_once: int) -> None:
    _, purchase = await shop.bought({GUM: 20, MILK: 1})
    line = [{"lineId": line_of(purchase, GUM), "quantity": 1000}]
    replies = await asyncio.gather(*(shop.refund(purchase, lines=line) for _ in range(at_once)))
    done = [each for each in replies if each.status_code == 201]
    assert len(done) == 20
    assert {refusal(each) for each in replies if each not in done} == {(409, "NOT_RETURNABLE")}
    after = await shop.purchase(purchase["_id"])
    assert (after["refunded"], shop.money()[0][3]) == (2000, 2000)
    assert len(after["audit"]) == 20
    assert (await shop.refund(purchase, whole=True)).json()["data"]["amount"] == 160


@pytest.mark.parametrize("effect", ["drop", "500", "stored-500", "drop-before", "stored-500-before", "429"])
async def test_a_refund_whose_answer_is_lost_is_given_once(
    shop: Shop, effect: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import stripe

    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.01)
    _, purchase = await shop.bought({MILK: 2})
    rule = shop.stripe.faults.add("refund", effect, times=4)
    reply = await shop.refund(purchase, lines=[{"lineId": line_of(purchase, MILK), "quantity": 1000}], restock=True)
    assert reply.status_code == 201
    assert rule.struck
    shop.stripe.faults.replace([])
    shop.wait(700)
    assert await shop.fire("reconcile") == 204
    after = await shop.purchase(purchase["_id"])
    assert [(each["state"], each["restocked"]) for each in after["refunds"]] == [("succeeded", True)]
    assert (after["refunded"], shop.money()[0][3], await stock(MILK)) == (160, 160, 999_000)
    assert len(shop.told("purchase.refunded")) == 1


@pytest.mark.parametrize("point", ["refund.after_insert", "refund.after_stripe_before_save", "refund.after_restock"])
async def test_a_process_that_dies_over_a_refund_leaves_it_to_the_sweep(shop: Shop, point: str) -> None:
    _, purchase = await shop.bought({MILK: 2})
    failpoints.configure(f"{point}:raise")
    try:
        assert (await shop.refund(purchase, whole=True, restock=True)).status_code == 500
    finally:
        failpoints.configure(None)
    shop.wait(120)
    assert await shop.fire("reconcile") == 204
    after = await shop.purchase(purchase["_id"])
    assert (after["state"], after["refunded"], shop.money()[0][3]) == ("refunded", 320, 320)
    assert await stock(MILK) == 1_000_000
    assert not any("dueAt" in each for each in after["refunds"])


async def test_a_refund_that_the_bank_sends_back_is_taken_out_of_the_account(shop: Shop) -> None:
    _, purchase = await shop.bought({MILK: 2})
    shop.stripe.api.refunds.pending = True
    line = [{"lineId": line_of(purchase, MILK), "quantity": 1000}]
    assert (await shop.refund(purchase, lines=line)).json()["data"]["state"] == "pending"
    (theirs,) = shop.stripe.book.objects["refund"]
    shop.stripe.api.refunds.decide(theirs, good=False)
    await shop.tell()
    after = await shop.purchase(purchase["_id"])
    assert ([each["state"] for each in after["refunds"]], after["refunded"]) == (["failed"], 0)
    shop.stripe.api.refunds.pending = False
    assert (await shop.refund(purchase, whole=True)).json()["data"]["amount"] == 320
    assert shop.money()[0][3] == 320


async def test_what_the_bank_sends_back_when_all_is_over_can_be_given_once_more(shop: Shop) -> None:
    _, purchase = await shop.bought({MILK: 2})
    assert (await shop.refund(purchase, whole=True)).json()["data"]["state"] == "succeeded"
    (theirs,) = shop.stripe.book.objects["refund"]
    shop.stripe.api.refunds.decide(theirs, good=False)
    await shop.tell()
    after = await shop.purchase(purchase["_id"])
    assert ([each["state"] for each in after["refunds"]], after["refunded"]) == (["failed"], 0)
    assert (await shop.refund(purchase, whole=True)).json()["data"]["amount"] == 320
    after = await shop.purchase(purchase["_id"])
    assert (after["state"], after["refunded"], shop.money()[0][3]) == ("refunded", 320, 320)
    assert not any("dueAt" in each for each in after["refunds"])
    assert refusal(await shop.refund(purchase, whole=True)) == (409, "NOTHING_LEFT_TO_REFUND")


async def test_a_refund_on_its_way_is_known_for_good_by_its_webhook(shop: Shop) -> None:
    _, purchase = await shop.bought({MILK: 2})
    shop.stripe.api.refunds.pending = True
    assert (await shop.refund(purchase, whole=True)).json()["data"]["state"] == "pending"
    assert (await shop.purchase(purchase["_id"]))["state"] == "exit_issued"
    (theirs,) = shop.stripe.book.objects["refund"]
    shop.stripe.api.refunds.decide(theirs, good=True)
    await shop.tell()
    after = await shop.purchase(purchase["_id"])
    assert (after["state"], [each["state"] for each in after["refunds"]]) == ("refunded", ["succeeded"])


async def test_while_all_of_it_is_on_its_way_back_there_is_no_pass(shop: Shop) -> None:
    shop.stripe.api.refunds.pending = True
    shopper, purchase = await shop.bought({MILK: 1})
    path = f"/v1/checkouts/{purchase['_id']}/pass"
    assert (await shop.door.get(path, headers=shopper.headers)).status_code == 200
    assert (await shop.refund(purchase, whole=True)).json()["data"]["state"] == "pending"
    for ask in (shop.door.get, shop.door.post):
        reply = await ask(path, headers=shopper.headers)
        assert (reply.status_code, reply.json()["error"]["code"]) == (409, "PURCHASE_REFUNDED")


async def test_a_refund_that_waits_may_be_rejected_and_then_nobody_can_agree_to_it(shop: Shop) -> None:
    await shop.limit(100)
    _, purchase = await shop.bought({MILK: 2})
    waits = (await shop.refund(purchase, whole=True)).json()["data"]
    assert waits["state"] == "awaiting_approval"
    path = f"/v1/stores/{purchase['storeId']}/purchases/{purchase['_id']}/refunds/{waits['refundId']}"

    async def ask(verb: str, sub: str) -> tuple[int, str]:
        body = {"reason": "it was worn"} if verb == "rejection" else None
        reply = await shop.door.post(f"{path}/{verb}", json=body, headers=shop.manager(sub))
        said = reply.json()
        return reply.status_code, said["data"]["state"] if reply.is_success else said["error"]["code"]

    assert await ask("rejection", "lee") == (200, "rejected")
    assert await ask("rejection", "lee") == (200, "rejected"), "it may be repeated"
    assert await ask("approval", "ray") == (409, "REFUND_NOT_WAITING")
    assert await ask("rejection", "ray") == (409, "REFUND_NOT_WAITING")
    kept = await shop.purchase(purchase["_id"])
    assert (kept["refunded"], shop.money()) == (0, [(purchase["_id"], 1, 320, 0)])
    deeds = [(each["action"], each["who"], each["reason"]) for each in kept["audit"]]
    assert deeds == [("refund.asked", "kim", "brought back"), ("refund.rejected", "lee", "it was worn")]
    # Nothing was taken by it: all of it can still be asked for, and given.
    again = (await shop.refund(purchase, whole=True)).json()["data"]
    path = f"{path.rpartition('/')[0]}/{again['refundId']}"
    assert await ask("approval", "lee") == (200, "succeeded")


@pytest.mark.parametrize("times", [5])
async def test_of_an_approval_and_a_rejection_at_once_one_counts(shop: Shop, times: int) -> None:
    await shop.limit(100)
    for _ in range(times):
        _, purchase = await shop.bought({MILK: 2})
        refund = (await shop.refund(purchase, whole=True)).json()["data"]["refundId"]
        path = f"/v1/stores/{purchase['storeId']}/purchases/{purchase['_id']}/refunds/{refund}"
        answers = await asyncio.gather(
            shop.door.post(f"{path}/approval", headers=shop.manager("lee")),
            shop.door.post(f"{path}/rejection", json={"reason": "no receipt"}, headers=shop.manager("ray")),
        )
        assert sorted(each.status_code for each in answers) == [200, 409]
        given = answers[0].status_code == 200
        kept = await shop.purchase(purchase["_id"])
        assert kept["refunded"] == (320 if given else 0)
        assert [row[3] for row in shop.money() if row[0] == purchase["_id"]] == [kept["refunded"]]
