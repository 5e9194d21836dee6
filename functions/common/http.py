"""The HTTP edge: one small route table per door; authorise, validate, call one verb, render.

Every problem leaves as the failure envelope; every door answers `/health`, `/ready` and `/metrics`.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from functions.common import asgi, clock, collector, deadline, envelope, log, metrics, settings, telemetry
from functions.common.envelope import JSON_HEADERS, Pagination, Reply, Response, Stream
from functions.common.errors import (
    DeadlineExceeded,
    Malformed,
    MethodNotAllowed,
    NotFound,
    Problem,
    Unavailable,
    UnsupportedMedia,
    fields,
)
from functions.common.routing import Route, RouteTable

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Receive, Scope

    from functions.common.auth import Principal, Spec

__all__ = ["Call", "HttpDoor", "Pagination", "Reply", "plumbing", "translate"]

Ready = Callable[[], Awaitable[dict[str, str]]]
"""Checks a door's dependencies: name -> "ok" or what is wrong."""

_requests = metrics.Counter("http_requests", "Requests by route and status.", ("route", "method", "status"))
_latency = metrics.Histogram("http_request_seconds", "Time to answer, by route.", ("route", "method"))
_in_flight = metrics.Gauge("http_requests_in_flight", "Requests being served.").labels()
_ID_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:")


class Call:
    """One request, parsed and authorised.

    `content` is the body as it came, `content_type` its media type in lower case. `idempotency_id` is the hash of
    (caller, operation, key) to derive deterministic ids from, or None when the caller sent no key.
    """

    __slots__ = (
        "body",
        "content",
        "content_type",
        "headers",
        "idempotency_id",
        "params",
        "principal",
        "query",
        "request_id",
        "route",
        "trace",
    )

    def __init__(self, route: Route, params: dict[str, str], headers: list[tuple[bytes, bytes]]) -> None:
        self.route, self.params, self.headers = route, params, headers
        self.body: Any = None
        self.query: Any = None
        self.content = b""
        self.content_type = ""
        self.request_id = ""
        self.idempotency_id: str | None = None
        self.trace: telemetry.Trace
        self.principal: Principal

    @property
    def now(self) -> datetime:
        """The time, aware, in UTC."""
        return clock.now()

    def header(self, name: str) -> str | None:
        """A request header by its lower-case name."""
        wanted = name.encode()
        for key, value in self.headers:
            if key == wanted:
                return value.decode("latin-1")
        return None


Handler = Callable[[Call], Awaitable[Reply]]


