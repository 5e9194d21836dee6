"""What every test may ask for: real servers for a session, a database of its own, a free port."""

import os
import re
import shutil
import socket
import tempfile
import time
import uuid
from collections.abc import Callable, Generator, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import httpx
import hypothesis
import pytest

from functions.common import cards
from local import services
from local.processes import Child

TESTS = Path(__file__).parent
OFFLINE = (TESTS / "unit", TESTS / "functional")
UNHURRIED = (TESTS / "integration", TESTS / "guards")
ROOM = 8 << 30
"""Bytes that must be free in memory before the tests' database is put there."""

# How long an example takes is the machine's matter, and it may be busy; what must be fast is measured by benchmarks.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

# Each client would read all certificate authorities anew, a fifth of the work of all tests. None of them leaves this
# machine. Should httpx call it otherwise one day, no test begins.
pytest.MonkeyPatch().setattr("httpx._transports.default.create_ssl_context", cache(httpx.create_ssl_context))

_given = dict(os.environ)
"""The environment that the session was started with."""

_lent: list[Child] = []
"""The servers that all tests share."""


def pytest_runtest_setup() -> None:
    """Without its servers a session ends at once: else every test left would wait for them in vain."""
    for server in _lent:
        if server.exit_code is not None:
            pytest.exit(f"{server.name} ended by itself ({server.exit_code}).\n{server.last_lines(20)}", returncode=3)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, None, None]:
    """A folder leaves the settings of doors as it found them: else tests far behind it fail, and only behind it."""
    yield
    if nextitem is not None and nextitem.path.parent == item.path.parent:
        return
    left = {name for name in _settings() if os.environ.get(name) != _given.get(name)}
    for name in left:
        # One is told of it; the others need not suffer.
        os.environ.pop(name, None)
        os.environ.update({name: _given[name]} if name in _given else {})
    assert left == set(), f"{item.path.parent.relative_to(TESTS)} has left settings of its own in the environment"


@cache
def _settings() -> frozenset[str]:
    """What doors may be told by the environment."""
    return frozenset(name for door in cards.doors(cards.load_cards()) for name in (*door.secrets, *door.env))


@pytest.fixture(scope="session")
def mongod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URI of a real one-member replica set, shared by the session (MONGODB_URI when set)."""
    folder = _memory() or tmp_path_factory.mktemp("mongod")
    # No test takes it away: those who want to see a server die and come back start their own.
    server = services.choose_mongo(folder, journaled=False).spawn()
    _lent.extend([] if isinstance(server, services.External) else server.members)
    try:
        yield server.wait_ready().uri
    finally:
        _lent.clear()
        server.stop(grace=0.5)
        shutil.rmtree(folder, ignore_errors=True)


def _memory() -> Path | None:
    """A folder in memory where there is room for one: thousands of tests would wait for a disk at every write."""
    shared = Path("/dev/shm")
    if not shared.is_dir() or not os.access(shared, os.W_OK) or shutil.disk_usage(shared).free < ROOM:
        return None
    return Path(tempfile.mkdtemp(prefix="retailscan-mongod-", dir=shared))


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real redis-server, shared by the session (REDIS_URL when set)."""
    server = services.choose_redis(tmp_path_factory.mktemp("redis")).spawn()
    _lent.extend([] if isinstance(server, services.External) else [server.child])
    try:
        yield server.wait_ready().url
    finally:
        _lent.clear()
        server.stop(grace=0.5)


@pytest.fixture(scope="session")
def storage_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A local Cloud Storage for the session: the environment that makes a room use it."""
    from local import parts
    from local.issuer import Issuer
    from local.processes import port_answers

    folder, port = tmp_path_factory.mktemp("storage"), services.free_port()
    server = parts.storage_at(folder, port).start()
    try:
        deadline = time.monotonic() + 20
        while not port_answers(port):
            assert server.running, "the local storage did not start"
            assert time.monotonic() < deadline, "the local storage does not answer"
            time.sleep(0.02)
        yield {"STORAGE_EMULATOR_HOST": f"http://127.0.0.1:{port}", "IMPORT_UPLOAD_KEY": Issuer(folder).upload_key()}
    finally:
        server.stop(grace=0.5)


@pytest.fixture
def database(mongod: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of a MongoDB database for this test alone, dropped afterwards."""
    yield from _database(mongod, request.node.name)


@pytest.fixture(scope="session")
def _kept(mongod: str) -> Iterator[Callable[[Path], Any]]:
    """Call it with a folder for the database that its tests take over from one another; all are dropped at the end."""
    from pymongo import MongoClient, WriteConcern

    names: dict[Path, str] = {}
    client: MongoClient[dict[str, Any]]
    # Of what is deleted only the last waits for the majority, and with it for all before it.
    with MongoClient(mongod, w=1, journal=False) as client:
        yield lambda folder: client[names.setdefault(folder, f"t_{folder.name[:40]}_{uuid.uuid4().hex[:8]}")]
        for name in names.values():
            client.get_database(name, write_concern=WriteConcern("majority")).command("dropDatabase")


@pytest.fixture
def emptied_database(request: pytest.FixtureRequest, _kept: Callable[[Path], Any]) -> Iterator[str]:
    """The name of a MongoDB database whose collections are empty, though they and their indexes may be there already.

    The tests of a folder take it over from one another: to make collections takes longer than most tests.
    """
    from pymongo import WriteConcern

    database = _kept(request.path.parent)
    yield database.name
    *others, last = database.list_collection_names() or ["nothing"]
    for other in others:
        database[other].delete_many({})
    database.get_collection(last, write_concern=WriteConcern("majority")).delete_many({})


@pytest.fixture(scope="module")
def module_database(mongod: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of a MongoDB database for this test file alone, dropped afterwards."""
    yield from _database(mongod, request.node.name)


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """Call it for a port on 127.0.0.1 that nobody listens on."""
    return services.free_port


@pytest.fixture(autouse=True)
def _no_rate_limits(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests share one Redis and their callers, and some machines are fast; who tests a limit sets one."""
    if any(request.path.is_relative_to(folder) for folder in UNHURRIED):
        from functions.common import ratelimit

        for name in ratelimit.RATES:
            monkeypatch.setitem(ratelimit.RATES, name, (1e6, 10**6))


@pytest.fixture(autouse=True)
def _no_network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unit and functional tests reach no server, not even on this machine: they use fakes."""
    if not any(request.path.is_relative_to(folder) for folder in OFFLINE):
        return

    real = {name: getattr(socket.socket, name) for name in ("connect", "connect_ex", "bind", "sendto")}

    def guarded(name: str) -> Callable[..., Any]:
        def call(self: socket.socket, *args: Any) -> Any:
            if self.family in (socket.AF_INET, socket.AF_INET6):
                refuse()
            return real[name](self, *args)

        return call

    def refuse(*_args: Any, **_kwargs: Any) -> NoReturn:
        raise PermissionError("unit and functional tests must not use the network; use a fake or move the test")

    for name in real:
        monkeypatch.setattr(socket.socket, name, guarded(name))
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def _database(uri: str, label: str) -> Iterator[str]:
    from pymongo import MongoClient

    # MongoDB allows 63 bytes and few characters in a database name.
    name = f"t_{re.sub(r'[^a-z0-9]+', '_', label.lower())[:40]}_{uuid.uuid4().hex[:8]}"
    yield name
    client: MongoClient[dict[str, Any]]
    with MongoClient(uri) as client:
        client.drop_database(name)
