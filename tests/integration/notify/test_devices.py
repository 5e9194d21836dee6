"""Whose devices and notices they are: nobody reaches those of another shopper, visit, store or tenant."""

from __future__ import annotations

import pytest

from functions.common import mongo
from tests.integration.notify.conftest import OTHER_STORE, RIVAL, RIVAL_STORE, VISIT, Room


async def test_a_device_is_registered_with_its_language_and_its_token_is_told_to_nobody(room: Room) -> None:
    reply = await room.register(language="de-CH", platform="ios")
    assert reply.json()["data"] == {"installationId": "phone", "platform": "ios", "language": "de"}
    assert "token-of-phone" not in reply.text
    document = await room.document()
    assert (document["tenantId"], document["storeId"], document["userId"]) == ("acme", "acme-centre", "shopper-1")


async def test_registering_again_replaces_the_token(room: Room) -> None:
    await room.register()
    await room.register(token="token-anew-of-phone")
    await room.paid()
    assert (room.pushes(), len(room.fcm.sent_to("token-anew-of-phone"))) == ([], 1)


async def test_a_device_that_was_removed_is_left_alone(room: Room) -> None:
    await room.register()
    assert (await room.client.delete("/v1/devices/phone", headers=room.app())).status_code == 200
    assert (await room.client.delete("/v1/devices/phone", headers=room.app())).status_code == 404
    await room.paid()
    assert room.fcm.asked == 0


async def test_a_phone_that_changed_hands_tells_nothing_of_the_visit_before(room: Room) -> None:
    await room.register()
    second = room.app(visit="acme-north.1", sub="shopper-2", store=OTHER_STORE)
    await room.register("other-name", second, token="token-of-phone")
    await room.paid()
    assert room.pushes() == []
    await room.paid(sessionId="acme-north.1", userId="shopper-2", store=OTHER_STORE)
    assert len(room.pushes()) == 1


STRANGERS = [
    {"sub": "shopper-2", "visit": "acme-centre.2"},
    {"sub": "shopper-2"},
    {"visit": "acme-centre.3"},
    {"store": OTHER_STORE},
    {"tenant": RIVAL, "store": RIVAL_STORE},
    {"tenant": RIVAL},
]


@pytest.mark.parametrize("stranger", STRANGERS, ids=lambda each: "-".join(each))
async def test_a_stranger_reaches_neither_devices_nor_notices(room: Room, stranger: dict[str, str]) -> None:
    """Also one whose token names the same visit: it is his own store, shopper and tenant that count."""
    await room.register()
    await room.paid()
    before = await room.document()
    app = room.app(**stranger)
    assert await room.notices(app) == []
    assert (await room.client.delete("/v1/devices/phone", headers=app)).status_code == 404
    body = {"inFront": True}
    assert (await room.client.post("/v1/devices/phone/foreground", json=body, headers=app)).status_code == 404
    taken = await room.register("phone", app, token="token-of-the-stranger")
    assert taken.status_code == (200 if stranger.get("visit") else 409), taken.text
    assert await room.document() == before
    await room.paid()
    assert room.fcm.sent_to("token-of-the-stranger") == []
    assert len(room.pushes()) == 2


@pytest.mark.parametrize("whose", [{"userId": "shopper-2"}, {"store": OTHER_STORE}, {"tenant": RIVAL}])
async def test_an_event_about_somebody_else_does_not_get_into_this_mailbox(room: Room, whose: dict[str, str]) -> None:
    await room.register()
    before = await room.document()
    assert await room.paid(**whose) == 204
    (letter,) = [each async for each in mongo.database().dead_letters.find({})]
    assert letter["code"] == "NOT_THIS_SHOPPERS"
    assert await room.document() == before
    assert room.fcm.asked == 0


@pytest.mark.parametrize("name", ["abc", "x" * 65, "a.b.c.d", "%24set%2E", "näme", "a%20b%20c"])
async def test_a_name_that_is_none_is_refused(room: Room, name: str) -> None:
    body = {"token": "token-of-phone", "platform": "android"}
    reply = await room.client.put(f"/v1/devices/{name}", json=body, headers=room.app())
    assert reply.status_code == 400
    assert await room.dump() == []


@pytest.mark.parametrize(
    "body",
    [
        {"token": "short", "platform": "android"},
        {"token": "x" * 1025, "platform": "android"},
        {"token": "with space in it", "platform": "android"},
        {"token": "token-of-phone", "platform": "pager"},
        {"token": "token-of-phone", "platform": "android", "language": "e"},
        {"token": "token-of-phone", "platform": "android", "sessionId": VISIT},
        {"platform": "android"},
    ],
)
async def test_a_device_that_is_none_is_refused(room: Room, body: dict[str, str]) -> None:
    assert (await room.client.put("/v1/devices/phone", json=body, headers=room.app())).status_code == 400


async def test_notices_go_on_behind_the_last_one(room: Room) -> None:
    for _ in range(3):
        await room.paid()
    first, second, third = (each["id"] for each in await room.notices())
    assert [each["id"] for each in await room.notices(after=first)] == [second, third]
    reply = await room.client.get("/v1/notices", headers=room.app(), params={"after": third})
    assert reply.json()["data"] == {"notices": [], "last": third}


async def test_notices_are_in_the_readers_language(room: Room) -> None:
    await room.paid()
    (notice,) = await room.notices(room.app() | {"Accept-Language": "de-DE,de;q=0.9"})
    assert notice["title"] == "Bezahlt"
