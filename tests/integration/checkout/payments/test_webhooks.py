"""What Stripe tells is believed when it is signed, kept once, and changes nothing that is not so by now."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
from typing import Any

import pytest

from functions.checkout.payments.signatures import TOLERANCE_SECONDS
from functions.common import clock, failpoints, mongo
from local.stripe.webhooks import signature
from tests.integration.checkout.payments.shop import GUM, MILK, OLD_SECRET, SECRET, Shop

SUCCEEDED = "payment_intent.succeeded"


async def state_of(shop: Shop, checkout: dict[str, Any]) -> str:
    return str((await shop.purchase(checkout["checkoutId"]))["state"])


async def kept() -> int:
    return int(await mongo.database().payment_events.count_documents({}))


async def test_a_paid_checkout_gets_its_receipt_and_its_pass_by_the_webhook_alone(shop: Shop) -> None:
    _, checkout = await shop.begin()
    await shop.pay(checkout)
    assert await state_of(shop, checkout) == "payment_pending"
    await shop.tell()
    purchase = await shop.purchase(checkout["checkoutId"])
    assert (purchase["state"], purchase["receipt"]["number"]) == ("exit_issued", 1)
    assert purchase["payment"]["method"] == {"type": "card", "brand": "visa", "last4": "4242"}
    assert shop.money() == [(checkout["checkoutId"], 1, 420, 0)]
    assert [each["status"] for each in shop.told("checkout.payment_changed")] == ["succeeded"]
    assert "clientSecret" not in json.dumps(purchase, default=str)
    assert checkout["payment"]["clientSecret"] not in json.dumps(purchase, default=str)


async def test_a_declined_card_is_told_and_another_one_pays(shop: Shop) -> None:
    _, checkout = await shop.begin()
    await shop.pay(checkout, "pm_card_chargeDeclinedInsufficientFunds")
    await shop.tell()
    assert await state_of(shop, checkout) == "payment_pending"
    await shop.pay(checkout, "pm_paypal")
    await shop.tell()
    assert await state_of(shop, checkout) == "exit_issued"
    told = [(each["status"], each["code"]) for each in shop.told("checkout.payment_changed")]
    assert told == [("failed", "insufficient_funds"), ("succeeded", None)]


async def test_either_secret_counts_while_one_is_replaced(shop: Shop) -> None:
    _, checkout = await shop.begin()
    await shop.pay(checkout)
    (event,) = shop.events_of(SUCCEEDED)
    assert (await shop.deliver(event, OLD_SECRET)).status_code == 200
    assert (await shop.deliver(event, SECRET)).status_code == 200
    assert await kept() == 1


# ---- forgeries -----------------------------------------------------------------------------------------------


def forgeries(body: bytes, now: int, chance: random.Random) -> list[tuple[str, bytes, dict[str, bytes]]]:
    """A kind of forgery, its body and its headers."""
    genuine = signature(SECRET, body, now)
    code = genuine.partition("v1=")[2]
    flipped = bytearray(body)
    flipped[chance.randrange(len(body))] ^= 1 << chance.randrange(7)
    place = chance.randrange(64)
    other = chance.choice([c for c in "0123456789abcdef" if c != code[place]])
    stale = now - TOLERANCE_SECONDS - chance.randrange(1, 10**6)
    ahead = now + TOLERANCE_SECONDS + chance.randrange(2, 10**6)
    word = "".join(chance.choices("abcdefghij0123456789_", k=chance.randrange(1, 40)))
    noise = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 60)))
    headers = {
        "another secret": signature(word, body, now),
        "an empty secret": signature("", body, now),
        "one character off": f"t={now},v1={code[:place]}{other}{code[place + 1 :]}",
        "too old": signature(SECRET, body, stale),
        "from the future": signature(SECRET, body, ahead),
        "another time": f"t={now - chance.randrange(1, 200)},v1={code}",
        "scheme v0": f"t={now},v0={code}",
        "scheme V1": f"t={now},V1={code}",
        "no time": f"v1={code}",
        "two times": f"t={now - 10},t={now},v1={code}",
        "no signature": f"t={now}",
        "an empty signature": f"t={now},v1=",
        "shortened": f"t={now},v1={code[: chance.randrange(1, 64)]}",
        "lengthened": f"t={now},v1={code}0",
        "upper case": f"t={now},v1={code.upper()}" if code.upper() != code else "",
        "arabic digits": f"t={str(now).translate(str.maketrans('0123456789', '٠١٢٣٤٥٦٧٨٩'))},v1={code}",
        "an underscore in the time": f"t={str(now)[:3]}_{str(now)[3:]},v1={code}",
        "a sign before the time": f"t=+{now},v1={code}",
        "a time beyond all": f"t={'9' * chance.randrange(13, 500)},v1={code}",
        "separators": f"t={now};v1={code}",
        "thousands of parts": ",".join(["v1=" + "0" * 64] * chance.randrange(33, 200)) + f",t={now},v1={code}",
        "words": word,
        "empty": "",
    }
    made = [(kind, body, {"stripe-signature": text.encode()}) for kind, text in headers.items()]
    return [
        *made,
        ("no header", body, {}),
        ("a bit of the body", bytes(flipped), {"stripe-signature": genuine.encode()}),
        ("a space behind the body", body + b" ", {"stripe-signature": genuine.encode()}),
        ("another body", noise, {"stripe-signature": genuine.encode()}),
        ("no body", b"", {"stripe-signature": genuine.encode()}),
        ("the header's name", body, {"x-stripe-signature": genuine.encode()}),
    ]


@pytest.mark.parametrize("rounds", [15, pytest.param(350, marks=pytest.mark.soak)])
async def test_no_forged_webhook_is_believed_and_none_breaks_the_door(shop: Shop, rounds: int) -> None:
    _, checkout = await shop.begin()
    await shop.pay(checkout)
    (event,) = shop.events_of(SUCCEEDED)
    body, chance, answers = json.dumps(event).encode(), random.Random(20_261_121), set()
    sent = 0
    for _ in range(rounds):
        for kind, forged, headers in forgeries(body, int(clock.seconds()), chance):
            answer = await shop.knock(forged, headers)
            assert answer.status_code == 400, (kind, answer.status_code)
            answers.add(answer.json()["error"]["code"])
            sent += 1
    assert answers == {"SIGNATURE_INVALID"}, "one answer for every reason"
    assert (await kept(), await state_of(shop, checkout)) == (0, "payment_pending")
    assert sent >= rounds * 29


async def test_a_door_without_secrets_believes_nobody(shop: Shop) -> None:
    from functions.checkout import settings

    _, checkout = await shop.begin()
    await shop.pay(checkout)
    (event,) = shop.events_of(SUCCEEDED)
    # Taken back before the shop takes back its own: else the shop's secrets would stay in the environment for good.
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("STRIPE_WEBHOOK_SECRETS", "")
        settings.payment.replace(None)
        assert (await shop.deliver(event, "")).status_code == 400
    assert await kept() == 0


@pytest.mark.parametrize(
    "body",
    [
        b"{}", b"[]", b"null", b"1e400", b'"event"', b"[" * 100_000, b"\xff\xfe", b'{"id":"evt_1"}',
        b'{"object":"event","id":7,"type":"payment_intent.succeeded","created":1,"data":{"object":{"object":"payment_intent"}}}',
        b'{"object":"event","id":"evt_1","type":"payment_intent.succeeded","created":1e30,"data":{"object":'
        b'{"object":"payment_intent","id":"pi_1"}}}',
        b'{"object":"event","id":"evt_1","type":"payment_intent.succeeded","created":1,"data":{"object":'
        b'{"object":"payment_intent","id":{"$ne":null}}}}',
        b'{"object":"event","id":{"$gt":""},"type":"payment_intent.succeeded","created":1,"data":{"object":'
        b'{"object":"payment_intent","id":"pi_1"}}}',
    ],
)  # fmt: skip
async def test_what_is_signed_and_no_event_is_a_bad_request(shop: Shop, body: bytes) -> None:
    answer = await shop.knock(body, {"stripe-signature": signature(SECRET, body, int(clock.seconds()))})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "EVENT_INVALID")
    assert await kept() == 0


async def test_a_body_over_the_limit_is_not_read(shop: Shop) -> None:
    body = b" " * (600 << 10)
    answer = await shop.knock(body, {"stripe-signature": signature(SECRET, body, int(clock.seconds()))})
    assert answer.status_code == 413


async def test_events_of_no_interest_are_acknowledged_and_forgotten(shop: Shop) -> None:
    _, checkout = await shop.begin()
    await shop.pay(checkout)
    for event in shop.events_of("payment_intent.created", "charge.succeeded"):
        assert (await shop.deliver(event)).status_code == 200
    assert await kept() == 0


# ---- order, repetition, loss ---------------------------------------------------------------------------------


async def outcome(shop: Shop, checkout: dict[str, Any]) -> dict[str, Any]:
    """All of a purchase that does not depend on the minute or on chance."""
    purchase = await shop.purchase(checkout["checkoutId"])
    return {
        "states": [step["state"] for step in purchase["history"]],
        "payment": {name: value for name, value in purchase["payment"].items() if name != "intentId"},
        "receipt": purchase["receipt"] is not None,
        "refunded": purchase["refunded"],
        # Whoever goes on with a purchase may publish what lies in it: consumers know an event by its id.
        "told": sorted({e["id"]: e["type"] for e in shop.published}.values()),
    }


async def seven(shop: Shop) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A checkout with seven events behind it: declined, asked, declined, paid."""
    before = len(shop.events_of())
    _, checkout = await shop.begin()
    await shop.pay(checkout, "pm_card_chargeDeclined")
    await shop.pay(checkout, "pm_card_authenticationRequired")
    intent = checkout["payment"]["intentId"]
    shop.stripe.api.intents.decide(intent, good=False)
    await shop.pay(checkout, "pm_card_chargeDeclinedInsufficientFunds")
    await shop.pay(checkout, "pm_sepa_debit")
    shop.stripe.api.intents.decide(intent, good=True)
    events = [each for each in shop.events_of()[before:] if each["type"].startswith("payment_intent.")]
    assert len(events) == 7, [each["type"] for each in events]
    return checkout, events


