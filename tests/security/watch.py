"""Who looks over the shoulders of the doors: every MongoDB command and every Redis key must be within a scope."""

from __future__ import annotations

import re
import socket
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pymongo import monitoring
from redis import Redis

from tests.security.contract import collections

_WRITES = frozenset({"insert", "update", "delete", "findAndModify"})
_LOOKED_AT = _WRITES | {"find", "aggregate", "count", "distinct"}


@dataclass(frozen=True)
class Exception_:
    """A command that may go without a tenant or a store in its filter, and why."""

    command: str
    collections: frozenset[str]
    fields: frozenset[str]
    why: str


def _may(command: str, on: str, fields: str, why: str) -> Exception_:
    return Exception_(command, frozenset(on.split()), frozenset(fields.split()), why)


UNSCOPED = (
    _may(
        "find", "stores", "_id",
        "a store's id is unique among all tenants; `stores.find` compares the tenant of what it read",
    ),
    _may(
        "findAndModify update delete", "idempotency", "_id owner state",
        "the id is a hash of tenant, role, caller, operation and key",
    ),
    _may(
        "find", "products promotions sessions", "outbox.at",
        "the sweep publishes what any process left behind; each write after it is scoped by the document",
    ),
    _may(
        "find", "sessions", "expiresAt status noticeAt checkout cart.lines.0",
        "the clock looks for visits of all tenants that are about to end; whatever it does to one is scoped",
    ),
    _may(
        "find", "discountcards", "outbox.at",
        "the same sweep, for the cards in visits",
    ),
    _may(
        "find", "notices", "dueAt",
        "the sweep looks for mailboxes of all tenants in which a push waits; whatever it does to one is scoped",
    ),
    _may(
        "find", "promotion_counters", "holds.at",
        "the sweep settles what orders of all tenants have left behind; each write after it is scoped by the counter",
    ),
    _may(
        "find", "import_schedules", "$or",
        "the clock looks for schedules of all tenants whose time has come; whatever it does to one is scoped",
    ),
    _may(
        "find", "imports", "dueAt",
        "the sweep goes on with imports of all tenants that have stood still; whatever it does to one is scoped",
    ),
    _may(
        "find findAndModify update", "payment_events", "_id state dueAt",
        "events come to the provider's account; what they are about is found in the store that our own record names",
    ),
    _may(
        "find", "purchases", "dueAt outbox.at state updatedAt refunds.dueAt",
        "the sweeps go on with purchases of all tenants that stand still; whatever they do to one is scoped",
    ),
    _may(
        "find", "stores", "status",
        "the shelves of all open stores are looked at; whatever is read and written of one is scoped",
    ),
    _may(
        "find", "products", "stock.holds.exp",
        "the sweep settles holds of checkouts of all tenants that nobody finished; each write after it is scoped",
    ),
    _may(
        "find", "products brands modules stores tenant_settings promotions", "audit.when",
        "the sweep moves audit entries that any process left behind; each write after it is scoped",
    ),
)  # fmt: skip
"""The allow-list: all that may be asked of a tenant's collection without naming the tenant or the store."""

KEYS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"product:\d+\.\d+:(?P<store>[^:]+):[^:]+"), "a product of a store"),
    (re.compile(r"epoch:(?P<store>[^:]+)"), "what is valid of a store"),
    (re.compile(r"rate:[a-z_]+:(?P<who>.+)"), "the requests of a tenant, of a shopper at check-in"),
    (re.compile(r"epoch|epoch-made-on"), "what is valid at all: a time and a server, nobody's data"),
    (re.compile(r"ping"), "whether Redis answers"),
)
"""Every shape of a Redis key. What holds data of a store carries the store."""

# MONITOR says: +1763683200.123456 [0 lua] "GET" "epoch"
_WORD = re.compile(rb'"((?:[^"\\]|\\.)*)"')
_FIRST_IS_KEY = frozenset({"GET", "SET", "DEL", "PTTL", "TTL", "INCR", "EXPIRE", "PEXPIRE", "EXISTS", "HGET", "HSET"})
# Scripts are given no keys; what they touch is shown command by command.
_NO_KEY = frozenset({"TIME", "PUBLISH", "SUBSCRIBE", "UNSUBSCRIBE", "EVAL", "EVALSHA", "SCRIPT"}) | frozenset(
    {"CLIENT", "HELLO", "INFO", "PING", "ECHO", "SELECT", "MONITOR", "AUTH", "FLUSHALL"}
)


