"""What only the local Pub/Sub can do, or does as Google's service rather than as its emulator (see docs of both)."""

import base64
import json
import time
from typing import Any

import jwt
import pytest
from google.api_core import exceptions
from google.cloud.pubsub_v1 import SubscriberClient as StreamingSubscriber

from local.issuer import OIDC_ISSUER
from local.pubsub_push import PUSH_WINDOW
from tests.integration.local.cloud.support import CloudProcess, Hit, PubSub, Sink, eventually

FAST_RETRY = {"minimum_backoff": {"nanos": 50_000_000}, "maximum_backoff": {"nanos": 100_000_000}}


def stats(cloud: CloudProcess, subscription: str) -> dict[str, Any]:
    found: dict[str, Any] = cloud.get("admin", "/stats")["subscriptions"][subscription]
    return found


# What a push carries


def test_a_push_carries_a_token_that_the_published_keys_verify(
    cloud: CloudProcess, local_pubsub: PubSub, sink: Sink
) -> None:
    topic = local_pubsub.topic()
    endpoint = f"{sink.url}/push/price-updates/acme"
    oidc = {"service_account_email": "push@shop.iam.gserviceaccount.com", "audience": "https://door/push/acme"}
    local_pubsub.subscription(topic, push_config={"push_endpoint": endpoint, "oidc_token": oidc})
    local_pubsub.publish(topic, "x")

    scheme, token = sink.wait(1)[0].headers["authorization"].split(" ")

    key = jwt.PyJWKSet.from_dict(cloud.get("issuer", "/jwks/oidc"))[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, algorithms=["RS256"], audience=oidc["audience"], issuer=OIDC_ISSUER)
    assert scheme == "Bearer"
    assert (claims["email"], claims["email_verified"]) == (oidc["service_account_email"], True)
    assert 3000 < claims["exp"] - time.time() <= 3600


def test_without_an_audience_the_token_is_for_the_endpoint(local_pubsub: PubSub, sink: Sink) -> None:
    topic = local_pubsub.topic()
    oidc = {"service_account_email": "push@shop"}
    local_pubsub.subscription(topic, push_config={"push_endpoint": f"{sink.url}/a?b=c", "oidc_token": oidc})
    local_pubsub.publish(topic, "x")

    token = sink.wait(1)[0].headers["authorization"].removeprefix("Bearer ")
    assert jwt.decode(token, options={"verify_signature": False})["aud"] == f"{sink.url}/a?b=c"


def test_a_push_says_its_key_and_which_attempt_it_is(local_pubsub: PubSub, sink: Sink) -> None:
    topic, letters = local_pubsub.topic(), local_pubsub.topic()
    sink.answer = lambda _hit: 204 if len(sink.hits) == 3 else 500
    local_pubsub.subscription(
        topic,
        push_config={"push_endpoint": sink.url},
        enable_message_ordering=True,
        retry_policy=FAST_RETRY,
        dead_letter_policy={"dead_letter_topic": letters},
    )
    local_pubsub.publish(topic, "x", key='a "key"')

    assert [hit.json["deliveryAttempt"] for hit in sink.wait(3)] == [1, 2, 3]
    assert {hit.json["message"]["orderingKey"] for hit in sink.hits} == {'a "key"'}


def test_without_a_dead_letter_policy_no_attempts_are_told(local_pubsub: PubSub, sink: Sink) -> None:
    topic = local_pubsub.topic()
    subscription = local_pubsub.subscription(topic, push_config={"push_endpoint": sink.url})
    [message_id] = local_pubsub.publish(topic, "x")

    [hit] = sink.wait(1)

    when = hit.json["message"]["publishTime"]
    assert hit.json == {
        "message": {
            "data": base64.b64encode(b"x").decode(),
            "messageId": message_id,
            "message_id": message_id,
            "publishTime": when,
            "publish_time": when,
        },
        "subscription": subscription,
    }


def test_an_unwrapped_push_is_the_bare_data_with_headers(local_pubsub: PubSub, sink: Sink) -> None:
    topic = local_pubsub.topic()
    config = {"push_endpoint": sink.url, "no_wrapper": {"write_metadata": True}}
    subscription = local_pubsub.subscription(topic, push_config=config)
    [message_id] = local_pubsub.publish(topic, "bare", tenant="acme", evil="a\r\nX-Evil: 1")

    [hit] = sink.wait(1)

    assert hit.body == b"bare"
    assert hit.headers["x-goog-pubsub-message-id"] == message_id
    assert hit.headers["x-goog-pubsub-subscription-name"] == subscription
    assert hit.headers["tenant"] == "acme"
    assert "x-evil" not in hit.headers


