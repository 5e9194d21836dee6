"""What the tests of the local cloud share: a sink for pushes, servers under test, and the real Google clients."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import uuid
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import grpc
import uvicorn
from google.pubsub_v1 import PublisherClient, SchemaServiceClient, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.schema_service.transports import SchemaServiceGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.issuer import Issuer
from local.processes import Child, free_port

T = TypeVar("T")
PROJECT = "projects/conformance"


@dataclass(frozen=True)
class Hit:
    """One request that the sink got."""

    at: float
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.body)
        return value

    @property
    def data(self) -> str:
        """The data of a wrapped Pub/Sub message, as text."""
        import base64

        return base64.b64decode(self.json["message"].get("data", "")).decode()


Answer = int | tuple[int, float]
"""A status, or a status and how long it takes in seconds."""


@dataclass
class Sink:
    """One test's part of the HTTP server that gets pushes and tasks: it remembers them and answers as it is told."""

    answer: Callable[[Hit], Answer] = lambda _hit: 204
    hits: list[Hit] = field(default_factory=list)
    busy: int = 0
    most_busy: int = 0
    url: str = ""

    async def handle(self, request: Request, path: str) -> Response:
        path = "/" + path + (f"?{request.url.query}" if request.url.query else "")
        hit = Hit(time.monotonic(), request.method, path, dict(request.headers), await request.body())
        self.hits.append(hit)
        self.busy += 1
        self.most_busy = max(self.most_busy, self.busy)
        try:
            answer = self.answer(hit)
            status, takes = answer if isinstance(answer, tuple) else (answer, 0.0)
            if takes:
                await asyncio.sleep(takes)
            return Response(status_code=status)
        finally:
            self.busy -= 1

    def wait(self, count: int, within: float = 10.0) -> list[Hit]:
        """At least `count` requests, or the test fails."""
        eventually(lambda: len(self.hits) >= count, within, lambda: f"{len(self.hits)} of {count} requests came")
        return self.hits

    def data(self) -> list[str]:
        return [hit.data for hit in self.hits]


class SinkServer:
    """One HTTP server for all tests; each gets a path of its own, so that what one left behind hits no other."""

    def __init__(self) -> None:
        self.port = 0
        self._sinks: dict[str, Sink] = {}

    @contextlib.contextmanager
    def serving(self) -> Iterator[SinkServer]:
        """Serves until the block ends."""
        methods = ["GET", "POST", "PUT", "DELETE", "PATCH"]
        app = Starlette(routes=[Route("/{rest:path}", self._route, methods=methods)])
        config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", ws="none", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            eventually(lambda: server.started)
            self.port = server.servers[0].sockets[0].getsockname()[1]
            yield self
        finally:
            server.should_exit = server.force_exit = True
            thread.join(10)

    @contextlib.contextmanager
    def sink(self) -> Iterator[Sink]:
        """A new sink until the block ends."""
        token = uuid.uuid4().hex[:8]
        sink = self._sinks[token] = Sink(url=f"http://127.0.0.1:{self.port}/{token}")
        yield sink
        del self._sinks[token]

    async def _route(self, request: Request) -> Response:
        token, _, path = request.path_params["rest"].partition("/")
        sink = self._sinks.get(token)
        return Response(status_code=204) if sink is None else await sink.handle(request, path)


@dataclass
class PubSub:
    """A running Pub/Sub, local or Google's emulator, and Google's clients connected to it."""

    kind: str
    address: str
    publisher: PublisherClient
    subscriber: SubscriberClient
    schemas: SchemaServiceClient

    def topic(self) -> str:
        """A new topic."""
        name = f"{PROJECT}/topics/t-{uuid.uuid4().hex[:12]}"
        self.publisher.create_topic(name=name)
        return name

    def subscription(self, topic: str, **config: Any) -> str:
        """A new subscription of the topic."""
        name = f"{PROJECT}/subscriptions/s-{uuid.uuid4().hex[:12]}"
        self.subscriber.create_subscription(request={"name": name, "topic": topic, **config})
        return name

    def publish(self, topic: str, *data: str, key: str = "", **attributes: str) -> list[str]:
        """Publishes one message per text, in one request; the ids."""
        messages = [{"data": text.encode(), "attributes": attributes, "ordering_key": key} for text in data]
        return list(self.publisher.publish(request={"topic": topic, "messages": messages}).message_ids)

    def update(self, subscription: dict[str, Any], *paths: str) -> None:
        request = {"subscription": subscription, "update_mask": {"paths": list(paths)}}
        self.subscriber.update_subscription(request=request)

    def push_to(self, subscription: str, url: str) -> None:
        """Turns a subscription to push, or back to pull with an empty URL."""
        config = {"push_endpoint": url} if url else {}
        self.subscriber.modify_push_config(request={"subscription": subscription, "push_config": config})

    def pull(self, subscription: str, count: int = 1, within: float = 5.0) -> list[Any]:
        """Up to `count` messages, as soon as there are any."""
        found: list[Any] = []
        stop = time.monotonic() + within
        while len(found) < count and (left := stop - time.monotonic()) > 0:
            request = {"subscription": subscription, "max_messages": count - len(found)}
            with contextlib.suppress(TimeoutError):
                found += self.subscriber.pull(request=request, timeout=max(0.3, left), retry=None).received_messages
        return found

    def pull_now(self, subscription: str, count: int = 10) -> list[Any]:
        """What is there at this moment."""
        request = {"subscription": subscription, "max_messages": count, "return_immediately": True}
        with warnings.catch_warnings():
            # Google advises against asking for what is there; here that is the question.
            warnings.simplefilter("ignore", DeprecationWarning)
            return list(self.subscriber.pull(request=request, timeout=5).received_messages)

    def ack(self, subscription: str, *received: Any) -> None:
        self.subscriber.acknowledge(subscription=subscription, ack_ids=[each.ack_id for each in received])

    def lease(self, subscription: str, received: Any, seconds: int) -> None:
        self.subscriber.modify_ack_deadline(
            subscription=subscription, ack_ids=[received.ack_id], ack_deadline_seconds=seconds
        )