class MongoWatch(monitoring.CommandListener):
    """Keeps what was sent about the tenants' collections, and what of it was sent without a scope."""

    def __init__(self) -> None:
        self.commands: list[tuple[str, str]] = []
        self.unscoped: list[str] = []
        self.writes = 0

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Judge a command before it is sent."""
        name = event.command_name
        if name not in _LOOKED_AT:
            return
        collection = str(event.command[name])
        self.commands.append((name, collection))
        self.writes += name in _WRITES
        if collection not in collections():
            self.unscoped.append(f"{name} on {collection}, which no room declares")
            return
        for part in _parts(name, event.command):
            if not _is_scoped(part) and not _is_allowed(name, collection, part):
                self.unscoped.append(f"{name} on {collection} by {sorted(part)}")

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Nothing to learn."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Nothing to learn."""

    @contextmanager
    def recorded(self) -> Iterator[list[tuple[str, str]]]:
        """The (command, collection) pairs sent within the block."""
        begin, sent = len(self.commands), list[tuple[str, str]]()
        yield sent
        sent += self.commands[begin:]


def _parts(name: str, command: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The filters and documents of a command."""
    if name == "insert":
        return list(command["documents"])
    if name in ("update", "delete"):
        return [each["q"] for each in command[f"{name}s"]]
    if name == "aggregate":
        first: Mapping[str, Any] = next(iter(command["pipeline"]), {})
        return [first.get("$match", {})]
    return [command.get("filter") or command.get("query") or {}]


def _is_scoped(part: Mapping[str, Any]) -> bool:
    if any(isinstance(part.get(key), str) and part[key] for key in ("tenantId", "storeId")):
        return True
    branches = part.get("$or", ())
    return bool(branches) and all(_is_scoped(branch) for branch in branches)


def _is_allowed(name: str, collection: str, part: Mapping[str, Any]) -> bool:
    return any(
        name in exception.command.split() and collection in exception.collections and exception.fields >= set(part)
        for exception in UNSCOPED
        if part
    )


class RedisWatch:
    """Every key that anybody names on a Redis server, scripts included, as MONITOR shows it."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._socket = socket.create_connection((address.hostname or "", address.port or 6379))
        self._client = Redis.from_url(url)
        self._marks: dict[str, threading.Event] = {}
        self.keys: list[str] = []
        self.unknown: list[str] = []
        self._thread = threading.Thread(target=self._listen, name="redis-watch")

    def __enter__(self) -> RedisWatch:
        self._socket.sendall(b"MONITOR\r\n")
        self._thread.start()
        self.catch_up()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._socket.close()
        self._client.close()

    def catch_up(self) -> None:
        """Wait until everything sent so far has been looked at."""
        mark = uuid.uuid4().hex
        seen = self._marks[mark] = threading.Event()
        while not seen.is_set():
            assert self._thread.is_alive(), "nobody listens to what Redis is doing"
            # Again and again: the first may come before MONITOR has begun.
            self._client.echo(mark)
            seen.wait(0.5)

    def _listen(self) -> None:
        with self._socket.makefile("rb") as lines:
            for line in lines:
                words = [word.decode("latin-1") for word in _WORD.findall(line)]
                if not words:
                    continue
                name = words[0].upper()
                if name == "ECHO":
                    mark = self._marks.pop(words[1], None)
                    if mark is not None:
                        mark.set()
                else:
                    self._judge(name, words)

    def _judge(self, name: str, words: list[str]) -> None:
        if name in _FIRST_IS_KEY:
            keys = words[1:2]
        elif name == "MGET":
            keys = words[1:]
        elif name in _NO_KEY:
            keys = []
        else:
            self.unknown.append(f"{name}: say in watch.py which of its words are keys")
            return
        self.keys += keys
        self.unknown += [f"{name} {key}" for key in keys if not any(shape.fullmatch(key) for shape, _ in KEYS)]


def stores_of(keys: list[str]) -> set[str]:
    """The stores that Redis keys belong to."""
    found = (shape.fullmatch(key) for key in keys for shape, _ in KEYS[:2])
    return {match["store"] for match in found if match is not None}
