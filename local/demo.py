"""The whole story, played on a running suite with its public doors and Google's own Pub/Sub client, with figures."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from functions.common.stores import CACHED_SECONDS
from local import catalogue
from local.demo_checkout import CHAPTERS as PAYING
from local.demo_import import new_products
from local.processes import LocalError
from local.provision import PROJECT

if TYPE_CHECKING:
    import httpx
    from google.cloud.pubsub_v1 import PublisherClient

TENANT = catalogue.TENANTS[0]
STORE = TENANT.stores[0][0]
TOPIC = f"projects/{PROJECT}/topics/price-updates-{TENANT.id}"
PATIENCE_S = 30.0
SCANS = 100
FRESH_ROUNDS = 20


class StoryBroken(Exception):
    """Something did not go as told."""


@dataclass
class Story:
    """One telling: the clients, the tokens, what was measured."""

    http: httpx.AsyncClient
    publisher: PublisherClient
    console: Console
    updates: int
    endpoints: dict[str, str]
    tokens: dict[str, str] = field(default_factory=dict)
    figures: list[tuple[str, str]] = field(default_factory=list)

    def say(self, text: str) -> None:
        """A line of the story."""
        self.console.print(escape(text), soft_wrap=True)

    def hold(self, condition: object, otherwise: str) -> None:
        """Raises StoryBroken unless the condition holds."""
        if not condition:
            raise StoryBroken(otherwise)

    async def call(self, method: str, path: str, role: str, status: int = 200, **options: Any) -> Any:
        """The `data` of an answer; raises StoryBroken for another status."""
        headers = {"authorization": f"Bearer {self.tokens[role]}", **options.pop("headers", {})}
        answer = await self.http.request(method, path, headers=headers, **options)
        self.hold(
            answer.status_code == status,
            f"{method} {path} answered {answer.status_code}, not {status}: {answer.text[:300]}",
        )
        return answer.json().get("data")

    async def scan(self, barcode: str) -> Any:
        """What the shopper's phone sees."""
        return await self.call("GET", f"/v1/scan/{barcode}", "session")

    async def publish(self, content: object, **attributes: str) -> str:
        """What an ERP does: Google's client, the tenant's topic."""
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        future = self.publisher.publish(TOPIC, data, **attributes)
        return str(await asyncio.wrap_future(future))

    async def until(self, read: Callable[[], Awaitable[Any]], what: str, pause: float = 0.0) -> Any:
        """The first true result of `read`; raises StoryBroken when there is none in time."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            result = await read()
            if result:
                return result
            await asyncio.sleep(pause)
        raise StoryBroken(f"waited {PATIENCE_S:.0f} s in vain for {what}")


def update(store: str, barcode: str, price: int, **more: object) -> dict[str, object]:
    """One price update as ERPs write it."""
    return {"storeId": store, "barcode": barcode, "price": price, "currency": TENANT.currency, **more}


def ms(seconds: float) -> str:
    """For people."""
    return f"{seconds * 1000:.1f} ms"


def spread(values: list[float]) -> str:
    """Median and worst, for people."""
    return f"median {ms(statistics.median(values))}, slowest {ms(max(values))}"


async def sign_in(story: Story) -> None:
    """Tokens for everybody who appears."""
    everybody = {
        "shopper": {"role": "shopper", "sub": "ada"},
        "brand_manager": {"role": "brand_manager", "tenantId": TENANT.id},
        "erp": {"role": "erp", "tenantId": TENANT.id},
        "operator": {"role": "operator", "tenantId": TENANT.id},
    }
    for name, asked in everybody.items():
        answer = await story.http.post("/dev/token", json=asked)
        story.tokens[name] = answer.json()["token"]


async def check_in(story: Story) -> None:
    """A signed code at the entrance and the shopper's own token make a session token for this store."""
    code = (await story.call("GET", f"/v1/stores/{STORE}/check-in-code", "brand_manager"))["code"]
    started = time.perf_counter()
    begun = await story.call("POST", "/v1/sessions", "shopper", 201, json={"storeCode": code})
    story.tokens["session"] = begun["token"]
    took = time.perf_counter() - started
    story.say(f"1. Ada checks in at {begun['store']['name']} with the code at the entrance ({ms(took)}).")


