"""Every real door of the suite behind one address in this process, with two tenants in its database.

The doors are the cards' own; only Pub/Sub and Cloud Tasks are lists. Whatever the doors ask of MongoDB and Redis is
watched. The server has a thread and an event loop of its own, so that tests and fuzzers call it like anybody else.
"""

from __future__ import annotations

import asyncio
import functools
import json
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import bson
import httpx
import pymongo
import pytest
import uvicorn
from redis import Redis

from functions.catalog import settings as catalog_settings
from functions.checkout import settings as checkout_settings
from functions.checkout import wiring as checkout_wiring
from functions.common import cards, exit_pass, migrations, mongo, pubsub, ratelimit, stores, tasks, tenants
from functions.exit_gate import settings as gate_settings
from functions.exit_gate import wiring as gate_wiring
from functions.import_publish.sources import blobs, guard, secrets
from functions.notify import settings as notify_settings
from functions.sessions import settings as sessions_settings
from functions.sessions import wiring as sessions_wiring
from retailscan.rooms import event_doors
from tests.integration.checkout.purse import Purse
from tests.security import bought, goods
from tests.security.contract import Operation, operation
from tests.security.goods import ANN, NAMES, SAMPLES, STORE, TENANT, Sample
from tests.security.watch import MongoWatch, RedisWatch
from tests.support import ROOT, World, app_of, bearer, close, push_body
from tests.unit.import_publish.fakes import MemoryBucket

SESSION, NOBODY = "shopper with a session", "nobody"
CALLERS = (SESSION, "shopper", "store_staff", "store_manager", "brand_manager", "erp", "operator", "gate", NOBODY)

App = Callable[[Any, Any, Any], Awaitable[None]]
Headers = Mapping[str, str]


