"""Real servers start, answer, survive what tests do to them, and leave nothing behind."""

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pymongo
import pytest
import redis

from local.services import LocalError, Mongo, Redis, choose_mongo, choose_redis, find_mongod

Client = pymongo.MongoClient[dict[str, object]]


def _gone(pid: int, within: float = 5.0) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def test_a_session_server_accepts_majority_writes(mongod: str, database: str) -> None:
    with Client(mongod, w="majority", retryWrites=True) as client:
        client[database].things.insert_one({"_id": 1})
        assert client[database].things.count_documents({}) == 1


def test_a_session_redis_answers(redis_server: str) -> None:
    with redis.Redis.from_url(redis_server) as client:
        assert client.ping()


def test_data_survives_a_restart_on_another_port(tmp_path: Path) -> None:
    with Mongo(tmp_path) as first, Client(first.uri) as client:
        client.shop.things.insert_one({"_id": 1})
    with Mongo(tmp_path) as second, Client(second.uri) as client:
        assert second.ports != first.ports
        assert client.shop.things.count_documents({}) == 1


def test_a_frozen_primary_is_replaced(tmp_path: Path) -> None:
    with Mongo(tmp_path, members=3) as servers:
        old = servers.primary()
        old.freeze()
        assert servers.primary() is not old
        old.thaw()


def test_a_taken_port_is_said_in_one_sentence(tmp_path: Path, free_port: Callable[[], int]) -> None:
    with Redis(tmp_path / "a", port=free_port()) as server, pytest.raises(LocalError) as said:
        Redis(tmp_path / "b", port=server.port).start()
    assert str(said.value) == (
        f"port {server.port}, wanted by redis-server, is taken: stop its program or choose another port."
    )


def test_a_data_directory_in_use_is_said_in_one_sentence(tmp_path: Path) -> None:
    with Mongo(tmp_path), pytest.raises(LocalError, match=r"is in use by another run"):
        Mongo(tmp_path).start()


def test_a_missing_program_is_said_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    monkeypatch.setattr(sys, "executable", "/nowhere/bin/python")
    with pytest.raises(LocalError, match=r"no mongod was found: .* or set MONGODB_URI"):
        find_mongod()


def test_servers_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    parent = tmp_path / "parent.py"
    parent.write_text(
        textwrap.dedent(
            """
            import sys, time
            from pathlib import Path
            from local.services import Mongo, Redis
            servers = [Mongo(Path(sys.argv[1], "m")).start(), Redis(Path(sys.argv[1], "r")).start()]
            servers[1].child.freeze()
            print(*[pid for server in servers for pid in server.pids], flush=True)
            time.sleep(60)
            """
        )
    )
    argv = [sys.executable, str(parent), str(tmp_path)]
    env = {**os.environ, "PYTHONPATH": os.getcwd()}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env=env) as process:
        assert process.stdout is not None
        pids = [int(word) for word in process.stdout.readline().split()]
        process.kill()
    assert len(pids) == 2
    assert all(_gone(pid) for pid in pids)


def test_servers_of_somebody_else_are_used_and_left_running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Redis(tmp_path) as theirs:
        monkeypatch.setenv("REDIS_URL", theirs.url)
        monkeypatch.setenv("MONGODB_URI", "mongodb://db.example/?replicaSet=x")
        ours = choose_redis(tmp_path / "other").spawn().wait_ready()
        assert ours.url == theirs.url
        ours.stop()
        assert theirs.child.running
        assert choose_mongo(tmp_path / "other").uri == "mongodb://db.example/?replicaSet=x"
    assert not (tmp_path / "other").exists()
