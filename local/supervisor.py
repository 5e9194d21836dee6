"""Every door as its own process under functions-framework: kept running, restarted when its code changes."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from functions.common.cards import Door
from local.environment import plain_environment
from local.forkserver import ForkServer
from local.processes import HOST, Child, LocalError, stop_all
from local.proxy import Broken, Origin, Request, Unreachable

POLL_SECONDS = 0.1
FIRST_BACKOFF_SECONDS = 0.25
LONGEST_BACKOFF_SECONDS = 10.0
# Work from queues and schedules gives way to people and messages: in production it has machines of its own.
BACKGROUND_NICE = 10
# A door that ran this long has recovered: its next crash starts from the short back-off again.
HEALTHY_SECONDS = 10.0
WATCHED = {".py", ".yaml", ".json"}

__all__ = ["DoorProcess", "Say", "Supervisor", "changed_rooms", "get", "plain_environment"]

Say = Callable[[str], None]
"""Tells the developer one line."""


@dataclass
class DoorProcess:
    """One door and its process."""

    door: Door
    port: int
    child: Child
    wanted: bool = False
    restarts: int = 0
    backoff: float = FIRST_BACKOFF_SECONDS
    started_at: float = 0.0
    retry_at: float | None = None
    origin: Origin = field(init=False)

    def __post_init__(self) -> None:
        self.origin = Origin(HOST, self.port)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{HOST}:{self.port}"


class Supervisor:
    """The doors of one suite."""

    def __init__(
        self,
        doors: Iterable[Door],
        ports: Mapping[str, int],
        *,
        environment: Callable[[Door, int], dict[str, str]],
        functions_dir: Path,
        data_dir: Path,
        say: Say = lambda _line: None,
        forks: ForkServer | None = None,
    ) -> None:
        self._forks = forks
        self.functions_dir = functions_dir
        self.data_dir = data_dir
        self._say = say
        self.doors: dict[str, DoorProcess] = {}
        for door in doors:
            port = ports[door.service]
            child = self._child(door, port, environment(door, port))
            self.doors[door.service] = DoorProcess(door, port, child)
        self._tasks: list[asyncio.Task[None]] = []

    def _child(self, door: Door, port: int, environment: Mapping[str, str]) -> Child:
        home = self.data_dir / "run" / door.service
        env = {
            **environment,
            "FUNCTION_USE_ASGI": "1",
            "FUNCTION_TARGET": door.target,
            "FUNCTION_SOURCE": str(self.functions_dir / door.room / "main.py"),
            "HOST": HOST,
            "PORT": str(port),
            "WORKERS": "1",
            # As in the image: no door asks who called and how, so nobody is believed about it.
            "FORWARDED_ALLOW_IPS": "",
            # Gunicorn puts a control socket here; all doors sharing one would take it from each other.
            "XDG_RUNTIME_DIR": str(home),
        }
        return Child(
            door.service,
            [sys.executable, "-m", "functions_framework"],
            log=self.log_path(door.service),
            env=env,
            cwd=home,
            # Gunicorn then ends its worker, too; a worker does not notice that its leader was killed.
            death_signal=signal.SIGTERM,
            nice=BACKGROUND_NICE if waits_for_nobody(door) else 0,
            forks=self._forks,
        )

    def log_path(self, service: str) -> Path:
        """The file that gets what the door prints."""
        return self.data_dir / "logs" / f"{service}.log"

    def start_all(self) -> None:
        """Start every door, without waiting, and keep it running from now on."""
        for service in self.doors:
            self.start(service)

    def start(self, service: str) -> None:
        """Start one door, without waiting."""
        each = self._known(service)
        (self.data_dir / "run" / service).mkdir(parents=True, exist_ok=True)
        each.wanted = True
        each.retry_at = None
        each.started_at = time.monotonic()
        each.child.start()

    def supervise(self, *, reload: bool = False) -> None:
        """Restart what crashes, from now until `stop`; with `reload` also what changed on disk."""
        self._tasks.append(asyncio.create_task(self._restart_crashed()))
        if reload:
            self._tasks.append(asyncio.create_task(self._restart_changed()))

    async def wait_ready(self, service: str, timeout: float = 20.0) -> None:
        """Until `/ready` says yes. Raises LocalError with the end of the log when the door cannot start."""
        each = self._known(service)
        deadline = time.monotonic() + timeout
        status, answer = 0, b""
        while time.monotonic() < deadline:
            if each.child.exit_code is not None and not self._tasks:
                break
            status, answer = await get(each.origin, "/ready")
            if status == 200:
                return
            await asyncio.sleep(0.03)
        why = f"answered {answer.decode('utf-8', 'replace')[:300]}" if status else _last_words(each.child)
        raise LocalError(f"{service} is not ready: {why} (log: {each.child.log}).")

    async def stop(self, service: str, grace: float = 5.0) -> None:
        """End one door in order and leave it down until `start`."""
        each = self._known(service)
        each.wanted = False
        await asyncio.to_thread(each.child.stop, grace)

    def kill(self, service: str) -> None:
        """kill -9, as a machine that dies. A supervised door is started again after its back-off."""
        self._known(service).child.kill()

    def change_environment(self, service: str, changes: Mapping[str, str]) -> None:
        """For the next start of this door, and all after it."""
        child = self._known(service).child
        child.env = {**(child.env or {}), **changes}

    async def stop_all(self, grace: float = 5.0) -> None:
        """End every door, and the supervision."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        for each in self.doors.values():
            each.wanted = False
            each.origin.close()
        await asyncio.to_thread(stop_all, [each.child for each in self.doors.values()], grace)

    def pids(self) -> list[int]:
        """Of the doors that run (gunicorn's leader; its worker is its child)."""
        return [each.child.pid for each in self.doors.values() if each.child.running]

    def _known(self, service: str) -> DoorProcess:
        try:
            return self.doors[service]
        except KeyError:
            raise LocalError(f"there is no door {service}; there are {', '.join(sorted(self.doors))}.") from None

    async def _restart_crashed(self) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            now = time.monotonic()
            for service, each in self.doors.items():
                if each.wanted and not each.child.running:
                    self._revive(service, each, now)

    def _revive(self, service: str, each: DoorProcess, now: float) -> None:
        if each.retry_at is None:
            if now - each.started_at > HEALTHY_SECONDS:
                each.backoff = FIRST_BACKOFF_SECONDS
            each.retry_at = now + each.backoff
            self._say(f"{service} ended ({_how(each.child.exit_code)}), starts again in {each.backoff:.2g} s")
            each.backoff = min(each.backoff * 2, LONGEST_BACKOFF_SECONDS)
        elif now >= each.retry_at:
            each.restarts += 1
            # What the dead process may have left in its group must not hold the port.
            each.child.kill()
            self.start(service)

    async def _restart_changed(self) -> None:
        import watchfiles

        async for changes in watchfiles.awatch(self.functions_dir, recursive=True, step=50, debounce=400):
            paths = [Path(path) for _, path in changes]
            rooms = changed_rooms(paths, self.functions_dir)
            services = [s for s, each in self.doors.items() if rooms is None or each.door.room in rooms]
            if any(path.name == "function.yaml" for path in paths):
                self._say("a card changed: stop and `make run` again to apply it")
            if services:
                self._say(f"code changed: restarting {', '.join(services)}")
                await asyncio.gather(*(self._replace(service) for service in services))

    async def _replace(self, service: str) -> None:
        each = self.doors[service]
        each.backoff = FIRST_BACKOFF_SECONDS
        await self.stop(service)
        self.start(service)


