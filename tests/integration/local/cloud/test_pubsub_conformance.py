"""What Google's clients may rely on, tried on the local Pub/Sub and on Google's own emulator alike."""

import asyncio
import itertools
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import grpc.aio
import pytest
from google.api_core import exceptions
from google.cloud.pubsub_v1 import PublisherClient as BatchingPublisher
from google.cloud.pubsub_v1 import SubscriberClient as StreamingSubscriber
from google.cloud.pubsub_v1.types import FlowControl
from google.pubsub_v1 import PublisherAsyncClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcAsyncIOTransport

from tests.integration.local.cloud.support import PROJECT, Hit, PubSub, Sink, eventually

FAST_RETRY = {"minimum_backoff": {"nanos": 100_000_000}, "maximum_backoff": {"nanos": 200_000_000}}


# Topics


def test_a_topic_is_created_once_read_listed_and_deleted(pubsub: PubSub) -> None:
    topic = pubsub.topic()

    with pytest.raises(exceptions.AlreadyExists):
        pubsub.publisher.create_topic(name=topic)
    assert pubsub.publisher.get_topic(topic=topic).name == topic
    assert topic in [each.name for each in pubsub.publisher.list_topics(project=PROJECT)]
    pubsub.publisher.delete_topic(topic=topic)
    with pytest.raises(exceptions.NotFound):
        pubsub.publisher.get_topic(topic=topic)


@pytest.mark.parametrize(
    "name", ["nonsense", f"{PROJECT}/topics/ab", f"{PROJECT}/topics/google-x", f"{PROJECT}/topics/1a"]
)
def test_a_bad_topic_name_is_refused(pubsub: PubSub, name: str) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        pubsub.publisher.create_topic(name=name)


def test_lists_come_in_pages(pubsub: PubSub) -> None:
    topic = pubsub.topic()
    names = {pubsub.subscription(topic) for _ in range(5)}

    page = pubsub.publisher.list_topic_subscriptions(request={"topic": topic, "page_size": 2})

    assert len(next(iter(page.pages)).subscriptions) == 2
    assert set(page) == names


def test_a_subscription_outlives_its_topic_without_one(pubsub: PubSub) -> None:
    topic = pubsub.topic()
    subscription = pubsub.subscription(topic)

    pubsub.publisher.delete_topic(topic=topic)

    assert pubsub.subscriber.get_subscription(subscription=subscription).topic == "_deleted-topic_"


# Subscriptions


def test_a_subscription_gets_googles_defaults(pubsub: PubSub) -> None:
    topic = pubsub.topic()
    config: dict[str, Any] = {"dead_letter_policy": {"dead_letter_topic": topic}, "retry_policy": {}}
    found = pubsub.subscriber.get_subscription(subscription=pubsub.subscription(topic, **config))

    assert found.ack_deadline_seconds == 10
    assert found.message_retention_duration.days == 7
    assert found.dead_letter_policy.max_delivery_attempts == 5
    assert found.retry_policy.minimum_backoff.seconds == 10
    assert found.retry_policy.maximum_backoff.seconds == 600


@pytest.mark.parametrize(
    "config",
    [
        {"ack_deadline_seconds": 601},
        {"retry_policy": {"minimum_backoff": {"seconds": 20}, "maximum_backoff": {"seconds": 10}}},
        {"retry_policy": {"maximum_backoff": {"seconds": 601}}},
        {"push_config": {"push_endpoint": "nonsense"}},
    ],
    ids=["deadline", "backoff-order", "backoff-long", "endpoint"],
)
def test_a_bad_configuration_is_refused(pubsub: PubSub, config: dict[str, Any]) -> None:
    topic = pubsub.topic()

    with pytest.raises(exceptions.InvalidArgument):
        pubsub.subscription(topic, **config)


@pytest.mark.parametrize("attempts", [4, 101])
def test_a_dead_letter_policy_allows_5_to_100_attempts(pubsub: PubSub, attempts: int) -> None:
    topic = pubsub.topic()

    with pytest.raises(exceptions.OutOfRange):
        pubsub.subscription(topic, dead_letter_policy={"dead_letter_topic": topic, "max_delivery_attempts": attempts})
    with pytest.raises(exceptions.NotFound):
        pubsub.subscription(topic, dead_letter_policy={"dead_letter_topic": f"{PROJECT}/topics/nobody-made-it"})


