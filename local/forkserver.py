"""Python programs by fork: one process imports the heavy libraries once, and each program starts as a copy of it.

A suite is two dozen Python processes on one machine, and most of what each does before its first answer is to import
the same libraries: half a second of processor for each. In the cloud every instance has a processor for that.

`ForkServer` is the starting side. The server itself (`python -m local.forkserver`) has one thread and opens nothing, so
that its copies inherit nothing but memory. None of this suite's own code is imported before a fork: a program that
starts again after a change runs the change.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import importlib
import json
import os
import resource
import runpy
import select
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

LIBRARIES = (
    *("functions_framework._cli", "functions_framework.aio", "functions_framework._http.gunicorn", "uvicorn_worker"),
    *("uvicorn.protocols.http.httptools_impl", "uvicorn.lifespan.on", "uvicorn.loops.uvloop", "httpx", "orjson"),
    *("pymongo.asynchronous.mongo_client", "redis.asyncio", "pydantic", "yaml", "jwt", "cryptography", "zoneinfo"),
    *("google.cloud.pubsub_v1", "google.cloud.tasks_v2", "grpc.aio", "opentelemetry.sdk.trace"),
)
"""What most doors and parts import, none of which starts a thread or opens a socket by being imported."""

_LARGEST = 1 << 20
_FDS = 2
_PR_SET_PDEATHSIG, _PR_SET_NAME = 1, 15


class Forked:
    """A program that a ForkServer has started; as far as it goes, like subprocess.Popen."""

    stdout = None

    def __init__(self, name: str, status: int) -> None:
        self._name, self._status = name, status
        os.set_blocking(status, False)
        self._said = b""
        self._lock = threading.Lock()
        self._pid: int | None = None
        self._code: int | None = None

    @property
    def pid(self) -> int:
        """The process id; it may have to be waited for. Raises OSError when the program never came to be."""
        while self._pid is None and self._code is None:
            self._listen(None)
        if self._pid is None:
            raise ProcessLookupError(f"{self._name} was not started")
        return self._pid

    def poll(self) -> int | None:
        """The exit code, or None while it runs; negative: ended by that signal."""
        if self._code is None:
            self._listen(0.0)
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        """The exit code. Raises subprocess.TimeoutExpired."""
        ends = None if timeout is None else time.monotonic() + timeout
        while self._code is None:
            left = None if ends is None else ends - time.monotonic()
            if left is not None and left <= 0:
                raise subprocess.TimeoutExpired(self._name, timeout or 0)
            self._listen(left)
        return self._code

    def __del__(self) -> None:
        # Not when it has ended: another thread may just be waiting for that.
        os.close(self._status)

    def _listen(self, timeout: float | None) -> None:
        """Read what the server says within `timeout` seconds: the pid, and in the end the exit code."""
        readable = select.poll()
        readable.register(self._status, select.POLLIN)
        if not readable.poll(None if timeout is None else timeout * 1000):
            return
        with self._lock, contextlib.suppress(BlockingIOError):
            said = os.read(self._status, 64)
            *lines, self._said = (self._said + said).split(b"\n")
            for line in lines:
                kind, _, number = line.partition(b" ")
                if kind == b"pid":
                    self._pid = int(number)
                else:
                    self._code = int(number)
            if not said and self._code is None:
                # The server is gone, and what it started goes with it.
                self._code = -signal.SIGKILL


class ForkServer:
    """The process that forks. It starts with the first program and ends with the thread that started it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ours: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def fork(
        self, name: str, argv: Sequence[str], *, env: Mapping[str, str], cwd: Path | None, out: int,
        death_signal: signal.Signals, nice: int,
    ) -> Forked:  # fmt: skip
        """Run `-m module arguments` (all of `argv` after the interpreter), its output to the file `out`.

        It gets `death_signal` when the server ends. Raises OSError.
        """
        if argv[0] != "-m":
            raise ValueError(f"{name} is no Python module, and cannot be forked: {argv[0]}")
        wanted = {
            "name": name,
            "module": argv[1],
            "argv": list(argv[2:]),
            "env": dict(env),
            "cwd": None if cwd is None else str(cwd),
            "death": int(death_signal),
            "nice": nice,
        }
        reading, writing = os.pipe()
        try:
            with self._lock:
                socket.send_fds(self._connection(), [json.dumps(wanted).encode()], [out, writing])
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        return Forked(name, reading)

    def _connection(self) -> socket.socket:
        if self._ours is None or self._process is None or self._process.poll() is not None:
            self.stop()
            self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self._ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _LARGEST)
            with theirs:
                root = Path(__file__).resolve().parent.parent
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "local.forkserver", str(theirs.fileno()), str(os.getpid())],
                    pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, cwd=root, start_new_session=True,
                )  # fmt: skip
            atexit.register(self.stop)
        return self._ours

    def stop(self) -> None:
        """End it, and with it what it started and still runs."""
        if self._ours is not None:
            self._ours.close()
        if self._process is not None:
            self._process.wait()
        self._ours = self._process = None