async def first_scan(story: Story) -> None:
    """A cold scan, then a hundred warm ones."""
    barcode = catalogue.gtin(TENANT, 0)
    seen = await story.scan(barcode)
    times = []
    for _ in range(SCANS):
        started = time.perf_counter()
        await story.scan(barcode)
        times.append(time.perf_counter() - started)
    story.say(
        f"2. She scans {barcode}: {seen['product']['name']}, {seen['price'] / 100:.2f} {seen['currency']}. "
        f"The next {SCANS} scans through the gateway: {spread(times)}."
    )
    story.figures.append((f"{SCANS} scans through the gateway", spread(times)))


async def new_prices(story: Story) -> None:
    """The ERP publishes; how long until a scan shows it."""
    times = []
    for number in range(FRESH_ROUNDS):
        barcode = catalogue.gtin(TENANT, number)
        old = (await story.scan(barcode))["unitPrice"]
        new = old + 10 if old % 20 < 10 else old - 10

        async def shows_it(barcode: str = barcode, new: int = new) -> bool:
            return bool((await story.scan(barcode))["unitPrice"] == new)

        started = time.perf_counter()
        await story.publish(update(STORE, barcode, new))
        await story.until(shows_it, f"the new price of {barcode}")
        times.append(time.perf_counter() - started)
    story.say(
        f"3. The ERP publishes {FRESH_ROUNDS} new prices with Google's Pub/Sub client, one by one. "
        f"From publish to a scan that shows it: {spread(times)}."
    )
    story.figures.append(("publish to seen by a scan", spread(times)))


