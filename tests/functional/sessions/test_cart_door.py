"""The cart's door without any server behind it: which requests are read at all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from functions.sessions import settings as sessions_settings
from functions.sessions import wiring
from tests.support import World

LINES, LINE = "/v1/cart/lines", "/v1/cart/lines/0a1b2c3d"


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
            client.headers.update(world.checked_in("acme", "acme-berlin"))
            yield client
        sessions_settings.load.replace(None)
        wiring.deps.replace(None)


BODIES: list[tuple[str, str, Any]] = [
    ("POST", LINES, {}),
    ("POST", LINES, {"code": ""}),
    ("POST", LINES, {"code": "4" * 513}),
    ("POST", LINES, {"code": 4006381333931}),
    ("POST", LINES, {"code": "4006381333931", "quantity": 0}),
    ("POST", LINES, {"code": "4006381333931", "quantity": -1000}),
    ("POST", LINES, {"code": "4006381333931", "quantity": 1.5}),
    ("POST", LINES, {"code": "4006381333931", "quantity": "1000"}),
    ("POST", LINES, {"code": "4006381333931", "quantity": True}),
    ("POST", LINES, {"code": "4006381333931", "quantity": 10**12}),
    ("POST", LINES, {"code": "4006381333931", "note": "x" * 201}),
    ("POST", LINES, {"code": "4006381333931", "cartVersion": -1}),
    ("POST", LINES, {"code": "4006381333931", "unitPrice": 1}),
    ("POST", LINES, {"code": "4006381333931", "storeId": "bolt-rome"}),
    ("PATCH", LINE, {}),
    ("PATCH", LINE, {"cartVersion": 1}),
    ("PATCH", LINE, {"quantity": 0}),
    ("PATCH", LINE, {"amount": 1}),
]


@pytest.mark.parametrize(("method", "path", "body"), BODIES)
async def test_a_body_outside_the_schema_is_refused(
    method: str, path: str, body: Any, client: httpx.AsyncClient
) -> None:
    reply = await client.request(method, path, json=body)
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "VALIDATION_FAILED")


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("DELETE", "/v1/cart?cartVersion=x", "VALIDATION_FAILED"),
        ("DELETE", f"{LINE}?cartVersion=-1", "VALIDATION_FAILED"),
        ("PUT", "/v1/cart/codes/A?cart=1", "VALIDATION_FAILED"),
        ("GET", "/v1/cart?explain=maybe", "VALIDATION_FAILED"),
        ("PUT", "/v1/cart/codes/%20", "VALIDATION_FAILED"),
        ("PUT", f"/v1/cart/codes/{'x' * 41}", "VALIDATION_FAILED"),
        ("PUT", "/v1/cart/codes/%24where", "VALIDATION_FAILED"),
        ("DELETE", "/v1/cart/codes/a.b", "VALIDATION_FAILED"),
    ],
)
async def test_a_query_or_a_code_that_cannot_be_is_refused(
    method: str, path: str, code: str, client: httpx.AsyncClient
) -> None:
    reply = await client.request(method, path)
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, code)


@pytest.mark.parametrize("version", ['W/"1"', '"1", "2"', "abc", "-1"])
async def test_a_lock_that_cannot_be_read_is_not_ignored(version: str, client: httpx.AsyncClient) -> None:
    reply = await client.delete("/v1/cart", headers={"If-Match": version})
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "INVALID_IF_MATCH")
