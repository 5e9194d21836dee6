"""kill -9 of the local cloud at any moment, and a restart: what was promised to a client is still kept."""

import asyncio
import contextlib
import itertools
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud.pubsub_v1 import SubscriberClient as StreamingSubscriber

from local import pubsub_store
from local.issuer import Issuer
from local.journal import Journal, Record
from local.processes import free_port
from local.pubsub import PubSubServer
from tests.integration.local.cloud.support import (
    PROJECT,
    Hit,
    PubSub,
    Sink,
    clients,
    cloud_process,
    eventually,
    running,
)

ROOT = Path(__file__).parents[4]
FAST_RETRY = {"minimum_backoff": {"nanos": 50_000_000}, "maximum_backoff": {"nanos": 100_000_000}}


def depth(pubsub_admin: dict[str, dict[str, dict[str, int]]], subscription: str) -> int:
    return pubsub_admin["subscriptions"][subscription]["depth"]


def test_a_kill_loses_no_unacknowledged_message_and_no_configuration(tmp_path: Path, sink: Sink) -> None:
    wanted = [str(n) for n in range(200)]
    sink.answer = lambda hit: 204 if int(hit.data) % 2 else 500
    slow_retry = {"minimum_backoff": {"seconds": 600}, "maximum_backoff": {"seconds": 600}}
    with cloud_process(tmp_path) as first, clients("local", first.pubsub) as pubsub:
        topic, letters = pubsub.topic(), pubsub.topic()
        pushed = pubsub.subscription(
            topic,
            push_config={"push_endpoint": sink.url, "oidc_token": {"service_account_email": "a@b"}},
            retry_policy=slow_retry,
            dead_letter_policy={"dead_letter_topic": letters, "max_delivery_attempts": 7},
            filter="attributes:n",
        )
        pulled = pubsub.subscription(topic, ack_deadline_seconds=77)
        gone = pubsub.subscription(topic)
        pubsub.subscriber.delete_subscription(subscription=gone)
        pubsub.publish(topic, *wanted, n="1")
        taken = pubsub.pull(pulled, 50)
        pubsub.ack(pulled, *taken)
        sink.wait(200)
        eventually(lambda: depth(first.get("admin", "/stats"), pushed) == 100)
        time.sleep(0.05)
        before = pubsub.subscriber.get_subscription(subscription=pushed)
        first.child.kill()

    sink.hits.clear()
    sink.answer = lambda _hit: 204
    with cloud_process(tmp_path) as second, clients("local", second.pubsub) as pubsub:
        sink.wait(100)
        eventually(lambda: depth(second.get("admin", "/stats"), pushed) == 0)

        assert sorted(map(int, sink.data())) == list(range(0, 200, 2))
        assert {hit.json["deliveryAttempt"] for hit in sink.hits} == {2}
        assert pubsub.subscriber.get_subscription(subscription=pushed) == before
        rest = {each.message.data.decode() for each in pubsub.pull(pulled, 150)}
        assert rest | {each.message.data.decode() for each in taken} == set(wanted)
        with pytest.raises(exceptions.NotFound):
            pubsub.subscriber.get_subscription(subscription=gone)
        assert pubsub.subscriber.get_subscription(subscription=pulled).ack_deadline_seconds == 77


def test_every_publish_that_was_answered_survives_kills_in_the_middle_of_publishing(tmp_path: Path, sink: Sink) -> None:
    answered: list[str] = []
    topic, number = f"{PROJECT}/topics/survivors", itertools.count()

    def publish_on(pubsub: PubSub, stop: threading.Event) -> None:
        while not stop.is_set():
            texts = [str(next(number)) for _ in range(20)]
            with contextlib.suppress(exceptions.GoogleAPICallError):
                request = {"topic": topic, "messages": [{"data": text.encode()} for text in texts]}
                pubsub.publisher.publish(request=request, timeout=2, retry=None)
                answered.extend(texts)

    for round_number in range(2):
        with cloud_process(tmp_path) as cloud, clients("local", cloud.pubsub) as pubsub:
            if round_number == 0:
                pubsub.publisher.create_topic(name=topic)
                pubsub.subscription(topic, push_config={"push_endpoint": sink.url}, retry_policy=FAST_RETRY)
            stop = threading.Event()
            thread = threading.Thread(target=publish_on, args=(pubsub, stop))
            thread.start()
            time.sleep(0.4)
            cloud.child.kill()
            stop.set()
            thread.join(10)

    with cloud_process(tmp_path):
        eventually(lambda: set(answered) <= set(sink.data()), 10)
    assert len(answered) > 100


