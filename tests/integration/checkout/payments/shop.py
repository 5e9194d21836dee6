"""A shop whose checkouts are paid at a local Stripe: the room's real doors, a real MongoDB, tasks that a test runs."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from redis import Redis

from functions.catalog.collections import COLLECTIONS as CATALOG
from functions.checkout import settings as checkout_settings
from functions.checkout import wiring
from functions.checkout.collections import COLLECTIONS
from functions.common import clock, migrations, mongo, products, pubsub, ratelimit, stores, tenants
from functions.common.products import Watermark
from functions.discount.collections import COLLECTIONS as DISCOUNT
from functions.sessions import settings as sessions_settings
from functions.sessions import wiring as sessions_wiring
from functions.sessions.collections import COLLECTIONS as SESSIONS
from local.stripe import FakeStripe
from local.stripe.server import PUBLISHABLE_KEY, SECRET_KEY
from local.stripe.webhooks import signature
from tests.support import World, bearer

TENANT, STORE, HAND_STORE, JPY_STORE, KWD_STORE = "acme", "acme-berlin", "acme-hand", "acme-tokyo", "acme-kuwait"
CURRENCIES = {STORE: "EUR", HAND_STORE: "EUR", JPY_STORE: "JPY", KWD_STORE: "KWD"}
MILK, CHEESE, WINE, GUM = "4006381333931", "2123450000005", "3012345678902", "96385074"
PRICES = {MILK: 160, WINE: 800, GUM: 100}
SECRET, OLD_SECRET = "whsec_new", "whsec_old"
WEBHOOK = "/v1/webhooks/stripe"
BORN = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
WATERMARK: Watermark = {"t": int(BORN.timestamp() * 1_000_000), "q": 1, "s": "erp", "e": "e-1"}


@dataclass
class Shopper:
    """Somebody who is checked in, with the token of the visit."""

    sub: str
    store: str
    headers: dict[str, str]


@dataclass
class Shop:
    """All of it. `asked` are the tasks that wait: (path, body, when)."""

    world: World
    stripe: FakeStripe
    carts: httpx.AsyncClient
    door: httpx.AsyncClient
    events: httpx.AsyncClient
    published: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, dict[str, Any], datetime | None]] = field(default_factory=list)
    offset: float = 0.0

    # ---- shopping

    async def enter(self, store: str = STORE, sub: str = "") -> Shopper:
        """Check in."""
        now, sub = int(clock.seconds()), sub or f"shopper-{uuid.uuid4().hex[:8]}"
        code = self.world.issuer.sign(
            "store-codes",
            {
                "iss": "retailscan-catalog", "aud": "check-in", "sub": store, "storeId": store, "tenantId": TENANT,
                "codeVersion": 1, "iat": now, "exp": now + 3600,
            },
            typ="store+jwt",
        )  # fmt: skip
        reply = await self.carts.post("/v1/sessions", json={"storeCode": code}, headers=self.world.shopper(sub))
        return Shopper(sub, store, bearer(_data(reply)["token"]))

    async def fill(self, shopper: Shopper, goods: dict[str, int]) -> dict[str, Any]:
        """Put pieces into the cart; the cart."""
        cart: dict[str, Any] = {}
        for barcode, pieces in goods.items():
            body = {"code": barcode, "quantity": pieces * 1000}
            cart = _data(await self.carts.post("/v1/cart/lines", json=body, headers=shopper.headers))
        return cart

    async def check_out(self, shopper: Shopper, key: str = "") -> httpx.Response:
        """Ask for it as the app does: with what the cart showed."""
        cart = _data(await self.carts.get("/v1/cart", headers=shopper.headers))
        body = {"cartVersion": cart["cartVersion"], "total": cart["total"], "currency": cart["currency"]}
        headers = {**shopper.headers, "Idempotency-Key": key or uuid.uuid4().hex}
        return await self.door.post("/v1/checkouts", json=body, headers=headers)

    async def begin(self, goods: dict[str, int] | None = None, store: str = STORE) -> tuple[Shopper, dict[str, Any]]:
        """A checkout that waits for its payment."""
        shopper = await self.enter(store)
        await self.fill(shopper, goods or {MILK: 2, GUM: 1})
        return shopper, _data(await self.check_out(shopper))

    async def pay(self, checkout: dict[str, Any], method: str = "pm_card_visa") -> dict[str, Any]:
        """The shopper's app pays at Stripe."""
        secret = checkout["payment"]["clientSecret"]
        form = {"client_secret": secret, "key": PUBLISHABLE_KEY, "payment_method": method}
        async with httpx.AsyncClient(trust_env=False) as client:
            intent = secret.partition("_secret_")[0]
            answer = await client.post(f"{self.stripe.url}/v1/payment_intents/{intent}/confirm", data=form)
        return dict(answer.json())

    async def bought(self, goods: dict[str, int] | None = None, store: str = STORE) -> tuple[Shopper, dict[str, Any]]:
        """A purchase that is paid, with receipt and pass."""
        shopper, checkout = await self.begin(goods, store)
        await self.pay(checkout)
        await self.tell()
        purchase = await self.purchase(checkout["checkoutId"])
        assert purchase["state"] == "exit_issued", (purchase["state"], purchase["history"])
        return shopper, purchase

    async def purchase(self, checkout_id: str) -> dict[str, Any]:
        """The document."""
        found = await mongo.database().purchases.find_one({"_id": checkout_id})
        assert found is not None
        return dict(found)

    # ---- Stripe tells

    def events_of(self, *kinds: str) -> list[dict[str, Any]]:
        """What Stripe has to tell, oldest first."""
        return [e for e in self.stripe.book.objects["event"].values() if not kinds or e["type"] in kinds]

    async def deliver(self, event: dict[str, Any], secret: str = SECRET, at: int | None = None) -> httpx.Response:
        """One delivery of an event."""
        body = json.dumps(event).encode()
        headers = {"stripe-signature": signature(secret, body, int(clock.seconds()) if at is None else at)}
        return await self.knock(body, headers)

    async def knock(self, body: bytes, headers: Mapping[str, str | bytes]) -> httpx.Response:
        """Anything at the webhook's door."""
        sent = {name.encode(): each if isinstance(each, bytes) else each.encode() for name, each in headers.items()}
        return await self.door.post(WEBHOOK, content=body, headers={b"content-type": b"application/json", **sent})

    async def tell(self, events: Sequence[dict[str, Any]] | None = None) -> None:
        """Deliver everything that has happened, and do the tasks that follow."""
        for event in self.events_of() if events is None else events:
            assert (await self.deliver(event)).status_code == 200
        await self.do_tasks()

    async def do_tasks(self, path: str = "/tasks/payment-event") -> list[int]:
        """Run the tasks of a path that wait, all at once; their answers."""
        mine = [each for each in self.asked if each[0] == path]
        self.asked[:] = [each for each in self.asked if each[0] != path]
        headers = self.world.platform(path)
        answers = await asyncio.gather(*(self.events.post(path, json=body, headers=headers) for _, body, _ in mine))
        return [each.status_code for each in answers]

    async def fire(self, job: str) -> int:
        """A schedule fires."""
        path = f"/jobs/{job}"
        return (await self.events.post(path, headers=self.world.platform(path))).status_code

    def wait(self, seconds: float) -> None:
        """Time goes by."""
        self.offset += seconds

    # ---- staff

    def manager(self, sub: str = "kim", tenant: str = TENANT, role: str = "store_manager") -> dict[str, str]:
        """A manager of all stores."""
        token = self.world.issuer.identity_token(sub, role=role, tenant_id=tenant, store_ids=["*"])
        return bearer(token)

    async def refund(self, purchase: dict[str, Any], sub: str = "kim", key: str = "", **body: Any) -> httpx.Response:
        """Ask for a refund."""
        path = f"/v1/stores/{purchase['storeId']}/purchases/{purchase['_id']}/refunds"
        headers = {**self.manager(sub), "Idempotency-Key": key or uuid.uuid4().hex}
        return await self.door.post(path, json={"reason": "brought back", **body}, headers=headers)

    async def limit(self, amount: int | None) -> None:
        """Above this a second person has to agree."""
        fresh = {"refundLimit": amount, "ver": 1, "createdAt": BORN, "updatedAt": BORN}
        here = {"_id": TENANT, "tenantId": TENANT, "name": tenants.NAME}
        await mongo.database().tenant_settings.update_one(here, {"$set": fresh}, upsert=True)
        tenants.forget()

    def told(self, kind: str) -> list[dict[str, Any]]:
        """The data of the events of a kind that the room has published, each once as consumers see it."""
        return list({each["id"]: each["data"] for each in self.published if each["type"] == kind}.values())

    def money(self) -> list[tuple[str | None, int, int, int]]:
        """Stripe's ledger of what was paid: order, charges, captured, refunded."""
        rows = [row for row in self.stripe.ledger() if row["charges"]]
        return [(row["order"], row["charges"], row["captured"], row["refunded"]) for row in rows]


