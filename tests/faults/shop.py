"""A shop under fire: its products, its ERPs, its shoppers, and an oracle that knows how everything must end.

Everything goes through public doors: updates are published with Google's own client, prices are read by scanning.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc.aio
import httpx
from google.pubsub_v1 import PublisherAsyncClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcAsyncIOTransport
from pymongo import AsyncMongoClient
from redis.asyncio import Redis

from functions.common.products import new_document
from functions.common.retail.barcode import canonical, check_digit
from local.provision import PROJECT
from local.services import Mongo
from local.services import Redis as RedisServer
from local.suite import Suite
from retailscan import audit

TENANT, STORE = "acme", "acme-centre"
RIVAL, RIVAL_STORE = "bolt", "bolt-centre"
START = datetime(2026, 11, 1, tzinfo=UTC)
SOURCES = ("erp-a", "erp-b", "erp-c")

Watermark = tuple[int, int, str]


def barcode_of(number: int) -> str:
    """A valid GTIN-13 of its own."""
    body = f"4{number:011d}"
    return canonical(body + check_digit(body))


@dataclass(slots=True)
class Oracle:
    """The state every product must end in: the highest watermark of each field wins. Nothing else is known here."""

    best: dict[tuple[str, str], tuple[Watermark, int]] = field(default_factory=dict)

    def tell(self, updates: Iterable[dict[str, Any]]) -> None:
        """Take note of updates that will be sent, in whatever order."""
        for update in updates:
            moment = datetime.fromisoformat(update["sourceTime"])
            mark = (int(moment.timestamp() * 1_000_000), update["sequence"], update["source"])
            for name in ("price", "stock"):
                if name in update:
                    key = (update["barcode"], name)
                    if key not in self.best or mark > self.best[key][0]:
                        self.best[key] = (mark, update[name])


class Shop:
    """One running suite with two tenants and `products` products in each one's store."""

    def __init__(self, suite: Suite, seed: int, products: int) -> None:
        self.suite, self.random = suite, random.Random(seed)
        self.barcodes = [barcode_of(n) for n in range(products)]
        self.oracle = Oracle()
        self.mongo: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(suite.mongo_uri, tz_aware=True)
        self.db = self.mongo[suite.mongo_database]
        self.redis = Redis.from_url(suite.redis_url)
        channel = grpc.aio.insecure_channel(suite.pubsub_endpoint)
        self.publisher = PublisherAsyncClient(transport=PublisherGrpcAsyncIOTransport(channel=channel))
        self.http = httpx.AsyncClient(timeout=15.0, limits=httpx.Limits(max_connections=64))
        token = suite.issuer.session_token("shopper", tenant_id=TENANT, store_id=STORE)
        self.shopper = {"Authorization": f"Bearer {token}"}
        self.made = 0

    async def open(self) -> None:
        """Put stores and products into the database."""
        now = datetime.now(UTC)
        for tenant, store in ((TENANT, STORE), (RIVAL, RIVAL_STORE)):
            await self.db["stores"].insert_one(
                {
                    "_id": store,
                    "tenantId": tenant,
                    "name": store,
                    "currency": "EUR",
                    "timeZone": "Europe/Berlin",
                    "status": "active",
                    "stockPolicy": "strict",
                    "labelTemplates": [],
                    "codeVersion": 1,
                    "ver": 1,
                    "createdAt": now,
                    "updatedAt": now,
                }
            )
            documents = [
                new_document(tenant_id=tenant, store_id=store, barcode=barcode, name=f"Product {barcode}", now=now)
                for barcode in self.barcodes
            ]
            await self.db["products"].insert_many([dict(document) for document in documents])

    @property
    def mongod(self) -> Mongo:
        """The replica set, to be hurt."""
        assert isinstance(self.suite.mongo, Mongo), "fault scenarios run on servers of their own: unset MONGODB_URI"
        return self.suite.mongo

    @property
    def redis_server(self) -> RedisServer:
        """The Redis, to be hurt."""
        assert isinstance(self.suite.redis, RedisServer), "fault scenarios run on servers of their own: unset REDIS_URL"
        return self.suite.redis

    async def close(self) -> None:
        """Close every client."""
        await self.http.aclose()
        await self.redis.aclose()
        await self.mongo.close()
        await self.publisher.transport.close()  # type: ignore[no-untyped-call]

    # -- updates

    def updates(self, count: int, *, stock: bool = True) -> list[dict[str, Any]]:
        """`count` more updates, each newer than all made before; the oracle is told."""
        made = []
        first, self.made = self.made, self.made + count
        for number in range(first, self.made):
            update: dict[str, Any] = {
                "storeId": STORE,
                "barcode": self.random.choice(self.barcodes),
                "price": self.random.randrange(1, 100_000),
                "sourceTime": (START + timedelta(milliseconds=number * 7 // 3)).isoformat(),
                "sequence": number,
                "source": self.random.choice(SOURCES),
            }
            if stock and number % 3 == 0:
                update["stock"] = self.random.randrange(0, 1_000) * 1000
            made.append(update)
        self.oracle.tell(made)
        return made

    def disordered(self, updates: Sequence[dict[str, Any]], *, window: int, twice: float, late: float) -> list[Any]:
        """The updates shuffled in windows, a share of them doubled, a share moved to the very end."""
        rng = self.random
        rest: list[dict[str, Any]] = []
        end: list[dict[str, Any]] = []
        for update in updates:
            (end if rng.random() < late else rest).append(update)
        shuffled: list[dict[str, Any]] = []
        for start in range(0, len(rest), window):
            part = rest[start : start + window]
            part += [u for u in part if rng.random() < twice]
            rng.shuffle(part)
            shuffled += part
        rng.shuffle(end)
        return shuffled + end

    async def publish(self, updates: Sequence[Any], *, each: int, tenant: str = TENANT, pause: float = 0.0) -> None:
        """Send updates in messages of `each` to the tenant's own topic."""
        messages = [updates[i : i + each] for i in range(0, len(updates), each)]
        for start in range(0, len(messages), 50):
            batch = [m if isinstance(m, bytes) else json.dumps(list(m)).encode() for m in messages[start : start + 50]]
            await self.publish_raw(batch, tenant=tenant)
            if pause:
                await asyncio.sleep(pause)

    async def trickle(self, updates: Sequence[Any], *, each: int, pause: float) -> None:
        """Send updates one small message after the other, so that each meets a round of its own."""
        for start in range(0, len(updates), each):
            await self.publish(updates[start : start + each], each=each)
            await asyncio.sleep(pause)

    async def publish_raw(self, batch: Sequence[bytes], *, tenant: str = TENANT, **attributes: str) -> None:
        """Send messages as they are, again if the local Pub/Sub does not answer."""
        topic = f"projects/{PROJECT}/topics/price-updates-{tenant}"
        wire = [{"data": data, "attributes": attributes} for data in batch]
        await self.publisher.publish(request={"topic": topic, "messages": wire}, timeout=30)

    # -- shoppers

    async def scan(self, barcode: str) -> httpx.Response:
        """Scan at the scan door itself."""
        return await self.http.get(f"{self.suite.door_url('scan')}/v1/scan/{barcode}", headers=self.shopper)

    @asynccontextmanager
    async def shoppers(self, count: int = 4, *, hot: int = 50) -> AsyncIterator[Watch]:
        """Shoppers who scan all the time and remember what they saw."""
        watch = Watch()
        stop = asyncio.Event()
        barcodes = self.barcodes[:hot]

        async def shop(number: int) -> None:
            rng = random.Random(number)
            while not stop.is_set():
                barcode = rng.choice(barcodes)
                floor = watch.seen.get(barcode, ("", 0))
                started = asyncio.get_running_loop().time()
                try:
                    reply = await self.scan(barcode)
                except httpx.HTTPError as error:
                    watch.broken.append(type(error).__name__)
                    await asyncio.sleep(0.02)
                    continue
                watch.see(barcode, reply, floor, asyncio.get_running_loop().time() - started)

        tasks = [asyncio.create_task(shop(n)) for n in range(count)]
        try:
            yield watch
        finally:
            stop.set()
            await asyncio.gather(*tasks)

    # -- the end

    async def backlog(self) -> int:
        """How many messages wait or are being delivered anywhere."""
        stats = (await self.http.get(self.suite.admin_url + "/stats")).json()
        return sum(int(s["depth"]) for s in stats["subscriptions"].values())

    async def settled(self, seconds: float = 120.0) -> float:
        """Wait until nothing waits; returns how long that took."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        await until(self._quiet, seconds)
        return loop.time() - started

    async def _quiet(self) -> bool:
        return await self.backlog() == 0

    async def differences(self) -> list[str]:
        """Where MongoDB's products are not what the oracle says."""
        found = []
        products = {p["barcode"]: p async for p in self.db["products"].find({"storeId": STORE})}
        for (barcode, name), (mark, value) in self.oracle.best.items():
            stored = products[barcode][name]
            kept = stored and (stored["amount"] if name == "price" else stored["count"])
            w = stored and stored["w"]
            if stored is None or kept != value or (w["t"], w["q"], w["s"]) != mark:
                found.append(f"{barcode} {name}: {stored} instead of {value} at {mark}")
        return found

    async def audit(self) -> list[str]:
        """The auditor's findings."""
        return await audit.findings(self.db, self.redis)

    async def scanned_differences(self) -> list[str]:
        """Where a scan of every product does not show the oracle's price."""
        found = []
        for barcode in self.barcodes:
            best = self.oracle.best.get((barcode, "price"))
            if best is None:
                continue
            shown = (await self.scan(barcode)).json()["data"]["unitPrice"]
            if shown != best[1]:
                found.append(f"{barcode}: shows {shown} instead of {best[1]}")
        return found

    def deaths(self, service: str) -> int:
        """How often a worker of the door was killed from within: gunicorn notes it and starts another."""
        return self.suite.doors.log_path(service).read_text(errors="replace").count("was sent SIGKILL")


@dataclass(slots=True)
class Watch:
    """What shoppers saw: a price older than one seen before is the one thing that must never happen."""

    seen: dict[str, tuple[str, int]] = field(default_factory=dict)
    scans: int = 0
    backwards: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def see(self, barcode: str, reply: httpx.Response, floor: tuple[str, int], seconds: float) -> None:
        """Take note of one scan; `floor` is what had been seen by anybody before this scan began."""
        self.scans += 1
        self.seconds.append(seconds)
        if reply.status_code != 200:
            self.errors.append(f"{reply.status_code} {reply.text[:200]}")
            return
        freshness = reply.json()["data"]["freshness"]
        now = (freshness["priceAsOf"] or "", freshness["ver"])
        if now[1] < floor[1] or now[0] < floor[0]:
            self.backwards.append(f"{barcode}: {now} after {floor}")
        self.seen[barcode] = max(self.seen.get(barcode, ("", 0)), now)

    def p99(self) -> float:
        """The 99th percentile of the scans' seconds."""
        return sorted(self.seconds)[int(len(self.seconds) * 0.99)] if self.seconds else 0.0


async def until(condition: Callable[[], Awaitable[bool]], seconds: float) -> None:
    """Wait for a condition; raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.05)
