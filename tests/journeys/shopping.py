"""What people do in the journeys of shoppers, each by one call through the gateway's public doors."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from pymongo import AsyncMongoClient

from functions.common.products import new_document, price_field, stock_field
from functions.common.retail.barcode import canonical, check_digit
from local.suite import Suite
from retailscan import audit

TENANT, STORE, TIME_ZONE = "acme", "acme-centre", "Europe/Berlin"
PATIENCE = 20.0
GOOD_CARD, BAD_CARD = "pm_card_visa", "pm_card_chargeDeclined"


class Refused(AssertionError):
    """An answer that the journey did not expect."""


def barcode_of(number: int) -> str:
    """A valid GTIN-13 of its own."""
    body = f"4{number:011d}"
    return canonical(body + check_digit(body))


class Town:
    """One store with a brand, staff, an ERP, and the local Stripe; a suite that a journey finds running."""

    def __init__(self, suite: Suite) -> None:
        self.suite = suite
        self.http = httpx.AsyncClient(base_url=suite.gateway_url, timeout=15.0)
        self.mongo: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(suite.mongo_uri, tz_aware=True)
        self.db = self.mongo[suite.mongo_database]
        staff = {"tenant": TENANT, "stores": STORE}
        self.manager = suite.authorization("store_manager", **staff)
        self.staff = suite.authorization("store_staff", **staff)
        self.brand_manager = suite.authorization("brand_manager", tenant=TENANT)
        self.erp = suite.authorization("erp", **staff)

    async def open(self) -> None:
        """Taxes, the store and its brand, through the catalogue's doors."""
        taxes = {
            "inclusive": True,
            "classes": {"standard": [{"name": "MwSt.", "percent": "19"}]},
            "default": "standard",
        }
        await self.call("PUT", "/v1/tenant-settings", self.brand_manager, json={"taxes": taxes, "refundLimit": None})
        store = {"storeId": STORE, "name": "Acme Centre", "currency": "EUR", "timeZone": TIME_ZONE}
        await self.call("POST", "/v1/stores", self.brand_manager, 201, json=store)
        await self.call("POST", "/v1/brands", self.brand_manager, 201, json={"brandId": "acme-own", "name": "Acme"})

    async def shelve(self, number: int, price: int, stock: int = 100_000, **more: Any) -> str:
        """A product on its shelf; price in minor units, stock in thousandths. Its barcode."""
        barcode, now = barcode_of(number), datetime.now(UTC)
        mark: Any = {"t": int(now.timestamp() * 1_000_000) - 60_000_000, "q": 0, "s": "erp", "e": f"first-{number}"}
        document = new_document(
            tenant_id=TENANT,
            store_id=STORE,
            barcode=barcode,
            name=f"Product {number}",
            now=now,
            tax_class="standard",
            price=price_field(price, "EUR", mark),
            stock=stock_field(stock, mark),
            **more,
        )
        await self.db["products"].insert_one(dict(document))
        return barcode

    async def promote(self, name: str, benefit: dict[str, Any], **more: Any) -> None:
        """A promotion that is on from now on."""
        rule = {"promotionId": f"p-{uuid.uuid4().hex[:8]}", "name": name, "status": "active", "benefit": benefit}
        await self.call("POST", "/v1/promotions", self.brand_manager, 201, json={**rule, **more})

    async def enter(self, name: str) -> Shopper:
        """A shopper checks in with the code at the entrance."""
        poster = await self.call("GET", f"/v1/stores/{STORE}/check-in-code", self.brand_manager)
        me = self.suite.authorization("shopper", sub=name)
        begun = await self.call("POST", "/v1/sessions", me, 201, json={"storeCode": poster["code"]})
        return Shopper(self, {"authorization": f"Bearer {begun['token']}"})

    async def publish(self, *updates: dict[str, Any]) -> None:
        """The ERP sends prices or stocks."""
        at = datetime.now(UTC).isoformat()
        body = {"updates": [{"storeId": STORE, "sourceTime": at, **each} for each in updates]}
        await self.call("POST", "/v1/price-updates", self.erp, 202, json=body, key=uuid.uuid4().hex)

    async def stock_of(self, barcode: str) -> dict[str, Any]:
        """Of a product, as MongoDB has it."""
        found = await self.db["products"].find_one({"storeId": STORE, "barcode": barcode})
        assert found is not None
        return dict(found["stock"])

    async def ledger(self) -> list[dict[str, Any]]:
        """What Stripe has charged and given back."""
        base = (self.suite.doors.doors["checkout"].child.env or {})["STRIPE_API_BASE"]
        answer = await self.http.get(f"{base}/_control/ledger")
        return list(answer.json())

    async def confirm(self, payment: dict[str, Any], method: str) -> httpx.Response:
        """What Stripe's payment sheet in the app does: the publishable key and the intent's own secret."""
        base = (self.suite.doors.doors["checkout"].child.env or {})["STRIPE_API_BASE"]
        form = {"payment_method": method, "client_secret": payment["clientSecret"]}
        bearer = {"authorization": f"Bearer {payment['publishableKey']}"}
        return await self.http.post(
            f"{base}/v1/payment_intents/{payment['intentId']}/confirm", data=form, headers=bearer
        )

    async def call(
        self, method: str, path: str, who: dict[str, str], status: int = 200, *, key: str | None = None, **options: Any
    ) -> Any:
        """The data of an answer, or the error of the one that was expected. Raises Refused for another status."""
        headers = {**who, **({"idempotency-key": key} if key else {})}
        answer = await self.http.request(method, path, headers=headers, **options)
        if answer.status_code != status:
            raise Refused(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
        body = answer.json()
        return body["data"] if status < 400 else body["error"]

    async def until(self, read: Callable[[], Awaitable[Any]], what: str) -> Any:
        """The first true answer."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            found = await read()
            if found:
                return found
            await asyncio.sleep(0.05)
        raise AssertionError(f"waited {PATIENCE:.0f} s in vain for {what}")

    async def settled(self) -> None:
        """Nothing is left to be told or done, and the auditor finds nothing to say."""

        async def quiet() -> bool:
            return not await audit.findings(self.db, None)

        await self.until(quiet, f"a clean audit: {await audit.findings(self.db, None)}")

    async def close(self) -> None:
        """Close every client."""
        await self.http.aclose()
        await self.mongo.close()


@dataclass(frozen=True, slots=True)
class Shopper:
    """Somebody in the store, with a phone."""

    town: Town
    token: dict[str, str]

    async def take(self, barcode: str, count: int = 1) -> Any:
        """Scan something into the cart; the cart."""
        body = {"code": barcode, "quantity": count * 1000}
        return await self.town.call("POST", "/v1/cart/lines", self.token, 201, json=body)

    async def cart(self) -> Any:
        """The cart as it is now."""
        return await self.town.call("GET", "/v1/cart", self.token)

    async def sees(self, total: int) -> Any:
        """The cart once it costs so much: rules and prices reach it within seconds."""

        async def costs_it() -> Any:
            cart = await self.cart()
            return cart if cart["total"] == total else None

        return await self.town.until(costs_it, f"a cart that costs {total}")

    async def check_out(self, cart: Any, status: int = 201, key: str | None = None) -> Any:
        """Tap on pay, having seen this cart."""
        body = {"cartVersion": cart["cartVersion"], "total": cart["total"], "currency": cart["currency"]}
        key = key or uuid.uuid4().hex
        return await self.town.call("POST", "/v1/checkouts", self.token, status, json=body, key=key)

    async def look(self, checkout: Any) -> Any:
        """The checkout as it is now."""
        return await self.town.call("GET", f"/v1/checkouts/{checkout['checkoutId']}", self.token)

    async def paid(self, checkout: Any) -> Any:
        """The checkout once the pass is there."""

        async def has_pass() -> Any:
            now = await self.look(checkout)
            return now if now["state"] == "exit_issued" else None

        return await self.town.until(has_pass, "the pass")

    async def leave(self, checkout: Any) -> Any:
        """Show the pass at the gate."""
        shown = await self.town.call("GET", f"/v1/checkouts/{checkout['checkoutId']}/pass", self.token)
        return await self.town.call("POST", f"/v1/stores/{STORE}/exits", self.town.staff, json={"pass": shown["text"]})

    async def closed(self, checkout: Any) -> Any:
        """The purchase, as staff see it, once it is closed."""
        path = f"/v1/stores/{STORE}/purchases/{checkout['checkoutId']}"

        async def is_closed() -> Any:
            found = await self.town.call("GET", path, self.town.manager)
            return found if found["state"] == "closed" else None

        return await self.town.until(is_closed, "the purchase to close")
