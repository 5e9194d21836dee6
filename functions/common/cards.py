"""The cards (functions/<room>/function.yaml), read, checked and typed, and the names that follow from them.

Tools and the local cloud import this, doors never do: YAML and JSON Schema have no place in a cold start.
Times are seconds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

FUNCTIONS = Path(__file__).resolve().parent.parent
CARD = "function.yaml"


class CardInvalid(Exception):
    """A card does not say what a card must say; the message has one sentence a line."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A Pub/Sub topic and the room that owns it."""

    name: str
    room: str
    description: str
    per_tenant: bool
    schema: str | None


@dataclass(frozen=True, slots=True)
class Subscription:
    """A push subscription; its topic says whether there is one for each tenant."""

    name: str
    topic: str
    path: str
    filter: str
    ordering: bool
    ack_deadline: int
    min_backoff: float
    max_backoff: float
    max_delivery_attempts: int | None
    dead_letter: str | None


@dataclass(frozen=True, slots=True)
class Queue:
    """A Cloud Tasks queue and the path its tasks are posted to."""

    name: str
    path: str
    max_dispatches_per_second: float
    max_concurrent_dispatches: int
    max_attempts: int
    min_backoff: float
    max_backoff: float


@dataclass(frozen=True, slots=True)
class Schedule:
    """A Cloud Scheduler job: either `cron` (five fields) or `every` so many seconds."""

    name: str
    path: str
    cron: str | None
    every: int | None
    time_zone: str


@dataclass(frozen=True, slots=True)
class Door:
    """One Cloud Run service of a room."""

    room: str
    name: str
    kind: Literal["http", "events"]
    target: str
    public: bool
    cpu: float
    memory: str
    concurrency: int
    min_instances: int
    max_instances: int
    timeout: int
    routes: tuple[str, ...]
    secrets: tuple[str, ...]
    env: tuple[str, ...]
    roles: tuple[str, ...]
    subscriptions: Mapping[str, Subscription]
    queues: Mapping[str, Queue]
    schedules: Mapping[str, Schedule]

    @property
    def service(self) -> str:
        """The name of its Cloud Run service."""
        return service_name(self.room, self.name)


@dataclass(frozen=True, slots=True)
class Job:
    """A Cloud Run job: a command of `retailscan` in the room's image, by hand or by `cron` or `every`.

    `database` says what it may do there: as the room's doors, or read everything.
    """

    name: str
    purpose: str
    args: tuple[str, ...]
    cpu: float
    memory: str
    timeout: int
    secrets: tuple[str, ...]
    database: Literal["room", "read"]
    cron: str | None
    every: int | None
    time_zone: str


@dataclass(frozen=True, slots=True)
class Card:
    """All that is deployed of one room."""

    room: str
    purpose: str
    owner: str | None
    doors: Mapping[str, Door]
    topics: Mapping[str, Topic]
    publishes: tuple[str, ...]
    consumes: tuple[str, ...]
    collections: tuple[str, ...]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    jobs: Mapping[str, Job]
    settings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Push:
    """One subscription as it exists in the cloud: ids and path with the tenant filled in."""

    id: str
    topic_id: str
    path: str
    door: Door
    subscription: Subscription
    tenant_id: str | None
    dead_letter_topic_id: str | None


def service_name(room: str, door: str) -> str:
    """The room with dashes (Cloud Run refuses underscores), and the door unless it is the room's `http` door."""
    name = room.replace("_", "-")
    return name if door == "http" else f"{name}-{door}"


def topic_id(topic: Topic, tenant_id: str | None = None) -> str:
    """The topic's id; a topic per tenant needs the tenant, any other ignores it. Raises ValueError without."""
    if not topic.per_tenant:
        return topic.name
    if tenant_id is None:
        raise ValueError(f"the topic {topic.name} exists once for each tenant: which tenant?")
    return f"{topic.name}-{tenant_id}"


def subscription_id(service: str, name: str, tenant_id: str | None = None) -> str:
    """The id of a service's subscription, for one tenant or for all."""
    return f"{service}-{name}" if tenant_id is None else f"{service}-{name}-{tenant_id}"


def queue_id(service: str, name: str) -> str:
    """The id of a service's Cloud Tasks queue."""
    return f"{service}-{name}"


