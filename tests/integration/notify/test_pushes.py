"""From an event to a phone: each fact once, not too often, not into a face, and with nothing in it that is secret."""

from __future__ import annotations

import asyncio
import itertools
import json
from typing import Any

import pytest

from functions.common import failpoints, mongo
from tests.integration.notify.conftest import SHOPPER, VISIT, Room

SOLD_OUT: dict[str, Any] = {"changes": [{"barcode": "4000000000006", "name": "Secret milk", "available": 0}]}
CARD: dict[str, Any] = {
    "cardId": "card-1", "brandId": "acme-dairy", "maskedNumber": "****3456", "points": 1250, "status": "confirmed",
    "expiresAt": "2030-11-20T09:40:00Z",
}  # fmt: skip


async def test_a_fact_is_pushed_and_can_be_read(room: Room) -> None:
    await room.register()
    assert await room.paid() == 204
    assert room.pushes() == ["Your receipt and your exit code are in the app."]
    (notice,) = await room.notices()
    assert (notice["kind"], notice["data"]) == ("paid", {"checkoutId": "c1", "total": 1299, "currency": "EUR"})
    (message,) = room.fcm.sent_to("token-of-phone")
    assert message["data"] == {"kind": "paid", "notice": str(notice["id"]), "sessionId": VISIT}
    assert message["android"]["collapse_key"] == message["android"]["notification"]["tag"] == "checkout"
    assert message["android"]["ttl"] == "3600s"


@pytest.mark.parametrize(
    ("kind", "data", "told"),
    [
        ("session.expiring", {"expiresAt": "2030-11-20T10:00:00Z", "lines": 3}, "session_expiring"),
        ("session.cart_stock_changed", SOLD_OUT, "cart_changed"),
        ("discount.card_accepted", CARD, "card_accepted"),
        ("checkout.expiring", {"checkoutId": "c1", "expiresAt": "2030-11-20T10:00:00Z"}, "checkout_expiring"),
        (
            "checkout.payment_changed",
            {"checkoutId": "c1", "status": "failed", "total": 1, "currency": "EUR"},
            "payment_failed",
        ),
        ("purchase.refunded", {"checkoutId": "c1", "amount": 433, "currency": "EUR"}, "refunded"),
    ],
)
async def test_every_kind_of_fact_reaches_every_kind_of_device(
    room: Room, kind: str, data: dict[str, Any], told: str
) -> None:
    for platform in ("android", "ios", "web"):
        await room.register(f"my-{platform}", platform=platform, language="de-AT")
    assert await room.tell(kind, **data) == 204
    assert [each["kind"] for each in await room.notices()] == [told]
    texts = {text for platform in ("android", "ios", "web") for text in room.pushes(f"my-{platform}")}
    assert len(room.fcm.sent) == 3
    (text,) = texts
    assert any(word in text for word in ("dein", "Deine", "Dein", "Geld", "Karte", "Artikel"))


async def test_nothing_in_a_push_is_secret(room: Room) -> None:
    await room.register()
    await room.repriced()
    await room.tell("session.cart_stock_changed", **SOLD_OUT)
    await room.tell("discount.card_accepted", **CARD)
    await room.paid()
    await room.tell("purchase.refunded", checkoutId="c1", amount=433, currency="EUR")
    await room.let_time_pass(10)
    assert len(room.fcm.sent) == 5
    for sent in room.fcm.sent:
        shown = json.dumps({name: value for name, value in sent.message.items() if name != "token"})
        for secret in ("Secret", "149", "1299", "433", "3456", "1250", "acme-dairy", SHOPPER, "c1", "token"):
            assert secret not in shown, secret


async def test_the_same_event_twice_is_one_push(room: Room) -> None:
    await room.register()
    assert [await room.paid("e1"), await room.paid("e1"), await room.repriced("e2"), await room.repriced("e2")] == [
        204
    ] * 4
    await room.let_time_pass(30)
    assert len(room.fcm.sent) == len(await room.notices()) == 2


async def test_the_same_event_many_times_at_once_is_one_push(room: Room) -> None:
    await room.register()
    replies = await asyncio.gather(*(room.paid("e1") for _ in range(10)))
    # Whoever finds the mailbox busy every time asks for it again.
    assert set(replies) <= {204, 503}
    assert await room.paid("e1") == 204
    assert len(room.fcm.sent) == len(await room.notices()) == 1


