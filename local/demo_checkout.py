"""The chapters of the story in which shoppers pay: seven visits to a store that never sells what it has not got."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from secrets import randbelow
from typing import TYPE_CHECKING, Any

from local import catalogue

if TYPE_CHECKING:
    from local.demo import Story

TENANT = catalogue.TENANTS[0]
STORE = TENANT.stores[1][0]
GOOD_CARD, BAD_CARD = "pm_card_visa", "pm_card_chargeDeclined"


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody in the store, with a phone."""

    story: Story
    role: str

    async def take(self, barcode: str, count: int = 1) -> Any:
        """Into the cart; the cart."""
        body = {"code": barcode, "quantity": count * 1000}
        return await self.story.call("POST", "/v1/cart/lines", self.role, 201, json=body)

    async def sees(self, total: int) -> Any:
        """The cart once it costs so much."""

        async def costs_it() -> Any:
            cart = await self.story.call("GET", "/v1/cart", self.role)
            return cart if cart["total"] == total else None

        return await self.story.until(costs_it, f"a cart that costs {total}", pause=0.05)

    async def check_out(self, cart: Any, status: int = 201, key: str | None = None) -> Any:
        """Tap on pay, having seen this cart."""
        body = {"cartVersion": cart["cartVersion"], "total": cart["total"], "currency": cart["currency"]}
        headers = {"idempotency-key": key or uuid.uuid4().hex}
        return await self.story.call("POST", "/v1/checkouts", self.role, status, json=body, headers=headers)

    async def pay(self, checkout: Any, method: str = GOOD_CARD, status: int = 200) -> None:
        """What Stripe's payment sheet in the app does."""
        payment = checkout["payment"]
        form = {"payment_method": method, "client_secret": payment["clientSecret"], "key": payment["publishableKey"]}
        url = f"{self.story.endpoints['stripe']}/v1/payment_intents/{payment['intentId']}/confirm"
        answer = await self.story.http.post(url, data=form)
        self.story.hold(answer.status_code == status, f"the payment was answered {answer.status_code}")

    async def paid(self, checkout: Any) -> Any:
        """The checkout, once it has its pass."""

        async def has_pass() -> Any:
            now = await self.story.call("GET", f"/v1/checkouts/{checkout['checkoutId']}", self.role)
            return now if now["state"] == "exit_issued" else None

        return await self.story.until(has_pass, "the pass", pause=0.02)

    async def leave(self, checkout: Any) -> None:
        """Show the pass at the gate, and wait until the purchase is closed."""
        shown = await self.story.call("GET", f"/v1/checkouts/{checkout['checkoutId']}/pass", self.role)
        opened = await self.story.call("POST", f"/v1/stores/{STORE}/exits", "gate", json={"pass": shown["text"]})
        self.story.hold(opened["opened"], "the gate stayed shut")

        async def is_closed() -> bool:
            path = f"/v1/stores/{STORE}/purchases/{checkout['checkoutId']}"
            return bool((await self.story.call("GET", path, "gate"))["state"] == "closed")

        await self.story.until(is_closed, "the purchase to close", pause=0.05)


async def enter(story: Story, name: str) -> Visit:
    """Check in at the store."""
    if "gate" not in story.tokens:
        asked = {"role": "store_manager", "tenantId": TENANT.id, "storeIds": [STORE]}
        story.tokens["gate"] = (await story.http.post("/dev/token", json=asked)).json()["token"]
    story.tokens[name] = (await story.http.post("/dev/token", json={"role": "shopper", "sub": name})).json()["token"]
    poster = await story.call("GET", f"/v1/stores/{STORE}/check-in-code", "brand_manager")
    begun = await story.call("POST", "/v1/sessions", name, 201, json={"storeCode": poster["code"]})
    story.tokens[f"{name}'s visit"] = begun["token"]
    return Visit(story, f"{name}'s visit")


async def product(story: Story, price: int, pieces: int) -> str:
    """Something new on the shelf, for this telling alone; its barcode."""
    barcode = catalogue.gtin(TENANT, 50_000 + randbelow(9_999))
    body = {"barcode": barcode, "name": f"Quince Jelly {barcode[-5:]}", "taxClass": "reduced"}
    path = f"/v1/stores/{STORE}/products"
    answer = await story.http.post(
        path, json=body, headers={"authorization": f"Bearer {story.tokens['brand_manager']}"}
    )
    story.hold(answer.status_code in (201, 409), f"a new product was answered {answer.status_code}")
    await story.publish(
        {"storeId": STORE, "barcode": barcode, "price": price, "stock": pieces * 1000, "currency": TENANT.currency}
    )

    async def there() -> bool:
        found = await story.call("GET", f"{path}/{barcode}", "brand_manager")
        kept = found["price"], found["stock"]
        return all(kept) and (kept[0]["amount"], kept[1]["quantity"]) == (price, pieces * 1000)

    await story.until(there, "the price of a new product", pause=0.02)
    return barcode


async def pay_and_leave(story: Story) -> None:
    """The happy path."""
    ann = await enter(story, "ann")
    jelly = await product(story, 349, 50)
    cart = await ann.take(jelly, 2)
    started = time.perf_counter()
    checkout = await ann.check_out(cart)
    asked = time.perf_counter() - started
    await ann.pay(checkout)
    await ann.paid(checkout)
    took = time.perf_counter() - started
    receipt = await story.call("GET", f"/v1/checkouts/{checkout['checkoutId']}/receipt", ann.role)
    await ann.leave(checkout)
    story.say(
        f"12. Ann takes 2 jellies, pays {checkout['total'] / 100:.2f} with her card and leaves by the gate: receipt "
        f"{receipt['number']}, {receipt['tax'] / 100:.2f} of it tax. Checkout {asked * 1000:.0f} ms, pass after "
        f"{took * 1000:.0f} ms."
    )
    story.figures.append(("checkout to pass, paid with a card", f"{took * 1000:.0f} ms"))