class Mall:
    """The suite in one process. `client` calls it, `mongo` and `redis` tell what it asked of its servers."""

    def __init__(self, world: World, seen: MongoWatch, redis: RedisWatch) -> None:
        self.world, self.seen, self.redis = world, seen, redis
        self.published: list[tuple[str, pubsub.OutMessage]] = []
        self.enqueued: list[dict[str, Any]] = []
        self.purse = Purse()
        self.database: pymongo.database.Database[dict[str, Any]]
        self.client: httpx.Client
        self.url = ""
        self._writes = -1
        self._founded = datetime.now(UTC)
        self._flusher = Redis.from_url(world.settings.redis_url)
        self._keys = 0

    # -- what is in it

    def restock(self) -> None:
        """Put everything back, if anything was written since."""
        self._flusher.flushall()
        stores.forget()
        tenants.forget()
        sessions_wiring.forget()
        self.published.clear()
        self.enqueued.clear()
        if self.seen.writes == self._writes:
            return
        # Only the last write waits for the majority (and the disk), and with it for all before it.
        quick = self.database.with_options(write_concern=pymongo.WriteConcern(w=1, j=False))
        for collection in migrations_of():
            quick[collection.name].delete_many({})
        for name, documents in goods.documents(self._founded).items():
            quick[name].insert_many(documents)
            if name == "purchases":
                bought.fill(self.purse, documents)
        self.database["stores"].delete_one({"_id": "nobody's"})
        self._writes = self.seen.writes

    def warm(self) -> None:
        """Let the doors know the tenant's store, so that the next request shows only what it is about."""
        for name in ("catalog.read_product", "scan.scan_code", "sessions.read_cart"):
            op = operation(name)
            assert self.ask(op, self.caller(op)).status_code == 200

    def dump(self, *tenants: str) -> list[bytes]:
        """Everything in the database that is these tenants' (all, when none is named), byte by byte."""
        found = []
        for name in sorted(self.database.list_collection_names()):
            for document in self.database[name].find({}):
                if not tenants or document.get("tenantId") in tenants:
                    found.append(name.encode() + bson.encode(document))
        return sorted(found)

    def dump_of_store(self, store: str) -> list[bytes]:
        """Everything in the database that is one store's."""
        found = []
        for name in sorted(self.database.list_collection_names()):
            query = {"$or": [{"storeId": store}, {"_id": store}, {"storeIds": store}]}
            found += [name.encode() + bson.encode(document) for document in self.database[name].find(query)]
        return sorted(found)

    def keys(self) -> list[str]:
        """The Redis keys that were named since this was asked before."""
        self.redis.catch_up()
        begin, self._keys = self._keys, len(self.redis.keys)
        return self.redis.keys[begin:]

    # -- who calls

    def headers(self, who: str, *, stores: Sequence[str] = ("*",), tenant: str = TENANT) -> dict[str, str]:
        """The Authorization of a caller of a kind."""
        if who == NOBODY:
            return {}
        if who == SESSION:
            token = self.world.issuer.session_token(
                ANN, tenant_id=tenant, store_id=STORE, session_id=NAMES["sessionId"].mine
            )
            return bearer(token)
        if who == "shopper":
            return self.world.shopper(ANN)
        return self.world.staff(who, tenant, stores)

    def caller(self, op: Operation, **options: Any) -> dict[str, str]:
        """The Authorization of somebody who may call the operation."""
        return self.headers(callers_of(op)[0], **options)

    # -- what is asked

    def ask(
        self,
        op: Operation,
        headers: Headers,
        *,
        path: Mapping[str, str] | None = None,
        body: Any = ...,
        query: dict[str, str] | Sequence[tuple[str, str]] = (),
        content: bytes | None = None,
    ) -> httpx.Response:
        """A request that works, but for what the test puts in its place."""
        sample = self.sample(op)
        named = {name: NAMES[name].mine for name in op.path_names} | dict(sample.path or {}) | dict(path or {})
        more = {"Idempotency-Key": f"key-{time.monotonic_ns()}"} if op.key_required else {}
        url = op.path
        for name, value in named.items():
            url = url.replace("{" + name + "}", value)
        if content is None and op.media:
            content = sample.content
        elif content is None:
            given = sample.body if body is ... else body
            content = json.dumps(given).encode() if given is not None else None
        more |= dict(sample.headers or {})
        if content is not None:
            more["Content-Type"] = sample.media if op.media else "application/json"
        asked: list[tuple[str, str | int | float | bool | None]]
        asked = list(query.items()) if isinstance(query, dict) else list(query)
        replaced = {name for name, _ in asked}
        asked += [(name, value) for name, value in (sample.query or {}).items() if name not in replaced]
        reply = self.client.request(
            op.method,
            url,
            headers={**more, **headers},
            content=content,
            params=httpx.QueryParams(asked),
        )
        assert reply.status_code < 500, f"{op.method} {url}: {reply.text}"
        return reply

    def sample(self, op: Operation) -> Sample:
        """What the operation works with."""
        sample = SAMPLES.get(op.id, Sample())
        if op.id == "sessions.check_in":
            return Sample({"storeCode": self.store_code(TENANT, STORE)})
        if op.id == "checkout.stripe_webhook":
            event = bought.event(NAMES["checkoutId"].mine)
            return Sample(content=event, media="application/json", headers={"stripe-signature": bought.signed(event)})
        if op.id == "exit_gate.open_gate":
            return Sample({"pass": self.exit_pass(STORE)})
        lacks = (sample.body is None) != (op.body is None) or (sample.content is None) != (not op.media)
        assert not lacks, f"say in goods.SAMPLES what {op.id} works with"
        unknown = set(op.path_names) - set(NAMES)
        assert not unknown, f"say in goods.NAMES what the ids {unknown} of {op.id} may be"
        return sample

    def store_code(self, tenant: str, store: str) -> str:
        """The code at the entrance of a store."""
        now = int(time.time())
        claims = {
            "iss": "retailscan-catalog", "aud": "check-in", "sub": store, "storeId": store, "tenantId": tenant,
            "codeVersion": 1, "iat": now, "exp": now + 3600,
        }  # fmt: skip
        return self.world.issuer.sign("store-codes", claims, typ="store+jwt")

    def exit_pass(self, store: str) -> str:
        """The pass of what was bought in a store of the tenant."""
        checkout = NAMES["checkoutId"].mine
        return exit_pass.sign(bought.exit_pass(checkout, store, self._founded), self.world.issuer.private_jwk("exit"))

    def deliver(self, path: str, data: Any, **attributes: str) -> httpx.Response:
        """Push a JSON message to an event door, as Pub/Sub would."""
        return self.push(path, json.dumps(data).encode(), **attributes)

    def push(self, path: str, data: bytes, **attributes: str) -> httpx.Response:
        """Push a message to an event door, as Pub/Sub would."""
        return self.client.post(path, json=push_body(data, attributes=attributes), headers=self.world.platform(path))

    def call(self, path: str, body: Any = None) -> httpx.Response:
        """Deliver a task or fire a schedule."""
        return self.client.post(path, json=body, headers=self.world.platform(path))


def callers_of(op: Operation) -> list[str]:
    """The kinds of callers that the contract lets in, in a fixed order."""
    if op.scheme == "public":
        return list(CALLERS)
    if op.scheme == "session":
        return [SESSION]
    return [who for who in CALLERS if who in op.roles]


def migrations_of() -> list[migrations.Collection]:
    """Every declared collection."""
    return [each for declared in migrations.discover().values() for each in declared]


# -- how it is built ---------------------------------------------------------------------------------------------


def _apps() -> dict[str, App]:
    """Every door's app, by the name of its service."""
    found: dict[str, App] = {}
    for card in cards.load_cards():
        source = ROOT / "functions" / card.room / "main.py"
        found |= {door.service: app_of(door.target, source) for door in card.doors.values()}
    return found


def event_paths(room: str) -> list[str]:
    """The paths that only the platform may call."""
    return [route.path for door in event_doors(room) for route in door.routes]


def _paths_of(door: cards.Door) -> set[str]:
    kinds: tuple[Mapping[str, Any], ...] = (door.subscriptions, door.queues, door.schedules)
    return {each.path for kind in kinds for each in kind.values()}