@contextlib.contextmanager
def clients(kind: str, address: str) -> Iterator[PubSub]:
    """Google's own clients on an insecure channel."""
    # As Google's own channels: no limit on what comes back.
    with grpc.insecure_channel(address, [("grpc.max_receive_message_length", -1)]) as channel:
        yield PubSub(
            kind,
            address,
            PublisherClient(transport=PublisherGrpcTransport(channel=channel)),
            SubscriberClient(transport=SubscriberGrpcTransport(channel=channel)),
            SchemaServiceClient(transport=SchemaServiceGrpcTransport(channel=channel)),
        )


@dataclass
class CloudProcess:
    """`python -m local.cloud` as a child process."""

    child: Child
    ports: dict[str, int]

    @property
    def pubsub(self) -> str:
        return f"127.0.0.1:{self.ports['pubsub']}"

    @property
    def tasks(self) -> str:
        return f"127.0.0.1:{self.ports['tasks']}"

    def get(self, server: str, path: str) -> Any:
        """JSON from the admin or the issuer door."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[server]}{path}", timeout=5) as reply:
            return json.loads(reply.read())


@contextlib.contextmanager
def cloud_process(data_dir: Path | None = None, *options: str) -> Iterator[CloudProcess]:
    """A running local cloud; stopped at the end of the block if it still runs."""
    if data_dir is not None and not (keys := data_dir / "issuer-keys.json").exists():
        keys.write_bytes(_issuer_keys())
    argv = [sys.executable, "-m", "local.cloud", *options] + ([] if data_dir is None else ["--data-dir", str(data_dir)])
    child = Child("local.cloud", argv, stdout=subprocess.PIPE, cwd=Path(__file__).parents[4]).start()
    try:
        assert child.stdout is not None
        ready = json.loads(child.stdout.readline())
        assert ready.pop("ready") is True
        yield CloudProcess(child, ready)
    finally:
        child.stop(grace=5.0)


@cache
def _issuer_keys() -> bytes:
    """Keys made once for all, since making RSA keys takes longer than most tests."""
    with tempfile.TemporaryDirectory() as folder:
        Issuer(Path(folder))
        return (Path(folder) / "issuer-keys.json").read_bytes()


@contextlib.contextmanager
def emulator_process(launcher: Path) -> Iterator[str]:
    """Google's emulator; its address."""
    port = free_port()
    child = Child("emulator", [str(launcher), "--host=127.0.0.1", f"--port={port}"], stdout=subprocess.PIPE).start()
    try:
        assert child.stdout is not None
        for line in child.stdout:
            if b"Server started" in line:
                break
        # Its log goes on; nobody reads it, and the pipe must not fill up.
        threading.Thread(target=_drain, args=(child.stdout,), daemon=True).start()
        yield f"127.0.0.1:{port}"
    finally:
        child.kill()


def _drain(stream: Any) -> None:
    with contextlib.suppress(ValueError, OSError):
        for _ in stream:
            pass


def eventually(
    check: Callable[[], bool], within: float = 5.0, complaint: Callable[[], str] = lambda: "it never became true"
) -> None:
    """Waits until the check holds, or fails the test."""
    stop = time.monotonic() + within
    while not check():
        if time.monotonic() > stop:
            raise AssertionError(complaint())
        time.sleep(0.01)


@contextlib.asynccontextmanager
async def running(server: T) -> AsyncIterator[T]:
    """Starts and stops a server of the local cloud inside the test's own event loop."""
    await server.start()  # type: ignore[attr-defined]
    try:
        yield server
    finally:
        await server.stop()  # type: ignore[attr-defined]