# Filters


def test_a_filtered_subscription_gets_what_matches_and_forgets_the_rest(
    cloud: CloudProcess, local_pubsub: PubSub, sink: Sink
) -> None:
    topic = local_pubsub.topic()
    subscription = local_pubsub.subscription(
        topic,
        push_config={"push_endpoint": sink.url},
        filter='hasPrefix(attributes.type, "catalog.") AND NOT attributes.store = "s-2"',
    )
    local_pubsub.publish(topic, "no type")
    local_pubsub.publish(topic, "other type", type="order.paid")
    local_pubsub.publish(topic, "other store", type="catalog.price_changed", store="s-2")
    local_pubsub.publish(topic, "wanted", type="catalog.price_changed", store="s-1")

    sink.wait(1)
    eventually(lambda: stats(cloud, subscription)["depth"] == 0)
    assert sink.data() == ["wanted"]


def test_nonsense_for_a_filter_is_refused(local_pubsub: PubSub) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        local_pubsub.subscription(local_pubsub.topic(), filter="nonsense (")


# Failure


def test_the_backoff_grows_from_attempt_to_attempt(local_pubsub: PubSub, sink: Sink) -> None:
    topic = local_pubsub.topic()
    sink.answer = lambda _hit: 204 if len(sink.hits) == 5 else 503
    policy = {"minimum_backoff": {"nanos": 50_000_000}, "maximum_backoff": {"seconds": 1}}
    local_pubsub.subscription(topic, push_config={"push_endpoint": sink.url}, retry_policy=policy)
    local_pubsub.publish(topic, "x")

    hits = sink.wait(5)

    assert hits[4].at - hits[0].at > 0.6  # 0.05 + 0.1 + 0.2 + 0.4


def test_a_poisoned_key_goes_to_the_dead_letters_and_the_rest_of_the_key_goes_on(
    cloud: CloudProcess, local_pubsub: PubSub, sink: Sink
) -> None:
    topic, letters = local_pubsub.topic(), local_pubsub.topic()
    graveyard = local_pubsub.subscription(letters)
    sink.answer = lambda hit: 500 if hit.data == "poison" else 204
    subscription = local_pubsub.subscription(
        topic,
        push_config={"push_endpoint": sink.url},
        enable_message_ordering=True,
        retry_policy=FAST_RETRY,
        dead_letter_policy={"dead_letter_topic": letters, "max_delivery_attempts": 5},
    )
    local_pubsub.publish(topic, "first", "poison", "last", key="k")

    [letter] = local_pubsub.pull(graveyard)

    assert letter.message.data == b"poison"
    assert letter.message.ordering_key == "k"
    assert letter.message.attributes["CloudPubSubDeadLetterSourceDeliveryCount"] == "5"
    sink.wait(7)
    assert sink.data() == ["first"] + ["poison"] * 5 + ["last"]
    eventually(lambda: stats(cloud, subscription)["depth"] == 0)
    figures = stats(cloud, subscription)
    assert (figures["delivered"], figures["failures"], figures["deadLettered"]) == (2, 5, 1)


def test_without_its_dead_letter_topic_a_message_is_tried_on(local_pubsub: PubSub, sink: Sink) -> None:
    topic, letters = local_pubsub.topic(), local_pubsub.topic()
    sink.answer = lambda _hit: 204 if len(sink.hits) == 7 else 500
    local_pubsub.subscription(
        topic,
        push_config={"push_endpoint": sink.url},
        retry_policy=FAST_RETRY,
        dead_letter_policy={"dead_letter_topic": letters},
    )
    local_pubsub.publisher.delete_topic(topic=letters)
    local_pubsub.publish(topic, "x")

    assert [hit.json["deliveryAttempt"] for hit in sink.wait(7)] == [1, 2, 3, 4, 5, 6, 7]


def test_messages_of_one_key_are_pulled_in_order_even_when_one_is_given_back(local_pubsub: PubSub) -> None:
    topic = local_pubsub.topic()
    subscription = local_pubsub.subscription(topic, enable_message_ordering=True)
    local_pubsub.publish(topic, *"01234", key="k")
    seen: list[str] = []

    while len(seen) < 6:
        [received] = local_pubsub.pull(subscription)
        seen.append(received.message.data.decode())
        if seen == ["0", "1", "2"]:
            local_pubsub.lease(subscription, received, 0)
        else:
            local_pubsub.ack(subscription, received)

    assert "".join(seen) == "012234"