def test_a_subscription_needs_a_topic_and_a_free_name(pubsub: PubSub) -> None:
    topic = pubsub.topic()
    subscription = pubsub.subscription(topic)

    with pytest.raises(exceptions.NotFound):
        pubsub.subscription(f"{PROJECT}/topics/nobody-made-it")
    with pytest.raises(exceptions.AlreadyExists):
        pubsub.subscriber.create_subscription(name=subscription, topic=topic)


def test_an_update_changes_what_its_mask_names_and_nothing_else(pubsub: PubSub) -> None:
    subscription = pubsub.subscription(pubsub.topic(), labels={"team": "prices"})
    wanted = {"name": subscription, "ack_deadline_seconds": 33, "labels": {"team": "scan"}}

    pubsub.update(wanted, "ack_deadline_seconds")

    found = pubsub.subscriber.get_subscription(subscription=subscription)
    assert found.ack_deadline_seconds == 33
    assert dict(found.labels) == {"team": "prices"}


@pytest.mark.parametrize("paths", [[], ["topic"], ["filter"], ["enable_message_ordering"], ["no_such_field"]])
def test_an_update_of_nothing_or_of_what_is_fixed_is_refused(pubsub: PubSub, paths: list[str]) -> None:
    subscription = pubsub.subscription(pubsub.topic())

    with pytest.raises(exceptions.InvalidArgument):
        pubsub.update({"name": subscription}, *paths)


def test_a_deleted_subscription_is_gone(pubsub: PubSub) -> None:
    subscription = pubsub.subscription(pubsub.topic())
    pubsub.subscriber.delete_subscription(subscription=subscription)

    with pytest.raises(exceptions.NotFound):
        pubsub.pull_now(subscription)
    with pytest.raises(exceptions.NotFound):
        pubsub.subscriber.delete_subscription(subscription=subscription)


# Publishing


def test_what_is_published_arrives_whole(pubsub: PubSub) -> None:
    topic = pubsub.topic()
    subscription = pubsub.subscription(topic)
    before = datetime.now(UTC)
    ids = pubsub.publish(topic, "Käse 🧀", tenantId="acme", kind="price")

    [received] = pubsub.pull(subscription)

    assert received.message.data.decode() == "Käse 🧀"
    assert dict(received.message.attributes) == {"tenantId": "acme", "kind": "price"}
    assert received.message.message_id == ids[0]
    assert abs((received.message.publish_time - before).total_seconds()) < 5
    assert received.delivery_attempt == 0


def test_every_subscription_gets_every_message(pubsub: PubSub) -> None:
    topic = pubsub.topic()
    first, second = pubsub.subscription(topic), pubsub.subscription(topic)
    ids = pubsub.publish(topic, *"abcdef")

    for subscription in (first, second):
        assert sorted(each.message.message_id for each in pubsub.pull(subscription, 6)) == sorted(ids)


@pytest.mark.parametrize(
    "messages", [[], [{}], [{"data": b"x"}] * 1001], ids=["no messages", "an empty message", "more than 1,000"]
)
def test_a_bad_publish_is_refused(pubsub: PubSub, messages: list[dict[str, bytes]]) -> None:
    topic = pubsub.topic()

    with pytest.raises(exceptions.InvalidArgument):
        pubsub.publisher.publish(request={"topic": topic, "messages": messages})


def test_publishing_to_no_topic_is_not_found(pubsub: PubSub) -> None:
    with pytest.raises(exceptions.NotFound):
        pubsub.publish(f"{PROJECT}/topics/nobody-made-it", "x")