def test_the_order_of_a_key_survives_a_kill(tmp_path: Path, sink: Sink) -> None:
    def answer(hit: Hit) -> int:
        return 204 if int(hit.data) < 5 else 503

    sink.answer = answer
    with cloud_process(tmp_path) as first, clients("local", first.pubsub) as pubsub:
        topic = pubsub.topic()
        pubsub.subscription(
            topic, push_config={"push_endpoint": sink.url}, retry_policy=FAST_RETRY, enable_message_ordering=True
        )
        pubsub.publish(topic, *map(str, range(20)), key="k")
        sink.wait(7)
        time.sleep(0.05)
        first.child.kill()

    sink.hits.clear()
    sink.answer = lambda _hit: 204
    with cloud_process(tmp_path):
        sink.wait(15)

    assert list(map(int, sink.data())) == list(range(5, 20))


def test_what_is_done_leaves_no_trace_in_the_log_after_a_restart(tmp_path: Path) -> None:
    with cloud_process(tmp_path) as first, clients("local", first.pubsub) as pubsub:
        topic = pubsub.topic()
        subscription = pubsub.subscription(topic)
        pubsub.publish(topic, *["x" * 10_000] * 50)
        pubsub.ack(subscription, *pubsub.pull(subscription, 50))
    assert (tmp_path / "pubsub.journal").stat().st_size > 400_000

    with cloud_process(tmp_path) as second, clients("local", second.pubsub) as pubsub:
        assert (tmp_path / "pubsub.journal").stat().st_size < 1_000
        assert pubsub.pull_now(subscription) == []


async def test_compacting_in_the_middle_of_traffic_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pubsub_store, "_COMPACT_BYTES", 5_000)
    compacted: list[int] = []
    rewrite = Journal.rewrite

    def counted(journal: Journal, records: Iterable[Record]) -> None:
        rewrite(journal, records)
        compacted.append(journal.size)

    monkeypatch.setattr(Journal, "rewrite", counted)
    subscription, wanted = "", set[str]()

    async with running(PubSubServer(issuer=Issuer(tmp_path), data_dir=tmp_path / "live")) as server:
        with clients("local", f"127.0.0.1:{server.port}") as pubsub:

            def traffic() -> None:
                nonlocal subscription
                topic = pubsub.topic()
                subscription = pubsub.subscription(topic)
                for n in range(100):
                    wanted.update(pubsub.publish(topic, *["x" * 100] * 10))
                    if n % 2:
                        taken = pubsub.pull(subscription, 10)
                        pubsub.ack(subscription, *taken)
                        wanted.difference_update(each.message.message_id for each in taken)

            await asyncio.to_thread(traffic)
            await asyncio.sleep(0.05)
            # What a kill at this moment would leave behind.
            shutil.copytree(tmp_path / "live", tmp_path / "left")
    assert len(compacted) > 3

    async with running(PubSubServer(issuer=Issuer(tmp_path), data_dir=tmp_path / "left")) as server:
        assert server.stats()[subscription]["depth"] == len(wanted)
        with clients("local", f"127.0.0.1:{server.port}") as pubsub:
            left = await asyncio.to_thread(pubsub.pull, subscription, len(wanted))
    assert {each.message.message_id for each in left} == wanted


@pytest.mark.slow
def test_a_stream_goes_on_when_the_server_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def on_message(message: Any) -> None:
        seen.append(message.data.decode())
        message.ack()

    with contextlib.ExitStack() as stack:
        with cloud_process(tmp_path) as first, clients("local", first.pubsub) as pubsub:
            topic = pubsub.topic()
            subscription = pubsub.subscription(topic)
            monkeypatch.setenv("PUBSUB_EMULATOR_HOST", first.pubsub)
            subscriber = stack.enter_context(StreamingSubscriber())
            future = subscriber.subscribe(subscription, on_message)
            pubsub.publish(topic, "before")
            eventually(lambda: seen == ["before"])
        port = str(first.ports["pubsub"])
        with cloud_process(tmp_path, "--pubsub-port", port) as second, clients("local", second.pubsub) as pubsub:
            pubsub.publish(topic, "after")
            eventually(lambda: seen[-1] == "after", 20)
            future.cancel()
            future.result(timeout=10)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_in_order(number: signal.Signals) -> None:
    with cloud_process() as cloud, clients("local", cloud.pubsub) as pubsub:
        pubsub.subscription(pubsub.topic())
        cloud.child._signal(number)
        assert cloud.child.wait(5) == 0


def test_a_taken_port_or_folder_is_said_in_one_sentence(tmp_path: Path) -> None:
    port = str(free_port())
    argv = [sys.executable, "-m", "local.cloud"]
    with cloud_process(tmp_path, "--pubsub-port", port) as first:
        assert first.ports["pubsub"] == int(port)
        started = [
            subprocess.Popen([*argv, *more], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, cwd=ROOT)
            for more in (["--pubsub-port", port], ["--data-dir", str(tmp_path)])
        ]
        said = [process.communicate(timeout=30)[1] for process in started]

    assert [process.returncode for process in started] == [1, 1]
    assert said == [
        f"local.cloud: port {port} on 127.0.0.1 is taken\n",
        f"local.cloud: another local cloud is using {tmp_path}\n",
    ]
