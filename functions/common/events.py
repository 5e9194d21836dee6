"""The event edge: Pub/Sub pushes, Cloud Tasks and Cloud Scheduler, each authenticated by OIDC.

A handler decides out loud: return or AlreadyDone = acknowledge; Rejected = stored with its reason, logged once,
acknowledged; Retryable or anything unknown = 5xx, back-off, then the dead letter. Nothing is dropped silently.
https://cloud.google.com/pubsub/docs/push
"""

from __future__ import annotations

import binascii
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from functions.common import asgi, auth, clock, collector, envelope, log, metrics, settings, telemetry
from functions.common.envelope import Response
from functions.common.errors import AlreadyDone, NotFound, Problem, Rejected, Retryable
from functions.common.http import Ready, plumbing, translate
from functions.common.routing import Route as _Route
from functions.common.routing import RouteTable

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Receive, Scope

_outcomes = metrics.Counter("events", "Messages, tasks and jobs by outcome.", ("path", "outcome"))
_latency = metrics.Histogram("event_seconds", "Time to handle a message, task or job.", ("path",))
_MAX_BODY = 15 << 20
_MOST_PLACES = 10_000
_ACK = Response(204, b"", [])


class Message:
    """One pushed Pub/Sub message."""

    __slots__ = (
        "_subscription",
        "attributes",
        "data",
        "delivery_attempt",
        "id",
        "ordering_key",
        "params",
        "path",
        "publish_time_text",
        "topic",
        "trace",
    )

    def __init__(self, envelope: dict[str, Any], path: str, params: dict[str, str], topic: str = "") -> None:
        message = envelope["message"]
        self.path, self.params = path, params
        self.topic = topic
        self.attributes: dict[str, str] = message.get("attributes") or {}
        self.id: str = self.attributes.get("originalMessageId") or message["messageId"]
        self.data: bytes = binascii.a2b_base64(message.get("data") or "", strict_mode=True)
        self.ordering_key: str = message.get("orderingKey", "")
        self.publish_time_text: str = message.get("publishTime", "")
        self.delivery_attempt: int | None = envelope.get("deliveryAttempt")
        self._subscription: str = envelope.get("subscription", "")
        self.trace: telemetry.Trace | None = None

    @property
    def subscription(self) -> str:
        """The last part of the subscription's name."""
        return self._subscription.rpartition("/")[2]

    @property
    def publish_time(self) -> datetime:
        """When Pub/Sub took the message (aware)."""
        text = self.publish_time_text
        return datetime.fromisoformat(text) if text else clock.now()

    def json(self) -> Any:
        """The data as JSON; raises Rejected when it is not."""
        try:
            return orjson.loads(self.data)
        except orjson.JSONDecodeError as error:
            raise Rejected("the data is not JSON", code="NOT_JSON") from error


class Task:
    """One Cloud Tasks delivery."""

    __slots__ = ("body", "name", "params", "queue", "retry_count")

    def __init__(self, headers: dict[str, str], body: Any, params: dict[str, str]) -> None:
        self.name = headers.get("x-cloudtasks-taskname", "")
        self.queue = headers.get("x-cloudtasks-queuename", "")
        self.retry_count = int(headers.get("x-cloudtasks-taskretrycount", "0") or 0)
        self.body: dict[str, Any] = body if isinstance(body, dict) else {}
        self.params = params


class Job:
    """One firing of a schedule."""

    __slots__ = ("now", "params")

    def __init__(self, params: dict[str, str]) -> None:
        self.now = clock.now()
        self.params = params


class _Place:
    """All that follows from a path alone. It is kept once somebody has called it with a genuine token.

    Google sends one token for most of an hour: the last genuine one is known again by its bytes.
    """

    __slots__ = ("audience", "genuine", "genuine_until", "params", "route", "topic")

    def __init__(self, route: _Route, params: dict[str, str], path: str, topics: Mapping[str, str]) -> None:
        self.route, self.params = route, params
        self.audience = settings.common().service_url + path
        self.topic = topics[route.path].format_map(params) if route.path in topics else ""
        self.genuine, self.genuine_until = b"", 0.0


OnMessage = Callable[[Message], Awaitable[None]]
OnTask = Callable[[Task], Awaitable[None]]
OnJob = Callable[[Job], Awaitable[None]]