def load_cards(functions_dir: Path = FUNCTIONS) -> tuple[Card, ...]:
    """Every room's card, by name of room. Raises CardInvalid with a sentence for each mistake."""
    mistakes: list[str] = []
    cards: list[Card] = []
    for path in sorted(functions_dir.glob(f"*/{CARD}")):
        document = yaml.safe_load(path.read_text())
        found = mistakes_of(document, path.parent.name)
        mistakes += [f"{path.parent.parent.name}/{path.parent.name}/{CARD}: {mistake}" for mistake in found]
        if not found:
            cards.append(_card(document))
    if mistakes:
        raise CardInvalid("\n".join(mistakes))
    return tuple(cards)


def mistakes_of(document: Any, room: str) -> list[str]:
    """What is wrong with the card of the folder `room`, a sentence each."""
    errors = sorted(_validator().iter_errors(document), key=lambda error: list(map(str, error.path)))
    mistakes = [_sentence(error) for error in errors]
    if not mistakes and document["room"] != room:
        mistakes.append(f"room is {document['room']!r}, but the folder is {room!r}")
    return mistakes


def doors(cards: Iterable[Card]) -> Iterator[Door]:
    """Every door of every room."""
    return (door for card in cards for door in card.doors.values())


def topics(cards: Iterable[Card]) -> dict[str, Topic]:
    """Every topic by its name. Raises CardInvalid when two rooms own the same."""
    found: dict[str, Topic] = {}
    for card in cards:
        for topic in card.topics.values():
            if topic.name in found:
                raise CardInvalid(f"{found[topic.name].room} and {card.room} both own the topic {topic.name}")
            found[topic.name] = topic
    return found


def pushes(cards: Iterable[Card], tenant_ids: Iterable[str]) -> list[Push]:
    """Every subscription of the cloud: one for each tenant where its topic is per tenant. Raises CardInvalid."""
    cards, tenants = tuple(cards), tuple(tenant_ids)
    known = topics(cards)
    found = []
    for door in doors(cards):
        for subscription in door.subscriptions.values():
            for name in (subscription.topic, subscription.dead_letter):
                if name is not None and name not in known:
                    raise CardInvalid(f"{door.room}: no room owns the topic {name}")
            each = tenants if known[subscription.topic].per_tenant else (None,)
            found += [_push(door, subscription, known, tenant) for tenant in each]
    return found


def fill(path: str, tenant_id: str | None) -> str:
    """The path with the tenant in it."""
    return path if tenant_id is None else path.replace("{tenantId}", tenant_id)


class RouteMap:
    """Which door serves a path, as the load balancer's URL map will decide: most segments, then most literal."""

    def __init__(self, cards: Iterable[Card]) -> None:
        routes = [(_segments(route), door) for door in doors(cards) for route in door.routes]
        self._routes = sorted(routes, key=lambda pair: _specificity(pair[0]), reverse=True)

    def door_for(self, path: str) -> Door | None:
        """The door whose route is the longest prefix of the path, None when there is none."""
        segments = _segments(path)
        return next((door for route, door in self._routes if _is_prefix(route, segments)), None)

    def __iter__(self) -> Iterator[tuple[str, Door]]:
        return (("/" + "/".join(route), door) for route, door in self._routes)


def _segments(path: str) -> tuple[str, ...]:
    return tuple(path.strip("/").split("/"))


def _specificity(route: tuple[str, ...]) -> tuple[int, tuple[bool, ...]]:
    return len(route), tuple(not segment.startswith("{") for segment in route)


def _is_prefix(route: tuple[str, ...], path: tuple[str, ...]) -> bool:
    if len(route) > len(path):
        return False
    return all(part.startswith("{") or part == segment for part, segment in zip(route, path, strict=False))


def _push(door: Door, subscription: Subscription, known: Mapping[str, Topic], tenant: str | None) -> Push:
    dead = subscription.dead_letter
    return Push(
        id=subscription_id(door.service, subscription.name, tenant),
        topic_id=topic_id(known[subscription.topic], tenant),
        path=fill(subscription.path, tenant),
        door=door,
        subscription=subscription,
        tenant_id=tenant,
        dead_letter_topic_id=topic_id(known[dead], tenant) if dead is not None else None,
    )


