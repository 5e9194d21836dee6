"""What a room lacks and where its card and its code disagree, in sentences; nothing to say means all is well."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from functions.common import migrations
from functions.common.cards import CARD, FUNCTIONS, Card, Door, RouteMap, doors, topics
from functions.common.events import EventDoor
from functions.common.http import HttpDoor
from retailscan import rooms

FILES = ("__init__.py", "README.md", CARD, "main.py")
CHAPTERS = ("door", "data", "alarm", "runbook")


def lacks(root: Path) -> list[str]:
    """What is missing of any room of the repository at `root`, by its files alone."""
    found: list[str] = []
    for folder in sorted((root / "functions").iterdir()):
        if not folder.is_dir() or folder.name in ("common", "__pycache__"):
            continue
        name = f"functions/{folder.name}"
        found += [f"{name} has no {file}" for file in FILES if not (folder / file).exists()]
        found += [
            f"{name}/{path.name} is empty: nothing is created empty"
            for path in sorted(folder.glob("*.py"))
            if path.name != "__init__.py" and not path.read_text().strip()
        ]
        if not any((root / "tests" / "unit" / folder.name).glob("test_*.py")):
            found.append(f"{name} has no tests in tests/unit/{folder.name}")
        found += _plate(folder)
        found += _doors_only(folder)
    return found


def _plate(folder: Path) -> Iterator[str]:
    readme = folder / "README.md"
    if not readme.exists():
        return
    headings = [line.lower() for line in readme.read_text().splitlines() if line.startswith("#")]
    for chapter in CHAPTERS:
        if not any(chapter in heading for heading in headings):
            yield f"functions/{folder.name}/README.md has no chapter about its {chapter}"


def _doors_only(folder: Path) -> Iterator[str]:
    main = folder / "main.py"
    if not main.exists():
        return
    for node in ast.parse(main.read_text()).body:
        if isinstance(node, ast.ClassDef):
            yield f"functions/{folder.name}/main.py defines the class {node.name}: doors hold no classes and no state"


def disagreements(cards: Sequence[Card]) -> list[str]:
    """Where a card says one thing and the code, or another card, says another."""
    found: list[str] = []
    for card in cards:
        for door in card.doors.values():
            found += _door(door)
        found += _collections(card)
    return [*found, *_routes(cards), *_topics(cards), *_events(cards)]


def edge_of(door: Door) -> Any:
    """The HttpDoor or EventDoor behind a card's door; None when main.py has no such function."""
    function = getattr(rooms.main_of(door.room), door.target, None)
    serve = inspect.getclosurevars(function).nonlocals.get("serve") if inspect.isfunction(function) else None
    return getattr(serve, "__self__", None)


def _door(door: Door) -> Iterator[str]:
    edge = edge_of(door)
    where = f"functions/{door.room}/main.py"
    if edge is None:
        yield f"{where} has no function {door.target}, which the card's door {door.name} names"
        return
    wanted = HttpDoor if door.kind == "http" else EventDoor
    if not isinstance(edge, wanted):
        yield f"{where}: {door.target} is a {type(edge).__name__}, but the card's door {door.name} is {door.kind}"
        return
    if isinstance(edge, EventDoor):
        served = {route.path for route in edge.routes}
        named = {subscription.path for subscription in door.subscriptions.values()}
        named |= {queue.path for queue in door.queues.values()} | {job.path for job in door.schedules.values()}
        yield from (f"{where}: {door.target} does not handle {path} of the card" for path in sorted(named - served))
        yield from (f"{where}: {path} is handled, but no trigger on the card leads there" for path in served - named)


def _routes(cards: Sequence[Card]) -> Iterator[str]:
    table = RouteMap(cards)
    claimed: dict[str, str] = {}
    used = set()
    for pattern, door in table:
        if claimed.setdefault(pattern, door.service) != door.service:
            yield f"{claimed[pattern]} and {door.service} both claim the route {pattern}"
    for door in doors(cards):
        edge = edge_of(door)
        if not isinstance(edge, HttpDoor):
            continue
        for route in edge.routes:
            reached = table.door_for(route.path)
            if reached is not door:
                other = "nobody" if reached is None else reached.service
                yield f"{route.method} {route.path} of {door.service} leads to {other} by the cards' routes"
            used |= {pattern for pattern, owner in table if owner is door and _below(route.path, pattern)}
    for pattern, door in table:
        if pattern not in used:
            yield f"{door.service} claims the route {pattern}, but no operation of it lies there"


def _below(path: str, pattern: str) -> bool:
    parts, prefix = path.split("/"), pattern.split("/")
    return all(b.startswith("{") or a == b for a, b in zip(parts, prefix, strict=False)) and len(parts) >= len(prefix)


def _collections(card: Card) -> Iterator[str]:
    declared = {collection.name for collection in migrations.discover().get(card.room, ())}
    for name in sorted(set(card.collections) - declared):
        yield f"functions/{card.room}/collections.py does not declare {name}, which the card says it owns"
    for name in sorted(declared - set(card.collections)):
        yield f"functions/{card.room}/{CARD} does not list the collection {name}"


def _topics(cards: Sequence[Card]) -> Iterator[str]:
    known = topics(cards)
    subscriptions = [(door, s) for door in doors(cards) for s in door.subscriptions.values()]
    read = {s.topic for _, s in subscriptions}
    dead = {s.dead_letter for _, s in subscriptions if s.dead_letter is not None}
    for door, s in subscriptions:
        name = f"the subscription {s.name} of {door.service}"
        used = dict.fromkeys((s.topic, s.dead_letter or s.topic))
        yield from (f"nobody owns the topic {topic}, which {name} uses" for topic in used if topic not in known)
        if s.topic in known and known[s.topic].per_tenant != ("{tenantId}" in s.path):
            yield f"{name}: a topic per tenant goes with {{tenantId}} in the path, any other without"
        if s.dead_letter is None and s.topic not in dead:
            yield f"{name} has no dead letter: what cannot be applied would come back for ever"
    yield from (f"the dead-letter topic {name} has no subscription: its messages would be lost" for name in dead - read)
    for topic in known.values():
        if topic.schema is not None and not (FUNCTIONS / topic.room / topic.schema).exists():
            yield f"functions/{topic.room} has no {topic.schema}, the schema of its topic {topic.name}"


def _events(cards: Iterable[Card]) -> Iterator[str]:
    cards = tuple(cards)
    sampled = {kind for kind, _ in rooms.event_kinds()}
    published = {kind for card in cards for kind in card.publishes}
    for card in cards:
        for kind in (*card.publishes, *card.consumes):
            if kind not in sampled:
                yield f"the event {kind} of {card.room} has no contract and sample in functions/common/contracts"
        unheard = [kind for kind in card.consumes if kind not in published]
        yield from (f"{card.room} consumes {kind}, which nobody publishes" for kind in unheard)
    yield from (f"the event {kind} has a contract, but no card publishes it" for kind in sorted(sampled - published))
