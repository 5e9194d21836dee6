"""The suite's own helper processes: the local cloud, its storage and the gateway."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from local.environment import ROOT, tool_environment
from local.forkserver import ForkServer
from local.ports import Ports
from local.processes import HOST, Child, LocalError
from local.proxy import Origin
from local.supervisor import get

READY_SECONDS = 30.0


def log_of(data_dir: Path, name: str) -> Path:
    """The file that gets what a part prints."""
    return data_dir / "logs" / f"{name}.log"


def cloud(data_dir: Path, ports: Ports, forks: ForkServer | None = None) -> Child:
    """The local Pub/Sub, Cloud Tasks, Secret Manager and token issuer; not started."""
    argv = [sys.executable, "-m", "local.cloud"]
    argv += ["--pubsub-port", str(ports.pubsub), "--tasks-port", str(ports.tasks)]
    argv += ["--admin-port", str(ports.admin), "--issuer-port", str(ports.issuer)]
    argv += ["--secrets-port", str(ports.secrets), "--data-dir", str(data_dir / "cloud")]
    return Child("the local cloud", argv, log=log_of(data_dir, "cloud"), env=tool_environment(), cwd=ROOT, forks=forks)


def storage(data_dir: Path, ports: Ports, forks: ForkServer | None = None) -> Child:
    """The local Cloud Storage; not started. It takes its key from the local cloud's folder."""
    return storage_at(data_dir / "cloud", ports.storage, log_of(data_dir, "storage"), forks)


def storage_at(folder: Path, port: int, log: Path | None = None, forks: ForkServer | None = None) -> Child:
    """The same, anywhere."""
    argv = [sys.executable, "-m", "local.storage", "--port", str(port), "--data-dir", str(folder)]
    return Child("the local storage", argv, log=log, env=tool_environment(), cwd=ROOT, forks=forks)


def has_messages(data_dir: Path) -> bool:
    """Whether an earlier run left a journal, in which messages may wait to be pushed."""
    return any((data_dir / "cloud").glob("*.journal"))


def gateway(
    data_dir: Path,
    ports: Ports,
    *,
    functions_dir: Path,
    tenants: Sequence[str],
    rooms: Sequence[str] | None,
    endpoints: Mapping[str, str],
    forks: ForkServer | None = None,
) -> Child:
    """The one port for clients; not started."""
    config = {
        "port": ports.gateway,
        "adminPort": ports.admin,
        "doors": ports.doors,
        "endpoints": dict(endpoints),
        "tenants": list(tenants),
        "rooms": rooms if rooms is None else list(rooms),
        "functionsDir": str(functions_dir),
        "issuerDir": str(data_dir / "cloud"),
        "openapi": str(ROOT / "docs" / "openapi.json"),
    }
    file = data_dir / "gateway.json"
    file.write_text(json.dumps(config, indent=1))
    argv = [sys.executable, "-m", "local.gateway", str(file)]
    return Child("the gateway", argv, log=log_of(data_dir, "gateway"), env=tool_environment(), cwd=ROOT, forks=forks)


async def wait_for(child: Child, port: int) -> None:
    """Until `/health` answers. Raises LocalError with the last line of the log when it never does."""
    origin = Origin(HOST, port)
    deadline = time.monotonic() + READY_SECONDS
    while (await get(origin, "/health"))[0] != 200:
        if child.exit_code is not None or time.monotonic() > deadline:
            raise LocalError(f"{child.name} did not start: {child.last_lines(1)} (log: {child.log}).")
        await asyncio.sleep(0.03)
    origin.close()


async def migrate(data_dir: Path, mongo_uri: str, database: str, forks: ForkServer | None = None) -> None:
    """`retailscan migrate`, as the Cloud Run job does it. Raises LocalError."""
    env = tool_environment() | {"MONGODB_URI": mongo_uri, "MONGODB_DATABASE": database}
    log = log_of(data_dir, "migrate")
    argv = [sys.executable, "-m", "retailscan", "migrate"]
    child = Child("migrate", argv, log=log, env=env, cwd=ROOT, forks=forks).start()
    try:
        code = await asyncio.to_thread(child.wait)
    finally:
        child.kill()
    if code:
        raise LocalError(f"the database could not be prepared: {child.last_lines(1)} (log: {log}).")