CHANGED = ("purchases", "products", "stock_movements", "sessions", "payment_events")


async def snapshot() -> dict[str, list[dict[str, Any]]]:
    """Everything that a payment changes, as it is now."""
    return {name: await mongo.database()[name].find().to_list() for name in CHANGED}


async def restore(before: dict[str, list[dict[str, Any]]]) -> None:
    for name, documents in before.items():
        await mongo.database()[name].delete_many({})
        if documents:
            await mongo.database()[name].insert_many(documents)


@pytest.mark.parametrize("orders", [15, pytest.param(5_040, marks=pytest.mark.soak)])
async def test_events_in_any_order_and_any_number_end_in_the_same_purchase(shop: Shop, orders: int) -> None:
    chance = random.Random(20_261_121)
    checkout, events = await seven(shop)
    before, outcomes = await snapshot(), list[dict[str, Any]]()
    every = list(itertools.permutations(range(7)))
    for order in every if orders >= len(every) else chance.sample(every, orders):
        await restore(before)
        shop.published.clear()
        deliveries = [events[each] for each in order for _ in range(chance.randint(1, 5))]
        for start in range(0, len(deliveries), 4):  # four at a time
            answers = await asyncio.gather(*(shop.deliver(each) for each in deliveries[start : start + 4]))
            assert {each.status_code for each in answers} == {200}
            assert set(await shop.do_tasks()) <= {204}
        found = await outcome(shop, checkout)
        if found not in outcomes:
            outcomes.append(found)
    assert len(outcomes) == 1, "\n".join(map(str, outcomes))
    assert outcomes[0]["states"][-2:] == ["paid", "exit_issued"]
    assert outcomes[0]["told"].count("purchase.paid") == 1
    assert shop.money() == [(checkout["checkoutId"], 1, 420, 0)]


