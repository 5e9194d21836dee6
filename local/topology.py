"""What the cards ask for, as flat lists for one set of tenants: doors, routes, topics, pushes, queues, schedules.

Pure: names and rules come from `functions.common.cards`, the same that Terraform follows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from functions.common import cards
from functions.common.cards import Card, Door, Push


@dataclass(frozen=True, slots=True)
class Queue:
    """One Cloud Tasks queue of a service."""

    id: str
    door: Door
    spec: cards.Queue


@dataclass(frozen=True, slots=True)
class Schedule:
    """One Cloud Scheduler job of a service."""

    id: str
    door: Door
    spec: cards.Schedule


@dataclass(frozen=True)
class Topology:
    """Everything the cards ask for."""

    doors: tuple[Door, ...]
    topics: tuple[str, ...]
    pushes: tuple[Push, ...]
    queues: tuple[Queue, ...]
    schedules: tuple[Schedule, ...]
    routes: PublicRoutes

    @property
    def services(self) -> tuple[str, ...]:
        """The name of every door's service."""
        return tuple(door.service for door in self.doors)


class PublicRoutes:
    """Which public service answers a path; None for what the load balancer does not let in."""

    def __init__(self, all_cards: Iterable[Card]) -> None:
        self._map = cards.RouteMap(all_cards)

    def service_for(self, path: str) -> str | None:
        """By the raw (still percent-encoded) path without its query."""
        door = self._map.door_for(path)
        return door.service if door is not None and door.public else None


def build(all_cards: Sequence[Card], tenants: Sequence[str], rooms: Iterable[str] | None = None) -> Topology:
    """The topology of these cards, or only of some `rooms`; topics of absent rooms exist all the same.

    Raises CardInvalid when a card names a topic nobody owns or a room that is not there.
    """
    wanted = {card.room for card in all_cards} if rooms is None else set(rooms)
    missing = wanted - {card.room for card in all_cards}
    if missing:
        raise cards.CardInvalid(f"there is no room {', '.join(sorted(missing))}")
    chosen = [card for card in all_cards if card.room in wanted]
    doors = tuple(cards.doors(chosen))
    return Topology(
        doors=doors,
        topics=tuple(_topic_ids(all_cards, tenants)),
        pushes=tuple(push for push in cards.pushes(all_cards, tenants) if push.door.room in wanted),
        queues=tuple(
            Queue(cards.queue_id(door.service, name), door, queue)
            for door in doors
            for name, queue in door.queues.items()
        ),
        schedules=tuple(
            Schedule(f"{door.service}-{name}", door, schedule)
            for door in doors
            for name, schedule in door.schedules.items()
        ),
        routes=PublicRoutes(chosen),
    )


def _topic_ids(all_cards: Sequence[Card], tenants: Sequence[str]) -> list[str]:
    ids: list[str] = []
    for topic in cards.topics(all_cards).values():
        for tenant in tenants if topic.per_tenant else [None]:
            ids.append(cards.topic_id(topic, tenant))
    return ids