class HttpDoor:
    """The HTTP door of a room. `schemas` are named, and imported from the room's `schemas` module on first use."""

    def __init__(self, room: str, *, ready: Ready | None = None) -> None:
        collector.collect_seldom()
        self.room = room
        self.table = RouteTable()
        self._ready = ready
        self._started = False

    @property
    def routes(self) -> list[Route]:
        """Every operation, in the order of declaration: what OpenAPI is generated from."""
        return self.table.routes

    def route(
        self, method: str, path: str, *, auth: Spec, summary: str, **options: Any
    ) -> Callable[[Handler], Handler]:
        """Declare an operation; `options` are the fields of `Route`."""

        def register(handler: Handler) -> Handler:
            route = Route(self.room, method, path, handler, auth, summary, **options)
            route.latency = _latency.labels(path, method)
            self.table.add(route)
            return handler

        return register

    def get(self, path: str, *, auth: Spec, summary: str, **options: Any) -> Callable[[Handler], Handler]:
        """Declare a GET operation."""
        return self.route("GET", path, auth=auth, summary=summary, **options)

    def post(self, path: str, *, auth: Spec, summary: str, **options: Any) -> Callable[[Handler], Handler]:
        """Declare a POST operation."""
        return self.route("POST", path, auth=auth, summary=summary, **options)

    def put(self, path: str, *, auth: Spec, summary: str, **options: Any) -> Callable[[Handler], Handler]:
        """Declare a PUT operation."""
        return self.route("PUT", path, auth=auth, summary=summary, **options)

    def patch(self, path: str, *, auth: Spec, summary: str, **options: Any) -> Callable[[Handler], Handler]:
        """Declare a PATCH operation."""
        return self.route("PATCH", path, auth=auth, summary=summary, **options)

    def delete(self, path: str, *, auth: Spec, summary: str, **options: Any) -> Callable[[Handler], Handler]:
        """Declare a DELETE operation."""
        return self.route("DELETE", path, auth=auth, summary=summary, **options)

    def entry(self) -> Callable[[Request], Awaitable[Response]]:
        """The function that functions-framework serves."""

        return asgi.entry(self._serve)

    async def _serve(self, scope: Scope, receive: Receive) -> Response:
        started = time.perf_counter()
        method: str = scope["method"]
        path: str = scope["raw_path"].decode("latin-1") if b"%" in scope["raw_path"] else scope["path"]
        found = self.table.find(method, path)
        if found is None and method == "HEAD":
            found = self.table.find("GET", path)
        if found is None:
            return await self._unrouted(method, path, started)
        route, params = found
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        call = Call(route, params, headers)
        authorization = traceparent = length = kind = None
        for key, value in headers:
            if key == b"authorization":
                authorization = value
            elif key == b"traceparent":
                traceparent = value.decode("latin-1")
            elif key == b"x-request-id":
                text = value.decode("latin-1")
                if 0 < len(text) <= 64 and _ID_CHARACTERS.issuperset(text):
                    call.request_id = text
            elif key == b"content-length":
                length = value
            elif key == b"content-type":
                kind = value
        call.trace = telemetry.begin(route.path, traceparent)
        if not call.request_id:
            call.request_id = call.trace.trace_id
        request_id = call.request_id.encode()
        _in_flight.value += 1
        try:
            work = self._work(call, scope, receive, (authorization, length, kind), request_id, started)
            response = await deadline.within(route.budget or settings.common().handler_budget_seconds, work)
        except Exception as error:
            response = envelope.failure(translate(error, call.request_id), request_id, started)
        finally:
            _in_flight.value -= 1
        self._account(call, response, started)
        return response

    async def _work(
        self,
        call: Call,
        scope: Scope,
        receive: Receive,
        headers: tuple[bytes | None, bytes | None, bytes | None],
        request_id: bytes,
        started: float,
    ) -> Response:
        authorization, length, kind = headers
        await self._authorise(call, authorization)
        await self._parse(call, scope, receive, length, kind)
        return await self._answer(call, request_id, started)

    async def _authorise(self, call: Call, authorization: bytes | None) -> None:
        spec = call.route.auth
        token = None
        if authorization is not None and authorization[:7].lower() == b"bearer ":
            token = authorization[7:].decode("latin-1")
            known = spec.known(token)
            if known is not None:
                call.principal = known
                if call.route.rate is None:
                    return
        principal = await spec.check(token)
        if principal is not None:
            call.principal = principal
        if call.route.rate is not None:
            from functions.common import ratelimit

            await ratelimit.check(call)

    async def _parse(
        self, call: Call, scope: Scope, receive: Receive, length: bytes | None, kind: bytes | None
    ) -> None:
        route = call.route
        query: bytes = scope["query_string"]
        if route.query is not None or (query and not route.page):
            call.query = _parse_query(route, query)
        if route.body is not None:
            content = await asgi.read_body(receive, route.max_body, length)
            if kind is None or not kind.lower().startswith(b"application/json"):
                raise UnsupportedMedia("send application/json")
            call.content = content
            call.body = _validate(route.model("body"), content)
        elif route.media:
            call.content_type = (kind or b"").partition(b";")[0].strip().lower().decode("latin-1")
            if call.content_type not in route.media:
                raise UnsupportedMedia(f"send one of {', '.join(route.media)}", field="Content-Type")
            call.content = await asgi.read_body(receive, route.max_body, length)
        if route.idempotency is not None:
            from functions.common import idempotency

            call.idempotency_id = idempotency.key_of(call)

    async def _answer(self, call: Call, request_id: bytes, started: float) -> Response:
        route = call.route
        if call.idempotency_id is not None:
            from functions.common import idempotency

            return await idempotency.run(call, request_id, started)
        reply = await route.handler(call)
        return render(reply, route, request_id, started)

    def _account(self, call: Call, response: Response, started: float) -> None:
        route, status = call.route, response.status
        count = route.counts.get(status)
        if count is None:
            count = route.counts[status] = _requests.labels(route.path, route.method, str(status))
        count.value += 1
        elapsed = time.perf_counter() - started
        if route.latency is not None:
            route.latency.observe(elapsed)
        if call.trace.otel is not None:
            telemetry.end(call.trace, error=status >= 500, http__response__status_code=status)
        if status >= 400 or elapsed > 1.0:
            log.info(
                "http.request",
                route=route.path,
                method=route.method,
                status=status,
                ms=round(elapsed * 1000, 1),
            )

    async def _unrouted(self, method: str, path: str, started: float) -> Response:
        response = await plumbing(path, self._ready)
        if response is not None:
            return response
        request_id = envelope.new_request_id().encode()
        allowed = self.table.methods(path)
        if not allowed:
            return envelope.failure(NotFound("there is no such path", code="NO_SUCH_PATH"), request_id, started)
        problem = MethodNotAllowed(f"{method} is not one of {', '.join(allowed)}")
        response = envelope.failure(problem, request_id, started)
        response.headers.append((b"allow", ", ".join(allowed).encode()))
        return response