def test_the_batching_publisher_delivers_everything_once(pubsub: PubSub, monkeypatch: pytest.MonkeyPatch) -> None:
    topic = pubsub.topic()
    subscription = pubsub.subscription(topic)
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", pubsub.address)
    with BatchingPublisher() as publisher:
        futures = [publisher.publish(topic, str(n).encode(), n=str(n)) for n in range(500)]
        ids = {future.result(timeout=10) for future in futures}

    received = pubsub.pull(subscription, 500)

    assert {each.message.message_id for each in received} == ids
    assert {each.message.data.decode() for each in received} == {str(n) for n in range(500)}


async def test_the_async_client_publishes(pubsub: PubSub) -> None:
    topic = pubsub.topic()
    subscription = pubsub.subscription(topic)
    async with grpc.aio.insecure_channel(pubsub.address) as channel:
        publisher = PublisherAsyncClient(transport=PublisherGrpcAsyncIOTransport(channel=channel))
        replies = await asyncio.gather(
            *(publisher.publish(request={"topic": topic, "messages": [{"data": str(n).encode()}]}) for n in range(20))
        )

    received = await asyncio.to_thread(pubsub.pull, subscription, 20)
    assert {each.message.message_id for each in received} == {reply.message_ids[0] for reply in replies}


# Pulling


def test_an_acknowledged_message_does_not_come_back(pubsub: PubSub) -> None:
    topic = pubsub.topic()
    subscription = pubsub.subscription(topic)
    pubsub.publish(topic, "x")
    [received] = pubsub.pull(subscription)

    pubsub.lease(subscription, received, 1)
    pubsub.ack(subscription, received)

    time.sleep(1.3)
    assert pubsub.pull_now(subscription) == []


def test_a_message_given_back_comes_again(pubsub: PubSub) -> None:
    topic = pubsub.topic()
    subscription = pubsub.subscription(topic)
    pubsub.publish(topic, "x")
    [first] = pubsub.pull(subscription)

    pubsub.lease(subscription, first, 0)

    [second] = pubsub.pull(subscription)
    assert second.message.message_id == first.message.message_id


def test_a_message_comes_again_when_its_lease_runs_out_and_not_before(pubsub: PubSub) -> None:
    topic = pubsub.topic()
    subscription = pubsub.subscription(topic)
    pubsub.publish(topic, "x")
    [first] = pubsub.pull(subscription)
    pubsub.lease(subscription, first, 1)

    assert pubsub.pull_now(subscription) == []
    [second] = pubsub.pull(subscription)
    assert second.message.message_id == first.message.message_id


def test_a_waiting_pull_is_served_when_a_message_comes(pubsub: PubSub) -> None:
    topic = pubsub.topic()
    subscription = pubsub.subscription(topic)
    threading.Timer(0.3, pubsub.publish, (topic, "late")).start()

    started = time.monotonic()
    [received] = pubsub.pull(subscription)

    assert received.message.data == b"late"
    assert 0.25 < time.monotonic() - started < 3


def test_nonsense_for_an_ack_id_is_refused(pubsub: PubSub) -> None:
    subscription = pubsub.subscription(pubsub.topic())

    with pytest.raises(exceptions.InvalidArgument):
        pubsub.subscriber.acknowledge(subscription=subscription, ack_ids=["nonsense"])
    with pytest.raises(exceptions.InvalidArgument):
        pubsub.subscriber.pull(request={"subscription": subscription, "max_messages": 0})


def test_seeking_to_now_drops_the_backlog(pubsub: PubSub) -> None:
    topic = pubsub.topic()
    subscription = pubsub.subscription(topic)
    pubsub.publish(topic, "old")
    time.sleep(0.05)

    pubsub.subscriber.seek(request={"subscription": subscription, "time": datetime.now(UTC)})
    pubsub.publish(topic, "new")

    assert [each.message.data for each in pubsub.pull(subscription, 2, within=1.5)] == [b"new"]


def test_messages_of_one_key_are_pulled_in_order(pubsub: PubSub) -> None:
    topic = pubsub.topic()
    subscription = pubsub.subscription(topic, enable_message_ordering=True)
    pubsub.publish(topic, *"01234", key="4006381333931")
    done: list[str] = []

    while len(done) < 5:
        [received] = pubsub.pull(subscription)
        pubsub.ack(subscription, received)
        done.append(received.message.data.decode())

    assert done == list("01234")