class EventDoor:
    """The event door of a room: paths that only the platform may call."""

    def __init__(self, room: str, *, ready: Ready | None = None) -> None:
        collector.collect_seldom()
        self.room = room
        self.table = RouteTable()
        self._ready = ready
        self._topics: dict[str, str] = {}
        self._places: dict[str, _Place] = {}

    @property
    def routes(self) -> list[_Route]:
        """Every path of this door."""
        return self.table.routes

    def _add(self, kind: str, path: str, handler: Callable[..., Awaitable[None]]) -> None:
        route = _Route(self.room, "POST", path, handler, auth.public(), kind)
        route.latency = _latency.labels(path)
        self.table.add(route)

    def push(self, path: str, *, subscription: str, topic: str) -> Callable[[OnMessage], OnMessage]:
        """Handle the pushes of the card's `subscription`.

        `topic` is where a dead letter of this path is replayed to; it may hold the path's parameters in braces.
        """

        def register(handler: OnMessage) -> OnMessage:
            self._add(f"push:{subscription}", path, handler)
            self._topics[path] = topic
            return handler

        return register

    def task(self, path: str) -> Callable[[OnTask], OnTask]:
        """Handle the tasks of a queue."""

        def register(handler: OnTask) -> OnTask:
            self._add("task", path, handler)
            return handler

        return register

    def job(self, path: str) -> Callable[[OnJob], OnJob]:
        """Handle a schedule."""

        def register(handler: OnJob) -> OnJob:
            self._add("job", path, handler)
            return handler

        return register

    def entry(self) -> Callable[[Request], Awaitable[Response]]:
        """The function that functions-framework serves."""

        return asgi.entry(self._serve)

    async def _serve(self, scope: Scope, receive: Receive) -> Response:
        started = time.perf_counter()
        path: str = scope["path"]
        place = self._places.get(path) if scope["method"] == "POST" else None
        if place is None:
            found = self.table.find(scope["method"], path)
            if found is None:
                plain = await plumbing(path, self._ready)
                missing = NotFound("there is no such path", code="NO_SUCH_PATH")
                return plain or envelope.failure(missing, envelope.new_request_id().encode(), started)
            place = _Place(*found, path, self._topics)
        route = place.route
        try:
            authorization = _authorization(scope["headers"])
            if authorization != place.genuine or place.genuine_until <= clock.seconds():
                place.genuine_until = await _authenticate(authorization, place.audience)
                place.genuine = authorization
                if len(self._places) < _MOST_PLACES:
                    self._places[path] = place
            if route.summary == "task" or route.summary == "job":
                outcome = await _run_plain(place, scope["headers"], await asgi.read_body(receive, _MAX_BODY))
            else:
                outcome = await _run_message(place, path, await asgi.read_body(receive, _MAX_BODY))
            response = _ACK
        except Exception as error:
            request_id = envelope.new_request_id()
            if isinstance(error, Retryable):
                log.warning("event.retry", path=route.path, reason=str(error))
                error = Problem(str(error), code="RETRY")
                error.status = 503
            problem = translate(error, request_id)
            outcome = "refused" if problem.status < 500 else "retry"
            response = envelope.failure(problem, request_id.encode(), started)
        _outcomes.labels(route.path, outcome).value += 1
        if route.latency is not None:
            route.latency.observe(time.perf_counter() - started)
        return response


def _authorization(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    for name, value in headers:
        if name == b"authorization":
            return value
    return b""


async def _authenticate(authorization: bytes, audience: str) -> float:
    """Until when (seconds since the epoch) this token is good here; raises Unauthenticated."""
    if authorization[:7].lower() != b"bearer ":
        auth.refuse("this door is called by Pub/Sub, Cloud Tasks and Cloud Scheduler only")
    return (await auth.push_verifier().verify(authorization[7:].decode("latin-1"), audience)).expires_at


async def _run_message(place: _Place, path: str, body: bytes) -> str:
    route = place.route
    try:
        message = Message(orjson.loads(body), path, dict(place.params), place.topic)
    except (orjson.JSONDecodeError, binascii.Error, KeyError, TypeError, AttributeError, ValueError) as error:
        return await _reject_unreadable(route, place.params, path, body, error)
    del body  # hundreds of messages may wait for their round at once: what each of them holds is kept small
    message.trace = telemetry.begin(route.path, message.attributes.get("traceparent"), telemetry.CONSUMER)
    failed = True
    try:
        await route.handler(message)
        outcome = "done"
        failed = False
    except AlreadyDone:
        outcome, failed = "already_done", False
    except Rejected as rejected:
        from functions.common import deadletters

        await deadletters.park(message, code=rejected.code, reason=rejected.reason)
        log.warning(
            "event.rejected",
            path=route.path,
            code=rejected.code,
            reason=rejected.reason,
            messageId=message.id,
        )
        outcome, failed = "rejected", False
    finally:
        if message.trace.otel is not None:
            telemetry.end(message.trace, error=failed, messaging__message__id=message.id)
    if outcome != "rejected" and "replayOf" in message.attributes:
        from functions.common import deadletters

        await deadletters.resolve(message.params.get("tenantId", ""), message.attributes["replayOf"])
    return outcome


async def _reject_unreadable(route: _Route, params: dict[str, str], path: str, body: bytes, error: Exception) -> str:
    """A push whose envelope or base64 is broken can never be read: keep it as it came."""
    from functions.common import deadletters

    await deadletters.park_raw(
        path, params, body, code="BAD_ENVELOPE", reason=f"unreadable push: {type(error).__name__}"
    )
    log.warning("event.rejected", path=route.path, code="BAD_ENVELOPE", reason=type(error).__name__)
    return "rejected"


async def _run_plain(place: _Place, raw_headers: Iterable[tuple[bytes, bytes]], body: bytes) -> str:
    route, params = place.route, dict(place.params)
    headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in raw_headers}
    trace = telemetry.begin(route.path, headers.get("traceparent"), telemetry.CONSUMER)
    failed = True
    try:
        if route.summary == "job":
            await route.handler(Job(params))
        else:
            try:
                content = orjson.loads(body) if body else {}
            except orjson.JSONDecodeError as error:
                raise Rejected("the task's body is not JSON") from error
            await route.handler(Task(headers, content, params))
        failed = False
    except AlreadyDone:
        failed = False
        return "already_done"
    except Rejected as rejected:
        failed = False
        log.error("task.rejected", path=route.path, code=rejected.code, reason=rejected.reason)
        return "rejected"
    finally:
        telemetry.end(trace, error=failed)
    return "done"