def _data(reply: httpx.Response) -> dict[str, Any]:
    assert reply.status_code in (200, 201), reply.text
    return dict(reply.json()["data"])


def _product(store: str, barcode: str, price: int, **more: Any) -> dict[str, Any]:
    made: Any = products.new_document(
        barcode=barcode, name=f"Thing {barcode}", price=products.price_field(price, CURRENCIES[store], WATERMARK),
        tenant_id=TENANT, store_id=store, now=BORN, stock=products.stock_field(1_000_000, WATERMARK), **more,
    )  # fmt: skip
    return dict(made)


def stocked() -> dict[str, list[dict[str, Any]]]:
    """Stores and their goods, as the catalogue leaves them."""
    made: dict[str, list[dict[str, Any]]] = {"stores": [], "products": []}
    for store, currency in CURRENCIES.items():
        made["stores"].append(
            {
                "_id": store, "tenantId": TENANT, "name": store, "currency": currency, "timeZone": "Europe/Berlin",
                "status": "active", "codeVersion": 1, "ver": 1,
                "stockPolicy": "sell_in_hand" if store == HAND_STORE else "strict",
            }
        )  # fmt: skip
        made["products"] += [_product(store, barcode, price) for barcode, price in PRICES.items()]
    return made


def _forget() -> None:
    checkout_settings.payment.replace(None)
    checkout_settings.exit_pass.replace(None)
    sessions_settings.load.replace(None)
    sessions_wiring.deps.replace(None)
    tenants.forget()
    stores.forget()