async def with_a_card(story: Story) -> None:
    """A brand card makes members' prices."""
    jelly = await product(story, 400, 50)
    benefit = {"type": "member_price", "price": 299, "match": {"barcodes": [jelly]}}
    rule = {"promotionId": f"club-{uuid.uuid4().hex[:8]}", "name": "Club price", "status": "active", "benefit": benefit}
    await story.call("POST", "/v1/promotions", "brand_manager", 201, json={**rule, "groups": ["member"]})
    bea = await enter(story, "bea")
    await bea.take(jelly)
    number = f"978{randbelow(10**7):07d}99"
    card = await story.call("POST", "/v1/discount-cards", bea.role, 201, json={"code": f"almhof:{number}"})
    checkout = await bea.check_out(await bea.sees(299))
    await bea.pay(checkout)
    await bea.paid(checkout)
    await story.call("DELETE", f"/v1/promotions/{rule['promotionId']}", "brand_manager")
    story.say(
        f"13. Bea scans her brand card ({card['maskedNumber']}, {card['points']} points): 4.00 becomes 2.99, and "
        f"that is what she pays."
    )


async def new_price_on_the_way(story: Story) -> None:
    """What was not seen is not charged."""
    jelly = await product(story, 500, 50)
    cid = await enter(story, "cid")
    seen = await cid.take(jelly)
    await story.publish({"storeId": STORE, "barcode": jelly, "price": 550, "currency": TENANT.currency})
    cart = await cid.sees(550)
    await cid.check_out(seen, 409)
    checkout = await cid.check_out(cart)
    await cid.pay(checkout)
    await cid.paid(checkout)
    story.say(
        "14. The price of Cid's jelly rises on his way: paying 5.00 is refused, his cart shows both, he pays 5.50."
    )


async def the_last_one(story: Story) -> None:
    """Who is first gets it."""
    jelly = await product(story, 700, 1)
    dan, eve = await enter(story, "dan"), await enter(story, "eve")
    his, hers = await dan.take(jelly), await eve.take(jelly)
    checkout = await dan.check_out(his)
    await eve.check_out(hers, 409)
    await story.call("POST", f"/v1/checkouts/{checkout['checkoutId']}/cancel", dan.role)
    again = await eve.check_out(await story.call("GET", "/v1/cart", eve.role))
    await eve.pay(again)
    await eve.paid(again)
    story.say("15. Dan and Eve want the last jelly: Dan taps first, Eve is told so; he cancels, and she gets it.")


async def declined(story: Story) -> None:
    """Another card pays the same checkout, and the app may die in between."""
    jelly = await product(story, 600, 50)
    fay = await enter(story, "fay")
    cart, key = await fay.take(jelly), uuid.uuid4().hex
    checkout = await fay.check_out(cart, key=key)
    await fay.pay(checkout, BAD_CARD, 402)
    await fay.pay(checkout)
    again = await fay.check_out(cart, key=key)
    story.hold(again["checkoutId"] == checkout["checkoutId"], "the same tap began another checkout")
    await fay.paid(checkout)
    (mine,) = await story.call("GET", "/v1/checkouts", fay.role)
    ledger = (await story.http.get(f"{story.endpoints['stripe']}/_control/ledger")).json()
    (row,) = [each for each in ledger if each["intent"] == checkout["payment"]["intentId"]]
    story.hold((row["charges"], row["captured"]) == (1, 600), f"the ledger says {row}")
    story.say(
        "16. Fay's card is declined, another one pays; her app dies, and finds pass and receipt again "
        f"({mine['state']}). Stripe has charged once."
    )


async def brought_back(story: Story) -> None:
    """One of three for two."""
    jelly = await product(story, 300, 50)
    benefit = {"type": "buy_get", "buy": 2, "get": 1, "match": {"barcodes": [jelly]}}
    rule = {"promotionId": f"three-{uuid.uuid4().hex[:8]}", "name": "3 for 2", "status": "active", "benefit": benefit}
    await story.call("POST", "/v1/promotions", "brand_manager", 201, json=rule)
    gil = await enter(story, "gil")
    await gil.take(jelly, 3)
    checkout = await gil.check_out(await gil.sees(600))
    await gil.pay(checkout)
    await gil.paid(checkout)
    await gil.leave(checkout)
    path = f"/v1/stores/{STORE}/purchases/{checkout['checkoutId']}/refunds"
    body = {"lines": [{"lineId": checkout["lines"][0]["lineId"], "quantity": 2000}], "reason": "too sweet"}
    refund = await story.call(
        "POST", path, "gate", 201, json={**body, "restock": True}, headers={"idempotency-key": uuid.uuid4().hex}
    )
    await story.call("DELETE", f"/v1/promotions/{rule['promotionId']}", "brand_manager")
    story.hold(refund["amount"] == 300, f"the refund is {refund['amount']}")
    story.say("17. Gil bought three for 6.00 and brings two back: one costs 3.00 by itself, so 3.00 comes back.")


CHAPTERS = (pay_and_leave, with_a_card, new_price_on_the_way, the_last_one, declined, brought_back)
