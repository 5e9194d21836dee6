"""The check-in door without any server behind it: who gets through, what is refused, which keys it shows."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import httpx
import pytest

from functions.common import auth
from functions.common.routing import Route
from functions.sessions import settings as sessions_settings
from functions.sessions import wiring
from functions.sessions.main import door
from tests.support import World

SESSION_ID = f"acme-berlin.{'0' * 32}"
ROUTES = {route.handler.__name__: route for route in door.routes}
SCHEMES = {
    "check_in": "identity",
    "read_current_session": "session",
    "read_session": "identity",
    "renew_session_token": "identity",
    "end_session": "identity",
    "read_keys": "public",
    **dict.fromkeys(
        (
            *("read_cart", "add_line", "change_line", "remove_line", "empty_cart", "put_code", "drop_code"),
            "offer_handover",
        ),
        "session",
    ),
    **dict.fromkeys(("read_handover", "claim_handover"), "staff"),
}


@pytest.fixture(scope="module")
def world() -> World:
    """Keys take a while to make."""
    return World()


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    with world.installed():
        sessions_settings.load.replace(None)
        wiring.deps.replace(None)
        async with world.door("sessions", "sessions") as client:
            yield client
        sessions_settings.load.replace(None)
        wiring.deps.replace(None)


def kind_of(route: Route) -> str:
    return "staff" if auth.STORE_STAFF in route.auth.allowed else route.auth.scheme


def test_every_operation_wants_its_kind_of_token() -> None:
    assert {name: kind_of(route) for name, route in ROUTES.items()} == SCHEMES


@pytest.mark.parametrize("operation", [name for name, scheme in SCHEMES.items() if scheme != "public"])
async def test_tokens_of_the_wrong_kind_do_not_get_through(
    operation: str, client: httpx.AsyncClient, world: World
) -> None:
    route = ROUTES[operation]
    path = route.path.format(sessionId=SESSION_ID, lineId="0a1b2c3d", coupon="MILK", handoverId=SESSION_ID)
    shopper, visitor = world.shopper(), world.checked_in("acme", "acme-berlin")
    wrong = [{}, {"Authorization": "Bearer a.b.c"}, shopper if SCHEMES[operation] == "session" else visitor]
    for headers in wrong:
        reply = await client.request(route.method, path, headers=headers, json={})
        assert reply.status_code == 401
    if SCHEMES[operation] != "session":
        for role in sorted(auth.ROLES - route.auth.allowed):
            headers = shopper if role == auth.SHOPPER else world.staff(role, "acme")
            reply = await client.request(route.method, path, headers=headers, json={})
            assert (role, reply.status_code) == (role, 403)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"storeCode": ""},
        {"storeCode": "x" * 19},
        {"storeCode": "x" * 2049},
        {"storeCode": "a code with blanks, which no JWS has"},
        {"storeCode": None},
        {"storeCode": ["x" * 30]},
        {"storeCode": {"$ne": ""}},
    ],
)
async def test_a_body_outside_the_schema_is_refused(
    body: dict[str, object], client: httpx.AsyncClient, world: World
) -> None:
    reply = await client.post("/v1/sessions", json=body, headers=world.shopper())
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "VALIDATION_FAILED")
    assert "x" * 19 not in reply.text, "what was sent is not sent back"


async def test_the_key_set_also_shows_the_keys_of_before_but_no_private_part(
    client: httpx.AsyncClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    current = world.issuer.jwks("session")["keys"][0]
    retired = world.issuer.jwks("store-codes")["keys"][0]
    document = {"keys": [retired | {"d": "secret"}, current]}
    monkeypatch.setenv("SESSION_RETIRED_JWKS", json.dumps(document))
    sessions_settings.load.replace(None)
    reply = await client.get("/v1/jwks.json")
    assert [key["kid"] for key in reply.json()["keys"]] == [current["kid"], retired["kid"]]
    assert "secret" not in reply.text


async def test_the_door_says_that_it_is_not_ready_without_mongodb(client: httpx.AsyncClient) -> None:
    reply = await client.get("/ready")
    assert (reply.status_code, reply.json()["checks"].keys()) == (503, {"mongo"})
