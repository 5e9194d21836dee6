"""How a request reaches an edge: through the framework once, and then at once."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.routing import Route

from functions.common import asgi, auth
from functions.common.envelope import Response
from functions.common.errors import Malformed, TooLarge
from functions.common.http import Call, HttpDoor, Reply
from tests.support import World, client_of


class Framework:
    """What stands around the door, and what it was passed through by."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        door = HttpDoor("example")

        @door.get("/v1/things/{name:path}", auth=auth.public(), summary="One thing")
        async def thing(call: Call) -> Reply:
            return Reply(call.params["name"])

        seen = self.seen

        class Around:
            def __init__(self, app: Any) -> None:
                self.app = app

            async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
                seen.append(scope["type"])
                await self.app(scope, receive, send)

        routes = [Route("/{path:path}", door.entry(), methods=["GET", "POST"])]
        self.app = Starlette(routes=routes, middleware=[Middleware(Around)])


@pytest.fixture
def framework() -> Framework:
    return Framework()


@pytest.fixture
async def client(framework: Framework) -> AsyncIterator[httpx.AsyncClient]:
    with World().installed():
        async with client_of(framework.app) as made:
            yield made


async def test_only_the_first_request_goes_through_the_framework(
    framework: Framework, client: httpx.AsyncClient
) -> None:
    for name in "abc":
        assert (await client.get(f"/v1/things/{name}")).json()["data"] == name
    assert framework.seen == ["http"]


async def test_a_framework_that_has_no_such_place_is_served_the_long_way() -> None:
    async def serve(scope: Any, receive: Any) -> Response:
        return Response(204, b"", [])

    function, app = asgi.entry(serve), SimpleNamespace()
    for _ in range(2):
        assert (await function(Request({"type": "http", "app": app}))).status == 204


async def test_the_servers_start_and_stop_stay_the_frameworks(framework: Framework, client: httpx.AsyncClient) -> None:
    await client.get("/v1/things/a")
    events = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    told: list[str] = []

    async def receive() -> Any:
        return next(events)

    async def send(message: Any) -> None:
        told.append(message["type"])

    await framework.app({"type": "lifespan"}, receive, send)
    assert told == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert framework.seen == ["http", "lifespan"]


async def test_what_the_frameworks_routes_would_refuse_is_answered_by_the_contract(client: httpx.AsyncClient) -> None:
    await client.get("/v1/things/a")
    unknown = await client.request("TRACE", "/v1/things/a")
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (405, "METHOD_NOT_ALLOWED")
    strange = await client.get("/v1/thing%0A")
    assert (strange.status_code, strange.json()["error"]["code"]) == (404, "NO_SUCH_PATH")


def said(*events: dict[str, Any]) -> Any:
    left = iter(events)

    async def receive() -> Any:
        return next(left)

    return receive


def chunk(body: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


async def test_a_body_is_put_together_from_its_chunks() -> None:
    assert await asgi.read_body(said(chunk(b"one")), 3) == b"one"
    assert await asgi.read_body(said(chunk(b"on", more=True), chunk(b"", more=True), chunk(b"e")), 3) == b"one"
    assert await asgi.read_body(said({"type": "http.request"}), 3) == b""


async def test_a_body_that_claims_to_be_too_large_is_not_read() -> None:
    with pytest.raises(TooLarge):
        await asgi.read_body(said(), 3, b"4")
    assert await asgi.read_body(said(chunk(b"one")), 3, b"nonsense") == b"one"


async def test_a_body_that_is_too_large_is_not_read_to_its_end() -> None:
    with pytest.raises(TooLarge):
        await asgi.read_body(said(chunk(b"on", more=True), chunk(b"es", more=True)), 3)


async def test_a_body_that_breaks_off_is_no_body() -> None:
    with pytest.raises(Malformed, match="connection ended"):
        await asgi.read_body(said(chunk(b"on", more=True), {"type": "http.disconnect"}), 3)
