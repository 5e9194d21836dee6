"""Checking in, the session token, renewing and leaving; what is refused and how."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from pymongo import AsyncMongoClient

from functions.common import ratelimit
from tests.integration.sessions.conftest import ANN, BOB, OTHER_STORE, STORE, TENANT, CheckIn
from tests.support import bearer


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def test_a_code_and_a_shopper_s_token_make_a_visit_with_a_token_for_this_store(check_in: CheckIn) -> None:
    reply = await check_in.enter()
    assert reply.status_code == 201, reply.text
    data = reply.json()["data"]
    assert data["store"] == {
        "storeId": STORE, "name": "Berlin Mitte", "currency": "EUR", "timeZone": "Europe/Berlin",
    }  # fmt: skip
    assert at(data["expiresAt"]) - at(data["createdAt"]) == timedelta(minutes=30)
    key = jwt.PyJWK((await check_in.client.get("/v1/jwks.json")).json()["keys"][0])
    claims = jwt.decode(data["token"], key, algorithms=["EdDSA"], audience="retailscan")
    assert jwt.get_unverified_header(data["token"])["typ"] == "session+jwt"
    assert (claims["sub"], claims["tenantId"], claims["storeId"], claims["sid"], claims["role"]) == (
        ANN, TENANT, STORE, data["sessionId"], "shopper",
    )  # fmt: skip
    assert claims["exp"] - claims["iat"] == 900
    assert at(data["tokenExpiresAt"]).timestamp() == claims["exp"]
    current = await check_in.current(data["token"])
    assert current.status_code == 200, current.text
    assert current.json()["data"] == {
        "storeId": STORE,
        **{name: data[name] for name in ("sessionId", "status", "createdAt", "expiresAt")},
    }
    assert (await check_in.visit(data["sessionId"])).json()["data"] == current.json()["data"]
    stored = await check_in.sessions.find_one({"_id": data["sessionId"]})
    assert (stored["tenantId"], stored["storeId"], stored["userId"]) == (TENANT, STORE, ANN)
    assert "token" not in stored


async def test_the_keys_are_a_plain_key_set_that_may_be_cached_and_holds_nothing_secret(check_in: CheckIn) -> None:
    reply = await check_in.client.get("/v1/jwks.json")
    assert reply.headers["cache-control"] == "public, max-age=300"
    (key,) = reply.json()["keys"]
    assert set(key) == {"kty", "crv", "x", "kid", "alg", "use"}


FORGED: list[dict[str, Any]] = [
    {"key": "session"},
    {"key": "identity"},
    {"typ": "JWT"},
    {"typ": "session+jwt"},
    {"aud": "retailscan"},
    {"aud": ["check-in", "retailscan"]},
    {"iss": "somebody"},
    {"exp": 1},
    {"sub": "umbrella-rome"},
    {"storeId": "umbrella-rome"},
    {"codeVersion": "1"},
    {"tenantId": None},
]


@pytest.mark.parametrize("change", FORGED)
async def test_a_code_the_catalogue_did_not_sign_so_opens_nothing(change: dict[str, Any], check_in: CheckIn) -> None:
    reply = await check_in.enter(check_in.code(**change))
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "STORE_CODE_INVALID")
    assert await check_in.sessions.count_documents({}) == 0


async def test_a_code_with_its_signature_bent_or_gone_opens_nothing(check_in: CheckIn) -> None:
    head, body, signature = check_in.code().split(".")
    for code in (f"{head}.{body}.", f"{head}.{body}", f"{head}.{body}.{signature[::-1]}", "a" * 100):
        reply = await check_in.enter(code)
        assert (reply.status_code, reply.json()["error"]["code"]) == (400, "STORE_CODE_INVALID")


async def test_a_replaced_code_opens_nothing_from_the_moment_it_was_replaced(check_in: CheckIn) -> None:
    assert (await check_in.enter()).status_code == 201
    await check_in.stores.update_one({"_id": STORE}, {"$set": {"codeVersion": 2}})
    old = await check_in.enter()
    assert (old.status_code, old.json()["error"]["code"]) == (409, "STORE_CODE_OUTDATED")
    assert (await check_in.enter(check_in.code(version=2))).status_code == 201
    assert (await check_in.enter(check_in.code(version=3))).status_code == 409


@pytest.mark.parametrize("status", ["inactive", "deleted"])
async def test_a_store_that_is_not_open_lets_nobody_in(status: str, check_in: CheckIn) -> None:
    await check_in.stores.update_one({"_id": STORE}, {"$set": {"status": status}})
    reply = await check_in.enter()
    assert (reply.status_code, reply.json()["error"]["code"]) == (409, "STORE_CLOSED")


async def test_a_code_of_a_store_that_is_another_tenant_s_by_now_lets_nobody_in(check_in: CheckIn) -> None:
    reply = await check_in.enter(check_in.code(store=OTHER_STORE))
    assert (reply.status_code, reply.json()["error"]["code"]) == (409, "STORE_CLOSED")


async def test_only_a_shopper_checks_in(check_in: CheckIn) -> None:
    body = {"storeCode": check_in.code()}
    token = (await check_in.enter()).json()["data"]["token"]
    staff = check_in.world.staff("store_manager", TENANT)
    for headers, status in (({}, 401), (bearer(token), 401), (staff, 403)):
        reply = await check_in.client.post("/v1/sessions", json=body, headers=headers)
        assert reply.status_code == status


@pytest.mark.parametrize("field", ["storeId", "tenantId", "userId", "expiresAt", "role"])
async def test_nothing_but_the_code_can_be_said(field: str, check_in: CheckIn) -> None:
    body = {"storeCode": check_in.code(), field: "x"}
    reply = await check_in.client.post("/v1/sessions", json=body, headers=check_in.world.shopper(ANN))
    assert reply.status_code == 400
    assert reply.json()["error"]["details"][0]["field"] == field


async def test_sessions_of_somebody_else_look_like_unknown_ones(check_in: CheckIn) -> None:
    mine = (await check_in.enter()).json()["data"]["sessionId"]
    answers = set()
    for session_id in (mine, f"{STORE}.{'0' * 32}", "nonsense", f"{OTHER_STORE}.{mine.split('.')[1]}", "%24ne"):
        for act in (check_in.visit, check_in.renew, check_in.leave):
            reply = await act(session_id, BOB)
            assert reply.status_code == 404
            answers.add(str(reply.json()["error"]))
    assert len(answers) == 1
    assert (await check_in.visit(mine)).json()["data"]["status"] == "active"


async def test_a_visit_can_be_ended_and_ended_again(check_in: CheckIn) -> None:
    data = (await check_in.enter()).json()["data"]
    first, second = await check_in.leave(data["sessionId"]), await check_in.leave(data["sessionId"])
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json()["data"] == second.json()["data"]
    assert first.json()["data"]["status"] == "ended"
    assert (await check_in.visit(data["sessionId"])).json()["data"]["status"] == "ended"
    refused = await check_in.current(data["token"])
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "SESSION_EXPIRED")
    renewed = await check_in.renew(data["sessionId"])
    assert (renewed.status_code, renewed.json()["error"]["code"]) == (409, "SESSION_ENDED")


async def test_renewing_slides_the_end_but_never_past_four_hours(check_in: CheckIn) -> None:
    data = (await check_in.enter()).json()["data"]
    began = at(data["createdAt"])
    for _ in range(11):
        check_in.wait(20)
        renewed = await check_in.renew(data["sessionId"])
        assert renewed.status_code == 201, renewed.text
    assert at(renewed.json()["data"]["expiresAt"]) == began + timedelta(hours=4)
    check_in.wait(19)
    last = (await check_in.renew(data["sessionId"])).json()["data"]
    assert at(last["expiresAt"]) == began + timedelta(hours=4)
    assert at(last["tokenExpiresAt"]) <= began + timedelta(hours=4)
    check_in.wait(2)
    assert (await check_in.renew(data["sessionId"])).status_code == 404


async def test_an_expired_visit_is_refused_though_it_is_still_stored(check_in: CheckIn) -> None:
    data = (await check_in.enter()).json()["data"]
    unknown = (await check_in.visit(f"{STORE}.{'0' * 32}")).json()["error"]
    past = datetime.now(UTC) - timedelta(seconds=1)
    await check_in.sessions.update_one({"_id": data["sessionId"]}, {"$set": {"expiresAt": past}})
    for act in (check_in.visit, check_in.renew, check_in.leave):
        reply = await act(data["sessionId"])
        assert (reply.status_code, reply.json()["error"]) == (404, unknown)
    refused = await check_in.current(data["token"])
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "SESSION_EXPIRED")
    stored = await check_in.sessions.find_one({"_id": data["sessionId"]})
    assert stored is not None, "MongoDB has not removed it yet: the door refused it by itself"
    assert stored["expiresAt"] < datetime.now(UTC), "and nobody brought it back"


async def test_a_thousand_uses_of_an_expired_visit_are_refused_without_mongodb_s_help(
    check_in: CheckIn, mongod: str
) -> None:
    data = (await check_in.enter()).json()["data"]
    past = datetime.now(UTC) - timedelta(milliseconds=1)
    client: AsyncMongoClient[dict[str, Any]]
    async with AsyncMongoClient(mongod) as client:
        await client.admin.command({"setParameter": 1, "ttlMonitorEnabled": False})
        try:
            await check_in.sessions.update_one({"_id": data["sessionId"]}, {"$set": {"expiresAt": past}})
            refused = [(await check_in.current(data["token"])).status_code for _ in range(500)]
            path, ann = f"/v1/sessions/{data['sessionId']}", check_in.world.shopper(ANN)
            refused += [(await check_in.client.get(path, headers=ann)).status_code for _ in range(500)]
            assert await check_in.sessions.count_documents({}) == 1
        finally:
            await client.admin.command({"setParameter": 1, "ttlMonitorEnabled": True})
    assert refused == [401] * 500 + [404] * 500


async def test_mongodb_is_told_to_remove_expired_visits_and_nothing_else(check_in: CheckIn) -> None:
    indexes = await check_in.sessions.index_information()
    ttls = {name: index["expireAfterSeconds"] for name, index in indexes.items() if "expireAfterSeconds" in index}
    assert ttls == {"expiresAt_1": 0}


async def test_a_session_token_past_its_end_opens_nothing(check_in: CheckIn) -> None:
    data = (await check_in.enter()).json()["data"]
    late = check_in.world.checked_in(TENANT, STORE, ANN, session_id=data["sessionId"], lives_s=-1)
    reply = await check_in.client.get("/v1/sessions/current", headers=late)
    assert (reply.status_code, reply.json()["error"]["code"]) == (401, "TOKEN_EXPIRED")


async def test_a_repeated_check_in_is_one_visit(check_in: CheckIn) -> None:
    code = check_in.code()
    replies = await asyncio.gather(*(check_in.enter(code, **{"Idempotency-Key": "k"}) for _ in range(8)))
    assert {reply.status_code for reply in replies} <= {201, 409}
    assert len({reply.content for reply in replies if reply.status_code == 201}) == 1
    assert await check_in.sessions.count_documents({}) == 1
    other = await check_in.enter(check_in.code(iat=1), **{"Idempotency-Key": "k"})
    assert (other.status_code, other.json()["error"]["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert (await check_in.enter(code, BOB, **{"Idempotency-Key": "k"})).status_code == 201
    assert await check_in.sessions.count_documents({}) == 2


async def test_a_check_in_that_died_after_its_write_finds_its_visit(
    check_in: CheckIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    from functions.sessions import wiring

    def dies(_self: object, _claims: object) -> str:
        raise RuntimeError("killed before the reply")

    code = check_in.code()
    with monkeypatch.context() as broken:
        broken.setattr(wiring.Signer, "sign", dies)
        assert (await check_in.enter(code, **{"Idempotency-Key": "k"})).status_code == 500
    left = [session["_id"] async for session in check_in.sessions.find()]
    reply = await check_in.enter(code, **{"Idempotency-Key": "k"})
    assert reply.status_code == 201, reply.text
    assert left == [reply.json()["data"]["sessionId"]]
    assert await check_in.sessions.count_documents({}) == 1


async def test_without_a_key_every_check_in_is_a_visit_of_its_own(check_in: CheckIn) -> None:
    replies = await asyncio.gather(*(check_in.enter() for _ in range(4)))
    assert len({reply.json()["data"]["sessionId"] for reply in replies}) == 4


async def test_a_renewal_that_races_with_the_end_does_not_bring_the_visit_back(check_in: CheckIn) -> None:
    for _ in range(6):
        session_id = (await check_in.enter()).json()["data"]["sessionId"]
        renewed, ended = await asyncio.gather(check_in.renew(session_id), check_in.leave(session_id))
        assert ended.status_code == 200
        assert renewed.status_code in (201, 409)
        assert (await check_in.visit(session_id)).json()["data"]["status"] == "ended"


async def test_a_shopper_who_checks_in_all_the_time_is_slowed_down_alone(
    check_in: CheckIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ratelimit.RATES, "check_in", (0.05, 3))
    eve = f"eve-{uuid.uuid4().hex}"
    replies = [await check_in.enter(sub=eve) for _ in range(4)]
    assert [reply.status_code for reply in replies] == [201, 201, 201, 429]
    assert 1 <= int(replies[3].headers["retry-after"]) <= 20
    assert (await check_in.enter(sub=f"bob-{uuid.uuid4().hex}")).status_code == 201


async def test_the_door_is_ready_when_mongodb_is(check_in: CheckIn) -> None:
    assert (await check_in.client.get("/ready")).json() == {"status": "ok", "checks": {"mongo": "ok"}}
