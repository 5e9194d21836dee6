"""The gateway passes on what a load balancer would, and answers for doors that do not."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import uvicorn

from functions.common import envelope
from local.gateway import MAX_BODY, Backend, Gateway
from local.processes import HOST, free_port
from local.proxy import Origin

Asgi = Callable[..., Awaitable[None]]


class OneRoute:
    """Everything under /v1 belongs to one service."""

    def service_for(self, path: str) -> str | None:
        return "door" if path.startswith("/v1") else None


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[int]:
    port = free_port()
    quiet = {"log_level": "critical", "lifespan": "off", "server_header": False, "proxy_headers": False}
    config = uvicorn.Config(app, host=HOST, port=port, **quiet)  # type: ignore[arg-type]
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield port
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def gateway_to(port: int, timeout: float = 2.0) -> AsyncIterator[httpx.AsyncClient]:
    origin = Origin(HOST, port)
    routes: Any = OneRoute()
    async with (
        served(Gateway(routes, {"door": Backend(origin, timeout)})) as front,
        httpx.AsyncClient(base_url=f"http://{HOST}:{front}", timeout=10.0) as client,
    ):
        yield client
    origin.close()


@asynccontextmanager
async def raw_door(*answers: bytes, hang_up: bool = True) -> AsyncIterator[int]:
    """A door that reads a request head and says the next of its answers, byte for byte."""
    left = list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                break
            if left:
                writer.write(left.pop(0))
                await writer.drain()
            if hang_up:
                break
        writer.close()

    server = await asyncio.start_server(serve, HOST, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


async def mirror(scope: Any, receive: Any, send: Any) -> None:
    """Says what it was asked, as JSON."""
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    seen = {
        "method": scope["method"],
        "target": scope["raw_path"].decode() + "?" + scope["query_string"].decode(),
        "headers": [[name.decode(), value.decode()] for name, value in scope["headers"]],
        "size": size,
    }
    body = envelope.encode(seen)
    headers = [(b"content-length", b"%d" % len(body)), (b"x-door", b"mirror"), (b"connection", b"keep-alive")]
    await send({"type": "http.response.start", "status": 207, "headers": headers})
    await send({"type": "http.response.body", "body": body if scope["method"] != "HEAD" else b""})


async def test_path_query_and_status_pass_untouched() -> None:
    async with served(mirror) as door, gateway_to(door) as client:
        answer = await client.get("/v1/scan/a%2Fb%20c?x=1&x=%26")
    assert answer.status_code == 207
    assert answer.headers["x-door"] == "mirror"
    assert answer.json()["target"] == "/v1/scan/a%2Fb%20c?x=1&x=%26"


async def test_forwarding_headers_are_added_and_connection_headers_dropped() -> None:
    sent = {
        "x-forwarded-for": "203.0.113.9",
        "x-forwarded-proto": "gopher",
        "connection": "close, x-secret",
        "x-secret": "1",
        "keep-alive": "9",
        "te": "trailers",
        "x-kept": "yes",
    }
    async with served(mirror) as door, gateway_to(door) as client:
        answer = await client.get("/v1/x", headers=sent)
        seen = dict(answer.json()["headers"])
        assert seen["x-forwarded-host"] == client.base_url.netloc.decode()
    assert seen["x-forwarded-for"] == "203.0.113.9, 127.0.0.1"
    assert seen["x-forwarded-proto"] == "http"
    assert seen["x-kept"] == "yes"
    assert {"x-secret", "keep-alive", "te"}.isdisjoint(seen)


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_large_body_passes_whole(chunked: bool) -> None:
    content = b"x" * 3_000_000

    async def parts() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 300_000):
            yield content[start : start + 300_000]

    async with served(mirror) as door, gateway_to(door) as client:
        answer = await client.post("/v1/x", content=parts() if chunked else content)
    assert answer.json()["size"] == len(content)


async def test_a_head_request_is_answered_and_the_next_one_too() -> None:
    async with served(mirror) as door, gateway_to(door) as client:
        assert (await client.head("/v1/x")).status_code == 207
        assert (await client.get("/v1/x")).json()["method"] == "GET"


async def test_a_long_answer_is_streamed() -> None:
    async def long(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(50):
            await send({"type": "http.response.body", "body": b"y" * 100_000, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async with served(long) as door, gateway_to(door) as client:
        assert len((await client.get("/v1/x")).content) == 5_000_000


async def _error(client: httpx.AsyncClient, path: str = "/v1/x", **options: Any) -> tuple[int, str]:
    answer = await client.request(options.pop("method", "GET"), path, **options)
    body = answer.json()
    assert body["success"] is False
    assert body["metadata"]["requestId"] == answer.headers["x-request-id"]
    return answer.status_code, body["error"]["code"]


async def test_a_door_that_is_down_is_503_with_retry_after() -> None:
    async with gateway_to(free_port()) as client:
        assert await _error(client) == (503, "DOOR_DOWN")
        assert (await client.get("/v1/x")).headers["retry-after"]


async def test_a_path_of_nobody_is_404() -> None:
    async with gateway_to(free_port()) as client:
        assert await _error(client, "/push/x") == (404, "NO_SUCH_PATH")


async def test_a_body_above_the_limit_is_413_before_it_is_read() -> None:
    async with gateway_to(free_port()) as client:
        reader, writer = await asyncio.open_connection(HOST, client.base_url.port)
        writer.write(f"POST /v1/x HTTP/1.1\r\nhost: x\r\ncontent-length: {MAX_BODY + 1}\r\n\r\nstart".encode())
        answer = await reader.readuntil(b"}}")
        writer.close()
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"code":"BODY_TOO_LARGE"' in answer


async def test_a_body_that_grows_above_the_limit_is_413_too() -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(MAX_BODY // 1_000_000 + 2):
            yield b"x" * 1_000_000

    async with served(mirror) as door, gateway_to(door, timeout=20.0) as client:
        assert await _error(client, method="POST", content=endless()) == (413, "BODY_TOO_LARGE")


async def test_a_door_that_hangs_up_is_502() -> None:
    async with raw_door(b"") as door, gateway_to(door) as client:
        assert await _error(client) == (502, "BAD_GATEWAY")


async def test_a_door_that_speaks_no_http_is_502() -> None:
    async with raw_door(b"220 mail ready\r\n\r\n") as door, gateway_to(door) as client:
        assert await _error(client) == (502, "BAD_GATEWAY")


async def test_a_door_that_is_silent_is_504() -> None:
    async with raw_door(b"", hang_up=False) as door, gateway_to(door, timeout=0.2) as client:
        assert await _error(client) == (504, "GATEWAY_TIMEOUT")


async def test_an_answer_cut_in_the_middle_reaches_the_client_as_cut() -> None:
    cut = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n" + b"z" * 1000
    async with raw_door(cut) as door, gateway_to(door) as client:
        with pytest.raises(httpx.HTTPError):
            await client.get("/v1/x")


async def test_an_answer_that_ends_with_the_connection_is_whole() -> None:
    async with raw_door(b"HTTP/1.1 200 OK\r\n\r\nhello") as door, gateway_to(door) as client:
        assert (await client.get("/v1/x")).text == "hello"


async def test_an_interim_answer_is_not_the_answer() -> None:
    answer = b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
    async with raw_door(answer) as door, gateway_to(door) as client:
        assert (await client.get("/v1/x")).text == "ok"


async def test_a_resting_connection_that_died_costs_a_read_nothing() -> None:
    ok = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
    # It says it keeps the connection and hangs up: the next read goes out on a dead one and is sent again.
    async with raw_door(ok, ok) as door, gateway_to(door) as client:
        assert (await client.get("/v1/x")).text == "ok"
        assert (await client.get("/v1/x")).text == "ok"


async def test_many_at_once_do_not_mix() -> None:
    async with served(mirror) as door, gateway_to(door) as client:
        answers = await asyncio.gather(*(client.get(f"/v1/{n}") for n in range(200)))
    assert [answer.json()["target"] for answer in answers] == [f"/v1/{n}?" for n in range(200)]
