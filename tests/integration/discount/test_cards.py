"""A card is on one visit at a time, for ten minutes and one checkout; and nobody learns its number from us."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import orjson
import pymongo
import pytest
from bson import json_util
from pymongo import monitoring

from functions.common import brand_cards, clock, failpoints, mongo
from functions.discount import wiring
from functions.discount.card_schemas import CardTakenOff, CardView
from tests.integration.discount.card_room import (
    ALP,
    BERLIN,
    BOB,
    CODE,
    NUMBER,
    OTHER_BRAND,
    PARIS,
    RIVAL,
    RIVALS_BRAND,
    ROME,
    TENANT,
    CardRoom,
    session_id,
)  # fmt: skip


def code_of(reply: Any) -> tuple[int, str]:
    return reply.status_code, reply.json()["error"]["code"]


# ---- what a scan does ----------------------------------------------------------------------------------------


async def test_a_scanned_card_tells_points_and_benefits_and_is_on_the_visit(cards: CardRoom) -> None:
    reply = await cards.scan()
    assert reply.status_code == 201, reply.text
    card = reply.json()["data"]
    said = cards.loyalty.answer(TENANT, ALP, NUMBER)
    assert said is not None
    assert {name: card[name] for name in ("points", "groups", "benefits")} == {
        "points": said["points"], "groups": said["groups"], "benefits": said["benefits"],
    }  # fmt: skip
    assert (card["brandId"], card["maskedNumber"], card["status"]) == (ALP, "****6784", "confirmed")
    assert (await cards.current()).json()["data"] == card
    on_visit = await cards.on_visit()
    assert on_visit is not None
    assert (on_visit["cardId"], on_visit["brandId"], on_visit["groups"]) == (card["cardId"], ALP, said["groups"])
    (kept,) = await cards.kept()
    assert kept["expiresAt"] - kept["scannedAt"] == timedelta(minutes=10)
    assert on_visit["attachedUntil"] == kept["expiresAt"]


async def test_the_others_are_told_once_that_a_card_was_accepted(cards: CardRoom) -> None:
    card = (await cards.scan()).json()["data"]
    (event,) = cards.published
    assert (event["type"], event["tenantId"], event["storeId"]) == ("discount.card_accepted", TENANT, BERLIN)
    assert event["data"]["sessionId"] == session_id()
    assert event["data"]["userId"] == "ann"
    told = ("cardId", "brandId", "points", "maskedNumber", "status")
    assert {name: event["data"][name] for name in told} == {name: card[name] for name in told}
    assert datetime.fromisoformat(event["data"]["expiresAt"]) == datetime.fromisoformat(card["expiresAt"])
    assert (await cards.kept())[0]["outbox"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"code": CODE},
        {"code": f"card:{CODE}"},
        {"code": NUMBER},
        {"code": " 9780 1234 56784 "},
        {"cardNumber": "978-0123-456784", "brandId": ALP},
    ],
)
async def test_a_card_is_read_from_a_code_a_number_and_what_was_typed(cards: CardRoom, body: dict[str, Any]) -> None:
    reply = await cards.scan(body)
    assert reply.status_code == 201, reply.text
    assert reply.json()["data"]["brandId"] == ALP
    assert [asked["card"] for asked in cards.loyalty.asked] == [NUMBER]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"code": "12345"},
        {"code": "alp:!!!!!!!!"},
        {"cardNumber": NUMBER},
        {"brandId": ALP},
        {"code": CODE, "brandId": ALP},
        {"code": CODE, "cardNumber": NUMBER, "brandId": ALP},
        {"code": {"$ne": None}},
        {"code": CODE, "groups": ["gold"]},
        {"code": CODE, "points": 5},
        {"cardNumber": "9" * 33, "brandId": ALP},
        {"cardNumber": NUMBER, "brandId": "Alp'"},
    ],
)
async def test_what_is_no_card_is_refused_and_nobody_is_asked(cards: CardRoom, body: dict[str, Any]) -> None:
    assert (await cards.scan(body)).status_code == 400
    assert cards.loyalty.asked == []
    assert await cards.kept() == []


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (f"{ALP}:978012345600", "nobody knows the number"),
        (f"{ALP}:978012345602", "somebody else's"),
        (f"{RIVALS_BRAND}:{NUMBER}", "another tenant's brand"),
        (f"no-such-brand:{NUMBER}", "nobody's brand"),
        ("1111111111", "the loyalty system says another tenant's brand"),
        (f"{OTHER_BRAND}:2222222222", "the loyalty system says another brand"),
    ],
)
async def test_a_card_that_is_not_the_shoppers_or_not_of_this_chain_is_none(
    cards: CardRoom, code: str, why: str
) -> None:
    said = {"status": "active", "holder": "this", "groups": ["gold"], "points": 1, "benefits": []}
    cards.loyalty.cards = {"1111111111": said | {"brandId": RIVALS_BRAND}, "2222222222": said | {"brandId": ALP}}
    reply = await cards.scan(code)
    assert code_of(reply) == (404, "CARD_UNKNOWN"), why
    assert reply.json()["error"]["message"] == "no brand of this store's knows this card as yours"
    assert await cards.kept() == []
    assert await cards.on_visit() is None


async def test_a_blocked_card_is_refused_with_the_reason(cards: CardRoom) -> None:
    assert code_of(await cards.scan(f"{ALP}:978012345601")) == (409, "CARD_BLOCKED")


async def test_the_loyalty_system_never_learns_who_the_shopper_is_and_we_never_keep_a_number(cards: CardRoom) -> None:
    await cards.scan(key="k1")
    (asked,) = cards.loyalty.asked
    assert asked["user"] != "ann"
    assert len(asked["user"]) == 64
    database, texts = mongo.database(), []
    for name in await database.list_collection_names():
        texts += [json_util.dumps(each) async for each in database[name].find({})]
    assert not any(NUMBER in text for text in texts)
    assert NUMBER not in orjson.dumps(cards.published).decode()


async def test_what_is_answered_is_what_the_contract_promises(cards: CardRoom) -> None:
    for reply, view in ((await cards.scan(), CardView), (await cards.take_off(), CardTakenOff)):
        data = reply.json()["data"]
        assert set(view.model_validate(data).model_dump(by_alias=True)) == set(data)


async def test_accepting_a_card_costs_six_commands(cards: CardRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[str] = []

    class Listener(monitoring.CommandListener):
        def started(self, event: monitoring.CommandStartedEvent) -> None:
            if event.command_name in ("find", "insert", "update", "delete", "findAndModify"):
                commands.append(f"{event.command_name} {event.command[event.command_name]}")

        def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...
        def failed(self, event: monitoring.CommandFailedEvent) -> None: ...

    client = pymongo.AsyncMongoClient[dict[str, Any]](
        cards.world.settings.mongodb_uri, tz_aware=True, w="majority", event_listeners=[Listener()]
    )
    with monkeypatch.context() as patched:
        patched.setattr(mongo, "client", lambda: client)
        assert (await cards.scan()).status_code == 201
    await client.close()
    assert sorted(commands) == [
        "find brands", "find sessions", "findAndModify sessions", "insert discountcards", "update discountcards",
        "update loyalty_answers",
    ]  # fmt: skip


# ---- repeating, replacing, ending ----------------------------------------------------------------------------


async def test_a_repeated_request_is_one_card_and_one_event(cards: CardRoom) -> None:
    replies = await asyncio.gather(*(cards.scan(key="k1") for _ in range(10)))
    answered = [reply for reply in replies if reply.status_code == 201]
    assert {reply.status_code for reply in replies} <= {201, 409}
    assert len({reply.content for reply in answered}) == 1
    assert (await cards.scan(key="k1")).content == answered[0].content
    assert len(await cards.kept()) == 1
    assert len({event["id"] for event in cards.published}) == 1


@pytest.mark.parametrize("point", ["card.after_attach_before_visit", "card.after_visit_before_event"])
@pytest.mark.parametrize("key", ["k1", None])
async def test_a_scan_that_died_in_between_is_finished_by_the_next(
    cards: CardRoom, point: str, key: str | None
) -> None:
    failpoints.configure(f"{point}:raise")
    try:
        assert (await cards.scan(key=key)).status_code == 500
    finally:
        failpoints.configure(None)
    reply = await cards.scan(key=key)
    assert reply.status_code == 201, reply.text
    (kept,) = await cards.kept()
    on_visit = await cards.on_visit()
    assert on_visit is not None
    assert on_visit["cardId"] == kept["_id"] == reply.json()["data"]["cardId"]
    assert {event["data"]["cardId"] for event in cards.published} == {kept["_id"]}


async def test_an_event_that_could_not_be_published_is_published_by_the_sweep(cards: CardRoom) -> None:
    cards.pubsub_down = True
    assert (await cards.scan()).status_code == 201
    assert cards.published == []
    cards.pubsub_down = False
    cards.wait(seconds=5)
    await wiring.card_deps().events.sweep()
    assert [event["type"] for event in cards.published] == ["discount.card_accepted"]


async def test_scanning_the_card_again_gives_it_ten_minutes_more(cards: CardRoom) -> None:
    first = (await cards.scan()).json()["data"]
    cards.wait(minutes=9)
    second = (await cards.scan()).json()["data"]
    assert second["expiresAt"] > first["expiresAt"]
    cards.wait(minutes=9)
    assert (await cards.current()).json()["data"]["cardId"] == second["cardId"]
    assert len(await cards.kept()) == 1


async def test_another_card_takes_the_place_of_the_first_which_is_free_at_once(cards: CardRoom) -> None:
    await cards.visit(BOB, "b")
    await cards.scan()
    other = await cards.scan(f"{OTHER_BRAND}:{NUMBER}")
    assert (await cards.current()).json()["data"]["cardId"] == other.json()["data"]["cardId"]
    assert (await cards.scan(headers=cards.app(BOB, "b"))).status_code == 201


async def test_a_card_that_was_taken_off_is_off_and_free(cards: CardRoom) -> None:
    await cards.visit(BOB, "b")
    await cards.scan()
    for _ in range(2):
        assert (await cards.take_off()).json()["data"] == {"takenOff": True}
        assert await cards.on_visit() is None
        assert code_of(await cards.current()) == (404, "NO_CARD")
    assert (await cards.scan(headers=cards.app(BOB, "b"))).status_code == 201


async def test_after_ten_minutes_the_card_is_gone_though_it_is_still_stored(cards: CardRoom) -> None:
    await cards.visit(BOB, "b")
    card = (await cards.scan(key="k1")).json()["data"]
    cards.wait(minutes=9, seconds=59)
    assert (await cards.current()).status_code == 200
    cards.wait(seconds=2)
    assert [each["_id"] for each in await cards.kept()] == [card["cardId"]]
    assert code_of(await cards.current()) == (404, "NO_CARD")
    assert await brand_cards.current(TENANT, BERLIN, session_id(), clock.now()) is None
    assert (await cards.scan(headers=cards.app(BOB, "b"))).status_code == 201, "it is free for anybody"


# ---- one visit at a time -------------------------------------------------------------------------------------


async def test_a_card_is_on_one_visit_at_a_time_in_whichever_store(cards: CardRoom) -> None:
    await cards.visit(BOB, "b")
    await cards.visit(BOB, "c", PARIS)
    await cards.scan()
    for headers in (cards.app(BOB, "b"), cards.app(BOB, "c", PARIS)):
        assert code_of(await cards.scan(headers=headers)) == (409, "CARD_IN_USE")
    assert await cards.on_visit("b") is None


async def test_of_a_hundred_phones_that_show_one_card_one_gets_it(cards: CardRoom) -> None:
    visits = [f"{n:x}".rjust(32, "0") for n in range(100)]
    born = clock.now()
    for name in visits:
        await mongo.database().sessions.insert_one(
            {"_id": f"{BERLIN}.{name}", "tenantId": TENANT, "storeId": BERLIN, "userId": "ann", "status": "active",
             "createdAt": born, "expiresAt": born + timedelta(hours=4)}
        )  # fmt: skip
    tokens = [cards.world.checked_in(TENANT, BERLIN, "ann", session_id=f"{BERLIN}.{name}") for name in visits]
    replies = await asyncio.gather(*(cards.scan(headers=token) for token in tokens))
    assert sorted(reply.status_code for reply in replies) == [201] + [409] * 99
    assert len(await cards.kept()) == 1
    assert await mongo.database().sessions.count_documents({"card.cardId": {"$exists": True}}) == 1


async def test_another_tenants_card_of_the_same_number_is_another_card(cards: CardRoom) -> None:
    await cards.visit(BOB, "b", ROME, RIVAL)
    await cards.scan()
    reply = await cards.scan(f"{RIVALS_BRAND}:{NUMBER}", cards.app(BOB, "b", ROME, RIVAL))
    assert reply.status_code == 201, reply.text


async def test_nobody_sees_or_takes_off_the_card_of_another_visit(cards: CardRoom) -> None:
    await cards.visit(BOB, "b")
    await cards.scan()
    assert code_of(await cards.current(cards.app(BOB, "b"))) == (404, "NO_CARD")
    await cards.take_off(cards.app(BOB, "b"))
    assert (await cards.current()).status_code == 200
    # Ann's visit in Bob's token: there is no such visit of his.
    assert code_of(await cards.current(cards.app(BOB, "a"))) == (401, "SESSION_EXPIRED")
    assert code_of(await cards.scan(headers=cards.app(BOB, "a"))) == (401, "SESSION_EXPIRED")


# ---- which visits --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({"status": "ended"}, (401, "SESSION_EXPIRED")),
        ({"status": "handed_over"}, (409, "CART_HANDED_OVER")),
        ({"checkout": {"id": f"{BERLIN}.{'f' * 32}", "cartVer": 1, "at": clock.now()}}, (409, "CART_LOCKED")),
    ],
)
async def test_a_visit_that_cannot_be_shopped_any_more_takes_no_card(
    cards: CardRoom, change: dict[str, Any], answer: tuple[int, str]
) -> None:
    await mongo.database().sessions.update_one({"_id": session_id()}, {"$set": change})
    assert code_of(await cards.scan()) == answer
    assert await cards.kept() == []
    assert cards.loyalty.asked == []


async def test_an_expired_visit_takes_no_card_though_it_is_still_stored(cards: CardRoom) -> None:
    cards.wait(hours=4, seconds=1)
    assert code_of(await cards.scan()) == (401, "SESSION_EXPIRED")
    assert await cards.kept() == []


async def test_a_card_stays_on_a_visit_whose_checkout_has_begun(cards: CardRoom) -> None:
    await cards.scan()
    lock = {"id": f"{BERLIN}.{'f' * 32}", "cartVer": 1, "at": clock.now()}
    await mongo.database().sessions.update_one({"_id": session_id()}, {"$set": {"checkout": lock}})
    refused = await cards.take_off()
    assert code_of(refused) == (409, "CART_LOCKED")
    assert refused.json()["error"]["details"] == {"checkoutId": lock["id"]}
    assert (await cards.current()).status_code == 200


async def test_a_checkout_that_begins_during_the_scan_leaves_the_card_free(
    cards: CardRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up = wiring.card_deps().loyalty.look_up
    lock = {"id": f"{BERLIN}.{'f' * 32}", "cartVer": 1, "at": clock.now()}

    async def slowly(*question: Any) -> Any:
        await mongo.database().sessions.update_one({"_id": session_id()}, {"$set": {"checkout": lock}})
        return await look_up(*question)

    monkeypatch.setattr(wiring.card_deps().loyalty, "look_up", slowly)
    assert code_of(await cards.scan()) == (409, "CART_LOCKED")
    assert await cards.kept() == []
    assert cards.published == []


async def test_the_database_refuses_a_card_without_its_owner(cards: CardRoom) -> None:
    from pymongo.errors import WriteError

    (kept,) = [each async for each in mongo.database().discountcards.find({})] or [{}]
    assert kept == {}
    await cards.scan()
    (kept,) = await cards.kept()
    for name in ("tenantId", "storeId", "sessionId", "userId", "cardKey"):
        with pytest.raises(WriteError):
            await mongo.database().discountcards.update_one({"_id": kept["_id"]}, {"$unset": {name: ""}})