def changed_rooms(paths: Sequence[Path], functions_dir: Path) -> set[str] | None:
    """The rooms these files belong to; None means all (the shared ground floor changed)."""
    rooms: set[str] = set()
    for path in paths:
        if path.suffix not in WATCHED or not path.is_relative_to(functions_dir):
            continue
        inside = path.relative_to(functions_dir).parts
        if len(inside) < 2 or inside[0] == "common":
            return None
        rooms.add(inside[0])
    return rooms


async def get(origin: Origin, path: str, timeout: float = 2.0) -> tuple[int, bytes]:
    """A small GET: status and body; (0, b"") when nobody answers in time."""
    wire = f"GET {path} HTTP/1.1\r\nhost: {origin.host}:{origin.port}\r\n\r\n".encode()
    try:
        async with asyncio.timeout(timeout):
            answer = await origin.send(Request(wire, repeatable=True))
            body = answer.whole()
            if body is None:
                body = b"".join([chunk async for chunk in answer.chunks()])
            return answer.status, body
    except (Unreachable, Broken, TimeoutError):
        return 0, b""


def waits_for_nobody(door: Door) -> bool:
    """Whether nobody waits for what a door does: it is not public, and no messages are pushed to it."""
    return not door.public and not door.subscriptions


def _how(code: int | None) -> str:
    if code is not None and code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"


def _last_words(child: Child) -> str:
    lines = [line for line in child.last_lines(20).splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it said nothing"
