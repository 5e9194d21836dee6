"""localstripe, a Stripe that others wrote (GPL-3: tests only), in a process of its own on the loopback address."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from local.processes import HOST, Child, free_port

# It listens on every address and keeps its state in one file for all: a test wants neither.
_LAUNCH = """
import builtins, socket, sys
folder, port, real_open, Real = sys.argv[1], sys.argv[2], builtins.open, socket.socket
class Loopback(Real):
    def __init__(self, family=-1, *more, **named):
        super().__init__(socket.AF_INET if family == socket.AF_INET6 else family, *more, **named)
    def bind(self, address): super().bind(("127.0.0.1", address[1]))
def opened(file, *more, **named):
    return real_open(folder + "/pickle" if file == "/tmp/localstripe.pickle" else file, *more, **named)
import localstripe.server as server
socket.socket, builtins.open = Loopback, opened
sys.argv = ["localstripe", "--from-scratch", "--port", port]
server.start()
"""


@contextmanager
def localstripe(folder: Path) -> Iterator[str]:
    """Its base URL."""
    port = free_port()
    argv = [sys.executable, "-c", _LAUNCH, str(folder), str(port)]
    child = Child("localstripe", argv, log=folder / "log").start()
    url = f"http://{HOST}:{port}"
    try:
        deadline = time.monotonic() + 30
        while not _answers(url):
            assert child.running, child.last_lines(20)
            assert time.monotonic() < deadline, "localstripe does not answer"
            time.sleep(0.05)
        yield url
    finally:
        child.stop(grace=0.5)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/v1/events", timeout=2).status_code in (200, 401)
    except httpx.HTTPError:
        return False