# --- the server's own side


def leash(death_signal: int, parent: int) -> None:
    """Ask the kernel for a signal when the parent dies; if that is already so, end."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def serve(requests: socket.socket) -> dict[str, Any] | None:
    """Fork for each request until nobody can ask any more. Returns None then, and the request in each fork."""
    waking, wake = os.pipe()
    for end in (waking, wake):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    told: dict[int, int] = {}
    me = os.getpid()
    with selectors.PollSelector() as either:
        either.register(requests, selectors.EVENT_READ)
        either.register(waking, selectors.EVENT_READ)
        while True:
            ready = {key.fd for key, _ in either.select()}
            if waking in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(waking, 4096)
                _reap(told)
            if requests.fileno() not in ready:
                continue
            data, fds, _, _ = socket.recv_fds(requests, _LARGEST, _FDS)
            if not data:
                return None
            out, status = fds
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for each in (waking, wake, *told.values()):
                    os.close(each)
                requests.close()
                wanted: dict[str, Any] = json.loads(data)
                _become(wanted, me, out, status)
                return wanted
            os.close(out)
            told[pid] = status


def _reap(told: dict[int, int]) -> None:
    while told:
        pid, ended = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        status = told.pop(pid)
        with contextlib.suppress(BrokenPipeError):
            os.write(status, b"code %d\n" % os.waitstatus_to_exitcode(ended))
        os.close(status)


def _become(wanted: dict[str, Any], parent: int, out: int, status: int) -> None:
    """In the fork: a session, an environment and an output of its own."""
    os.setsid()
    leash(wanted["death"], parent)
    # What `top` and `ps -o comm` show; the command line stays the server's.
    ctypes.CDLL(None).prctl(_PR_SET_NAME, wanted["name"].encode()[:15], 0, 0, 0)
    if wanted["nice"]:
        os.nice(wanted["nice"])
        # A session is a group of its own for the scheduler, which weighs groups first and only within them processes.
        with contextlib.suppress(OSError):
            Path("/proc/self/autogroup").write_text(str(wanted["nice"]))
    for number in (1, 2):
        os.dup2(out, number)
    os.close(out)
    os.environ.clear()
    os.environ.update(wanted["env"])
    if wanted["cwd"] is not None:
        os.chdir(wanted["cwd"])
    # Where Python itself would have put PYTHONPATH and the current directory.
    paths = [each for each in wanted["env"].get("PYTHONPATH", "").split(os.pathsep) if each]
    sys.path[:] = [os.getcwd(), *paths, *(each for each in sys.path[1:] if each not in paths)]
    sys.argv[:] = [wanted["module"], *wanted["argv"]]
    # From here on signals to its group reach it.
    os.write(status, b"pid %d\n" % os.getpid())
    os.close(status)


def main() -> None:
    """Import, then serve; a fork comes back from serving to run its module."""
    number, parent = int(sys.argv[1]), int(sys.argv[2])
    leash(signal.SIGKILL, parent)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    # A server keeps every connection open; the usual soft limit of 1,024 files is soon reached.
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    for library in LIBRARIES:
        importlib.import_module(library)
    wanted = serve(socket.socket(fileno=number))
    if wanted is not None:
        runpy.run_module(wanted["module"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