def test_an_ack_that_comes_late_counts_unless_somebody_else_has_the_message(local_pubsub: PubSub) -> None:
    topic = local_pubsub.topic()
    policy = {"minimum_backoff": {"nanos": 400_000_000}, "maximum_backoff": {"nanos": 400_000_000}}
    subscription = local_pubsub.subscription(topic, retry_policy=policy)
    local_pubsub.publish(topic, "x", "y")
    first, second = sorted(local_pubsub.pull(subscription, 2), key=lambda each: str(each.message.data))
    for each in (first, second):
        local_pubsub.lease(subscription, each, 0)

    local_pubsub.ack(subscription, first)
    [again] = local_pubsub.pull(subscription)
    local_pubsub.ack(subscription, second)

    assert again.message.data == b"y"
    local_pubsub.lease(subscription, again, 0)
    assert [each.message.data for each in local_pubsub.pull(subscription)] == [b"y"]


def test_a_detached_subscription_gets_nothing_more(local_pubsub: PubSub) -> None:
    topic = local_pubsub.topic()
    subscription = local_pubsub.subscription(topic)
    local_pubsub.publish(topic, "x")

    local_pubsub.publisher.detach_subscription(request={"subscription": subscription})
    local_pubsub.publish(topic, "y")

    assert local_pubsub.subscriber.get_subscription(subscription=subscription).detached
    assert list(local_pubsub.publisher.list_topic_subscriptions(topic=topic)) == []
    assert local_pubsub.pull_now(subscription) == []


def test_pulling_from_a_push_subscription_is_refused(local_pubsub: PubSub, sink: Sink) -> None:
    subscription = local_pubsub.subscription(local_pubsub.topic(), push_config={"push_endpoint": sink.url})

    with pytest.raises(exceptions.FailedPrecondition):
        local_pubsub.pull_now(subscription)


# Limits


@pytest.mark.parametrize(
    "message",
    [
        {"data": b"x" * 10_000_001},
        {"attributes": {"k": "v" * 1025}},
        {"attributes": {"k" * 257: "v"}},
        {"attributes": {str(n): "v" for n in range(101)}},
        {"data": b"x", "ordering_key": "k" * 1025},
    ],
    ids=["10 MB", "value", "key", "attributes", "ordering key"],
)
def test_a_message_that_is_too_large_is_refused(local_pubsub: PubSub, message: dict[str, Any]) -> None:
    topic = local_pubsub.topic()

    with pytest.raises(exceptions.InvalidArgument):
        local_pubsub.publisher.publish(request={"topic": topic, "messages": [message]})


def test_a_message_just_small_enough_arrives(local_pubsub: PubSub) -> None:
    topic = local_pubsub.topic()
    subscription = local_pubsub.subscription(topic)
    local_pubsub.publish(topic, "x" * 9_999_000)

    [received] = local_pubsub.pull(subscription)
    assert len(received.message.data) == 9_999_000


@pytest.mark.parametrize(
    "config",
    [{"ack_deadline_seconds": 9}, {"message_retention_duration": {"seconds": 599}}],
    ids=["deadline", "retention"],
)
def test_limits_that_the_emulator_forgets_hold(local_pubsub: PubSub, config: dict[str, Any]) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        local_pubsub.subscription(local_pubsub.topic(), **config)