async def test_an_event_comes_again_after_four_days_and_changes_nothing(shop: Shop) -> None:
    _, checkout = await shop.begin()
    await shop.pay(checkout)
    await shop.tell()
    before = await shop.purchase(checkout["checkoutId"])
    shop.wait(4 * 86_400)
    answers = await asyncio.gather(*(shop.deliver(each) for each in shop.events_of() for _ in range(5)))
    assert {each.status_code for each in answers} == {200}
    assert await shop.do_tasks() == []
    assert await shop.purchase(checkout["checkoutId"]) == before


async def test_an_event_before_our_own_record_of_the_payment_waits_and_is_not_lost(shop: Shop) -> None:
    failpoints.configure("pi.after_create_before_save:raise")
    shopper = await shop.enter()
    await shop.fill(shopper, {MILK: 1})
    assert (await shop.check_out(shopper, "k1")).status_code == 500
    failpoints.configure(None)
    (row,) = shop.stripe.ledger()
    shop.stripe.api.intents.confirm(row["intent"], {"payment_method": "pm_card_visa"})
    await shop.tell()
    assert (await shop.purchase(str(row["order"])))["state"] == "reserved"
    waiting = await mongo.database().payment_events.count_documents({"state": "waiting"})
    assert waiting == 1, "it was not given up"
    shop.wait(120)
    assert await shop.fire("sweep-checkouts") == 204
    assert await shop.fire("sweep-payments") == 204
    purchase = await shop.purchase(str(row["order"]))
    assert (purchase["state"], shop.money()) == ("exit_issued", [(row["order"], 1, 160, 0)])
    assert await mongo.database().payment_events.count_documents({"state": "waiting"}) == 0