async def batch(story: Story) -> None:
    """A batch over REST, and what became of it."""
    stores = [store for store, _, _ in TENANT.stores]
    updates = [
        update(stores[n % len(stores)], catalogue.gtin(TENANT, n // len(stores) % 900), 100 + n % 900)
        for n in range(story.updates)
    ]
    key = uuid.uuid4().hex
    started = time.perf_counter()
    sent = {"json": {"updates": updates}, "headers": {"idempotency-key": key}}
    accepted = await story.call("POST", "/v1/price-updates", "erp", 202, **sent)
    again = await story.call("POST", "/v1/price-updates", "erp", 202, **sent)
    story.hold(again["batchId"] == accepted["batchId"], "the same key gave another batch")
    status = await finished(story, accepted["batchId"])
    took = time.perf_counter() - started
    counts = {name: count for name, count in status["counts"].items() if count and name != "received"}
    story.hold(counts.get("applied", 0) == story.updates, f"of {story.updates} updates: {counts}")
    rate = story.updates / took
    story.say(
        f"4. It sends {story.updates:,} more over REST, twice with the same key: one batch, "
        f"all applied after {ms(took)} ({rate:,.0f} a second)."
    )
    story.figures.append((f"REST batch of {story.updates:,} applied", f"{ms(took)}, {rate:,.0f}/s"))


async def finished(story: Story, batch_id: str) -> Any:
    """The report of a batch once nothing of it is pending."""

    async def done() -> Any:
        report = await story.call("GET", f"/v1/price-updates/{batch_id}", "erp")
        return report if report["status"] == "done" else None

    return await story.until(done, f"the end of batch {batch_id}", pause=0.02)


async def stale(story: Story) -> None:
    """An update that comes late changes nothing."""
    barcode = catalogue.gtin(TENANT, 0)
    before = (await story.scan(barcode))["unitPrice"]
    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    late = update(STORE, barcode, before + 500, sourceTime=yesterday)
    headers = {"idempotency-key": uuid.uuid4().hex}
    accepted = await story.call("POST", "/v1/price-updates", "erp", 202, json={"updates": [late]}, headers=headers)
    report = await finished(story, accepted["batchId"])
    story.hold(report["counts"]["stale"] == 1, f"the late update was {report['counts']}")
    after = (await story.scan(barcode))["unitPrice"]
    story.hold(after == before, f"the price went back from {before} to {after}")
    story.say(f"5. An update from yesterday arrives late: counted as stale, the price stays {before / 100:.2f}.")


async def poison(story: Story) -> None:
    """What cannot be applied is kept, listed, and replayed once its cause is gone."""
    popup = f"{TENANT.id}-popup-{uuid.uuid4().hex[:6]}"
    barcode = catalogue.gtin(TENANT, 1)
    junk = await story.publish(b"not JSON at all")
    early = await story.publish(update(popup, barcode, 555))
    records = await story.until(lambda: _dead_letters(story, junk, early), "two dead letters", pause=0.05)
    codes = ", ".join(record["code"] for record in records.values())
    story.say(f"6. Junk, and a price for a store that does not exist yet: two dead letters ({codes}), nothing lost.")
    await _open(story, popup, barcode)
    # Doors remember for so long that there was no such store.
    await asyncio.sleep(CACHED_SECONDS)
    path = f"/v1/dead-letters/{records[early]['id']}"
    started = time.perf_counter()
    await story.call("POST", f"{path}/replay", "operator", 202, json={})

    async def resolved() -> bool:
        return bool((await story.call("GET", path, "operator"))["status"] == "resolved")

    await story.until(resolved, "the replayed message", pause=0.02)
    took = time.perf_counter() - started
    product = await story.call("GET", f"/v1/stores/{popup}/products/{barcode}", "brand_manager")
    story.hold(product["price"]["amount"] == 555, f"after the replay the price is {product['price']}")
    story.say(f"7. The store opens, the operator replays the message: {ms(took)} later the product costs 5.55 there.")
    await story.call("DELETE", f"/v1/stores/{popup}", "brand_manager")


async def _dead_letters(story: Story, *message_ids: str) -> dict[str, Any] | None:
    listed = await story.call("GET", "/v1/dead-letters?status=parked&limit=50", "operator")
    found = {record["messageId"]: record for record in listed if record["messageId"] in message_ids}
    return found if len(found) == len(message_ids) else None


async def _open(story: Story, store: str, barcode: str) -> None:
    body = {"storeId": store, "name": "Fresko Pop-up", "currency": TENANT.currency, "timeZone": "Europe/Berlin"}
    await story.call("POST", "/v1/stores", "brand_manager", 201, json=body)
    product = {"barcode": barcode, "name": "Lemonade of the Day"}
    await story.call("POST", f"/v1/stores/{store}/products", "brand_manager", 201, json=product)


async def nobody_else(story: Story) -> None:
    """Another chain's ERP cannot see the batch, nor a shopper another store's price."""
    answer = await story.http.post("/dev/token", json={"role": "erp", "tenantId": catalogue.TENANTS[1].id})
    listed = await story.call("GET", "/v1/price-updates?limit=1", "erp")
    story.tokens["stranger"] = answer.json()["token"]
    await story.call("GET", f"/v1/price-updates/{listed[0]['batchId']}", "stranger", 404)
    story.say("8. Another chain's ERP asks for that batch: there is no such thing, for them.")


CHAPTERS = (sign_in, check_in, first_scan, new_prices, batch, stale, poison, nobody_else, new_products, *PAYING)


async def play(url: str, updates: int = 1_000) -> int:
    """Tell the story; 0 when all of it held, 1 when not. Raises LocalError when no suite answers at `url`."""
    import httpx

    console = Console(highlight=False)
    async with httpx.AsyncClient(base_url=url, timeout=15.0) as http:
        try:
            status = (await http.get("/dev/status")).json()
        except (httpx.HTTPError, ValueError):
            raise LocalError(f"no suite answers at {url}: start one with `make run`.") from None
        endpoints = status["endpoints"]
        story = Story(http, _publisher(endpoints["pubsub"]), console, updates, endpoints)
        started = time.perf_counter()
        try:
            for chapter in CHAPTERS:
                await chapter(story)
        except (StoryBroken, httpx.HTTPError) as problem:
            console.print(f"[red]The story does not hold:[/] {escape(str(problem) or repr(problem))}", soft_wrap=True)
            return 1
        story.figures.append(("the whole story", f"{time.perf_counter() - started:.1f} s"))
    console.print()
    for name, value in story.figures:
        console.print(f"{name:<34} {value}", soft_wrap=True)
    return 0


def _publisher(pubsub: str) -> PublisherClient:
    from google.cloud.pubsub_v1 import PublisherClient
    from google.cloud.pubsub_v1.types import BatchSettings

    # How Google's client is told about an emulator; nothing else differs from what an ERP runs.
    os.environ["PUBSUB_EMULATOR_HOST"] = pubsub
    return PublisherClient(batch_settings=BatchSettings(max_latency=0.001))
