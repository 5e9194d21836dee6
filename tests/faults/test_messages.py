"""Messages that are poison, handlers that are slow, a queue that goes away, counts that are older than sales."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc.aio
import httpx
from google.pubsub_v1 import SubscriberAsyncClient
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcAsyncIOTransport

from functions.common import mongo, settings, stock
from functions.common.errors import Unavailable
from local.provision import PROJECT
from tests.faults.conftest import Run
from tests.faults.shop import RIVAL_STORE, STORE, TENANT, Shop, barcode_of, until
from tests.faults.test_fire import APPLY
from tests.faults.test_redis import replay_all


def poisons(barcode: str) -> dict[str, bytes]:
    """The kinds of F17, each with what a careless or hostile ERP would really send."""

    def update(**changes: Any) -> bytes:
        good: dict[str, Any] = {"storeId": STORE, "barcode": barcode, "price": 100}
        return json.dumps({k: v for k, v in (good | changes).items() if v is not None}).encode()

    return {
        "not JSON": b"{price: 1",
        "not text": b"\xff\xfe\x00",
        "white space": b" ",
        "a number": b"7",
        "no store": update(storeId=None),
        "another tenant's store": update(storeId=RIVAL_STORE),
        "NaN": b'{"storeId":"acme-centre","barcode":"' + barcode.encode() + b'","price":NaN}',
        "a negative price": update(price=-1),
        "a float": update(price=1.5),
        "negative stock": update(stock=-1),
        "text for a number": update(price="100"),
        "a wrong check digit": update(barcode=barcode[:-1] + str((int(barcode[-1]) + 1) % 10)),
        "a foreign currency": update(currency="USD"),
        "from the future": update(sourceTime=(datetime.now(UTC) + timedelta(hours=1)).isoformat()),
        "an operator as value": update(price={"$gt": 0}),
        "deep nesting": b"[" * 10_000 + b"]" * 10_000,
        "nine megabytes": b'{"storeId":"' + b"x" * 9_000_000 + b'"}',
    }


async def test_f17_poison_is_kept_with_its_reason_and_holds_nobody_up(run: Run) -> None:
    """One poisonous message in a hundred; the others are applied, every poison is visible, no door falls over."""
    good = run.size(1_700, 10_000)
    async with run.shop(products=200) as shop:
        kinds = poisons(shop.barcodes[0])
        updates = shop.updates(good)
        for number, start in enumerate(range(0, good, 100)):
            await shop.publish(updates[start : start + 100], each=1)
            kind = list(kinds)[number % len(kinds)]
            await shop.publish_raw([kinds[kind]])
            run.reached(f"poison: {kind}")
        took = await shop.settled()
        run.reached("seconds to settle", round(took))
        assert await shop.differences() == []
        assert await shop.audit() == []
        letters = [d async for d in shop.db["dead_letters"].find({})]
        assert len(letters) == min(len(kinds), good // 100) or len(letters) == good // 100
        assert all(letter["tenantId"] == TENANT and letter["reason"] and letter["code"] for letter in letters)
        assert {letter["times"] for letter in letters} == {1}, "parked at the first delivery, not after five"
        assert shop.suite.restarts()[APPLY] == 0
        rival = await shop.db["products"].count_documents({"storeId": RIVAL_STORE, "price": {"$ne": None}})
        assert rival == 0
        run.must_have_reached("poison: not JSON", "poison: another tenant's store", "poison: deep nesting")


async def test_f18_a_handler_slower_than_its_deadline_has_one_effect_and_no_dead_letter(run: Run) -> None:
    """Ten seconds of deadline, a handler of fourteen: redelivered while it works, applied once."""
    async with run.shop(products=20) as shop:
        await set_deadline(shop, 10)
        await shop.suite.restart_door(APPLY, {"FAILPOINT": "price.after_mongo_before_cache:sleep:14000"})
        updates = shop.updates(run.size(5, 40))
        await shop.publish(updates, each=len(updates))
        await asyncio.sleep(12)
        stats = (await shop.http.get(shop.suite.admin_url + "/stats")).json()["subscriptions"]
        (mine,) = [s for name, s in stats.items() if name.endswith(f"{APPLY}-price-updates-{TENANT}")]
        run.reached("delivered again while at work", int(mine["sent"]) - 1)
        await shop.suite.restart_door(APPLY, {"FAILPOINT": ""})
        await shop.settled()
        assert await shop.differences() == []
        assert await shop.db["dead_letters"].count_documents({}) == 0
        assert await shop.audit() == []
        run.must_have_reached("delivered again while at work")


async def set_deadline(shop: Shop, seconds: int) -> None:
    """Change the ack deadline of the applying subscription, as an engineer might."""
    channel = grpc.aio.insecure_channel(shop.suite.pubsub_endpoint)
    client = SubscriberAsyncClient(transport=SubscriberGrpcAsyncIOTransport(channel=channel))
    name = f"projects/{PROJECT}/subscriptions/{APPLY}-price-updates-{TENANT}"
    request: dict[str, Any] = {
        "subscription": {"name": name, "ack_deadline_seconds": seconds},
        "update_mask": {"paths": ["ack_deadline_seconds"]},
    }
    await client.update_subscription(request=request)
    await client.transport.close()  # type: ignore[no-untyped-call]


async def test_f20_a_crash_between_publish_and_ack_and_a_queue_that_is_away_lose_nothing(run: Run) -> None:
    """The worker dies after publishing its events; then Pub/Sub stands still while the ERP keeps calling REST."""
    async with run.shop(products=100) as shop:
        await shop.suite.restart_door(APPLY, {"FAILPOINT": "price.after_publish_before_ack:kill9:0.3"})
        await shop.trickle(shop.updates(run.size(75, 2_000)), each=5, pause=0.2)
        await shop.settled(300)
        run.reached("worker died between publish and ack", shop.deaths(APPLY))
        await shop.suite.restart_door(APPLY, {"FAILPOINT": ""})
        await replay_all(shop)
        cloud = shop.suite.cloud
        cloud.freeze()
        updates = shop.updates(300)
        calls = [
            asyncio.create_task(post_until_taken(shop, updates[n : n + 50], f"away-{n}", run))
            for n in range(0, 300, 50)
        ]
        await asyncio.sleep(run.size(12, 300))
        cloud.thaw()
        batches = await asyncio.gather(*calls)
        await shop.settled()
        assert await shop.differences() == []
        assert await shop.audit() == []
        for batch in batches:
            status = (await shop.http.get(batch, headers=erp(shop))).json()["data"]
            assert status["status"] == "done"
            assert status["counts"]["received"] == 50
        run.must_have_reached("worker died between publish and ack", "refused while Pub/Sub was away")


def erp(shop: Shop) -> dict[str, str]:
    """The ERP's headers."""
    return shop.suite.authorization("erp", tenant=TENANT, stores=[STORE])


