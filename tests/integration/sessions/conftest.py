"""Check-in's real door on a real MongoDB; stores and their codes as the catalogue leaves them."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from redis import Redis

from functions.catalog.collections import COLLECTIONS as CATALOG
from functions.common import auth, clock, migrations, mongo, products, pubsub, tenants
from functions.common.products import Watermark
from functions.discount.collections import COLLECTIONS as DISCOUNT
from functions.sessions import settings as sessions_settings
from functions.sessions import wiring
from functions.sessions.collections import COLLECTIONS
from tests.support import World, bearer

TENANT, STORE, OTHER_STORE = "acme", "acme-berlin", "umbrella-rome"
ANN, BOB = "ann", "bob"


@dataclass
class CheckIn:
    """The door as the app sees it, and a clock that a test can move."""

    world: World
    client: httpx.AsyncClient
    offset: float = 0.0

    @property
    def sessions(self) -> Any:
        return mongo.database().sessions

    @property
    def stores(self) -> Any:
        return mongo.database().stores

    def code(self, store: str = STORE, tenant: str = TENANT, version: int = 1, **changes: Any) -> str:
        now = int(datetime.now(UTC).timestamp())
        claims: dict[str, Any] = {
            "iss": "retailscan-catalog", "aud": "check-in", "sub": store, "storeId": store, "tenantId": tenant,
            "codeVersion": version, "iat": now, "exp": now + 3600,
        }  # fmt: skip
        typ = changes.pop("typ", "store+jwt")
        key = changes.pop("key", "store-codes")
        return self.world.issuer.sign(key, claims | changes, typ=typ)

    async def enter(self, code: str | None = None, sub: str = ANN, **headers: str) -> httpx.Response:
        body = {"storeCode": self.code() if code is None else code}
        return await self.client.post("/v1/sessions", json=body, headers=self.world.shopper(sub) | headers)

    async def current(self, token: str) -> httpx.Response:
        return await self.client.get("/v1/sessions/current", headers=bearer(token))

    async def visit(self, session_id: str, sub: str = ANN) -> httpx.Response:
        return await self.client.get(f"/v1/sessions/{session_id}", headers=self.world.shopper(sub, lives_s=10**6))

    async def renew(self, session_id: str, sub: str = ANN) -> httpx.Response:
        headers = self.world.shopper(sub, lives_s=10**6)
        return await self.client.post(f"/v1/sessions/{session_id}/token", headers=headers)

    async def leave(self, session_id: str, sub: str = ANN) -> httpx.Response:
        headers = self.world.shopper(sub, lives_s=10**6)
        return await self.client.delete(f"/v1/sessions/{session_id}", headers=headers)

    def wait(self, minutes: float) -> None:
        self.offset += minutes * 60


def forget() -> None:
    sessions_settings.load.replace(None)
    wiring.deps.replace(None)
    tenants.forget()


@pytest.fixture
async def check_in(mongod: str, redis_server: str, emptied_database: str) -> AsyncIterator[CheckIn]:
    world = World(mongo_uri=mongod, database=emptied_database, redis_url=redis_server)
    with world.installed():
        forget()
        await migrations.apply(mongo.database(), [*migrations.SHARED, *COLLECTIONS])
        for tenant, store in ((TENANT, STORE), ("umbrella", OTHER_STORE)):
            await mongo.database().stores.insert_one(
                {
                    "_id": store, "tenantId": tenant, "name": "Berlin Mitte", "currency": "EUR",
                    "timeZone": "Europe/Berlin", "status": "active", "codeVersion": 1, "ver": 1,
                }
            )  # fmt: skip
        async with world.door("sessions", "sessions") as client:
            made = CheckIn(world, client)
            clock.freeze(lambda: time.time() + made.offset)
            try:
                yield made
            finally:
                clock.freeze(None)
                auth.reset()
        forget()


# ---- carts ---------------------------------------------------------------------------------------------------

BORN = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
WATERMARK: Watermark = {"t": int(BORN.timestamp() * 1_000_000), "q": 1, "s": "erp", "e": "e-1"}
MILK, MILK_CASE, CHEESE, WINE, GUM = "4006381333931", "14006381333938", "2123450000005", "3012345678902", "96385074"
UNPRICED, INACTIVE, UNKNOWN = "5012345678900", "5012345678917", "4012345678901"
CHEESE_LABEL = "2123459003540"
"""354 grams of the cheese, as a scale of the store prints it."""
STAFF_TILL = "till-7"


def _product(barcode: str, name: str, amount: int | None, **fields: Any) -> dict[str, Any]:
    price = None if amount is None else products.price_field(amount, "EUR", WATERMARK)
    made: Any = products.new_document(
        barcode=barcode, name=name, price=price, tenant_id=TENANT, store_id=STORE, now=BORN, tax_class="standard",
        **fields,
    )  # fmt: skip
    return dict(made)


@dataclass
class Shopping:
    """A shopper with a cart, in a store with goods; what rooms publish is collected."""

    check_in: CheckIn
    session_id: str
    headers: dict[str, str]
    events: httpx.AsyncClient
    published: list[tuple[str, pubsub.OutMessage]]

    @property
    def client(self) -> httpx.AsyncClient:
        return self.check_in.client

    async def look(self, **query: Any) -> Any:
        return await self._data("GET", "/v1/cart", params=query)

    async def add(self, code: str, quantity: int | None = None, **body: Any) -> Any:
        fields = {"code": code, **({} if quantity is None else {"quantity": quantity}), **body}
        return await self._data("POST", "/v1/cart/lines", json=fields)

    async def ask(
        self, method: str, path: str, headers: dict[str, str] | None = None, **options: Any
    ) -> httpx.Response:
        return await self.client.request(method, path, headers=self.headers | (headers or {}), **options)

    async def refusal(self, method: str, path: str, **options: Any) -> tuple[int, str]:
        reply = await self.ask(method, path, **options)
        return reply.status_code, reply.json()["error"]["code"]

    async def _data(self, method: str, path: str, **options: Any) -> Any:
        reply = await self.ask(method, path, **options)
        assert reply.status_code in (200, 201), reply.text
        return reply.json()["data"]

    async def stored(self) -> Any:
        return await mongo.database().sessions.find_one({"_id": self.session_id})

    async def set_price(self, barcode: str, amount: int) -> int:
        """The store's price is another now, and every cache knows it."""
        found = await mongo.database().products.find_one_and_update(
            {"storeId": STORE, "barcode": barcode},
            {"$set": {"price.amount": amount}, "$inc": {"ver": 1}},
            return_document=True,
        )
        assert found is not None
        await wiring.carts().products._cache.invalidate(STORE, [(barcode, found["ver"])])  # type: ignore[attr-defined]
        return int(found["ver"])

    async def push(self, path: str, kind: tuple[str, int], data: Any, store: str = STORE, **more: Any) -> int:
        """An event of another room arrives; the status of the answer."""
        body = {
            "id": more.get("id", "e-1"), "type": kind[0], "version": kind[1], "tenantId": TENANT, "storeId": store,
            "occurredAt": datetime.fromtimestamp(clock.seconds(), UTC).isoformat(), "data": data,
        }  # fmt: skip
        return (await self.check_in.world.push(self.events, path, body)).status_code

    async def run_job(self, name: str) -> int:
        path = f"/jobs/{name}"
        return (await self.events.post(path, headers=self.check_in.world.platform(path))).status_code

    def told(self, kind: str) -> list[Any]:
        """The data of the events of a kind, in the order they were published."""
        bodies = [json.loads(message.data) for _, message in self.published]
        return [body["data"] for body in bodies if body["type"] == kind]

    def staff(self, role: str = auth.STORE_STAFF, tenant: str = TENANT, stores: tuple[str, ...] = (STORE,)) -> Any:
        return self.check_in.world.staff(role, tenant, stores)


