"""Messages that can never be applied: kept with their reason at the first delivery, and nobody waits for them."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import httpx
import orjson
import pytest

from functions.price_ingest import service
from tests.integration.price_ingest.conftest import MILK, T1, UNKNOWN, WINE, Database, Outbox
from tests.support import World, push_body

GOOD = {"storeId": "s1", "barcode": MILK, "price": 199, "sourceTime": "2026-11-20T09:00:00Z"}

WHOLE: dict[str, tuple[bytes, str]] = {
    "bad JSON": (b'{"storeId": "s1", ', "NOT_JSON"),
    "not text": (b"\xff\xfe\x00\x01", "NOT_JSON"),
    "nothing": (b"", "NOT_JSON"),
    "an unpaired surrogate": (b'{"storeId": "s1", "barcode": "\\ud800", "price": 1}', "NOT_JSON"),
    "NaN": (b'{"storeId": "s1", "barcode": "4006381333931", "price": NaN}', "NOT_JSON"),
    "infinity": (b'{"storeId": "s1", "barcode": "4006381333931", "price": 1e400}', "NOT_JSON"),
    "nested 10,000 deep": (b"[" * 10_000 + b"]" * 10_000, "NOT_JSON"),
    "a number": (b"42", "BAD_SHAPE"),
    "an empty list": (b"[]", "BAD_SHAPE"),
    "an unknown envelope": (orjson.dumps({"schemaVersion": 9, "updates": [GOOD]}), "BAD_SHAPE"),
    "5,001 updates": (orjson.dumps([GOOD] * 5_001), "BAD_SHAPE"),
    "another event's envelope": (orjson.dumps({"id": "e1", "type": "catalog.price_changed"}), "FIELD_UNKNOWN"),
    "no store": (orjson.dumps({k: v for k, v in GOOD.items() if k != "storeId"}), "STORE_NOT_IN_SCOPE"),
    "a foreign store": (orjson.dumps({**GOOD, "storeId": "s2"}), "STORE_NOT_IN_SCOPE"),
    "a fraction": (orjson.dumps({**GOOD, "price": 1.99}), "FIELD_INVALID"),
    "a price beyond 64 bits": (
        b'{"storeId":"s1","barcode":"4006381333931","price":18446744073709551616}',
        "FIELD_INVALID",
    ),
    "negative stock": (orjson.dumps({**GOOD, "stock": -1}), "FIELD_INVALID"),
    "a text for a number": (orjson.dumps({**GOOD, "price": "199"}), "FIELD_INVALID"),
    "an operator for a number": (orjson.dumps({**GOOD, "price": {"$gt": 0}}), "FIELD_INVALID"),
    "the tenant in the body": (orjson.dumps({**GOOD, "tenantId": "t1"}), "FIELD_UNKNOWN"),
    "next year": (orjson.dumps({**GOOD, "sourceTime": "2999-01-01T00:00:00Z"}), "SOURCE_TIME_IN_FUTURE"),
}


@pytest.mark.parametrize(("content", "code"), WHOLE.values(), ids=WHOLE.keys())
async def test_a_poisoned_message_is_kept_and_acknowledged_at_once(
    apply: httpx.AsyncClient, world: World, shop: Database, content: bytes, code: str
) -> None:
    for _ in range(2):
        assert (await world.push(apply, T1, content, message_id="m1")).status_code == 204
    (dead,) = await shop.dead_letters.find().to_list()
    assert (dead["tenantId"], dead["code"], dead["times"]) == ("t1", code, 2)
    assert bytes(dead["data"]) == content
    milk = await shop.products.find_one({"storeId": "s1", "barcode": MILK})
    assert milk is not None
    assert milk["price"] is None


async def test_bad_base64_and_a_broken_push_are_kept_as_they_came(
    apply: httpx.AsyncClient, world: World, shop: Database
) -> None:
    body = push_body(b"x")
    body["message"]["data"] = "***"
    for content in (orjson.dumps(body), b"", b"[1]"):
        assert (await apply.post(T1, content=content, headers=world.platform(T1))).status_code == 204
    assert {dead["code"] async for dead in shop.dead_letters.find()} == {"BAD_ENVELOPE"}


async def test_nine_megabytes_are_looked_at_and_refused(apply: httpx.AsyncClient, world: World, shop: Database) -> None:
    content = orjson.dumps({**GOOD, "source": "x" * 9_000_000})
    assert (await world.push(apply, T1, content)).status_code == 204
    (dead,) = await shop.dead_letters.find().to_list()
    assert (dead["code"], dead["size"]) == ("FIELD_INVALID", len(content))
    assert (await world.push(apply, T1, GOOD)).status_code == 204


async def test_good_and_bad_together_each_come_to_their_own_end(
    apply: httpx.AsyncClient, world: World, shop: Database, outbox: Outbox
) -> None:
    poison = [world.push(apply, T1, content, message_id=f"p{n}") for n, (content, _) in enumerate(WHOLE.values())]
    good = [
        world.push(apply, T1, {**GOOD, "barcode": barcode, "price": n, "sequence": n}, message_id=f"g{n}-{barcode}")
        for n in range(40)
        for barcode in (MILK, WINE, UNKNOWN)
    ]
    mixed = world.push(apply, T1, [{**GOOD, "sequence": 99, "price": 5}, {**GOOD, "price": -1}, 7], message_id="x")
    replies = await asyncio.gather(*good, *poison, mixed)
    assert {reply.status_code for reply in replies} == {204}
    assert await shop.dead_letters.count_documents({}) == len(WHOLE)
    milk = await shop.products.find_one({"storeId": "s1", "barcode": MILK})
    wine = await shop.products.find_one({"storeId": "s1", "barcode": WINE})
    assert milk is not None
    assert wine is not None
    assert (milk["price"]["amount"], wine["price"]["amount"]) == (5, 39)
    (parked,) = await shop.parked_updates.find().to_list()
    assert parked["price"]["v"] == 39
    issues = await shop.price_issues.find({"message": {"$regex": "^x-"}}).sort("index").to_list()
    assert [(issue["index"], issue["code"]) for issue in issues] == [(1, "FIELD_INVALID"), (2, "NOT_AN_OBJECT")]


async def test_a_bug_that_a_message_brings_out_is_retried_and_the_others_of_its_round_are_not_held_up(
    apply: httpx.AsyncClient, world: World, shop: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide = service._decide

    def buggy(document: Any, items: Any, moves: Any) -> Any:
        if document["barcode"] == WINE:
            raise ZeroDivisionError
        return decide(document, items, moves)

    monkeypatch.setattr(service, "_decide", buggy)
    replies = await asyncio.gather(
        *(
            world.push(apply, T1, {**GOOD, "barcode": barcode, "sequence": n}, message_id=f"m{n}")
            for n, barcode in enumerate([MILK, WINE, MILK, MILK])
        )
    )
    assert [reply.status_code for reply in replies] == [204, 500, 204, 204]


async def test_what_failed_five_deliveries_is_kept_as_a_dead_letter_of_its_tenant(
    events: httpx.AsyncClient, world: World, shop: Database
) -> None:
    path = "/push/dead-letters/t1"
    attributes = {
        "CloudPubSubDeadLetterSourceSubscription": "price-ingest-apply-price-updates-t1",
        "CloudPubSubDeadLetterSourceDeliveryCount": "5",
        "CloudPubSubDeadLetterSourceTopicPublishTime": "2026-11-20T10:00:00Z",
    }
    for message_id in ("d1", "d2"):
        await world.push(events, path, GOOD, attributes=attributes, message_id=message_id)
    (dead,) = await shop.dead_letters.find().to_list()
    assert (dead["code"], dead["tenantId"], dead["topic"]) == ("NOT_DELIVERED", "t1", "price-updates-t1")
    assert "5 deliveries" in dead["reason"]
    event = {"CloudPubSubDeadLetterSourceSubscription": "x", "tenantId": "t2"}
    await world.push(events, "/push/dead-events", {"id": "e1"}, attributes=event)
    assert await shop.dead_letters.count_documents({"tenantId": "t2", "topic": "catalog-events"}) == 1


async def test_a_push_whose_data_is_padded_wrongly_never_reaches_the_rules(
    apply: httpx.AsyncClient, world: World, shop: Database
) -> None:
    body = push_body(b"")
    body["message"]["data"] = base64.b64encode(orjson.dumps(GOOD)).decode().rstrip("=")[:-1]
    assert (await apply.post(T1, json=body, headers=world.platform(T1))).status_code == 204
    assert await shop.dead_letters.count_documents({}) == 1
