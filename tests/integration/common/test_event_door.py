"""Ack, retry, reject: what the event edge answers, and what it keeps; on a real MongoDB."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from functions.common import auth, clock, deadletters, mongo, pubsub
from local.issuer import OIDC_ISSUER, PUSH_SERVICE_ACCOUNT
from tests.functional.common.test_http_door import SOURCE
from tests.support import SERVICE_URL, World, app_of, bearer, client_of, close, push_body

PATH = "/push/things/t1"


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app_of("example_events", SOURCE)) as made:
        yield made
    await close()


async def parked() -> list[dict[str, Any]]:
    return [d async for d in mongo.collection(deadletters.COLLECTION).find({})]


@pytest.mark.parametrize(
    ("do", "status"), [("apply", 204), ("done", 204), ("reject", 204), ("retry", 503), ("bug", 500)]
)
async def test_the_handlers_decision_is_the_answer(
    client: httpx.AsyncClient, world: World, do: str, status: int
) -> None:
    assert (await world.push(client, PATH, {"do": do})).status_code == status
    assert len(await parked()) == (1 if do == "reject" else 0)


async def test_a_rejected_message_is_kept_whole_once_with_its_reason(client: httpx.AsyncClient, world: World) -> None:
    for _ in range(3):
        await world.push(client, PATH, {"do": "reject"}, message_id="m1", attributes={"a.b": "$c"})
    (kept,) = await parked()
    assert (kept["tenantId"], kept["code"], kept["reason"], kept["times"]) == ("t1", "NEVER", "never", 3)
    assert bytes(kept["data"]) == b'{"do": "reject"}'
    assert kept["attributes"] == [["a.b", "$c"]]
    assert (kept["topic"], kept["status"]) == ("things-t1", "parked")


@pytest.mark.parametrize("content", [b"not json", b"{}", b"[]", b'{"message":{"messageId":"1","data":"***"}}', b"null"])
async def test_an_unreadable_push_is_kept_and_acknowledged(
    client: httpx.AsyncClient, world: World, content: bytes
) -> None:
    reply = await client.post(PATH, content=content, headers=world.platform(PATH))
    assert reply.status_code == 204
    (kept,) = await parked()
    assert (kept["code"], bytes(kept["data"])) == ("BAD_ENVELOPE", content)


async def test_data_that_is_not_json_is_rejected_not_retried(client: httpx.AsyncClient, world: World) -> None:
    assert (await world.push(client, PATH, b"\xff{{")).status_code == 204
    assert [d["code"] for d in await parked()] == ["NOT_JSON"]


async def test_only_the_platform_may_call(client: httpx.AsyncClient, world: World) -> None:
    body = push_body(b'{"do": "apply"}')
    issuer = world.issuer
    wrong: dict[str, dict[str, str]] = {
        "nothing": {},
        "a member of staff": world.staff("operator", "t1"),
        "another tenant's path": world.platform("/push/things/t2"),
        "another door": bearer(issuer.oidc_token("https://other.test" + PATH, PUSH_SERVICE_ACCOUNT)[0]),
        "the door without its path": bearer(issuer.oidc_token(SERVICE_URL, PUSH_SERVICE_ACCOUNT)[0]),
        "expired": bearer(issuer.sign("oidc", push_claims(exp=clock.seconds() - 60))),
        "another issuer": bearer(issuer.sign("oidc", push_claims(iss="https://accounts.evil.test"))),
        "our key for people": bearer(issuer.sign("identity", push_claims())),
    }
    for name, headers in wrong.items():
        assert (await client.post(PATH, json=body, headers=headers)).status_code == 401, name
    refused: dict[str, dict[str, Any]] = {
        "another service account": {"email": "someone@else.iam.gserviceaccount.com"},
        "an unverified e-mail": {"email_verified": False},
        "an e-mail verified in words": {"email_verified": "true"},
        "no e-mail": {"email": None},
    }
    for name, changes in refused.items():
        headers = bearer(issuer.sign("oidc", push_claims(**changes)))
        assert (await client.post(PATH, json=body, headers=headers)).status_code == 403, name
    assert (await client.post(PATH, json=body, headers=bearer(issuer.sign("oidc", push_claims())))).status_code == 204


async def test_a_token_is_looked_at_again_when_it_is_another_one_or_has_expired(
    client: httpx.AsyncClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = push_body(b'{"do": "apply"}')
    genuine = bearer(world.issuer.sign("oidc", push_claims(exp=int(clock.seconds()) + 600)))
    forged = {"Authorization": genuine["Authorization"][:-6] + "AAAAAA"}
    for headers, status in ((genuine, 204), (genuine, 204), (forged, 401), ({}, 401), (genuine, 204)):
        assert (await client.post(PATH, json=body, headers=headers)).status_code == status

    async def refused(*_: Any) -> None:
        auth.refuse("looked at again")

    monkeypatch.setattr(auth.Verifier, "verify", refused)
    assert (await client.post(PATH, json=body, headers=genuine)).status_code == 204
    later = clock.seconds() + 601
    clock.freeze(lambda: later)
    try:
        assert (await client.post(PATH, json=body, headers=genuine)).status_code == 401
    finally:
        clock.freeze(None)


def push_claims(**changes: Any) -> dict[str, Any]:
    now = int(clock.seconds())
    made = {
        "iss": OIDC_ISSUER,
        "aud": SERVICE_URL + PATH,
        "sub": "1",
        "email": PUSH_SERVICE_ACCOUNT,
        "email_verified": True,
        "iat": now - 100,
        "exp": now + 600,
    } | changes
    return {k: v for k, v in made.items() if v is not None}


async def test_a_replay_is_resolved_by_success_and_parked_again_by_failure(
    client: httpx.AsyncClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    published: list[pubsub.OutMessage] = []

    async def publish(topic: str, messages: list[pubsub.OutMessage]) -> list[str]:
        assert topic == "things-t1"
        published.extend(messages)
        return ["new"]

    monkeypatch.setattr(pubsub, "publish", publish)
    await world.push(client, PATH, {"do": "reject"}, message_id="m1")
    (kept,) = await parked()
    claimed = await deadletters.claim("t1", kept["_id"], by="op", at=clock.now())
    assert claimed is not None
    assert await deadletters.claim("t1", kept["_id"], by="second operator", at=clock.now()) is None
    assert await deadletters.claim("t2", kept["_id"], by="stranger", at=clock.now()) is None
    much_later = clock.now() + deadletters.GIVEN_UP_AFTER + timedelta(seconds=1)
    claimed = await deadletters.claim("t1", kept["_id"], by="after a replay that died", at=much_later)
    assert claimed is not None
    await deadletters.republish(claimed)
    (message,) = published
    assert message.attributes["originalMessageId"] == "m1"

    await world.push(client, PATH, message.data, attributes=message.attributes, message_id="m2")
    (kept,) = await parked()
    assert (kept["status"], kept["times"]) == ("parked", 2)

    claimed = await deadletters.claim("t1", kept["_id"], by="op", at=clock.now())
    assert claimed is not None
    await world.push(client, PATH, {"do": "apply"}, attributes=message.attributes, message_id="m3")
    assert [d["status"] for d in await parked()] == ["resolved"]


async def test_a_message_dead_lettered_twice_is_one_record(client: httpx.AsyncClient, world: World) -> None:
    attributes = {
        "CloudPubSubDeadLetterSourceSubscription": "price-ingest-apply-t1",
        "CloudPubSubDeadLetterSourceTopicPublishTime": "2026-11-20T10:00:00Z",
    }
    for message_id in ("m1", "m2"):
        await world.push(client, PATH, {"do": "reject"}, attributes=attributes, message_id=message_id)
    assert len(await parked()) == 1


async def test_tasks_and_jobs_reach_their_handlers(client: httpx.AsyncClient, world: World) -> None:
    headers = world.platform("/tasks/work") | {"x-cloudtasks-taskretrycount": "2"}
    assert (await client.post("/tasks/work", json={"n": 1}, headers=headers)).status_code == 204
    assert (await client.post("/jobs/tick", headers=world.platform("/jobs/tick"))).status_code == 204
    assert (await client.post("/jobs/tick", headers=world.platform("/tasks/work"))).status_code == 401
    assert (await client.post("/jobs/none", headers=world.platform("/jobs/none"))).status_code == 404