@pytest.fixture
async def shopping(check_in: CheckIn, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shopping]:
    published: list[tuple[str, pubsub.OutMessage]] = []

    async def publish(topic: str, messages: list[pubsub.OutMessage]) -> None:
        published.extend((topic, message) for message in messages)

    monkeypatch.setattr(pubsub, "publish", publish)
    with Redis.from_url(check_in.world.settings.redis_url) as flusher:
        flusher.flushall()
    await migrations.apply(mongo.database(), [*CATALOG, *DISCOUNT])
    stock = products.stock_field
    await mongo.database().stores.update_one(
        {"_id": STORE}, {"$set": {"labelTemplates": ["ean13-weight-verified"], "stockPolicy": "strict"}}
    )
    await mongo.database().products.insert_many(
        [
            _product(
                MILK, "Oat milk", 159, brand_id="b1", category_id="c1", stock=stock(12_000, WATERMARK),
                units=[{"name": "case of 6", "barcode": MILK_CASE, "quantity": 6000, "price": 899}],
            ),
            _product(CHEESE, "Gouda", 1590, measure="weight", stock=stock(3_500, WATERMARK)),
            _product(WINE, "Wine", 799, age_restriction=18),
            _product(GUM, "Gum", 99, recalled_lots=["BAD1"]),
            _product(UNPRICED, "New thing", None),
            _product(INACTIVE, "Seasonal", 100, status="inactive"),
        ]
    )  # fmt: skip
    entered = (await check_in.enter()).json()["data"]
    async with check_in.world.door("sessions", "sessions_events") as events:
        yield Shopping(check_in, entered["sessionId"], bearer(entered["token"]), events, published)
