"""The operator's commands, on a real MongoDB."""

from __future__ import annotations

import asyncio
import base64
import gc
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from pymongo import MongoClient

from functions.common import deadletters, mongo, pubsub, settings
from functions.common.events import Message
from functions.common.settings import Common
from retailscan.__main__ import main

Command = Callable[..., tuple[int, str]]


@pytest.fixture
def database(database: str, mongod: str) -> Iterator[str]:
    """A database of its own, named by the settings."""
    settings.override(Common(environment="test", mongodb_uri=mongod, mongodb_database=database))
    yield database
    settings.override(None)


@pytest.fixture
def retailscan(database: str, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command: (exit status, everything it said)."""

    def run(*words: str) -> tuple[int, str]:
        status = main(words)
        said = capsys.readouterr()
        return status, said.out + said.err

    return run


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, pubsub.OutMessage]]:
    """What was published, instead of publishing it."""
    sent: list[tuple[str, pubsub.OutMessage]] = []

    async def publish(topic: str, messages: list[pubsub.OutMessage]) -> list[str]:
        sent.extend((topic, message) for message in messages)
        return ["1"] * len(messages)

    monkeypatch.setattr(pubsub, "publish", publish)
    return sent


def within_loop(work: Callable[[], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        try:
            return await work()
        finally:
            await mongo.close()

    return asyncio.run(run())


def park(tenant: str, message_id: str, code: str = "NOT_JSON") -> str:
    """A dead letter of the tenant; returns its id."""
    data = base64.b64encode(f"content of {message_id}".encode()).decode()
    pushed = {
        "message": {"messageId": message_id, "data": data, "attributes": {"source": "erp"}},
        "subscription": "s/x",
    }
    message = Message(pushed, "/push", {"tenantId": tenant}, f"price-updates-{tenant}")
    found: str = within_loop(lambda: deadletters.park(message, code=code, reason="it cannot be read"))
    return found


class TestMigrate:
    def test_a_dry_run_says_what_it_would_do_and_does_nothing(
        self, retailscan: Command, mongod: str, database: str
    ) -> None:
        status, said = retailscan("migrate", "--dry-run")
        assert status == 0
        assert "catalog: create collection products" in said
        assert "would change" in said
        with MongoClient[dict[str, Any]](mongod) as client:
            assert client[database].list_collection_names() == []

    def test_what_is_declared_is_there_afterwards_and_a_second_run_changes_nothing(
        self, retailscan: Command, mongod: str, database: str
    ) -> None:
        retailscan("migrate")
        with MongoClient[dict[str, Any]](mongod) as client:
            assert client[database].products.index_information()["storeId_1_barcode_1"]["unique"]
        assert retailscan("migrate") == (0, f"{database}: nothing changed.\n")

    def test_data_that_is_there_stays(self, retailscan: Command, mongod: str, database: str) -> None:
        with MongoClient[dict[str, Any]](mongod) as client:
            client[database].products.insert_one({"_id": 1, "from": "before"})
            retailscan("migrate")
            assert client[database].products.find_one({"_id": 1}) == {"_id": 1, "from": "before"}


class TestDeadLetters:
    def test_only_the_tenants_own_are_listed(self, retailscan: Command) -> None:
        mine, theirs = park("acme", "m1"), park("zed", "m2")
        status, said = retailscan("dead-letters", "list", "--tenant", "acme")
        assert status == 0
        assert mine in said
        assert "NOT_JSON" in said
        assert theirs not in said
        assert "1 of 1 dead letters of acme." in said

    def test_one_is_shown_with_its_content(self, retailscan: Command) -> None:
        status, said = retailscan("dead-letters", "show", park("acme", "m1"), "--tenant", "acme")
        assert status == 0
        assert "content of m1" in said

    def test_as_json_each_is_one_line(self, retailscan: Command) -> None:
        park("acme", "m1")
        _, said = retailscan("dead-letters", "list", "--tenant", "acme", "--json")
        assert json.loads(said)["messageId"] == "m1"
        _, said = retailscan("dead-letters", "show", json.loads(said)["_id"], "--tenant", "acme", "--json")
        assert base64.b64decode(json.loads(said)["data"]) == b"content of m1"

    def test_another_tenants_does_not_exist(self, retailscan: Command) -> None:
        theirs = park("zed", "m1")
        for action in ("show", "replay"):
            assert retailscan("dead-letters", action, theirs, "--tenant", "acme") == (
                1,
                "acme has no such dead letter.\n",
            )

    def test_a_replay_publishes_the_same_message_to_its_topic_once(
        self, retailscan: Command, published: list[tuple[str, pubsub.OutMessage]]
    ) -> None:
        letter = park("acme", "m1")
        assert "1 replayed, 0 skipped" in retailscan("dead-letters", "replay", letter, "--tenant", "acme")[1]
        assert "0 replayed, 1 skipped" in retailscan("dead-letters", "replay", letter, "--tenant", "acme")[1]
        ((topic, message),) = published
        assert topic == "price-updates-acme"
        assert message.data == b"content of m1"
        assert message.attributes["originalMessageId"] == "m1"
        assert message.attributes["replayOf"] == letter

    def test_all_with_one_code_are_replayed_and_no_others(
        self, retailscan: Command, published: list[tuple[str, pubsub.OutMessage]]
    ) -> None:
        for number in range(3):
            park("acme", f"m{number}")
        park("acme", "other", code="UNKNOWN_STORE")
        park("zed", "theirs")
        assert "3 replayed" in retailscan("dead-letters", "replay", "--code", "NOT_JSON", "--tenant", "acme")[1]
        assert {message.attributes["originalMessageId"] for _, message in published} == {"m0", "m1", "m2"}

    def test_a_replay_of_nothing_in_particular_is_refused(self, retailscan: Command) -> None:
        status, said = retailscan("dead-letters", "replay", "--tenant", "acme")
        assert status == 1
        assert "either their ids, or --code" in said


# pymongo leaves the socket of a connection that was being made to the garbage collector when its client is closed.
@pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning")
def test_a_database_that_is_not_there_is_said_in_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    uri = "mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=200&connectTimeoutMS=100"
    settings.override(Common(environment="test", mongodb_uri=uri))
    try:
        assert main(["migrate"]) == 1
    finally:
        settings.override(None)
    gc.collect()
    said = capsys.readouterr().err
    assert said.startswith("MongoDB cannot be reached")
    assert said.count("\n") == 1
