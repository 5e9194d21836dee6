"""Programs that start as copies of a process with the libraries: they are programs of their own in every other way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.forkserver import ForkServer
from local.processes import Child

TELLING = """
import atexit, os, sys
atexit.register(lambda: print("at exit", flush=True))
name = open("/proc/self/comm").read().strip()
print(name, sys.argv[1:], os.environ["MINE"], sorted(os.environ), os.getcwd(), os.getsid(0) == os.getpid(), flush=True)
print("pymongo" in sys.modules, "functions" in sys.modules, len(os.listdir("/proc/self/fd")), flush=True)
sys.exit(int(sys.argv[1]))
"""
SLEEPING = "import time\nprint('here', flush=True)\ntime.sleep(60)\n"

Start = Callable[..., Child]


@pytest.fixture
def forks() -> Iterator[ForkServer]:
    server = ForkServer()
    yield server
    server.stop()


@pytest.fixture
def start(forks: ForkServer, tmp_path: Path) -> Iterator[Start]:
    """Start a module of these lines."""
    started: list[Child] = []

    def run(lines: str, *arguments: str, **options: object) -> Child:
        (tmp_path / "told.py").write_text(lines)
        argv = [sys.executable, "-m", "told", *arguments]
        env = {"MINE": "yes", "PYTHONPATH": str(tmp_path)}
        child = Child("told", argv, log=tmp_path / "log", env=env, cwd=tmp_path, forks=forks, **options)  # type: ignore[arg-type]
        started.append(child.start())
        return child

    yield run
    for child in started:
        child.kill()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_it_has_its_own_arguments_environment_folder_session_and_end(start: Start, tmp_path: Path) -> None:
    child = start(TELLING, "7")
    assert child.wait(20) == 7
    about, inside, last = child.last_lines(9).splitlines()
    assert about == f"told {['7']} yes {sorted(['MINE', 'PYTHONPATH'])} {tmp_path} True"
    assert inside == "True False 4", "the libraries, none of our code, and no file but the three and the listing itself"
    assert last == "at exit"


def test_it_starts_again_with_what_its_file_says_now(start: Start) -> None:
    assert start(TELLING, "0").wait(20) == 0
    child = start("print('changed')")
    assert child.wait(20) == 0
    assert child.last_lines(1) == "changed"


def test_signals_reach_it_and_its_end_is_told(start: Start) -> None:
    child = start(SLEEPING)
    until(lambda: "here" in child.last_lines())
    child.freeze()
    assert child.running
    child.kill()
    assert child.exit_code == -signal.SIGKILL
    assert not alive(child.pid)


def test_what_fails_says_so(start: Start) -> None:
    child = start("raise RuntimeError('no')")
    assert child.wait(20) == 1
    assert child.last_lines(1) == "RuntimeError: no"
    with pytest.raises(subprocess.TimeoutExpired):
        start(SLEEPING).wait(0.05)


def test_it_ends_with_the_server_and_the_next_gets_a_new_one(start: Start, forks: ForkServer) -> None:
    child = start(SLEEPING, death_signal=signal.SIGTERM)
    until(lambda: "here" in child.last_lines())
    pid = child.pid
    forks.stop()
    until(lambda: not child.running and not alive(pid))
    assert start("print('again')").wait(20) == 0


def test_nothing_is_left_of_a_parent_that_is_killed(tmp_path: Path) -> None:
    (tmp_path / "told.py").write_text(SLEEPING)
    (tmp_path / "parent.py").write_text(
        "import sys, time\nfrom pathlib import Path\n"
        "from local.forkserver import ForkServer\nfrom local.processes import Child\n"
        "here = Path(sys.argv[1])\n"
        "child = Child('told', [sys.executable, '-m', 'told'], log=here / 'log', env={'PYTHONPATH': str(here)},\n"
        "              cwd=here, forks=ForkServer()).start()\n"
        "print(child.pid, flush=True)\ntime.sleep(60)\n"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    argv = [sys.executable, str(tmp_path / "parent.py"), str(tmp_path)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env=env) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert alive(pid)
        parent.kill()
    until(lambda: not alive(pid))
