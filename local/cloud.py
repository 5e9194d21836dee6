"""`python -m local.cloud`: the local Pub/Sub, Cloud Tasks, Secret Manager, token issuer and their admin door in one
process.

Prints one JSON line with the ports when everything is ready, and stops cleanly on SIGTERM and SIGINT.
"""

import argparse
import asyncio
import fcntl
import gc
import logging
import signal
import sys
from pathlib import Path
from typing import IO, Any

import orjson

from local.issuer import Issuer
from local.pubsub import PubSubServer
from local.pubsub_push import PUSH_WINDOW
from local.secretmanager import SecretManagerServer
from local.tasks import TasksServer
from local.web import WebRequest, WebServer


class Cloud:
    """All servers together; `ports` after `start`. Raises OSError when another one uses the folder."""

    def __init__(
        self,
        *,
        pubsub_port: int = 0,
        tasks_port: int = 0,
        issuer_port: int = 0,
        admin_port: int = 0,
        secrets_port: int = 0,
        data_dir: Path | None = None,
        push_window: int = PUSH_WINDOW,
    ) -> None:
        self._lock = _lock(data_dir)
        issuer = self.issuer = Issuer(data_dir)
        self.pubsub = PubSubServer(port=pubsub_port, data_dir=data_dir, issuer=issuer, push_window=push_window)
        self.tasks = TasksServer(port=tasks_port, data_dir=data_dir, issuer=issuer)
        self.secrets = SecretManagerServer(port=secrets_port, data_dir=data_dir)
        self.jwks = WebServer(self._jwks, port=issuer_port)
        self.admin = WebServer(self._admin, port=admin_port)

    async def start(self) -> None:
        """Starts all or nothing; raises OSError when a port is taken."""
        try:
            for server in (self.jwks, self.admin, self.pubsub, self.tasks, self.secrets):
                await server.start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stops all; safe to repeat."""
        for server in (self.secrets, self.tasks, self.pubsub, self.admin, self.jwks):
            await server.stop()
        if self._lock is not None:
            self._lock.close()

    @property
    def ports(self) -> dict[str, int]:
        """The ports by name."""
        return {
            "pubsub": self.pubsub.port,
            "tasks": self.tasks.port,
            "secrets": self.secrets.port,
            "issuer": self.jwks.port,
            "admin": self.admin.port,
        }

    async def _jwks(self, request: WebRequest) -> tuple[int, Any]:
        folder, _, name = request.path.rpartition("/")
        if folder != "/jwks" or name not in ("identity", "oidc", "session", "store-codes"):
            return 404, {"error": "ask for /jwks/identity, /jwks/oidc, /jwks/session or /jwks/store-codes"}
        return (200, self.issuer.jwks(name)) if request.method == "GET" else (405, {"error": "GET only"})

    async def _admin(self, request: WebRequest) -> tuple[int, Any]:
        if request.path == "/health":
            return 200, {"status": "ok"} | self.ports
        if request.path == "/stats":
            return 200, {"subscriptions": self.pubsub.stats(), "queues": self.tasks.stats()}
        return 404, {"error": "ask for /health or /stats"}


def _lock(data_dir: Path | None) -> IO[bytes] | None:
    """Two clouds on one folder would spoil each other's logs. The lock ends with its process, however that ends."""
    if data_dir is None:
        return None
    data_dir.mkdir(parents=True, exist_ok=True)
    file = (data_dir / "cloud.lock").open("wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise OSError(f"another local cloud is using {data_dir}") from None
    return file


async def serve(cloud: Cloud) -> None:
    """Runs until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await cloud.start()
    # What lives as long as the process need not be looked at again, and a backlog makes no cycles to look for.
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)
    sys.stdout.write(orjson.dumps({"ready": True} | cloud.ports).decode() + "\n")
    sys.stdout.flush()
    await stop.wait()
    await cloud.stop()


def main() -> int:
    """The command; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m local.cloud", description=__doc__)
    for name in ("pubsub", "tasks", "issuer", "admin", "secrets"):
        parser.add_argument(f"--{name}-port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--data-dir", type=Path, default=None, help="keeps messages, tasks and keys; default: nowhere")
    parser.add_argument("--push-window", type=int, default=PUSH_WINDOW, help="most pushes in flight per subscription")
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    import uvloop

    try:
        uvloop.run(_run(options))
    except OSError as error:
        sys.stderr.write(f"local.cloud: {error}\n")
        return 1
    return 0


async def _run(options: argparse.Namespace) -> None:
    await serve(
        Cloud(
            pubsub_port=options.pubsub_port,
            tasks_port=options.tasks_port,
            issuer_port=options.issuer_port,
            admin_port=options.admin_port,
            secrets_port=options.secrets_port,
            data_dir=options.data_dir,
            push_window=options.push_window,
        )
    )


if __name__ == "__main__":
    raise SystemExit(main())
