"""Child processes that never outlive their parent, and what tests do to them: freeze, thaw, kill."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO

from local.forkserver import Forked, ForkServer

HOST = "127.0.0.1"
SERVER_PORTS = (15_000, 32_000)
_chance = random.SystemRandom()

# Runs in the child before the real program: ask the kernel for a signal when the parent dies, then become
# the program. A separate exec (not `preexec_fn`) because forking a process that carries gRPC or event-loop
# threads is not safe. If the parent died before the request was made, there is nothing to wait for.
_LEASH = (
    "import ctypes, os, resource, sys\n"
    "ctypes.CDLL(None).prctl(1, int(sys.argv[1]), 0, 0, 0)\n"
    "if os.getppid() != int(sys.argv[2]): sys.exit(1)\n"
    # A database keeps every collection and index open; the usual soft limit of 1,024 files is soon reached.
    "most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]\n"
    "resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))\n"
    "if sys.argv[3] != '0':\n"
    "    os.nice(int(sys.argv[3]))\n"
    # A session is a group of its own for the scheduler, which weighs groups first and only within them processes.
    "    try: open('/proc/self/autogroup', 'w').write(sys.argv[3])\n"
    "    except OSError: pass\n"
    "os.execvp(sys.argv[4], sys.argv[4:])\n"
)


class LocalError(RuntimeError):
    """What is wrong with this machine or command line, in one sentence for the person who typed it."""


def free_port() -> int:
    """A TCP port on the loopback address that nobody listens on right now."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """`count` different free ports, below those that the system gives to outgoing connections.

    A port from the system's own range may be taken by any client's connection before its server starts.
    """
    found: list[int] = []
    while len(found) < count:
        port = _chance.randrange(*SERVER_PORTS)
        if port not in found and port_is_free(port):
            found.append(port)
    return found


def port_is_free(port: int) -> bool:
    """Whether a server could listen on the loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def demand_port(port: int, wanted_by: str) -> int:
    """The port itself; raises LocalError when another program holds it."""
    if not port_is_free(port):
        raise LocalError(f"port {port}, wanted by {wanted_by}, is taken: stop its program or choose another port.")
    return port


def port_answers(port: int) -> bool:
    """Whether something accepts connections on the loopback port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((HOST, port)) == 0


class Child:
    """One child process in a session of its own, so that Ctrl-C reaches the parent alone.

    Start it from a thread that lives as long as the child should: the kernel's parent-death signal is bound
    to the thread that started the process, not to the process as a whole. `nice` (0 to 19) lets others go first.
    With `forks` a Python module (`argv` is the interpreter, -m, its name, arguments) starts as a fork of that server.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        *,
        log: Path | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        death_signal: signal.Signals = signal.SIGKILL,
        stdout: int | None = None,
        nice: int = 0,
        forks: ForkServer | None = None,
    ) -> None:
        self.name = name
        self.argv = list(argv)
        self.log = log
        self.env = env
        self.cwd = cwd
        self._death_signal = death_signal
        self._stdout = stdout
        self._nice = nice
        self._forks = forks
        self._process: subprocess.Popen[bytes] | Forked | None = None

    def start(self) -> "Child":
        """Start, or start again after an end. Raises LocalError when the program cannot be run."""
        if self.running:
            return self
        sink: IO[bytes] | int = subprocess.DEVNULL
        if self.log is not None:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            sink = self.log.open("ab")
        try:
            self._process = self._spawn(sink)
        except OSError as problem:
            raise LocalError(f"{self.name} could not be started: {problem.strerror}.") from problem
        finally:
            if not isinstance(sink, int):
                sink.close()
        return self

    def _spawn(self, sink: IO[bytes] | int) -> subprocess.Popen[bytes] | Forked:
        env = None if self.env is None else dict(self.env)
        if self._forks is not None and not isinstance(sink, int):
            return self._forks.fork(
                self.name, self.argv[1:], env=os.environ if env is None else env, cwd=self.cwd, out=sink.fileno(),
                death_signal=self._death_signal, nice=self._nice,
            )  # fmt: skip
        return subprocess.Popen(
            self._leashed(),
            stdin=subprocess.DEVNULL,
            stdout=sink if self._stdout is None else self._stdout,
            stderr=subprocess.STDOUT if self._stdout is not None else sink,
            env=env,
            cwd=self.cwd,
            start_new_session=True,
        )

    def _leashed(self) -> list[str]:
        if not sys.platform.startswith("linux"):
            return self.argv
        leash = [sys.executable, "-I", "-S", "-c", _LEASH, str(int(self._death_signal)), str(os.getpid())]
        leash.append(str(self._nice))
        return leash + self.argv

    @property
    def pid(self) -> int:
        """The process id; raises LocalError when it was never started."""
        if self._process is None:
            raise LocalError(f"{self.name} was never started.")
        return self._process.pid

    @property
    def stdout(self) -> IO[bytes] | None:
        """The reading end of the child's output when it was started with `stdout=subprocess.PIPE`."""
        return None if self._process is None else self._process.stdout

    @property
    def exit_code(self) -> int | None:
        """None while it runs (or was never started); negative: ended by that signal."""
        return None if self._process is None else self._process.poll()

    @property
    def running(self) -> bool:
        """Started and not ended. A frozen process is running."""
        return self._process is not None and self._process.poll() is None

    def _signal(self, number: signal.Signals) -> None:
        if self.running:
            # The whole group: gunicorn's workers are grandchildren.
            os.killpg(self.pid, number)

    def freeze(self) -> None:
        """SIGSTOP: it keeps its sockets open and answers nothing, as a machine that hangs does."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT after `freeze`."""
        self._signal(signal.SIGCONT)

    def terminate(self) -> None:
        """Ask for an orderly end, without waiting."""
        if self.running:
            self.thaw()
            # Only the leader: it ends its own workers in order.
            os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL to the process and its own children, and wait for the end (kill -9, power cut)."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._close()

    def stop(self, grace: float = 5.0) -> None:
        """An orderly end within `grace` seconds, else a kill. Safe to call twice."""
        if self._process is None:
            return
        self.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=grace)
        # Even after an orderly end: a worker that outlived its leader still belongs to the group.
        self.kill()

    def wait(self, timeout: float | None = None) -> int:
        """The exit code; raises subprocess.TimeoutExpired."""
        if self._process is None:
            raise LocalError(f"{self.name} was never started.")
        return self._process.wait(timeout=timeout)

    def _close(self) -> None:
        if self._process is not None and self._process.stdout is not None:
            self._process.stdout.close()

    def last_lines(self, count: int = 5) -> str:
        """The end of its log file, for a message."""
        if self.log is None or not self.log.exists():
            return ""
        with self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - 8192))
            return "\n".join(file.read().decode("utf-8", "replace").splitlines()[-count:])


def stop_all(children: Iterable[Child], grace: float = 5.0) -> None:
    """Stop several at the same time: ask all, then wait once."""
    family = list(children)
    for child in family:
        child.terminate()
    deadline = time.monotonic() + grace
    for child in family:
        child.stop(grace=max(0.05, deadline - time.monotonic()))
