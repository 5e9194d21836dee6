"""The faults that tests may ask for really happen, are counted, and lose nothing."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack

import grpc.aio
from google.api_core import exceptions
from google.cloud.tasks_v2 import CloudTasksAsyncClient
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcAsyncIOTransport
from google.pubsub_v1 import PublisherAsyncClient, SubscriberAsyncClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcAsyncIOTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcAsyncIOTransport

from local.faults import Faults
from local.issuer import Issuer
from local.pubsub import PubSubServer
from local.tasks import TasksServer
from tests.integration.local.cloud.support import Sink, running

ISSUER = Issuer()
TOPIC, SUBSCRIPTION = "projects/p/topics/faulty", "projects/p/subscriptions/faulty"
PARENT = "projects/p/locations/l"
RETRY = {"minimum_backoff": {"nanos": 20_000_000}, "maximum_backoff": {"nanos": 20_000_000}}


async def push_all(faults: Faults, sink: Sink, count: int, keys: int = 0) -> list[int]:
    """Publishes numbers through a faulty server; the numbers in the order in which the sink got them."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(running(PubSubServer(issuer=ISSUER, faults=faults)))
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(f"127.0.0.1:{server.port}"))
        publisher = PublisherAsyncClient(transport=PublisherGrpcAsyncIOTransport(channel=channel))
        subscriber = SubscriberAsyncClient(transport=SubscriberGrpcAsyncIOTransport(channel=channel))
        await publisher.create_topic(name=TOPIC)
        request = {"name": SUBSCRIPTION, "topic": TOPIC, "retry_policy": RETRY, "enable_message_ordering": keys > 0}
        await subscriber.create_subscription(request=request | {"push_config": {"push_endpoint": sink.url}})
        messages = [{"data": str(n).encode(), "ordering_key": f"k{n % keys}" if keys else ""} for n in range(count)]
        await publisher.publish(request={"topic": TOPIC, "messages": messages})
        async with asyncio.timeout(10):
            while server.stats()[SUBSCRIPTION]["depth"]:
                await asyncio.sleep(0.01)
    return [int(each) for each in sink.data()]


async def test_without_faults_every_message_is_pushed_once(sink: Sink) -> None:
    assert sorted(await push_all(Faults(), sink, 200)) == list(range(200))


async def test_duplicates_come_again_after_they_succeeded(sink: Sink) -> None:
    faults = Faults(seed=1, duplicate=0.2)
    seen = Counter(await push_all(faults, sink, 200))

    assert set(seen) == set(range(200))
    assert seen.total() == 200 + faults.counts["duplicate"]
    assert 20 < faults.counts["duplicate"] < 90


async def test_a_lost_answer_brings_the_message_back(sink: Sink) -> None:
    faults = Faults(seed=2, drop_ack=0.2)
    seen = Counter(await push_all(faults, sink, 200))

    assert set(seen) == set(range(200))
    assert seen.total() == 200 + faults.counts["drop_ack"]
    assert faults.counts["drop_ack"] > 20


async def test_delayed_messages_come_after_later_ones(sink: Sink) -> None:
    faults = Faults(seed=3, delay=0.1, delay_s=0.5)
    order = await push_all(faults, sink, 200)

    assert sorted(order) == list(range(200))
    assert 5 < faults.counts["delay"] < 60
    late = order[-faults.counts["delay"] :]
    assert min(late) < 150


async def test_reordering_shuffles_messages_but_never_within_a_key(sink: Sink) -> None:
    order = await push_all(Faults(seed=4, reorder=50, delay=0.05, delay_s=0.1, duplicate=0.1), sink, 200, keys=20)

    assert order != sorted(order)
    for key in range(20):
        mine = [n for n in order if n % 20 == key]
        assert list(dict.fromkeys(mine)) == list(range(key, 200, 20))


async def test_tasks_can_come_twice_late_and_out_of_order(sink: Sink) -> None:
    faults = Faults(seed=5, duplicate=0.2, delay=0.2, delay_s=0.3, reorder=30)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(running(TasksServer(issuer=ISSUER, faults=faults)))
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(f"127.0.0.1:{server.port}"))
        client = CloudTasksAsyncClient(transport=CloudTasksGrpcAsyncIOTransport(channel=channel))
        queue = f"{PARENT}/queues/faulty"
        await client.create_queue(request={"parent": PARENT, "queue": {"name": queue}})
        await client.pause_queue(name=queue)
        for n in range(60):
            task = {"http_request": {"url": f"{sink.url}/{n}"}}
            await client.create_task(request={"parent": queue, "task": task})
        await client.resume_queue(name=queue)
        async with asyncio.timeout(10):
            while server.stats()[queue]["depth"]:
                await asyncio.sleep(0.01)

    seen = [int(hit.path[1:]) for hit in sink.hits]
    assert set(seen) == set(range(60))
    assert len(seen) == 60 + faults.counts["duplicate"]
    assert faults.counts["delay"] > 0
    assert seen[:20] != sorted(seen[:20])


async def test_a_used_task_name_is_free_again_after_its_tombstone(sink: Sink) -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(running(TasksServer(issuer=ISSUER, tombstone_s=0.3)))
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(f"127.0.0.1:{server.port}"))
        client = CloudTasksAsyncClient(transport=CloudTasksGrpcAsyncIOTransport(channel=channel))
        queue = f"{PARENT}/queues/names"
        await client.create_queue(request={"parent": PARENT, "queue": {"name": queue}})
        request = {"parent": queue, "task": {"name": f"{queue}/tasks/a", "http_request": {"url": sink.url}}}
        await client.create_task(request=request)
        refused = 0
        async with asyncio.timeout(5):
            while len(sink.hits) < 2:
                try:
                    await client.create_task(request=request)
                except exceptions.AlreadyExists:
                    refused += 1
                await asyncio.sleep(0.02)
    assert refused > 3


async def test_a_push_without_an_answer_by_the_ack_deadline_counts_as_failed(sink: Sink) -> None:
    sink.answer = lambda _hit: (204, 0.0 if len(sink.hits) > 1 else 5.0)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(running(PubSubServer(issuer=ISSUER)))
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(f"127.0.0.1:{server.port}"))
        publisher = PublisherAsyncClient(transport=PublisherGrpcAsyncIOTransport(channel=channel))
        subscriber = SubscriberAsyncClient(transport=SubscriberGrpcAsyncIOTransport(channel=channel))
        await publisher.create_topic(name=TOPIC)
        request = {"name": SUBSCRIPTION, "topic": TOPIC, "push_config": {"push_endpoint": sink.url}}
        await subscriber.create_subscription(request=request | {"retry_policy": RETRY})
        # Google's shortest deadline is 10 s: too long for a test.
        server._store.subscriptions[SUBSCRIPTION].ack_deadline_s = 1
        await publisher.publish(request={"topic": TOPIC, "messages": [{"data": b"1"}]})
        async with asyncio.timeout(10):
            while server.stats()[SUBSCRIPTION]["depth"]:
                await asyncio.sleep(0.01)

    assert len(sink.hits) == 2
    assert 0.8 < sink.hits[1].at - sink.hits[0].at < 4
    assert server.stats()[SUBSCRIPTION]["failures"] == 1
