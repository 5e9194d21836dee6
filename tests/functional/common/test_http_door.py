"""The HTTP contract, through functions-framework's own app."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.support import World, app_of, client_of

SOURCE = Path(__file__).with_name("example_door.py")


@pytest.fixture
def world() -> World:
    return World(handler_budget_seconds=0.2)


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    with world.installed():
        async with client_of(app_of("example", SOURCE)) as made:
            yield made


async def test_success_carries_data_and_metadata(client: httpx.AsyncClient) -> None:
    reply = await client.get("/v1/things/box", headers={"x-request-id": "abc-1"})
    assert reply.status_code == 200
    body = reply.json()
    assert body["success"] is True
    assert body["data"] == {"name": "box"}
    assert body["metadata"]["requestId"] == reply.headers["x-request-id"] == "abc-1"
    assert body["metadata"]["timestamp"].endswith("Z")
    assert body["metadata"]["processingTime"] >= 0
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["content-type"] == "application/json"


async def test_an_evil_request_id_is_replaced(client: httpx.AsyncClient) -> None:
    reply = await client.get("/v1/things/box", headers={"x-request-id": 'a"} , {'})
    assert len(reply.json()["metadata"]["requestId"]) == 32


async def test_the_trace_of_the_caller_names_the_request(client: httpx.AsyncClient) -> None:
    reply = await client.get("/v1/things/box", headers={"traceparent": f"00-{'a' * 32}-{'b' * 16}-00"})
    assert reply.json()["metadata"]["requestId"] == "a" * 32


async def test_a_list_says_where_it_stands(client: httpx.AsyncClient) -> None:
    reply = await client.get("/v1/things?page=2")
    assert reply.json()["pagination"] == {"page": 2, "limit": 10, "total": 21, "totalPages": 3}


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("/v1/things?page=x", "VALIDATION_FAILED"),
        ("/v1/things?page=0", "VALIDATION_FAILED"),
        ("/v1/things?storeId=other", "VALIDATION_FAILED"),
        ("/v1/things?page=1&page=2", "DUPLICATE_PARAMETER"),
        ("/v1/things/box?storeId=other", "UNKNOWN_PARAMETER"),
        ("/v1/things?page=%ff", "VALIDATION_FAILED"),
    ],
)
async def test_a_query_that_is_not_in_the_contract_is_refused(client: httpx.AsyncClient, url: str, code: str) -> None:
    reply = await client.get(url)
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, code)


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b"{", "body"),
        (b"[]", "body"),
        (b'{"displayName":"x"}', "quantity"),
        (b'{"displayName":"x","quantity":1.5}', "quantity"),
        (b'{"displayName":"x","quantity":"1"}', "quantity"),
        (b'{"displayName":"x","quantity":NaN}', "quantity"),
        (b'{"displayName":"x","quantity":1,"storeId":"other"}', "storeId"),
        (b'{"displayName":"x","quantity":1,"$set":{}}', "$set"),
        (b'{"displayName":{"$ne":null},"quantity":1}', "displayName"),
        (b'{"displayName":"' + b"y" * 30 + b'","quantity":1}', "displayName"),
        (b'{"displayName":"\xff","quantity":1}', "body"),
        (b"[" * 900, "body"),
        (b'{"displayName":"\\ud800","quantity":1}', "body"),
        (b'{"displayName":"x","quantity":1e400}', "quantity"),
    ],
)
async def test_a_body_outside_its_schema_is_refused_with_its_field(
    client: httpx.AsyncClient, world: World, content: bytes, field: str
) -> None:
    headers = world.staff("brand_manager", "t1") | {"content-type": "application/json"}
    reply = await client.post("/v1/things", content=content, headers=headers)
    assert reply.status_code == 400, reply.text
    error = reply.json()["error"]
    assert error["code"] == "VALIDATION_FAILED"
    assert field in error["details"][0]["field"]


async def test_a_model_is_answered_by_alias_with_its_status_and_headers(
    client: httpx.AsyncClient, world: World
) -> None:
    sent = {"displayName": "x", "quantity": 1}
    reply = await client.post("/v1/things", json=sent, headers=world.staff("brand_manager", "t1"))
    assert (reply.status_code, reply.json()["data"]) == (201, sent)
    assert reply.headers["location"] == "/v1/things/x"


async def test_a_body_too_large_is_413_before_it_is_read(client: httpx.AsyncClient, world: World) -> None:
    headers = world.staff("brand_manager", "t1")
    reply = await client.post("/v1/things", json={"displayName": "x" * 2000, "quantity": 1}, headers=headers)
    assert (reply.status_code, reply.json()["error"]["code"]) == (413, "BODY_TOO_LARGE")

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 100

    reply = await client.post("/v1/things", content=chunks(), headers=headers | {"content-type": "application/json"})
    assert reply.status_code == 413


async def test_a_body_that_is_not_json_by_its_type_is_415(client: httpx.AsyncClient, world: World) -> None:
    reply = await client.post("/v1/things", data={"a": "b"}, headers=world.staff("brand_manager", "t1"))
    assert reply.status_code == 415


async def test_a_file_arrives_as_it_was_sent_within_its_own_budget(client: httpx.AsyncClient, world: World) -> None:
    headers = world.staff("erp", "t1") | {"content-type": "Text/CSV; charset=latin1"}
    reply = await client.post("/v1/files", content=b"\xff,{\n", headers=headers)
    assert (reply.status_code, reply.json()["data"]) == (202, {"bytes": 4, "type": "text/csv"})


@pytest.mark.parametrize(("kind", "size", "status"), [("application/json", 3, 415), ("text/csv", 1001, 413)])
async def test_a_file_of_another_kind_or_too_large_is_refused(
    client: httpx.AsyncClient, world: World, kind: str, size: int, status: int
) -> None:
    headers = world.staff("erp", "t1") | {"content-type": kind}
    assert (await client.post("/v1/files", content=b"x" * size, headers=headers)).status_code == status


async def test_a_long_reply_is_sent_as_it_is_made(client: httpx.AsyncClient) -> None:
    reply = await client.get("/v1/report")
    assert (reply.status_code, reply.text) == (200, "0\r\n1\r\n2\r\n")
    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["x-request-id"]


async def test_unknown_paths_and_methods_are_told_apart(client: httpx.AsyncClient) -> None:
    reply = await client.get("/v2/nothing")
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "NO_SUCH_PATH")
    reply = await client.delete("/v1/things")
    assert (reply.status_code, reply.headers["allow"]) == (405, "GET, POST")


async def test_a_bug_is_a_500_without_a_word_about_the_inside(
    client: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    reply = await client.get("/v1/broken")
    assert reply.status_code == 500
    assert reply.json()["error"]["code"] == "INTERNAL"
    assert "mongodb" not in reply.text
    assert "Traceback" not in reply.text
    logged = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    (crash,) = [line for line in logged if line["event"] == "http.unexpected_error"]
    assert "RuntimeError" in crash["stack_trace"]
    assert "user:pw" not in json.dumps(crash)


async def test_a_handler_over_its_budget_is_504(client: httpx.AsyncClient) -> None:
    reply = await client.get("/v1/slow")
    assert (reply.status_code, reply.json()["error"]["code"]) == (504, "DEADLINE_EXCEEDED")


async def test_a_database_that_cannot_be_reached_is_503_with_retry_after() -> None:
    from pymongo.errors import ServerSelectionTimeoutError

    from functions.common.http import translate

    problem = translate(ServerSelectionTimeoutError("no primary at 10.0.0.1:27017"))
    assert (problem.status, problem.code, problem.retry_after) == (503, "DEPENDENCY_UNAVAILABLE", 1)
    assert "10.0.0.1" not in problem.message


async def test_every_door_tells_its_health_and_its_metrics(client: httpx.AsyncClient) -> None:
    assert (await client.get("/health")).json() == {"status": "ok"}
    assert (await client.get("/ready")).status_code == 200
    await client.get("/v1/things/box")
    text = (await client.get("/metrics")).text
    assert 'http_requests_total{method="GET",route="/v1/things/{name}",status="200"}' in text
    assert "http_request_seconds_bucket" in text


async def test_head_is_answered_like_get(client: httpx.AsyncClient) -> None:
    assert (await client.head("/v1/things/box")).status_code == 200