async def post_until_taken(shop: Shop, updates: list[dict[str, Any]], key: str, run: Run) -> str:
    """What a well-behaved ERP does: repeat with the same key until it is taken; returns the batch's address."""
    url = shop.suite.door_url("price-ingest")
    for _ in range(200):
        try:
            reply = await shop.http.post(
                f"{url}/v1/price-updates",
                json={"updates": updates},
                headers=erp(shop) | {"Idempotency-Key": key},
            )
        except httpx.HTTPError:
            run.reached("refused while Pub/Sub was away")
        else:
            if reply.status_code == 202:
                return f"{url}/v1/price-updates/{reply.json()['data']['batchId']}"
            assert reply.status_code in (409, 503, 504), reply.text
            run.reached("refused while Pub/Sub was away")
        await asyncio.sleep(0.5)
    raise AssertionError("never taken")


async def test_f16_a_count_older_than_sales_does_not_undo_them(run: Run, monkeypatch: Any) -> None:
    """300 sales, then an ERP's absolute count as of before some of them."""
    sales = run.size(60, 300)
    async with run.shop(products=1) as shop:
        barcode = shop.barcodes[0]
        begin = datetime.now(UTC) - timedelta(hours=1)
        await shop.publish_raw([count_message(barcode, 1_000_000, begin)])
        await shop.settled()
        for name, value in (("MONGODB_URI", shop.suite.mongo_uri), ("MONGODB_DATABASE", shop.suite.mongo_database)):
            monkeypatch.setenv(name, value)
        settings.override(None)
        try:
            await asyncio.gather(*(sell(barcode, number, begin) for number in range(sales)))
            await asyncio.gather(*(sell(barcode, number, begin) for number in range(0, sales, 3)))
        finally:
            await mongo.close()
            settings.override(None)
        half = begin + timedelta(seconds=sales // 2, milliseconds=500)
        await shop.publish_raw([count_message(barcode, 500_000, half)])
        await shop.settled()
        product = await shop.db["products"].find_one({"storeId": STORE, "barcode": barcode})
        assert product is not None
        after = sales - (sales // 2)
        run.reached("sales after the count's time", after)
        assert product["stock"]["avail"] == 500_000 - after * 1000
        assert product["stock"]["sold"] == sales * 1000
        assert await shop.audit() == []
        run.must_have_reached("sales after the count's time")


def count_message(barcode: str, count: int, at: datetime) -> bytes:
    """An absolute count."""
    return json.dumps({"storeId": STORE, "barcode": barcode, "stock": count, "sourceTime": at.isoformat()}).encode()


async def sell(barcode: str, number: int, begin: datetime) -> None:
    """Sale `number`, which happened `number + 1` seconds after `begin`; one piece."""
    at = int((begin + timedelta(seconds=number + 1)).timestamp() * 1_000_000)
    for _ in range(50):
        try:
            await stock.record(
                tenant_id=TENANT,
                store_id=STORE,
                barcode=barcode,
                movement={"id": f"sale-{number}", "kind": "sale", "q": 1000, "at": at},
                by="test",
            )
        except Unavailable:
            continue
        return
    raise AssertionError("never recorded")


async def test_an_update_waits_a_day_for_its_product_and_is_applied_when_it_is_published(run: Run) -> None:
    """Parked through the topic, published through the catalogue's door, seen by a scan."""
    async with run.shop(products=3, rooms=("scan", "price_ingest", "catalog")) as shop:
        fresh = barcode_of(999)
        sent = json.dumps({"storeId": STORE, "barcode": fresh, "price": 777, "stock": 5000}).encode()
        await shop.publish_raw([sent])
        await shop.settled()
        assert await shop.db["parked_updates"].count_documents({}) == 1
        run.reached("parked")
        reply = await shop.http.post(
            f"{shop.suite.door_url('catalog')}/v1/stores/{STORE}/products",
            json={"barcode": fresh, "name": "Fresh"},
            headers=shop.suite.authorization("brand_manager", tenant=TENANT, stores="*"),
        )
        assert reply.status_code == 201, reply.text

        async def priced() -> bool:
            scanned = await shop.scan(fresh)
            return scanned.status_code == 200 and scanned.json()["data"]["unitPrice"] == 777

        await until(priced, 20)
        assert await shop.audit() == []
        run.must_have_reached("parked")
