"""One port for the whole suite: routes as the load balancer will, and helps a developer along.

What the load balancer does: public routes of the cards to their doors, forwarding headers, a body limit, answers
when a door is down. What only the local cloud has: `/docs`, `/openapi.json`, `/dev/...`, JWKS documents.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from functions.common import envelope
from functions.common.errors import NotFound, Problem, TooLarge, Unavailable
from local.proxy import Answer, Broken, Headers, NextChunk, Origin, Request, Unreachable
from local.topology import PublicRoutes

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Own = Callable[[Scope, Receive], Awaitable[envelope.Response | None]]
"""Answers the gateway's own paths; None: not one of them."""

# Cloud Run refuses larger HTTP/1 requests.
MAX_BODY = 32 << 20
# RFC 9110 7.6.1: these speak about one connection. `expect` is answered by the server in front of us.
HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-connection",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"expect",
    }
)
REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})


class BadGateway(Problem):
    """The door hung up in the middle of its answer."""

    status, code = 502, "BAD_GATEWAY"


class GatewayTimeout(Problem):
    """The door did not answer within its time-out."""

    status, code = 504, "GATEWAY_TIMEOUT"


@dataclass(frozen=True, slots=True)
class Backend:
    """Where a door is, and how long it may take (its card's timeout, seconds)."""

    origin: Origin
    timeout: float