async def test_events_of_an_intent_that_nobody_here_knows_are_kept_and_in_the_end_put_aside(shop: Shop) -> None:
    shop.stripe.api.intents.create(
        {"amount": "500", "currency": "eur", "metadata": {"checkoutId": f"acme-berlin.{'0' * 32}"}, "payment_method":
         "pm_card_visa", "confirm": "true"}
    )  # fmt: skip
    await shop.tell()
    assert await mongo.database().payment_events.distinct("state") == ["waiting"]
    shop.wait(3 * 86_400)
    await shop.fire("sweep-payments")
    assert await mongo.database().payment_events.distinct("state") == ["unmatched"]


async def test_an_intent_that_a_stored_failure_hid_is_ended_and_never_paid_beside_the_other(shop: Shop) -> None:
    shop.stripe.faults.add("create", "stored-500", times=1)
    _, checkout = await shop.begin()
    strays = [row["intent"] for row in shop.stripe.ledger() if row["intent"] != checkout["payment"]["intentId"]]
    assert len(strays) == 1, "the failure was never reached"
    # Nobody has its secret; should it be paid by some wonder, everything goes back.
    shop.stripe.api.intents.confirm(strays[0], {"payment_method": "pm_card_visa"})
    await shop.pay(checkout)
    await shop.tell()
    assert await state_of(shop, checkout) == "exit_issued"
    assert sorted(row[2:] for row in shop.money()) == [(420, 0), (420, 420)]


@pytest.mark.parametrize("point", ["webhook.after_insert_before_ack", "webhook.before_apply", "webhook.after_apply"])
async def test_a_process_that_dies_over_an_event_leaves_it_to_the_sweep(shop: Shop, point: str) -> None:
    _, checkout = await shop.begin()
    await shop.pay(checkout)
    (event,) = shop.events_of(SUCCEEDED)
    failpoints.configure(f"{point}:raise")
    try:
        answer = await shop.deliver(event)
        done = await shop.do_tasks()
        assert [answer.status_code, *done].count(500) == 1
    finally:
        failpoints.configure(None)
    shop.wait(60)
    assert await shop.fire("sweep-payments") == 204
    assert await state_of(shop, checkout) == "exit_issued"
    assert shop.money() == [(checkout["checkoutId"], 1, 420, 0)]
    assert await mongo.database().payment_events.distinct("state") == ["done"]


async def test_an_event_that_was_never_sent_is_made_up_for_by_asking(shop: Shop) -> None:
    _, checkout = await shop.begin()
    await shop.pay(checkout)
    shop.wait(180)
    assert await shop.fire("reconcile") == 204
    assert await state_of(shop, checkout) == "exit_issued"


async def test_while_stripe_is_down_events_are_taken_and_looked_at_later(shop: Shop) -> None:
    _, checkout = await shop.begin()
    await shop.pay(checkout)
    shop.stripe.faults.add("read", "500-before")
    (event,) = shop.events_of(SUCCEEDED)
    assert (await shop.deliver(event)).status_code == 200
    assert [status >= 500 for status in await shop.do_tasks()] == [True]
    shop.stripe.faults.replace([])
    shop.wait(60)
    await shop.fire("sweep-payments")
    assert await state_of(shop, checkout) == "exit_issued"


# ---- something else was paid ---------------------------------------------------------------------------------


async def test_another_amount_than_was_asked_for_buys_nothing_and_goes_back(shop: Shop) -> None:
    _, checkout = await shop.begin({GUM: 3})
    intent = shop.stripe.api.intents.read(checkout["payment"]["intentId"])
    shop.stripe.book.put("payment_intent", intent | {"amount": 100})
    await shop.pay(checkout)
    await shop.tell()
    purchase = await shop.purchase(checkout["checkoutId"])
    assert purchase["state"] in ("cancelled", "expired")
    assert (purchase["receipt"], purchase["payment"]["mismatch"]["received"]) == (None, 100)
    assert shop.money() == [(checkout["checkoutId"], 1, 100, 100)]
    (told,) = shop.told("checkout.payment_mismatch")
    assert (told["expected"], told["received"]) == (300, 100)
    product = await mongo.database().products.find_one({"storeId": "acme-berlin", "barcode": GUM})
    assert product is not None
    assert (product["stock"]["avail"], product["stock"]["holds"]) == (1_000_000, [])


async def test_another_currency_than_was_asked_for_buys_nothing(shop: Shop) -> None:
    _, checkout = await shop.begin({GUM: 3})
    intent = shop.stripe.api.intents.read(checkout["payment"]["intentId"])
    shop.stripe.book.put("payment_intent", intent | {"currency": "usd"})
    await shop.pay(checkout)
    await shop.tell()
    assert (await shop.purchase(checkout["checkoutId"]))["receipt"] is None
    assert shop.money() == [(checkout["checkoutId"], 1, 300, 300)]