def test_a_large_backlog_fits_through_the_message_limit_of_a_client_in_emulator_mode(
    local_pubsub: PubSub, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = local_pubsub.topic()
    subscription = local_pubsub.subscription(topic)
    for n in range(12):
        local_pubsub.publish(topic, f"{n}" + "x" * 900_000)
    seen: set[str] = set()

    def on_message(message: Any) -> None:
        seen.add(message.message_id)
        message.ack()

    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", local_pubsub.address)
    with StreamingSubscriber() as subscriber:
        future = subscriber.subscribe(subscription, on_message)
        eventually(lambda: len(seen) == 12)
        future.cancel()
        future.result(timeout=10)


# The window


def test_many_pushes_are_in_flight_at_once_and_each_message_is_pushed_once(
    cloud: CloudProcess, local_pubsub: PubSub, sink: Sink
) -> None:
    topic = local_pubsub.topic()
    sink.answer = lambda _hit: (204, 0.05)
    subscription = local_pubsub.subscription(topic, push_config={"push_endpoint": sink.url})
    wanted = [str(n) for n in range(1000)]
    local_pubsub.publish(topic, *wanted)

    sink.wait(1000)

    eventually(lambda: stats(cloud, subscription)["depth"] == 0)
    assert sorted(sink.data()) == sorted(wanted)
    assert 40 < sink.most_busy <= PUSH_WINDOW
    assert stats(cloud, subscription)["window"] == PUSH_WINDOW


def test_the_window_shrinks_while_the_endpoint_fails_and_grows_again(
    cloud: CloudProcess, local_pubsub: PubSub, sink: Sink
) -> None:
    topic = local_pubsub.topic()
    failing = True
    sink.answer = lambda _hit: 503 if failing else 204
    subscription = local_pubsub.subscription(topic, push_config={"push_endpoint": sink.url}, retry_policy=FAST_RETRY)
    local_pubsub.publish(topic, *map(str, range(200)))

    sink.wait(40)
    assert stats(cloud, subscription)["window"] == 1
    failing = False
    eventually(lambda: stats(cloud, subscription)["depth"] == 0)
    assert stats(cloud, subscription)["window"] > 100


def test_while_nobody_listens_attempts_are_saved_and_then_everything_arrives(
    cloud: CloudProcess, local_pubsub: PubSub, sink: Sink
) -> None:
    topic, letters = local_pubsub.topic(), local_pubsub.topic()
    subscription = local_pubsub.subscription(
        topic,
        push_config={"push_endpoint": "http://127.0.0.1:9/"},
        retry_policy=FAST_RETRY,
        dead_letter_policy={"dead_letter_topic": letters, "max_delivery_attempts": 20},
    )
    local_pubsub.publish(topic, *map(str, range(300)))
    time.sleep(0.8)
    assert stats(cloud, subscription)["sent"] < 40

    local_pubsub.push_to(subscription, sink.url)

    sink.wait(300)
    eventually(lambda: stats(cloud, subscription)["depth"] == 0)
    assert sorted(map(int, sink.data())) == list(range(300))


def test_keys_are_pushed_side_by_side_and_each_in_order(local_pubsub: PubSub, sink: Sink) -> None:
    topic = local_pubsub.topic()

    def answer(hit: Hit) -> tuple[int, float]:
        return (500 if int(hit.json["message"]["messageId"]) % 5 == 0 and hit not in retried(hit) else 204), 0.005

    def retried(hit: Hit) -> list[Hit]:
        same = [each for each in sink.hits if each.json["message"]["messageId"] == hit.json["message"]["messageId"]]
        return same[1:]

    sink.answer = answer
    local_pubsub.subscription(
        topic, push_config={"push_endpoint": sink.url}, retry_policy=FAST_RETRY, enable_message_ordering=True
    )
    for n in range(20):
        for key in "abcdefgh":
            local_pubsub.publish(topic, str(n), key=key)

    def done() -> dict[str, list[int]]:
        seen: dict[str, list[int]] = {}
        for hit in list(sink.hits):
            mine = seen.setdefault(hit.json["message"]["orderingKey"], [])
            if not mine or mine[-1] != int(hit.data):  # a retry comes right after its failure
                mine.append(int(hit.data))
        return seen

    eventually(lambda: sum(map(len, done().values())) >= 160, 15)
    assert done() == {key: list(range(20)) for key in "abcdefgh"}
    assert len(sink.hits) > 160
    assert sink.most_busy > 1


# Looking inside


def test_the_admin_door_shows_the_backlog_and_its_age(cloud: CloudProcess, local_pubsub: PubSub) -> None:
    topic = local_pubsub.topic()
    subscription = local_pubsub.subscription(topic)
    local_pubsub.publish(topic, "1", "2", "3")
    [received] = local_pubsub.pull(subscription)
    time.sleep(0.2)

    figures = stats(cloud, subscription)

    assert (figures["depth"], figures["inFlight"], figures["published"], figures["delivered"]) == (3, 1, 3, 0)
    assert 0.2 <= figures["oldestAgeSeconds"] < 5
    local_pubsub.ack(subscription, received)
    assert stats(cloud, subscription)["delivered"] == 1


def test_the_admin_and_issuer_doors_answer_in_json(cloud: CloudProcess) -> None:
    assert cloud.get("admin", "/health") == {"status": "ok"} | cloud.ports
    for name in ("identity", "oidc", "session", "store-codes"):
        assert json.dumps(cloud.get("issuer", f"/jwks/{name}")).count('"kid"') == 1
