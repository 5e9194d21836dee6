"""Real servers for the suite and its tests: our own, or those of MONGODB_URI and REDIS_URL when these are set."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from local.mongod import Mongo, find_mongod
from local.processes import (
    HOST,
    Child,
    LocalError,
    demand_port,
    free_port,
    free_ports,
    port_is_free,
    stop_all,
)
from local.programs import START_SECONDS
from local.redis_server import Redis, find_redis_server

__all__ = [
    "HOST",
    "Child",
    "External",
    "LocalError",
    "Mongo",
    "Redis",
    "choose_mongo",
    "choose_redis",
    "demand_port",
    "find_mongod",
    "find_redis_server",
    "free_port",
    "free_ports",
    "port_is_free",
    "stop_all",
]


class External:
    """A server somebody else runs (MONGODB_URI, REDIS_URL): never started, never stopped here."""

    pids: tuple[int, ...] = ()

    def __init__(self, address: str) -> None:
        self.uri = self.url = address

    def spawn(self) -> Self:
        """Nothing to start."""
        return self

    def wait_ready(self, timeout: float = START_SECONDS) -> Self:
        """Clients find out by themselves."""
        return self

    def stop(self, grace: float = 0.0) -> None:
        """Nothing to stop."""


def choose_mongo(
    data_dir: Path,
    *,
    ports: Sequence[int] | None = None,
    members: int = 1,
    parameters: Mapping[str, str] | None = None,
    journaled: bool = True,
) -> Mongo | External:
    """The replica set of MONGODB_URI when that is set, else one of our own (as `Mongo`); not started yet."""
    address = os.environ.get("MONGODB_URI")
    if address:
        return External(address)
    return Mongo(
        data_dir, members=len(ports) if ports else members, ports=ports, parameters=parameters, journaled=journaled
    )


def choose_redis(
    data_dir: Path, *, port: int | None = None, options: Mapping[str, str] | None = None
) -> Redis | External:
    """The server of REDIS_URL when that is set, else one of our own; not started yet."""
    address = os.environ.get("REDIS_URL")
    return External(address) if address else Redis(data_dir, port=port, options=options)