def render(reply: Reply, route: Route, request_id: bytes, started: float) -> Response:
    """The success envelope of a reply, or the stream that it is."""
    if reply.stream is not None:
        headers = [
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
            (b"x-request-id", request_id),
        ]
        headers += [(name.lower().encode(), value.encode("latin-1")) for name, value in reply.headers]
        return Stream(reply.status or route.status, reply.stream, headers)
    data = reply.raw if reply.raw is not None else envelope.encode(reply.data)
    body = data if route.raw_reply else envelope.success(data, request_id, started, reply.pagination)
    headers = [*JSON_HEADERS, (b"x-request-id", request_id)]
    if reply.status != 304:
        headers.append((b"content-length", b"%d" % len(body)))
    if reply.headers:
        replaced = {name.lower().encode() for name, _ in reply.headers}
        headers = [(k, v) for k, v in headers if k not in replaced]
        headers += [(name.lower().encode(), value.encode("latin-1")) for name, value in reply.headers]
    return Response(reply.status or route.status, body, headers)


def translate(error: Exception, request_id: str = "") -> Problem:
    """The one mapping from what went wrong to what the caller is told; unknown errors are logged with their stack."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, TimeoutError):
        log.warning("http.deadline_exceeded", requestId=request_id)
        return DeadlineExceeded("this took too long; repeat it with the same idempotency key", retry_after=1)
    if type(error).__module__.startswith("pymongo"):
        from functions.common import mongo

        if mongo.is_outage(error):
            log.warning("mongo.unavailable", error=type(error).__name__, requestId=request_id)
            return Unavailable("the database cannot be reached now")
    if type(error).__module__.startswith(("google.api_core", "grpc")):
        log.warning("google.unavailable", error=type(error).__name__, requestId=request_id)
        return Unavailable("the message service cannot be reached now")
    log.error("http.unexpected_error", error, requestId=request_id)
    return Problem("something went wrong on our side; quote the request id")


def _parse_query(route: Route, query: bytes) -> Any:
    try:
        pairs = (
            parse_qsl(
                query.decode("ascii"),
                keep_blank_values=True,
                strict_parsing=True,
                max_num_fields=50,
                errors="strict",
            )
            if query
            else []
        )
    except ValueError as error:
        raise Malformed("the query string cannot be read", field="query") from error
    values = dict(pairs)
    if len(values) != len(pairs):
        raise Malformed("a query parameter is given twice", field="query", code="DUPLICATE_PARAMETER")
    if route.query is None:
        raise Malformed(f"unknown query parameter: {next(iter(values))[:64]}", field="query", code="UNKNOWN_PARAMETER")
    from pydantic import ValidationError

    try:
        return route.model("query").model_validate(values)
    except ValidationError as error:
        problems: Any = error.errors(include_url=False, include_input=False, include_context=False)
        raise Malformed("a query parameter is not valid", details=fields(problems)) from error


def _validate(model: Any, content: bytes) -> Any:
    from pydantic import ValidationError

    try:
        body = model.model_validate_json(content)
        _every_key_once.decode(content.decode())
    except ValidationError as error:
        problems: Any = error.errors(include_url=False, include_input=False, include_context=False)
        raise Malformed("the body is not valid", details=fields(problems)) from error
    except ValueError as error:
        raise Malformed("an object in the body names a key twice", field="body", code="DUPLICATE_KEY") from error
    return body


def _once(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a key stands twice in one object")


# RFC 8259 leaves open which of two equal keys counts, so whoever looked before us may have seen the other one. Pydantic
# takes the last without a word; asking again costs 12 ms for a batch of 5,000 updates and 3 us for a scan.
_every_key_once = json.JSONDecoder(object_pairs_hook=_once)


async def plumbing(path: str, ready: Ready | None) -> Response | None:
    """`/health` (alive), `/ready` (dependencies) and `/metrics`, which every door answers."""
    if path == "/health":
        return Response(200, b'{"status":"ok"}', JSON_HEADERS)
    if path == "/ready":
        try:
            checks = await ready() if ready is not None else {}
        except settings.SettingsError as error:
            # It names variables, never what they hold: whoever deploys reads here what is missing.
            checks = {"settings": str(error)}
        healthy = all(state == "ok" for state in checks.values())
        body = envelope.encode({"status": "ok" if healthy else "unavailable", "checks": checks})
        return Response(200 if healthy else 503, body, JSON_HEADERS)
    if path == "/metrics":
        content, kind = metrics.render()
        return Response(200, content, [(b"content-type", kind.encode())])
    return None


async def probe(**checks: Callable[[], Awaitable[Any]]) -> dict[str, str]:
    """Run dependency checks side by side: name -> "ok" or the kind of error."""

    async def one(check: Callable[[], Awaitable[Any]]) -> str:
        try:
            async with asyncio.timeout(2.0):
                await check()
        except Exception as error:  # whatever it is, the dependency is not ready: that is the answer
            return type(error).__name__
        return "ok"

    states = await asyncio.gather(*(one(check) for check in checks.values()))
    return dict(zip(checks, states, strict=True))