def _dispatch(apps: Mapping[str, App]) -> App:
    """What the load balancer does, by the routes of the cards; the platform calls event doors by their own paths."""
    suite = cards.load_cards()
    routes = cards.RouteMap(suite)
    events = [
        (path.partition("{")[0], door.service)
        for card in suite
        for door in card.doors.values()
        for path in event_paths(card.room)
        if path in _paths_of(door)
    ]
    events.sort(key=lambda each: -len(each[0]))

    async def app(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        path = scope["raw_path"].decode("latin-1").partition("?")[0]
        door = routes.door_for(path)
        service = door.service if door is not None else next((s for start, s in events if path.startswith(start)), None)
        if service is not None:
            return await apps[service](scope, receive, send)
        await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    return app


@contextmanager
def opened(mongo_uri: str, database: str, redis_url: str) -> Iterator[Mall]:
    """A mall, served until the end of the block."""
    world = World(mongo_uri=mongo_uri, database=database, redis_url=redis_url)
    # Nobody out there is asked for money.
    world.environment |= {"STRIPE_API_KEY": "sk_test_mall", "STRIPE_API_BASE": "http://127.0.0.1:9"}
    world.environment |= {"STRIPE_WEBHOOK_SECRETS": bought.WEBHOOK_SECRET}
    # A stream says what there is and ends; nobody's phone rings.
    world.environment |= {"NOTICE_STREAM_SECONDS": "0", "FCM_ENDPOINT": "http://127.0.0.1:9"}
    seen = MongoWatch()
    with pytest.MonkeyPatch.context() as patched, world.installed(), RedisWatch(redis_url) as keys:
        mall = Mall(world, seen, keys)
        patched.setattr(
            pymongo, "AsyncMongoClient", functools.partial(pymongo.AsyncMongoClient, event_listeners=[seen])
        )
        patched.setattr(pubsub, "publish", functools.partial(_publish, mall))
        patched.setattr(tasks, "enqueue", functools.partial(_enqueue, mall))
        for verb in ("put", "read", "forget"):
            patched.setattr(secrets.Secrets, verb, functools.partial(_secret, verb))
        patched.setattr(guard, "_ask_system", _no_names)
        for name in ratelimit.RATES:
            patched.setitem(ratelimit.RATES, name, (1e6, 1_000_000))
        _forget()
        checkout_wiring.provider.replace(mall.purse)
        with pymongo.MongoClient[dict[str, Any]](mongo_uri, tz_aware=True, w="majority") as client:
            mall.database = client[database]
            with _served(_dispatch(_apps())) as (mall.url, run):
                run(_migrate())
                mall.seen.commands.clear()
                mall.seen.unscoped.clear()
                with httpx.Client(base_url=mall.url, timeout=15) as mall.client:
                    mall.restock()
                    try:
                        yield mall
                    finally:
                        mall._flusher.close()
        _forget()


def _forget() -> None:
    for once in (
        *(catalog_settings.load, sessions_settings.load, sessions_wiring.deps, gate_settings.load, gate_wiring.deps),
        *(checkout_settings.payment, checkout_settings.exit_pass, notify_settings.load),
    ):
        once.replace(None)
    # Else all tests that come after this one would pay with the mall's purse.
    checkout_wiring.provider.replace(None)
    blobs.bucket.replace(MemoryBucket())


async def _migrate() -> None:
    await migrations.apply(mongo.database(), migrations_of())


async def _publish(mall: Mall, topic: str, messages: Sequence[pubsub.OutMessage]) -> list[str]:
    mall.published += [(topic, message) for message in messages]
    return [str(number) for number in range(len(messages))]


async def _enqueue(mall: Mall, queue: str, service: str, path: str, body: dict[str, Any], **_: Any) -> None:
    mall.enqueued.append(body)


async def _secret(verb: str, tenant_id: str, name: str, *_values: Any) -> Any:
    """Secret Manager forgets everything at once."""
    version = f"projects/p/secrets/{secrets.secret_id(tenant_id, name)}/versions/1"
    return {"put": version, "read": {"token": "t0ken"}, "forget": None}[verb]


async def _no_names(_host: str, _port: int) -> list[str]:
    """Nobody out there is asked for anything."""
    raise OSError("there is no DNS in the mall")


@contextmanager
def _served(app: App) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    """The address of the app, and a way to run a coroutine in its event loop."""
    loop: list[asyncio.AbstractEventLoop] = []
    config = uvicorn.Config(
        app, lifespan="off", log_config=None, ws="none", http="httptools", timeout_graceful_shutdown=5
    )
    server = uvicorn.Server(config)
    # With the protocol named, asyncio switches Nagle's algorithm off: it costs 40 ms a request.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))

        async def serve() -> None:
            loop.append(asyncio.get_running_loop())
            await server.serve(sockets=[listening])
            await close()

        thread = threading.Thread(target=asyncio.run, args=(serve(),), name="mall")
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.01)
            address = f"http://127.0.0.1:{listening.getsockname()[1]}"
            yield address, lambda coroutine: asyncio.run_coroutine_threadsafe(coroutine, loop[0]).result(60)
        finally:
            server.should_exit = True
            thread.join(30)
    assert not thread.is_alive()