@cache
def _validator() -> Draft202012Validator:
    schema = json.loads(Path(__file__).with_name("card.schema.json").read_text())
    return Draft202012Validator(schema)


def _sentence(error: ValidationError) -> str:
    where = ".".join(map(str, error.absolute_path)) or "the card"
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        assert isinstance(error.schema, dict)
        unknown = sorted(set(error.instance) - set(error.schema.get("properties", ())))
        return f"{where} has the unknown key {', '.join(unknown)}"
    if error.validator == "not":
        return f"{where}.{error.instance} does not belong to a door of this kind"
    return f"{where}: {error.message}"


def _card(document: dict[str, Any]) -> Card:
    room = document["room"]
    events = document.get("events", {})
    return Card(
        room=room,
        purpose=document["purpose"],
        owner=document.get("owner"),
        doors={name: _door(room, name, entry) for name, entry in document["doors"].items()},
        topics={name: _topic(room, name, entry) for name, entry in document.get("topics", {}).items()},
        publishes=tuple(events.get("publishes", ())),
        consumes=tuple(events.get("consumes", ())),
        collections=tuple(document.get("collections", ())),
        reads=tuple(document.get("uses", {}).get("read", ())),
        writes=tuple(document.get("uses", {}).get("write", ())),
        jobs={name: _job(name, entry) for name, entry in document.get("jobs", {}).items()},
        settings=document.get("settings", {}),
    )


def _job(name: str, entry: dict[str, Any]) -> Job:
    return Job(
        name=name,
        purpose=entry["purpose"],
        args=tuple(entry["args"]),
        cpu=entry["cpu"],
        memory=entry["memory"],
        timeout=entry["timeout"],
        secrets=tuple(entry.get("secrets", ())),
        database=entry["database"],
        cron=entry.get("cron"),
        every=entry.get("every"),
        time_zone=entry.get("timeZone", "Etc/UTC"),
    )


def _topic(room: str, name: str, entry: dict[str, Any]) -> Topic:
    return Topic(
        name=name,
        room=room,
        description=entry["description"],
        per_tenant=entry.get("perTenant", False),
        schema=entry.get("schema"),
    )


def _door(room: str, name: str, entry: dict[str, Any]) -> Door:
    return Door(
        room=room,
        name=name,
        kind=entry["kind"],
        target=entry["target"],
        public=entry["public"],
        cpu=entry["cpu"],
        memory=entry["memory"],
        concurrency=entry["concurrency"],
        min_instances=entry["minInstances"],
        max_instances=entry["maxInstances"],
        timeout=entry["timeout"],
        routes=tuple(entry.get("routes", ())),
        secrets=tuple(entry.get("secrets", ())),
        env=tuple(entry.get("env", ())),
        roles=tuple(entry.get("roles", ())),
        subscriptions={key: _subscription(key, sub) for key, sub in entry.get("subscriptions", {}).items()},
        queues={key: _queue(key, queue) for key, queue in entry.get("queues", {}).items()},
        schedules={key: _schedule(key, job) for key, job in entry.get("schedules", {}).items()},
    )


def _subscription(name: str, entry: dict[str, Any]) -> Subscription:
    return Subscription(
        name=name,
        topic=entry["topic"],
        path=entry["path"],
        filter=entry.get("filter", ""),
        ordering=entry.get("ordering", False),
        ack_deadline=entry["ackDeadline"],
        min_backoff=entry["minBackoff"],
        max_backoff=entry["maxBackoff"],
        max_delivery_attempts=entry.get("maxDeliveryAttempts"),
        dead_letter=entry.get("deadLetter"),
    )


def _queue(name: str, entry: dict[str, Any]) -> Queue:
    return Queue(
        name=name,
        path=entry["path"],
        max_dispatches_per_second=entry["maxDispatchesPerSecond"],
        max_concurrent_dispatches=entry["maxConcurrentDispatches"],
        max_attempts=entry["maxAttempts"],
        min_backoff=entry["minBackoff"],
        max_backoff=entry["maxBackoff"],
    )


def _schedule(name: str, entry: dict[str, Any]) -> Schedule:
    return Schedule(
        name=name,
        path=entry["path"],
        cron=entry.get("cron"),
        every=entry.get("every"),
        time_zone=entry.get("timeZone", "Etc/UTC"),
    )
