"""The whole suite as one object: `make run`, tests and benchmarks start the same thing.

async with Suite() as suite:
    httpx.get(suite.gateway_url + "/v1/scan/...", headers=suite.authorization(role="shopper", ...))
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import sys
import tempfile
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from functions.common.cards import FUNCTIONS, CardInvalid, Door, load_cards
from local import tokens
from local.issuer import (
    AUDIENCE,
    IDENTITY_ISSUER,
    OIDC_ISSUER,
    PUSH_SERVICE_ACCOUNT,
    SESSION_ISSUER,
    Issuer,
)
from local.ports import Ports
from local.processes import HOST, Child, LocalError, stop_all
from local.provision import LOCATION, PROJECT, provision
from local.proxy import Origin
from local.scheduler import Scheduler
from local.services import External, choose_mongo, choose_redis
from local.status import Collector
from local.supervisor import Say, Supervisor, get, plain_environment
from local.topology import build

ROOT = Path(__file__).resolve().parent.parent
TENANTS = ("fresko", "nordmarkt", "casaverde")
DATABASE = "retailscan"
READY_SECONDS = 30.0


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
        say: Say = lambda _line: None,
    ) -> None:
        try:
            self.topology = build(load_cards(functions_dir), tenants, rooms)
        except CardInvalid as problem:
            raise LocalError(str(problem)) from problem
        services = self.topology.services
        self.ports = (
            Ports.free(services, mongo_members) if ports is None else Ports.above(ports, services, mongo_members)
        )
        self.tenants, self.rooms, self.functions_dir = tuple(tenants), rooms, functions_dir
        self._temporary = None if data_dir else tempfile.TemporaryDirectory(prefix="retailscan-")
        self.data_dir = (data_dir or Path(self._temporary.name if self._temporary else "")).resolve()
        self._seed_demo, self._reload, self._with_gateway, self._with_scheduler = seed_demo, reload, gateway, scheduler
        self._door_env, self._say = dict(door_env or {}), say
        self.mongo = choose_mongo(self.data_dir / "mongo", ports=self.ports.mongo, parameters=mongo_parameters)
        self.redis = choose_redis(self.data_dir / "redis", port=self.ports.redis, options=redis_options)
        self.mongo_database = self._door_env.setdefault("MONGODB_DATABASE", self._database_name())
        self._lock: IO[str] | None = None
        self._cloud: Child | None = None
        self._gateway: Child | None = None
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
    def admin_url(self) -> str:
        """The local cloud's own status and fault switches."""
        return f"http://{HOST}:{self.ports.admin}"

    # --- tokens

    @property
    def issuer(self) -> Issuer:
        """The signing keys of this suite."""
        return self._issuer

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
        return tokens.mint(self._issuer, role, tenant=tenant, stores=stores, sub=sub, lives_s=lives_s)

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
        self._issuer = await asyncio.to_thread(Issuer, self.data_dir / "cloud")
        self._start_cloud()
        self.doors = self._supervisor()
        self.doors.start_all()
        if self._with_gateway:
            self._start_gateway()
        await asyncio.gather(
            asyncio.to_thread(self.mongo.wait_ready), asyncio.to_thread(self.redis.wait_ready), self._wait_for_cloud()
        )
        await asyncio.gather(self._migrate(), self._provision())
        if self._seed_demo:
            await self._load_demo()
        await self._wait_for_doors()
        self._supervise()
        self.ready_after = time.monotonic() - started

    async def stop(self, grace: float = 5.0) -> None:
        """End everything, clients first and databases last. Safe to call twice."""
        if self._scheduler is not None:
            await self._scheduler.stop()
        front = [child for child in (self._gateway, self._cloud) if child is not None]
        await asyncio.to_thread(stop_all, front, grace)
        if hasattr(self, "doors"):
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
        children = [child.pid for child in (self._cloud, self._gateway) if child is not None and child.running]
        return [*children, *self.mongo.pids, *self.redis.pids, *(self.doors.pids() if hasattr(self, "doors") else [])]

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

    # --- the parts

    def _take_lock(self) -> None:
        self._lock = (self.data_dir / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            self._lock = None
            raise LocalError(f"a suite is already running on {self.data_dir}: stop it or choose another.") from None

    def _start_cloud(self) -> None:
        argv = [sys.executable, "-m", "local.cloud"]
        argv += ["--pubsub-port", str(self.ports.pubsub), "--tasks-port", str(self.ports.tasks)]
        argv += ["--admin-port", str(self.ports.admin), "--issuer-port", str(self.ports.issuer)]
        argv += ["--data-dir", str(self.data_dir / "cloud")]
        env = plain_environment() | {"PYTHONPATH": str(ROOT)}
        self._cloud = Child("the local cloud", argv, log=self._log("cloud"), env=env, cwd=ROOT).start()

    async def _wait_for_cloud(self) -> None:
        assert self._cloud is not None
        await self._wait_for(self._cloud, Origin(HOST, self.ports.admin), "/health")

    async def _wait_for(self, child: Child, origin: Origin, path: str) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while True:
            status, _ = await get(origin, path)
            if status == 200:
                origin.close()
                return
            if child.exit_code is not None or time.monotonic() > deadline:
                raise LocalError(f"{child.name} did not start: {child.last_lines(1)} (log: {child.log}).")
            await asyncio.sleep(0.03)

    def _start_gateway(self) -> None:
        config = {
            "port": self.ports.gateway,
            "adminPort": self.ports.admin,
            "doors": self.ports.doors,
            "endpoints": {"pubsub": self.pubsub_endpoint, "tasks": self.tasks_endpoint},
            "tenants": self.tenants,
            "rooms": self.rooms,
            "functionsDir": str(self.functions_dir),
            "issuerDir": str(self.data_dir / "cloud"),
            "openapi": str(ROOT / "docs" / "openapi.json"),
        }
        file = self.data_dir / "gateway.json"
        file.write_text(json.dumps(config, indent=1))
        env = plain_environment() | {"PYTHONPATH": str(ROOT)}
        argv = [sys.executable, "-m", "local.gateway", str(file)]
        self._gateway = Child("the gateway", argv, log=self._log("gateway"), env=env, cwd=ROOT).start()

    def _log(self, name: str) -> Path:
        return self.data_dir / "logs" / f"{name}.log"

    def _supervisor(self) -> Supervisor:
        return Supervisor(
            self.topology.doors,
            self.ports.doors,
            environment=self._environment,
            functions_dir=self.functions_dir,
            data_dir=self.data_dir,
            say=self._say,
        )

    def _environment(self, door: Door, port: int) -> dict[str, str]:
        urls = {service: self.door_url(service) for service in self.topology.services}
        common = {
            "PYTHONPATH": os.pathsep.join(dict.fromkeys([str(ROOT), str(self.functions_dir.parent)])),
            "ENVIRONMENT": "local",
            "K_SERVICE": door.service,
            "K_REVISION": f"{door.service}-local",
            "GOOGLE_CLOUD_PROJECT": PROJECT,
            "MONGODB_URI": self.mongo_uri,
            "MONGODB_DATABASE": self.mongo_database,
            "REDIS_URL": self.redis_url,
            "SERVICE_URL": f"http://{HOST}:{port}",
            "DOOR_URLS": json.dumps(urls),
            "PUBSUB_EMULATOR_HOST": self.pubsub_endpoint,
            "CLOUD_TASKS_EMULATOR_HOST": self.tasks_endpoint,
            "CLOUD_TASKS_LOCATION": LOCATION,
            "IDENTITY_ISSUER": IDENTITY_ISSUER,
            "IDENTITY_AUDIENCE": AUDIENCE,
            "IDENTITY_JWKS": json.dumps(self._issuer.jwks("identity")),
            "SESSION_ISSUER": SESSION_ISSUER,
            "SESSION_JWKS": json.dumps(self._issuer.jwks("session")),
            "PUSH_ISSUER": OIDC_ISSUER,
            "PUSH_JWKS": json.dumps(self._issuer.jwks("oidc")),
            "PUSH_SERVICE_ACCOUNTS": PUSH_SERVICE_ACCOUNT,
        }
        return plain_environment() | _telemetry() | common | self._asked_for(door) | self._door_env

    def _asked_for(self, door: Door) -> dict[str, str]:
        """What only this door's card names: a secret reaches no other process, here as in the cloud."""
        known = {
            "SESSION_SIGNING_KEY": lambda: self._issuer.private_jwk("session"),
            "STORE_CODE_KEY": lambda: self._issuer.private_jwk("store-codes"),
            "STORE_CODE_JWKS": lambda: json.dumps(self._issuer.jwks("store-codes")),
        }
        asked = {name: known[name]() for name in (*door.secrets, *door.env) if name in known}
        unknown = [name for name in door.secrets if name not in known and name not in os.environ]
        # MongoDB's and Redis' addresses are secrets in the cloud and known to every door here.
        unknown = [name for name in unknown if name not in ("MONGODB_URI", "REDIS_URL")]
        if unknown:
            raise LocalError(
                f"{door.service} needs the secret {unknown[0]}, which the local cloud does not know: set {unknown[0]}."
            )
        passed = {name: os.environ[name] for name in (*door.secrets, *door.env) if name in os.environ}
        return passed | asked

    async def _migrate(self) -> None:
        env = plain_environment() | {
            "PYTHONPATH": str(ROOT),
            "MONGODB_URI": self.mongo_uri,
            "MONGODB_DATABASE": self.mongo_database,
        }
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "retailscan", "migrate"),
            cwd=ROOT,
            env=env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        self._log("migrate").parent.mkdir(parents=True, exist_ok=True)
        self._log("migrate").write_bytes(output)
        if process.returncode:
            raise LocalError(f"the database could not be prepared: see {self._log('migrate')}.")

    async def _provision(self) -> None:
        urls = {service: self.door_url(service) for service in self.topology.services}
        await provision(
            self.topology,
            urls,
            pubsub=self.pubsub_endpoint,
            tasks=self.tasks_endpoint,
            service_account=PUSH_SERVICE_ACCOUNT,
        )

    async def _load_demo(self) -> None:
        from local import catalogue

        added = await asyncio.to_thread(catalogue.load, self.mongo_uri, self.mongo_database)
        if added:
            self._say(f"demo catalogue loaded: {added:,} products")

    async def _wait_for_doors(self) -> None:
        waits = [self.doors.wait_ready(service, READY_SECONDS) for service in self.topology.services]
        if self._gateway is not None:
            waits.append(self._wait_for(self._gateway, Origin(HOST, self.ports.gateway), "/health"))
        await asyncio.gather(*waits)

    def _supervise(self) -> None:
        self.doors.supervise(reload=self._reload)
        origins = {service: each.origin for service, each in self.doors.doors.items()}
        self._collector = Collector(origins, Origin(HOST, self.ports.admin))
        self._scheduler = Scheduler(
            self.topology.schedules,
            origins,
            lambda audience: self._issuer.oidc_token(audience, PUSH_SERVICE_ACCOUNT)[0],
            self._say,
        )
        if self._with_scheduler:
            self._scheduler.start()


def _telemetry() -> dict[str, str]:
    names = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_TRACES_SAMPLE")
    return {name: os.environ[name] for name in names if name in os.environ}
