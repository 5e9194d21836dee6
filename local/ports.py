"""Which port each part of a suite listens on: chosen ones for a person, free ones for a test."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from local.processes import demand_port, free_ports

FIRST_DOOR = 10
"""Doors start this far above the gateway."""


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
    doors: dict[str, int] = field(default_factory=dict)

    @staticmethod
    def free(services: Iterable[str], mongo_members: int = 1) -> Ports:
        """Ports that nobody listens on now."""
        names = sorted(services)
        ports = free_ports(6 + mongo_members + len(names))
        gateway, redis, pubsub, tasks, issuer, admin = ports[:6]
        mongo, doors = tuple(ports[6 : 6 + mongo_members]), ports[6 + mongo_members :]
        return Ports(gateway, mongo, redis, pubsub, tasks, issuer, admin, dict(zip(names, doors, strict=True)))

    @staticmethod
    def above(gateway: int, services: Iterable[str], mongo_members: int = 1) -> Ports:
        """The gateway on its port, everything else right above it, always in the same order."""
        names = sorted(services)
        doors = {name: gateway + FIRST_DOOR + n for n, name in enumerate(names)}
        mongo = tuple(gateway + 6 + n for n in range(mongo_members))
        redis, pubsub, tasks, issuer, admin = (gateway + n for n in range(1, 6))
        return Ports(gateway, mongo, redis, pubsub, tasks, issuer, admin, doors)

    def demand(self) -> None:
        """Raises LocalError when another program holds one of them (but for the databases, which check theirs)."""
        wanted = {"the gateway": self.gateway, "Pub/Sub": self.pubsub, "Cloud Tasks": self.tasks}
        wanted |= {"the token issuer": self.issuer, "the local cloud": self.admin}
        for part, port in wanted.items():
            demand_port(port, part)
        for service, port in self.doors.items():
            demand_port(port, service)
