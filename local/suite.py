"""The whole suite as one object: `make run`, tests and benchmarks start the same thing.

async with Suite() as suite:
    httpx.get(suite.gateway_url + "/v1/scan/...", headers=suite.authorization(role="shopper", ...))
"""

from __future__ import annotations

import asyncio
import fcntl
import sys
import tempfile
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from functions.common.cards import FUNCTIONS, CardInvalid, load_cards
from local import parts, standins, tokens
from local.environment import ROOT, Addresses, door_environment
from local.forkserver import ForkServer
from local.issuer import PUSH_SERVICE_ACCOUNT, Issuer
from local.ports import Ports
from local.processes import HOST, LocalError, stop_all
from local.provision import provision
from local.proxy import Origin
from local.scheduler import Scheduler
from local.services import External, choose_mongo, choose_redis
from local.status import Collector
from local.supervisor import Say, Supervisor
from local.topology import build

__all__ = ["DATABASE", "ROOT", "TENANTS", "Suite"]

TENANTS = ("fresko", "nordmarkt", "casaverde")
DATABASE = "retailscan"
_forks = ForkServer() if sys.platform.startswith("linux") else None
"""The suites of one process share it. Elsewhere the kernel does not end its children with it."""


class Suite:
    """Real databases, local Google APIs, every door of the cards (or of some `rooms`), and the gateway.

    Without `ports` all are free ones; without a `data_dir` the data goes when the suite stops. `door_env` is put
    on top of every door's environment (failpoints, log level). With `scheduler=False` schedules fire only by
    `fire(...)`, so that a test decides when.
    """

    def __init__(
        self,
        *,
        ports: int | None = None,
        data_dir: Path | None = None,
        tenants: Sequence[str] = TENANTS,
        rooms: Sequence[str] | None = None,
        mongo_members: int = 1,
        reload: bool = False,
        seed_demo: bool = False,
        functions_dir: Path = FUNCTIONS,
        door_env: Mapping[str, str] | None = None,
        mongo_parameters: Mapping[str, str] | None = None,
        redis_options: Mapping[str, str] | None = None,
        gateway: bool = True,
        scheduler: bool = True,
        forks: ForkServer | None = _forks,
        say: Say = lambda _line: None,
    ) -> None:
        try:
            self.topology = build(load_cards(functions_dir), tenants, rooms)
        except CardInvalid as problem:
            raise LocalError(str(problem)) from problem
        services = self.topology.services
        self.stand_ins = {each.name: each for each in standins.wanted(self.topology.doors)}
        self.ports = (
            Ports.free(services, mongo_members, standins.NAMES)
            if ports is None
            else Ports.above(ports, services, mongo_members, standins.NAMES)
        )
        self.tenants, self.rooms, self.functions_dir = tuple(tenants), rooms, functions_dir
        self._temporary = None if data_dir else tempfile.TemporaryDirectory(prefix="retailscan-")
        self.data_dir = (data_dir or Path(self._temporary.name if self._temporary else "")).resolve()
        self._seed_demo, self._reload, self._with_gateway, self._with_scheduler = seed_demo, reload, gateway, scheduler
        self._door_env, self._say, self._forks = dict(door_env or {}), say, forks
        self.mongo = choose_mongo(self.data_dir / "mongo", ports=self.ports.mongo, parameters=mongo_parameters)
        self.redis = choose_redis(self.data_dir / "redis", port=self.ports.redis, options=redis_options)
        self.mongo_database = self._door_env.setdefault("MONGODB_DATABASE", self._database_name())
        self._lock: IO[str] | None = None
        self._prepared = False
        self._scheduler: Scheduler | None = None
        self.ready_after = 0.0

    # --- addresses

    @property
    def gateway_url(self) -> str:
        """The one address a client needs."""
        return f"http://{HOST}:{self.ports.gateway}"

    def door_url(self, service: str) -> str:
        """One door, past the gateway. Raises LocalError."""
        if service not in self.ports.doors:
            raise LocalError(f"there is no door {service}; there are {', '.join(self.topology.services)}.")
        return f"http://{HOST}:{self.ports.doors[service]}"

    @property
    def mongo_uri(self) -> str:
        """For a MongoDB client."""
        return self.mongo.uri

    def _database_name(self) -> str:
        # On somebody else's server a throw-away suite must not touch the data that is there.
        borrowed = isinstance(self.mongo, External) and self._temporary is not None
        return f"{DATABASE}_{uuid.uuid4().hex[:8]}" if borrowed else DATABASE

    @property
    def redis_url(self) -> str:
        """For a Redis client."""
        return self.redis.url

    @property
    def pubsub_endpoint(self) -> str:
        """host:port, what PUBSUB_EMULATOR_HOST holds."""
        return f"{HOST}:{self.ports.pubsub}"

    @property
    def tasks_endpoint(self) -> str:
        """host:port of Cloud Tasks."""
        return f"{HOST}:{self.ports.tasks}"

    @property
    def secrets_endpoint(self) -> str:
        """host:port of Secret Manager."""
        return f"{HOST}:{self.ports.secrets}"

    @property
    def storage_url(self) -> str:
        """Cloud Storage, what STORAGE_EMULATOR_HOST holds; runs when a door's card asks for a bucket."""
        return f"http://{HOST}:{self.ports.storage}"

    def stand_in_url(self, name: str) -> str:
        """Another's service as it is played here, such as `loyalty`."""
        return f"http://{HOST}:{self.ports.stand_ins[name]}"

    @property
    def admin_url(self) -> str:
        """The local cloud's own status and fault switches."""
        return f"http://{HOST}:{self.ports.admin}"

    # --- tokens

    def token(
        self,
        role: str = "shopper",
        tenant: str | None = None,
        stores: Sequence[str] | str = (),
        *,
        sub: str | None = None,
        lives_s: int = 3600,
    ) -> str:
        """See `local.tokens.mint`."""
        return tokens.mint(self.issuer, role, tenant=tenant, stores=stores, sub=sub, lives_s=lives_s)

    def authorization(self, role: str = "shopper", **options: Any) -> dict[str, str]:
        """The header with such a token."""
        return {"authorization": f"Bearer {self.token(role, **options)}"}

    # --- life

    async def __aenter__(self) -> Self:
        """Start everything and wait until every door is ready. Raises LocalError; nothing stays behind then."""
        try:
            await self.start()
        except BaseException:
            await self.stop(grace=1.0)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """See `__aenter__`."""
        started = time.monotonic()
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        self.ports.demand()
        self.mongo.spawn()
        self.redis.spawn()
        self.issuer = await asyncio.to_thread(Issuer, self.data_dir / "cloud")
        self._prepare()
        # Messages of an earlier run wait for the doors: pushes that nobody takes would use up their attempts.
        late = parts.has_messages(self.data_dir)
        self.doors.start_all()
        if self._with_gateway:
            self.gateway.start()
        if self._keeps_files():
            self.storage.start()
        for other in self.others.values():
            other.start()
        first = [] if late else [self._bring_up_cloud()]
        await asyncio.gather(self._bring_up_databases(), *first)
        await self._wait_for_doors()
        if late:
            await self._bring_up_cloud()
        self._supervise()
        self.ready_after = time.monotonic() - started

    async def stop(self, grace: float = 5.0) -> None:
        """End everything, clients first and databases last. Safe to call twice."""
        if self._scheduler is not None:
            await self._scheduler.stop()
        if self._prepared:
            await asyncio.to_thread(stop_all, [self.gateway, *self.others.values(), self.cloud, self.storage], grace)
            await self.doors.stop_all(grace)
        await asyncio.to_thread(self.redis.stop, grace)
        await asyncio.to_thread(self.mongo.stop, grace)
        if self._lock is not None:
            self._lock.close()
            self._lock = None
        if self._temporary is not None:
            self._temporary.cleanup()

    def pids(self) -> list[int]:
        """Every process of this suite that runs now (gunicorn's workers are children of theirs)."""
        if not self._prepared:
            return []
        children = [
            child.pid for child in (self.cloud, self.storage, self.gateway, *self.others.values()) if child.running
        ]
        return [*children, *self.mongo.pids, *self.redis.pids, *self.doors.pids()]

    async def collect(self) -> dict[str, Any]:
        """Requests, errors and p95 of every door, and how much waits for it: see `local.status`."""
        return await self._collector.collect()

    def restarts(self) -> dict[str, int]:
        """How often each door was started again after a crash."""
        return {service: each.restarts for service, each in self.doors.doors.items()}

    # --- what tests do to it

    async def stop_door(self, service: str) -> None:
        """An orderly end (SIGTERM); it stays down until `restart_door`."""
        await self.doors.stop(service)

    def kill_door(self, service: str) -> None:
        """kill -9; the supervisor starts it again as Cloud Run would."""
        self.doors.kill(service)

    async def restart_door(self, service: str, env: Mapping[str, str] | None = None) -> None:
        """Stop and start; with `env` changed for this door from now on. Returns when it is ready."""
        await self.doors.stop(service)
        if env is not None:
            self.doors.change_environment(service, env)
        self.doors.start(service)
        await self.doors.wait_ready(service)

    def freeze_door(self, service: str) -> None:
        """SIGSTOP: it holds its connections and answers nothing."""
        self.doors.doors[service].child.freeze()

    def thaw_door(self, service: str) -> None:
        """SIGCONT after `freeze_door`."""
        self.doors.doors[service].child.thaw()

    async def fire(self, schedule: str) -> int:
        """Call a schedule's door now; the status it answered. Raises KeyError."""
        if self._scheduler is None:
            raise LocalError("the suite has not started.")
        return await self._scheduler.fire(schedule)

    async def restart_cloud(self) -> None:
        """Start Pub/Sub and Cloud Tasks again after `cloud.kill()`; messages come from their journal."""
        self.cloud.start()
        await parts.wait_for(self.cloud, self.ports.admin)

    async def restart_stand_in(self, name: str) -> None:
        """Start another's service again after `others[name].kill()`."""
        self.others[name].start()
        await parts.wait_for(self.others[name], self.ports.stand_ins[name])

    async def restart_storage(self) -> None:
        """Start Cloud Storage again after `storage.kill()`; whole objects are still there."""
        self.storage.start()
        await parts.wait_for(self.storage, self.ports.storage)

    # --- the parts

    def _take_lock(self) -> None:
        self._lock = (self.data_dir / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            self._lock = None
            raise LocalError(f"a suite is already running on {self.data_dir}: stop it or choose another.") from None

    def _prepare(self) -> None:
        addresses = Addresses(
            mongo_uri=self.mongo_uri,
            mongo_database=self.mongo_database,
            redis_url=self.redis_url,
            pubsub=self.pubsub_endpoint,
            tasks=self.tasks_endpoint,
            secrets=self.secrets_endpoint,
            storage=self.storage_url,
            doors={service: self.door_url(service) for service in self.topology.services},
            functions_dir=self.functions_dir,
            stand_ins=standins.settings_of(self.ports.stand_ins),
            gateway=self.gateway_url,
        )
        self.doors = Supervisor(
            self.topology.doors,
            self.ports.doors,
            environment=lambda door, _port: door_environment(door, addresses, self.issuer) | self._door_env,
            functions_dir=self.functions_dir,
            data_dir=self.data_dir,
            say=self._say,
            forks=self._forks,
        )
        self.cloud = parts.cloud(self.data_dir, self.ports, self._forks)
        self.storage = parts.storage(self.data_dir, self.ports, self._forks)
        self.others = {
            name: standins.child(each, self.data_dir, self.ports.stand_ins[name], self.gateway_url, self._forks)
            for name, each in self.stand_ins.items()
        }
        self.gateway = parts.gateway(
            self.data_dir,
            self.ports,
            functions_dir=self.functions_dir,
            tenants=self.tenants,
            rooms=self.rooms,
            endpoints=self._endpoints(),
            forks=self._forks,
        )
        self._prepared = True

    def _keeps_files(self) -> bool:
        return any("IMPORT_BUCKET" in door.env for door in self.topology.doors)

    def _endpoints(self) -> dict[str, str]:
        found = {"pubsub": self.pubsub_endpoint, "tasks": self.tasks_endpoint, "secrets": self.secrets_endpoint}
        found |= {name: self.stand_in_url(name) for name in self.stand_ins}
        return found | ({"storage": self.storage_url} if self._keeps_files() else {})

    async def _bring_up_cloud(self) -> None:
        self.cloud.start()
        await parts.wait_for(self.cloud, self.ports.admin)
        await provision(
            self.topology,
            {service: self.door_url(service) for service in self.topology.services},
            pubsub=self.pubsub_endpoint,
            tasks=self.tasks_endpoint,
            service_account=PUSH_SERVICE_ACCOUNT,
        )

    async def _bring_up_databases(self) -> None:
        await asyncio.gather(asyncio.to_thread(self.mongo.wait_ready), asyncio.to_thread(self.redis.wait_ready))
        await parts.migrate(self.data_dir, self.mongo_uri, self.mongo_database, self._forks)
        if self._seed_demo:
            from local import catalogue

            added = await asyncio.to_thread(catalogue.load, self.mongo_uri, self.mongo_database)
            if added:
                self._say(f"demo catalogue loaded: {added:,} products")

    async def _wait_for_doors(self) -> None:
        waits = [self.doors.wait_ready(service, parts.READY_SECONDS) for service in self.topology.services]
        if self._with_gateway:
            waits.append(parts.wait_for(self.gateway, self.ports.gateway))
        if self._keeps_files():
            waits.append(parts.wait_for(self.storage, self.ports.storage))
        waits += [parts.wait_for(other, self.ports.stand_ins[name]) for name, other in self.others.items()]
        await asyncio.gather(*waits)

    def _supervise(self) -> None:
        self.doors.supervise(reload=self._reload)
        origins = {service: each.origin for service, each in self.doors.doors.items()}
        self._collector = Collector(origins, Origin(HOST, self.ports.admin))
        self._scheduler = Scheduler(
            self.topology.schedules,
            origins,
            lambda audience: self.issuer.oidc_token(audience, PUSH_SERVICE_ACCOUNT)[0],
            self._say,
        )
        if self._with_scheduler:
            self._scheduler.start()
