"""What a shopper's app does: fill a cart, tap, tap again when nobody answers, pay at Stripe, and leave by the gate."""

from __future__ import annotations

import asyncio
import hashlib
import time
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx

from local.stripe.server import PUBLISHABLE_KEY
from tests.faults.shelves import TENANT

if TYPE_CHECKING:
    from tests.faults.till import Till

AGAIN = ("IDEMPOTENCY_IN_FLIGHT",)
"""Conflicts that an app answers by repeating its request."""


class Refused(Exception):
    """The door's last word."""

    def __init__(self, reply: httpx.Response) -> None:
        self.status, self.code = reply.status_code, str(reply.json()["error"]["code"])
        super().__init__(f"{self.status} {self.code}")


class Shopper:
    """One visit to one store."""

    def __init__(self, till: Till, store: str, name: str) -> None:
        self.till, self.store, self.name = till, store, name
        self.session_id = ""
        self.headers: dict[str, str] = {}
        self.cart: dict[str, Any] = {}
        self.taps = 0

    # ---- the cart

    async def check_in(self) -> None:
        """Scan the code at the entrance."""
        now, suite = int(time.time()), self.till.suite
        claims = {
            "iss": "retailscan-catalog", "aud": "check-in", "sub": self.store, "storeId": self.store,
            "tenantId": TENANT, "codeVersion": 1, "iat": now, "exp": now + 3600,
        }  # fmt: skip
        code = suite.issuer.sign("store-codes", claims, typ="store+jwt")
        headers = {**suite.authorization("shopper", sub=self.name), "Idempotency-Key": uuid.uuid4().hex}
        visit = await self.insist("POST", "/v1/sessions", json={"storeCode": code}, headers=headers)
        self.session_id = visit["sessionId"]
        self.headers = {"authorization": f"Bearer {visit['token']}"}

    async def fill(self, goods: Mapping[str, int], code: str = "") -> None:
        """Scan the goods, and enter a coupon code."""
        for barcode, pieces in goods.items():
            body = {"code": barcode, "quantity": pieces * 1000}
            headers = {**self.headers, "Idempotency-Key": uuid.uuid4().hex}
            self.cart = await self.insist("POST", "/v1/cart/lines", json=body, headers=headers)
        if code:
            self.cart = await self.insist("PUT", f"/v1/cart/codes/{code}", headers=self.headers)

    async def look(self) -> None:
        """See what the cart is now."""
        self.cart = await self.insist("GET", "/v1/cart", headers=self.headers)

    async def show_card(self, groups: Sequence[str], minutes: float = 10) -> str:
        """A brand card on the visit, as its own room leaves it; its id."""
        now = datetime.now(UTC)
        until, digest = now + timedelta(minutes=minutes), hashlib.sha256(self.session_id.encode()).hexdigest()
        card_id = f"{self.store}.{digest[:32]}"
        await self.till.db["discountcards"].insert_one(
            {
                "_id": card_id, "tenantId": TENANT, "storeId": self.store, "sessionId": self.session_id,
                "userId": self.name, "brandId": "brand", "cardKey": digest, "maskedNumber": "..1234",
                "groups": list(groups), "points": 10, "benefits": [], "status": "confirmed", "asOf": now,
                "scannedAt": now, "expiresAt": until, "usedBy": None,
            }
        )  # fmt: skip
        card = {"cardId": card_id, "brandId": "brand", "groups": list(groups), "attachedUntil": until}
        await self.till.db["sessions"].update_one({"_id": self.session_id}, {"$set": {"card": card}})
        return card_id

    def copy(self, name: str) -> Shopper:
        """Somebody else with the same cart, in a visit of their own."""
        other = Shopper(self.till, self.store, name)
        other.session_id = f"{self.store}.{uuid.uuid4().hex}"
        token = self.till.suite.issuer.session_token(
            name, tenant_id=TENANT, store_id=self.store, session_id=other.session_id
        )
        other.headers = {"authorization": f"Bearer {token}"}
        other.cart = self.cart
        return other

    # ---- the checkout

    async def tap(self, key: str) -> httpx.Response:
        """One tap on the button."""
        self.taps += 1
        body = {name: self.cart[name] for name in ("cartVersion", "total", "currency")}
        headers = {**self.headers, "Idempotency-Key": key}
        return await self.till.http.post("/v1/checkouts", json=body, headers=headers)

    async def check_out(self, key: str = "tap", seconds: float = 300) -> dict[str, Any]:
        """Tap until somebody answers; the checkout. Raises Refused."""
        async with asyncio.timeout(seconds):
            while True:
                try:
                    reply = await self.tap(key)
                except httpx.HTTPError:
                    await asyncio.sleep(0.1)
                    continue
                if reply.status_code == 201:
                    return dict(reply.json()["data"])
                if not _try_again(reply):
                    raise Refused(reply)
                await asyncio.sleep(0.1)

    async def pay(self, checkout: Mapping[str, Any], method: str = "pm_card_visa") -> bool:
        """Pay at Stripe, asking again what has become of it when it does not answer; whether it took the money."""
        if checkout["payment"] is None or not checkout["payment"]["clientSecret"]:
            return False
        intent, secret = checkout["payment"]["intentId"], checkout["payment"]["clientSecret"]
        form = {"client_secret": secret, "key": PUBLISHABLE_KEY}
        for _ in range(50):
            try:
                path = f"/v1/payment_intents/{intent}"
                asked = await self.till.bank.post(f"{path}/confirm", data={**form, "payment_method": method})
                reply = await self.till.bank.get(path, params=form)
                if reply.status_code == 200 and reply.json()["status"] in ("succeeded", "requires_capture"):
                    return True
                if reply.status_code == 200 and asked.status_code in (200, 400, 402):
                    return False
            except (httpx.HTTPError, ValueError):
                pass
            await asyncio.sleep(0.05)
        raise AssertionError("Stripe never said how the payment stands")

    async def cancel(self, checkout_id: str) -> None:
        """Change one's mind. Raises Refused."""
        await self.insist("POST", f"/v1/checkouts/{checkout_id}/cancel", headers=self.headers)

    async def read(self, checkout_id: str) -> dict[str, Any]:
        """The checkout as it is."""
        return dict(await self.insist("GET", f"/v1/checkouts/{checkout_id}", headers=self.headers))

    async def exit_pass(self, checkout_id: str) -> str:
        """What opens the gate. Raises Refused."""
        return str((await self.insist("GET", f"/v1/checkouts/{checkout_id}/pass", headers=self.headers))["text"])

    async def show(self, text: str, key: str = "") -> httpx.Response:
        """The gate reads the pass."""
        headers = {**self.till.gate, **({"Idempotency-Key": key} if key else {})}
        return await self.till.http.post(f"/v1/stores/{self.store}/exits", json={"pass": text}, headers=headers)

    async def leave(self, checkout_id: str) -> None:
        """Go out by the gate, which asks again when nobody answers."""
        text, key = await self.exit_pass(checkout_id), uuid.uuid4().hex
        headers = {**self.till.gate, "Idempotency-Key": key}
        await self.insist("POST", f"/v1/stores/{self.store}/exits", json={"pass": text}, headers=headers)

    async def insist(self, method: str, path: str, **more: Any) -> Any:
        """See `insist`."""
        return await insist(self.till.http, method, path, **more)


async def insist(client: httpx.AsyncClient, method: str, path: str, seconds: float = 300, **more: Any) -> Any:
    """A request that is repeated until somebody answers; the data. Raises Refused."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                reply = await client.request(method, path, **more)
            except httpx.HTTPError:
                await asyncio.sleep(0.1)
                continue
            if reply.is_success:
                return reply.json()["data"]
            if not _try_again(reply):
                raise Refused(reply)
            await asyncio.sleep(0.1)


def _try_again(reply: httpx.Response) -> bool:
    if reply.status_code in (429, 500, 502, 503, 504):
        return True
    return reply.status_code == 409 and reply.json()["error"]["code"] in AGAIN
