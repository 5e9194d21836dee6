"""Which port each part of a suite listens on: chosen ones for a person, free ones for a test."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from local.processes import demand_port, free_ports

FIRST_STAND_IN, FIRST_DOOR = 12, 20
"""Stand-ins and doors start this far above the gateway."""


@dataclass(frozen=True, slots=True)
class Ports:
    """All on 127.0.0.1. The members of a replica set take `mongo` and the ports after it."""

    gateway: int
    mongo: tuple[int, ...]
    redis: int
    pubsub: int
    tasks: int
    issuer: int
    admin: int
    secrets: int
    storage: int
    doors: dict[str, int] = field(default_factory=dict)
    stand_ins: dict[str, int] = field(default_factory=dict)

    @staticmethod
    def free(services: Iterable[str], mongo_members: int = 1, stand_ins: Sequence[str] = ()) -> Ports:
        """Ports that nobody listens on now."""
        names = sorted(services)
        ports = iter(free_ports(8 + mongo_members + len(names) + len(stand_ins)))
        gateway, mongo = next(ports), tuple(islice(ports, mongo_members))
        redis, pubsub, tasks, issuer, admin, secrets, storage = islice(ports, 7)
        doors = dict(zip(names, islice(ports, len(names)), strict=True))
        others = dict(zip(stand_ins, ports, strict=True))
        return Ports(gateway, mongo, redis, pubsub, tasks, issuer, admin, secrets, storage, doors, others)

    @staticmethod
    def above(gateway: int, services: Iterable[str], mongo_members: int = 1, stand_ins: Sequence[str] = ()) -> Ports:
        """The gateway on its port, everything else right above it, always in the same order."""
        names = sorted(services)
        doors = {name: gateway + FIRST_DOOR + n for n, name in enumerate(names)}
        mongo = tuple(gateway + 6 + n for n in range(mongo_members))
        redis, pubsub, tasks, issuer, admin = (gateway + n for n in range(1, 6))
        secrets, storage = gateway + 10, gateway + 11
        others = {name: gateway + FIRST_STAND_IN + n for n, name in enumerate(stand_ins)}
        return Ports(gateway, mongo, redis, pubsub, tasks, issuer, admin, secrets, storage, doors, others)

    def demand(self) -> None:
        """Raises LocalError when another program holds one of them (but for the databases, which check theirs)."""
        wanted = {"the gateway": self.gateway, "Pub/Sub": self.pubsub, "Cloud Tasks": self.tasks}
        wanted |= {"the token issuer": self.issuer, "the local cloud": self.admin}
        wanted |= self.stand_ins
        wanted |= {"Secret Manager": self.secrets, "Cloud Storage": self.storage}
        for part, port in wanted.items():
            demand_port(port, part)
        for service, port in self.doors.items():
            demand_port(port, service)
