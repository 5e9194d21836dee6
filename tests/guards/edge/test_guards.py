"""The guards of the edge: who calls, and what a repeated request may do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import jwt
import pytest

from functions.common import auth, events, failpoints, idempotency, mongo
from tests.functional.common import test_tokens as tokens
from tests.guards.guard import OUT, Guard, both_ways, red_without
from tests.integration.common import test_event_door as event_door
from tests.integration.common import test_idempotency as repeating
from tests.support import World


@pytest.fixture(autouse=True)
def _no_failpoints() -> Iterator[None]:
    yield
    failpoints.configure(None)


@both_ways
async def test_the_check_of_googles_token(
    guard: Guard, door: httpx.AsyncClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def anybody(*_: Any) -> float:
        return float("inf")

    if guard == OUT:
        monkeypatch.setattr(events, "_authenticate", anybody)
    with red_without(guard):
        await event_door.test_only_the_platform_may_call(door, world)


@both_ways
async def test_the_check_of_a_service_accounts_name(
    guard: Guard, door: httpx.AsyncClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def whoever(claims: Any) -> auth.Principal:
        return auth.Principal(str(claims.get("email")), "service", "", frozenset(), float(claims["exp"]))

    if guard == OUT:
        monkeypatch.setattr(auth, "_service_account", whoever)
        auth.reset()
    with red_without(guard):
        await event_door.test_only_the_platform_may_call(door, world)


@both_ways
async def test_the_signature_of_a_token(
    guard: Guard, client: httpx.AsyncClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def believed(_self: auth.Verifier, token: str, audience: str = "") -> dict[str, Any]:
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
        return claims

    if guard == OUT:
        monkeypatch.setattr(auth.Verifier, "claims", believed)
    with red_without(guard):
        await tokens.test_no_forged_stale_or_foreign_token_is_accepted(client, world)


@both_ways
async def test_the_role_of_a_caller(
    guard: Guard, client: httpx.AsyncClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def any_role(self: auth.Spec, token: str | None) -> auth.Principal | None:
        assert self.verifier is not None
        return await self.verifier().verify(token or "")

    if guard == OUT:
        monkeypatch.setattr(auth.Spec, "check", any_role)
    with red_without(guard):
        await tokens.test_a_genuine_token_of_the_wrong_role_is_403(client, world)


@both_ways
async def test_the_claim_of_an_idempotency_key(
    guard: Guard, client: httpx.AsyncClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def mine_whoever_has_it(call: Any, mine: str, owner: str) -> dict[str, Any]:
        taken = {"state": "in_progress", "fp": mine, "owner": owner}
        await mongo.collection(idempotency.COLLECTION).update_one(
            {"_id": call.idempotency_id}, {"$set": taken}, upsert=True
        )
        return taken

    if guard == OUT:
        monkeypatch.setattr(idempotency, "_claim", mine_whoever_has_it)
    with red_without(guard):
        await repeating.test_fifty_parallel_first_requests_have_one_effect(client, world)


@both_ways
async def test_the_fence_of_an_idempotency_key(
    guard: Guard, client: httpx.AsyncClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stored_by_whoever_comes_last(call: Any, owner: str, response: Any) -> None:
        reply = {"state": "done", "status": response.status, "body": response.body, "headers": []}
        await mongo.collection(idempotency.COLLECTION).update_one({"_id": call.idempotency_id}, {"$set": reply})

    if guard == OUT:
        monkeypatch.setattr(idempotency, "_store", stored_by_whoever_comes_last)
    with red_without(guard):
        await repeating.test_a_zombie_that_wakes_after_its_lease_cannot_store_its_answer(client, world)


@both_ways
async def test_the_fingerprint_of_an_idempotency_key(
    guard: Guard, client: httpx.AsyncClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    if guard == OUT:
        monkeypatch.setattr(idempotency, "fingerprint", lambda _content: "any body")
    with red_without(guard):
        await repeating.test_another_body_under_the_same_key_is_422_and_does_nothing(client, world)