async def test_a_cart_is_pushed_at_most_once_in_ten_seconds(room: Room) -> None:
    await room.register()
    begin = room.now
    at: list[float] = []
    for step in range(60):
        await room.repriced(old=200 + step, new=201 + step)
        await room.let_time_pass(0.5)
        at += [room.now] * (len(room.fcm.sent) - len(at))
    await room.let_time_pass(20)
    assert len(room.fcm.sent) == 4, "at once, and then every ten seconds of thirty"
    notices = await room.notices()
    moves = [(each["old"], each["new"]) for notice in notices for each in notice["data"]["prices"]]
    assert moves[0] == (200, 201)
    assert moves[-1][1] == 260
    assert all(before[1] == after[0] for before, after in itertools.pairwise(moves)), "nothing fell out"
    assert at[0] - begin <= 0.5


async def test_carts_do_not_wait_for_one_another(room: Room) -> None:
    for number in range(3):
        app = room.app(visit=f"acme-centre.{number}", sub=f"s{number}")
        await room.register(f"phone-{number}", app)
        await room.repriced(sessionId=f"acme-centre.{number}", userId=f"s{number}")
    assert sorted(each.token for each in room.fcm.sent) == [f"token-of-phone-{number}" for number in range(3)]


async def test_an_app_in_front_is_left_alone_until_it_goes_or_falls_silent(room: Room) -> None:
    await room.register()
    reply = await room.in_front()
    assert reply.json()["data"]["quietUntil"] is not None
    await room.paid()
    assert (room.pushes(), len(await room.notices())) == ([], 1)
    await room.in_front(in_front=False)
    await room.paid()
    assert len(room.pushes()) == 1
    await room.in_front()
    await room.let_time_pass(121)
    await room.paid()
    assert len(room.pushes()) == 2


async def test_a_worker_that_dies_before_it_pushed_leaves_it_to_the_sweep(room: Room) -> None:
    await room.register()
    failpoints.configure("notify.after_claim_before_push:raise")
    try:
        assert await room.paid("e1") == 500
    finally:
        failpoints.configure(None)
    assert await room.paid("e1") == 204
    assert room.pushes() == [], "somebody may still be at it"
    await room.let_time_pass(60)
    await room.call("/jobs/sweep-notices")
    assert len(room.pushes()) == 1
    assert "dueAt" not in await room.document()


async def test_a_push_whose_sender_died_replaces_itself_on_the_device(room: Room) -> None:
    await room.register()
    failpoints.configure("notify.after_push_before_mark:raise")
    try:
        assert await room.paid("e1") == 500
    finally:
        failpoints.configure(None)
    await room.let_time_pass(60)
    await room.call("/jobs/sweep-notices")
    first, second = room.fcm.sent_to("token-of-phone")
    assert first["android"]["notification"]["tag"] == second["android"]["notification"]["tag"]
    assert first["data"]["notice"] == second["data"]["notice"]


async def test_without_cloud_tasks_the_sweep_tells_what_waits(room: Room) -> None:
    await room.register()
    await room.repriced()
    room.tasks_down = True
    assert await room.repriced(old=149, new=99) == 204
    await room.let_time_pass(60)
    await room.call("/jobs/sweep-notices")
    assert len(room.pushes()) == 2


async def test_a_task_that_comes_a_little_early_comes_again(room: Room) -> None:
    await room.register()
    await room.repriced()
    await room.repriced(old=149, new=99)
    ((at, body),) = room.tasks
    room.tasks.clear()
    room.now = at.timestamp() - 0.5
    await room.call("/tasks/attend", body)
    assert len(room.pushes()) == 1
    assert [each[0] for each in room.tasks] == [at]
    await room.let_time_pass(1)
    assert len(room.pushes()) == 2


async def test_an_event_that_says_nothing_is_kept_as_a_dead_letter(room: Room) -> None:
    assert await room.tell("session.expiring", lines=3) == 204
    (letter,) = [each async for each in mongo.database().dead_letters.find({})]
    assert (letter["code"], letter["topic"]) == ("INVALID_MESSAGE", "session-events")
    assert await room.dump() == []