@asynccontextmanager
async def opened(world: World, stripe: FakeStripe, patch: Any) -> AsyncIterator[Shop]:
    """The shop; `patch` is pytest's monkeypatch."""
    world.environment |= {
        "STRIPE_API_KEY": SECRET_KEY,
        "STRIPE_PUBLISHABLE_KEY": PUBLISHABLE_KEY,
        "STRIPE_API_BASE": stripe.url,
        "STRIPE_WEBHOOK_SECRETS": f"{SECRET},{OLD_SECRET}",
    }
    for rate in ("check_in", "cart", "checkout", "manage"):
        patch.setitem(ratelimit.RATES, rate, (1e6, 10**6))
    with world.installed():
        _forget()
        # Other tests have goods of these names too, and Redis is everybody's.
        with Redis.from_url(world.settings.redis_url) as flusher:
            flusher.flushall()
        await migrations.apply(mongo.database(), [*migrations.SHARED, *COLLECTIONS, *CATALOG, *DISCOUNT, *SESSIONS])
        for name, documents in stocked().items():
            await mongo.database()[name].insert_many(documents)
        async with (
            world.door("sessions", "sessions") as carts,
            world.door("checkout", "checkout") as door,
            world.door("checkout", "checkout_events") as events,
        ):
            shop = Shop(world, stripe, carts, door, events)
            _record(shop, patch)
            yield shop
        _forget()


def _record(shop: Shop, patch: Any) -> None:
    import time

    async def publish(_topic: str, messages: list[pubsub.OutMessage]) -> None:
        shop.published += [json.loads(message.data) for message in messages]

    async def enqueue(path: str, body: dict[str, Any], at: datetime | None = None, name: str | None = None) -> None:
        shop.asked.append((path, body, at))

    patch.setattr(pubsub, "publish", publish)
    patch.setattr(wiring, "enqueue", enqueue)
    patch.setattr(clock, "_source", lambda: time.time() + shop.offset)