def test_a_message_nobody_can_handle_ends_in_the_dead_letters_with_its_history(pubsub: PubSub) -> None:
    topic, letters = pubsub.topic(), pubsub.topic()
    policy = {"dead_letter_topic": letters, "max_delivery_attempts": 5}
    subscription = pubsub.subscription(topic, dead_letter_policy=policy)
    graveyard = pubsub.subscription(letters)
    pubsub.publish(topic, "poison", barcode="4006381333931")

    attempts = []
    for _ in range(5):
        [received] = pubsub.pull(subscription)
        attempts.append(received.delivery_attempt)
        pubsub.lease(subscription, received, 0)

    assert pubsub.pull_now(subscription) == []
    [letter] = pubsub.pull(graveyard)
    assert attempts == [1, 2, 3, 4, 5]
    assert letter.message.data == b"poison"
    attributes = dict(letter.message.attributes)
    assert attributes.pop("CloudPubSubDeadLetterSourceTopicPublishTime").startswith("20")
    assert attributes == {
        "barcode": "4006381333931",
        "CloudPubSubDeadLetterSourceDeliveryCount": "5",
        "CloudPubSubDeadLetterSourceSubscription": subscription.rpartition("/")[2],
        "CloudPubSubDeadLetterSourceSubscriptionProject": PROJECT.removeprefix("projects/"),
    }


# Streaming pull


def _stream(
    pubsub: PubSub, subscription: str, on_message: Callable[[Any], None], enough: Callable[[], bool], **flow: int
) -> None:
    control = FlowControl(**flow)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PUBSUB_EMULATOR_HOST", pubsub.address)
        subscriber = StreamingSubscriber()
    with subscriber:
        future = subscriber.subscribe(subscription, on_message, flow_control=control)
        try:
            eventually(enough, 15)
        finally:
            future.cancel()
            future.result(timeout=10)


def test_a_stream_gets_every_message_once(pubsub: PubSub) -> None:
    topic = pubsub.topic()
    subscription = pubsub.subscription(topic)
    seen: list[str] = []

    def on_message(message: Any) -> None:
        seen.append(message.message_id)
        message.ack()

    ids = pubsub.publish(topic, *map(str, range(300)))
    _stream(pubsub, subscription, on_message, lambda: len(seen) >= 300)

    assert sorted(seen) == sorted(ids)


def test_a_message_refused_on_a_stream_comes_again(pubsub: PubSub) -> None:
    topic = pubsub.topic()
    subscription = pubsub.subscription(topic)
    seen: list[str] = []

    def on_message(message: Any) -> None:
        seen.append(message.message_id)
        if len(seen) == 1:
            message.nack()
        else:
            message.ack()

    ids = pubsub.publish(topic, "x")
    _stream(pubsub, subscription, on_message, lambda: len(seen) >= 2)

    assert seen == ids * 2


def test_a_stream_keeps_the_order_of_every_key(pubsub: PubSub) -> None:
    topic = pubsub.topic()
    subscription = pubsub.subscription(topic, enable_message_ordering=True)
    seen: dict[str, list[str]] = {"a": [], "b": [], "c": []}

    def on_message(message: Any) -> None:
        seen[message.ordering_key].append(message.data.decode())
        message.ack()

    for n in range(20):
        for key in seen:
            pubsub.publish(topic, str(n), key=key)
    _stream(pubsub, subscription, on_message, lambda: sum(map(len, seen.values())) >= 60)

    assert seen == {key: [str(n) for n in range(20)] for key in "abc"}


def test_a_stream_holds_no_more_than_its_flow_control_allows(pubsub: PubSub) -> None:
    topic = pubsub.topic()
    subscription = pubsub.subscription(topic)
    pubsub.publish(topic, *map(str, range(40)))
    held: list[Any] = []
    most: list[int] = []
    done: list[str] = []

    def on_message(message: Any) -> None:
        held.append(message)
        most.append(len(held))
        if len(held) == 4:
            for each in list(held):
                held.remove(each)
                done.append(each.message_id)
                each.ack()

    _stream(pubsub, subscription, on_message, lambda: len(done) >= 40, max_messages=4)

    assert max(most) == 4
    assert len(set(done)) == 40