class Gateway:
    """The ASGI application."""

    def __init__(self, routes: PublicRoutes, backends: Mapping[str, Backend], own: Own | None = None) -> None:
        self._routes, self._backends, self._own = routes, backends, own

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; other kinds of connection are refused."""
        if scope["type"] == "lifespan":
            return await _lifespan(receive, send, self._backends)
        if scope["type"] != "http":
            return await send({"type": "websocket.close", "code": 1000})
        started = time.perf_counter()
        sent = False

        async def sending(message: MutableMapping[str, Any]) -> None:
            nonlocal sent
            sent = True
            await send(message)

        try:
            await self._serve(scope, receive, sending)
        except (Problem, Unreachable, Broken, TimeoutError) as problem:
            if sent:
                # Too late for an envelope: end the connection, so that the client sees a broken answer.
                raise
            request_id = _header(scope["headers"], b"x-request-id") or envelope.new_request_id().encode()
            await _respond(send, envelope.failure(_problem(problem), request_id, started))

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["raw_path"].decode("latin-1")
        service = self._routes.service_for(path)
        backend = None if service is None else self._backends.get(service)
        if backend is None:
            answer = None if self._own is None else await self._own(scope, receive)
            if answer is None:
                raise NotFound("there is no such path", code="NO_SUCH_PATH")
            return await _respond(send, answer)
        request = await _outgoing(scope, receive, backend)
        async with asyncio.timeout(backend.timeout):
            reply = await backend.origin.send(request)
        await _relay(reply, send)


async def _outgoing(scope: Scope, receive: Receive, backend: Backend) -> Request:
    headers: Headers = scope["headers"]
    length = _header(headers, b"content-length")
    if length is not None and int(length) > MAX_BODY:
        raise TooLarge(f"at most {MAX_BODY} bytes are accepted")
    chunked = length is None and _header(headers, b"transfer-encoding") is not None
    head = _head(scope, backend.origin, chunked)
    method: str = scope["method"]
    first, more, rest = b"", False, None
    if chunked or length not in (None, b"0"):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Broken
        first, more = message.get("body", b""), message.get("more_body", False)
        if more:
            rest = _body(receive, chunked, len(first))
        if chunked:
            first = _chunk(first) + (b"" if more else b"0\r\n\r\n")
    return Request(head + first, rest, method in REPEATABLE, method != "HEAD")


def _body(receive: Receive, chunked: bool, size: int) -> NextChunk:
    async def following() -> tuple[bytes, bool]:
        nonlocal size
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Broken
        data, more = message.get("body", b""), message.get("more_body", False)
        size += len(data)
        if size > MAX_BODY:
            raise TooLarge(f"at most {MAX_BODY} bytes are accepted")
        if chunked:
            data = _chunk(data) + (b"" if more else b"0\r\n\r\n")
        return data, more

    return following


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


def _head(scope: Scope, origin: Origin, chunked: bool) -> bytes:
    client = scope.get("client")
    address = client[0].encode() if client else b"unknown"
    target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
    headers: Headers = scope["headers"]
    dropped = HOP_BY_HOP | _named_by_connection(headers)
    lines = [
        b"%b %b HTTP/1.1" % (scope["method"].encode(), target),
        b"host: %b:%d" % (origin.host.encode(), origin.port),
    ]
    forwarded = []
    for name, value in headers:
        if name == b"x-forwarded-for":
            forwarded.append(value)
        elif name == b"host":
            lines.append(b"x-forwarded-host: " + value)
        elif name not in dropped and name not in (b"x-forwarded-proto", b"x-forwarded-host"):
            lines.append(name + b": " + value)
    # As Google's load balancer does: what the client claimed stays in front, what we know is last.
    lines.append(b"x-forwarded-for: " + b", ".join([*forwarded, address]))
    lines.append(b"x-forwarded-proto: " + scope.get("scheme", "http").encode())
    if chunked:
        lines.append(b"transfer-encoding: chunked")
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _named_by_connection(headers: Headers) -> frozenset[bytes]:
    value = _header(headers, b"connection")
    return frozenset() if value is None else frozenset(each.strip() for each in value.lower().split(b","))


async def _relay(reply: Answer, send: Send) -> None:
    headers = [(name, value) for name, value in reply.headers if name not in HOP_BY_HOP]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    body = reply.whole()
    if body is not None:
        return await send({"type": "http.response.body", "body": body})
    try:
        async for chunk in reply.chunks():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    except BaseException:
        reply.abandon()
        raise
    await send({"type": "http.response.body", "body": b""})


async def _respond(send: Send, answer: envelope.Response) -> None:
    headers = list(answer.headers)
    if not any(name == b"content-length" for name, _ in headers):
        headers.append((b"content-length", b"%d" % len(answer.body)))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


async def _lifespan(receive: Receive, send: Send, backends: Mapping[str, Backend]) -> None:
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            for backend in backends.values():
                backend.origin.close()
            return


def _problem(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, Unreachable):
        return Unavailable("this part of the suite is not running now", code="DOOR_DOWN")
    if isinstance(error, TimeoutError):
        return GatewayTimeout("this part of the suite did not answer in time")
    return BadGateway("this part of the suite hung up before it had answered")


def _header(headers: Headers, wanted: bytes) -> bytes | None:
    for name, value in headers:
        if name == wanted:
            return value
    return None


def main(config_file: str) -> None:
    """Serve until SIGTERM, as the JSON file says that the suite wrote."""
    import json
    from pathlib import Path

    import uvicorn

    from functions.common.cards import load_cards
    from local.devdoors import DevDoors
    from local.health import Health
    from local.issuer import Issuer
    from local.processes import HOST
    from local.status import Collector
    from local.topology import build

    config = json.loads(Path(config_file).read_text())
    topology = build(load_cards(Path(config["functionsDir"])), config["tenants"], config["rooms"])
    backends = {
        door.service: Backend(Origin(HOST, config["doors"][door.service]), float(door.timeout))
        for door in topology.doors
    }
    admin = Origin(HOST, config["adminPort"]) if config["adminPort"] else None
    origins = {service: backend.origin for service, backend in backends.items()}
    collector = Collector(origins, admin, config["endpoints"])
    issuer, stripe = Issuer(Path(config["issuerDir"])), config["endpoints"].get("stripe")
    tenants = {push.id: push.tenant_id for push in topology.pushes}
    health = Health(origins, admin, Path(config_file).parent / "logs", tenants)
    own = DevDoors(issuer, Path(config["openapi"]), collector.collect, stripe, health)
    uvicorn.run(
        Gateway(topology.routes, backends, own),
        host=HOST,
        port=config["port"],
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=2,
        backlog=1024,
    )


if __name__ == "__main__":
    import sys

    main(sys.argv[1])
