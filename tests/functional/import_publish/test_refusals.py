"""What the doors of imports refuse before they look at anything."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from functions.import_publish import lifecycle
from tests.functional.import_publish.conftest import STORE, TENANT
from tests.support import World

IMPORT = "1a" * 16
CSV = {"Content-Type": "text/csv"}
FILE = b"barcode,name\n4006381333931,Oat milk\n"


def code(reply: httpx.Response) -> tuple[int, str]:
    return reply.status_code, reply.json()["error"]["code"]


async def send(client: httpx.AsyncClient, world: World, content: bytes = FILE, **query: Any) -> httpx.Response:
    headers = {**world.staff("brand_manager", TENANT), **CSV}
    return await client.post("/v1/imports", params={"storeId": STORE, **query}, content=content, headers=headers)


@pytest.mark.parametrize("media", ["text/html", "image/png", "multipart/form-data; boundary=x", ""])
async def test_a_body_that_is_no_file_is_refused_by_its_content_type(
    client: httpx.AsyncClient, world: World, media: str
) -> None:
    headers = {**world.staff("brand_manager", TENANT), "Content-Type": media}
    reply = await client.post("/v1/imports", params={"storeId": STORE}, content=FILE, headers=headers)
    assert code(reply) == (415, "UNSUPPORTED_MEDIA_TYPE")


async def test_a_file_that_is_too_large_is_refused_unread(client: httpx.AsyncClient, world: World) -> None:
    headers = {**world.staff("brand_manager", TENANT), **CSV, "Content-Length": str(lifecycle.MOST_BODY + 1)}
    reply = await client.post("/v1/imports", params={"storeId": STORE}, content=FILE, headers=headers)
    assert code(reply) == (413, "BODY_TOO_LARGE")


async def test_an_empty_file_is_refused_at_once(client: httpx.AsyncClient, world: World) -> None:
    assert code(await send(client, world, b"")) == (400, "FILE_EMPTY")


@pytest.mark.parametrize(
    "query",
    [
        {"storeId": "UPPER"},
        {"storeId": ""},
        {"mode": "both"},
        {"again": "perhaps"},
        {"corrects": "not-an-id"},
        {"profile": "../etc"},
        {"name": "a\nb"},
        {"tenantId": "umbrella"},
    ],
)
async def test_a_query_outside_its_schema_is_refused(
    client: httpx.AsyncClient, world: World, query: dict[str, Any]
) -> None:
    assert code(await send(client, world, **query)) == (400, "VALIDATION_FAILED")


async def test_a_store_of_others_is_like_one_that_does_not_exist(client: httpx.AsyncClient, world: World) -> None:
    assert code(await send(client, world, storeId="umbrella-rome")) == (404, "STORE_NOT_FOUND")
    narrow = {**world.staff("store_manager", TENANT, ["acme-paris"]), **CSV}
    reply = await client.post("/v1/imports", params={"storeId": STORE}, content=FILE, headers=narrow)
    assert code(reply) == (404, "STORE_NOT_FOUND")


ORDERS: list[dict[str, Any]] = [
    {},
    {"connection": "sap", "url": "https://files.test/a.csv"},
    {"url": "https://files.test/a.csv", "path": "a.csv"},
    {"url": "http://files.test/a.csv"},
    {"url": "https://files.test/a b.csv"},
]


@pytest.mark.parametrize("source", ORDERS)
async def test_a_pull_names_one_source(client: httpx.AsyncClient, world: World, source: dict[str, Any]) -> None:
    body = {"storeIds": [STORE], **source}
    reply = await client.post("/v1/imports:pull", json=body, headers=world.staff("brand_manager", TENANT))
    assert code(reply) == (400, "VALIDATION_FAILED")


async def test_stores_in_a_body_must_be_the_callers(client: httpx.AsyncClient, world: World) -> None:
    body = {"storeIds": [STORE, "umbrella-rome"], "name": "a.csv"}
    reply = await client.post("/v1/imports:upload-url", json=body, headers=world.staff("brand_manager", TENANT))
    assert code(reply) == (403, "STORE_NOT_IN_SCOPE")


@pytest.mark.parametrize("body", [{}, {"excluded": None}, {"values": {"price": 1}}, {"values": {"": "x"}}, {"line": 3}])
async def test_a_correction_corrects_something_and_in_text(
    client: httpx.AsyncClient, world: World, body: dict[str, Any]
) -> None:
    headers = world.staff("brand_manager", TENANT)
    reply = await client.patch(f"/v1/imports/{IMPORT}/rows/2", json=body, headers=headers)
    assert code(reply) == (400, "VALIDATION_FAILED")


@pytest.mark.parametrize("pace", ["fast", "Full", "", None, 1, ["full"]])
async def test_an_approval_names_a_pace_there_is(client: httpx.AsyncClient, world: World, pace: Any) -> None:
    headers = world.staff("brand_manager", TENANT)
    reply = await client.post(f"/v1/imports/{IMPORT}/approve", json={"pace": pace}, headers=headers)
    assert code(reply) == (400, "VALIDATION_FAILED")
    assert [each["field"] for each in reply.json()["error"]["details"]] == ["pace"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"/v1/imports/{IMPORT}/approve"),
        ("POST", f"/v1/imports/{IMPORT}/reject"),
        ("POST", f"/v1/imports/{IMPORT}/validate"),
        ("POST", f"/v1/imports/{IMPORT}/unschedule"),
        ("PATCH", f"/v1/imports/{IMPORT}/rows/2"),
        ("PUT", "/v1/import-rules"),
        ("PUT", "/v1/import-profiles/mine"),
        ("DELETE", "/v1/import-profiles/mine"),
    ],
)
@pytest.mark.parametrize("role", ["store_manager", "store_staff", "erp", "operator"])
async def test_only_brand_managers_decide(
    client: httpx.AsyncClient, world: World, method: str, path: str, role: str
) -> None:
    reply = await client.request(method, path, json={}, headers=world.staff(role, TENANT))
    assert code(reply) == (403, "ROLE_NOT_ALLOWED")


@pytest.mark.parametrize("role", ["store_staff", "operator"])
async def test_who_only_looks_brings_no_files(client: httpx.AsyncClient, world: World, role: str) -> None:
    headers = {**world.staff(role, TENANT), **CSV}
    reply = await client.post("/v1/imports", params={"storeId": STORE}, content=FILE, headers=headers)
    assert code(reply) == (403, "ROLE_NOT_ALLOWED")


@pytest.mark.parametrize("path", ["/tasks/stage", "/tasks/fetch", "/tasks/publish", "/tasks/rollback"])
async def test_tasks_come_from_the_platform_only(worker: httpx.AsyncClient, world: World, path: str) -> None:
    body = {"tenantId": TENANT, "importId": IMPORT}
    assert (await worker.post(path, json=body)).status_code == 401
    manager = world.staff("brand_manager", TENANT)
    assert (await worker.post(path, json=body, headers=manager)).status_code == 401
    other = world.platform("/jobs/resume-imports")
    assert (await worker.post(path, json=body, headers=other)).status_code == 401