# Pushing


def test_a_push_carries_the_message_in_googles_envelope(pubsub: PubSub, sink: Sink) -> None:
    topic = pubsub.topic()
    subscription = pubsub.subscription(topic, push_config={"push_endpoint": f"{sink.url}/push/acme?x=1"})
    [message_id] = pubsub.publish(topic, "19.99 €", tenantId="acme")

    [hit] = sink.wait(1)

    assert (hit.method, hit.path) == ("POST", "/push/acme?x=1")
    assert hit.headers["content-type"] == "application/json"
    assert hit.data == "19.99 €"
    message = hit.json["message"]
    assert hit.json["subscription"] == subscription
    assert message["messageId"] == message["message_id"] == message_id
    assert message["publishTime"] == message["publish_time"]
    assert abs(datetime.fromisoformat(message["publishTime"]).timestamp() - time.time()) < 5
    assert message["attributes"] == {"tenantId": "acme"}


def test_good_answers_acknowledge_pushes(pubsub: PubSub, sink: Sink) -> None:
    topic = pubsub.topic()
    sink.answer = lambda hit: int(hit.data)
    pubsub.subscription(topic, push_config={"push_endpoint": sink.url}, retry_policy=FAST_RETRY)
    pubsub.publish(topic, "200", "201", "202", "204")

    sink.wait(4)
    time.sleep(0.4)

    assert sorted(sink.data()) == ["200", "201", "202", "204"]


def test_a_bad_answer_brings_a_push_back_after_the_backoff(pubsub: PubSub, sink: Sink) -> None:
    topic = pubsub.topic()
    sink.answer = lambda _hit: (404, 500, 204)[len(sink.hits) - 1]
    pubsub.subscription(topic, push_config={"push_endpoint": sink.url}, retry_policy=FAST_RETRY)
    pubsub.publish(topic, "x")

    hits = sink.wait(3)
    time.sleep(0.3)

    assert len(sink.hits) == 3
    assert all(later.at - earlier.at > 0.05 for earlier, later in itertools.pairwise(hits))


def test_pushes_of_one_key_keep_their_order_through_failures(pubsub: PubSub, sink: Sink) -> None:
    topic = pubsub.topic()

    def answer(hit: Hit) -> int:
        return 500 if hit.data == "1" and sink.data().count("1") < 4 else 204

    sink.answer = answer
    pubsub.subscription(
        topic, push_config={"push_endpoint": sink.url}, retry_policy=FAST_RETRY, enable_message_ordering=True
    )
    pubsub.publish(topic, *"01234", key="k")

    sink.wait(8)

    assert "".join(sink.data()) == "01111234"


def test_a_subscription_can_be_turned_to_push_and_back(pubsub: PubSub, sink: Sink) -> None:
    topic = pubsub.topic()
    subscription = pubsub.subscription(topic)
    pubsub.publish(topic, "waiting")

    pubsub.push_to(subscription, sink.url)
    sink.wait(1)
    pubsub.push_to(subscription, "")
    pubsub.publish(topic, "pulled")

    assert [each.message.data for each in pubsub.pull(subscription)] == [b"pulled"]
    assert sink.data() == ["waiting"]


# Schemas


def test_a_schema_is_kept(pubsub: PubSub) -> None:
    definition = '{"type": "record", "name": "Price", "fields": [{"name": "amount", "type": "long"}]}'
    schema = {"type_": "AVRO", "definition": definition}
    request = {"parent": PROJECT, "schema": schema, "schema_id": f"price-{time.monotonic_ns()}"}
    created = pubsub.schemas.create_schema(request=request)

    found = pubsub.schemas.get_schema(name=created.name)

    assert found.definition == definition
    assert found.revision_id
    with pytest.raises(exceptions.AlreadyExists):
        pubsub.schemas.create_schema(request=request)
    with pytest.raises(exceptions.NotFound):
        pubsub.schemas.get_schema(name=f"{PROJECT}/schemas/nobody-made-it")
