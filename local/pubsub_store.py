"""What the local Pub/Sub knows: topics, subscriptions, schemas and unacknowledged messages, kept in a journal."""

import asyncio
import struct
import time
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path

from google.pubsub_v1 import types

from local.faults import Faults
from local.journal import Journal, Record
from local.pubsub_model import (
    DELETED_TOPIC,
    MAX_MESSAGES,
    MAX_REQUEST_BYTES,
    Delivery,
    Message,
    PbMessage,
    PbSubscription,
    PbTopic,
    Topic,
    check_message,
    rfc3339,
)
from local.pubsub_subscription import Subscription
from local.rpc import Pb, invalid, log, not_found

PbPublishRequest = types.PublishRequest.pb()
PbSchema = types.Schema.pb()

_ACK_FLUSH_S = 0.005
_COMPACT_BYTES = 64 << 20

_PUBLISH = struct.Struct(">QQ")  # first message id, publish time in microseconds; then the request as it came
_ACK = struct.Struct(">IQ")  # serial of the subscription, message id
_ATTEMPT = struct.Struct(">IQI")  # serial, message id, attempts so far
_SERIAL = struct.Struct(">I")
_MESSAGE = struct.Struct(">QQI")  # message id, publish time, number of (serial, attempts); then those; then the message
_OPEN = struct.Struct(">II")


class Kind(IntEnum):
    """Kinds of journal records."""

    TOPIC = 1
    TOPIC_GONE = 2
    SUBSCRIPTION = 3
    SUBSCRIPTION_GONE = 4
    PUBLISH = 5
    ACKS = 6
    ATTEMPT = 7
    SCHEMA = 8
    SCHEMA_GONE = 9
    MESSAGE = 10


class Store:
    """The registry behind the gRPC methods. Without a `data_dir` nothing is kept on disk."""

    def __init__(self, data_dir: Path | None, faults: Faults | None) -> None:
        self.topics: dict[str, Topic] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.schemas: dict[str, Pb] = {}
        self._by_serial: dict[int, Subscription] = {}
        self._faults = faults
        self._last_serial = 0
        self._last_id = 0
        self._journal = Journal(data_dir / "pubsub.journal") if data_dir is not None else None
        self._compacted_size = 0
        self._compact_soon = False
        self._acks = bytearray()

    def open(self) -> None:
        """Reads the journal, drops what is done, and starts a fresh one."""
        if self._journal is not None:
            for kind, payload in self._journal.replay():
                self._replay(Kind(kind), payload)
            now_us = int(time.time() * 1e6)
            for subscription in self.subscriptions.values():
                subscription.rebuild(now_us)
            self._compact()
        # Ids grow with the clock, so that a restart never gives one out twice, journal or not.
        self._last_id = max(self._last_id, int(time.time() * 1e6))

    def close(self) -> None:
        """Writes what is buffered; safe to repeat."""
        self._flush_acks()
        if self._journal is not None:
            self._journal.close()

    # Topics, subscriptions, schemas

    def put_topic(self, pb: Pb) -> Topic:
        """Creates a topic, or replaces its configuration."""
        topic = self.topics.get(pb.name)
        if topic is None:
            topic = self.topics[pb.name] = Topic(pb)
        topic.pb = pb
        self._record(Kind.TOPIC, pb.SerializeToString())
        return topic

    def drop_topic(self, name: str) -> None:
        """Deletes a topic; its subscriptions stay, without one."""
        self._orphan(self.topics.pop(name))
        self._record(Kind.TOPIC_GONE, name.encode())

    def put_subscription(self, pb: Pb) -> Subscription:
        """Creates a subscription, or replaces its configuration."""
        subscription = self.subscriptions.get(pb.name)
        if subscription is None:
            self._last_serial += 1
            subscription = self._add_subscription(self._last_serial, pb)
        else:
            subscription.configure(pb)
        self._record(Kind.SUBSCRIPTION, _SERIAL.pack(subscription.serial) + pb.SerializeToString())
        return subscription

    def drop_subscription(self, subscription: Subscription) -> None:
        """Deletes a subscription and its messages."""
        self._remove(subscription)
        self._record(Kind.SUBSCRIPTION_GONE, _SERIAL.pack(subscription.serial))

    def detach(self, subscription: Subscription) -> None:
        """Takes a subscription from its topic and drops its messages (DetachSubscription)."""
        for delivery in list(subscription.unacked.values()):
            subscription.settle(delivery)
        topic = self.topics.get(subscription.topic)
        if topic is not None:
            topic.subscriptions.remove(subscription)
        subscription.pb.detached = True
        self.put_subscription(subscription.pb)

    def put_schema(self, pb: Pb) -> None:
        """Creates or replaces a schema."""
        self.schemas[pb.name] = pb
        self._record(Kind.SCHEMA, pb.SerializeToString())

    def drop_schema(self, name: str) -> None:
        """Deletes a schema."""
        del self.schemas[name]
        self._record(Kind.SCHEMA_GONE, name.encode())

    # Messages

    def publish(self, raw: bytes) -> list[str]:
        """Takes a PublishRequest as it came over the wire; the ids come back in order. Raises Refused."""
        request = PbPublishRequest.FromString(raw)
        topic = self.topics.get(request.topic)
        if topic is None:
            raise not_found("topic", request.topic)
        messages = request.messages
        if not messages or len(messages) > MAX_MESSAGES:
            raise invalid(f"A publish request has 1 to {MAX_MESSAGES} messages, not {len(messages)}.")
        if len(raw) > MAX_REQUEST_BYTES:
            raise invalid(f"The value for request_size is too large: {len(raw)} > {MAX_REQUEST_BYTES} bytes.")
        for pb in messages:
            check_message(pb)
        now_us = int(time.time() * 1e6)
        first = self._last_id = max(self._last_id + 1, now_us)
        self._last_id += len(messages)
        if topic.subscriptions:
            self._record(Kind.PUBLISH, _PUBLISH.pack(first, now_us) + raw)
            for message_id, pb in enumerate(messages, first):
                message = Message(message_id, now_us, pb)
                for subscription in topic.subscriptions:
                    subscription.offer(message)
            for subscription in topic.subscriptions:
                subscription.pump()
        return [str(message_id) for message_id in range(first, first + len(messages))]

    def acked(self, subscription: Subscription, message_id: int) -> None:
        """Host: a message is done. Written a moment later: what a kill loses here is only delivered again."""
        if self._journal is None:
            return
        if not self._acks:
            asyncio.get_running_loop().call_later(_ACK_FLUSH_S, self._flush_acks)
        self._acks += _ACK.pack(subscription.serial, message_id)

    def attempted(self, subscription: Subscription, delivery: Delivery) -> None:
        """Host: a delivery failed; the count decides when it goes to the dead letters, so it survives a restart."""
        self._record(Kind.ATTEMPT, _ATTEMPT.pack(subscription.serial, delivery.message.id, delivery.attempt))

    def dead_letter(self, subscription: Subscription, delivery: Delivery) -> bool:
        """Host: publishes a message to the dead letter topic, with where it came from; False without a topic."""
        if subscription.dead_letter_topic not in self.topics:
            return False
        message = delivery.message
        letter = PbMessage(data=message.pb.data, ordering_key=message.key, attributes=message.pb.attributes)
        letter.attributes.update(
            {
                "CloudPubSubDeadLetterSourceDeliveryCount": str(delivery.attempt),
                "CloudPubSubDeadLetterSourceSubscription": subscription.name.rpartition("/")[2],
                "CloudPubSubDeadLetterSourceSubscriptionProject": subscription.name.split("/")[1],
                "CloudPubSubDeadLetterSourceTopicPublishTime": rfc3339(message.publish_us),
            }
        )
        request = PbPublishRequest(topic=subscription.dead_letter_topic, messages=[letter])
        self.publish(request.SerializeToString())
        return True

    # Journal

    def _record(self, kind: Kind, payload: bytes) -> None:
        if self._journal is not None:
            self._journal.append_now(kind, payload)
            if self._journal.size > max(_COMPACT_BYTES, 4 * self._compacted_size) and not self._compact_soon:
                # Not now: what this record is about may not be in the tables yet that a snapshot is made of.
                self._compact_soon = True
                asyncio.get_running_loop().call_soon(self._compact)

    def _flush_acks(self) -> None:
        if self._acks:
            payload = bytes(self._acks)
            self._acks.clear()
            self._record(Kind.ACKS, payload)

    def _compact(self) -> None:
        assert self._journal is not None
        self._compact_soon = False
        # The snapshot already lacks what is acknowledged, and a later ACKS record of it does no harm.
        self._journal.rewrite(self._snapshot())
        self._compacted_size = self._journal.size
        log.info("compacted the Pub/Sub journal to %d bytes", self._compacted_size)

    def _snapshot(self) -> Iterator[Record]:
        for schema in self.schemas.values():
            yield Kind.SCHEMA, schema.SerializeToString()
        for topic in self.topics.values():
            yield Kind.TOPIC, topic.pb.SerializeToString()
        waiting: dict[int, tuple[Message, list[bytes]]] = {}
        for subscription in self.subscriptions.values():
            yield Kind.SUBSCRIPTION, _SERIAL.pack(subscription.serial) + subscription.pb.SerializeToString()
            for message_id, delivery in subscription.unacked.items():
                where = waiting.setdefault(message_id, (delivery.message, []))[1]
                where.append(_OPEN.pack(subscription.serial, delivery.attempt))
        for message_id, (message, where) in sorted(waiting.items()):
            head = _MESSAGE.pack(message_id, message.publish_us, len(where))
            yield Kind.MESSAGE, head + b"".join(where) + message.pb.SerializeToString()

    def _replay(self, kind: Kind, payload: bytes) -> None:
        match kind:
            case Kind.TOPIC:
                pb = PbTopic.FromString(payload)
                self.topics.setdefault(pb.name, Topic(pb)).pb = pb
            case Kind.TOPIC_GONE:
                self._orphan(self.topics.pop(payload.decode()))
            case Kind.SUBSCRIPTION:
                self._replay_subscription(payload)
            case Kind.SUBSCRIPTION_GONE:
                self._remove(self._by_serial[_SERIAL.unpack(payload)[0]])
            case Kind.PUBLISH:
                self._replay_publish(payload)
            case Kind.ACKS:
                for serial, message_id in _ACK.iter_unpack(payload):
                    if serial in self._by_serial:
                        self._by_serial[serial].unacked.pop(message_id, None)
            case Kind.ATTEMPT:
                serial, message_id, attempt = _ATTEMPT.unpack(payload)
                if serial in self._by_serial and message_id in self._by_serial[serial].unacked:
                    self._by_serial[serial].unacked[message_id].attempt = attempt
            case Kind.SCHEMA:
                schema = PbSchema.FromString(payload)
                self.schemas[schema.name] = schema
            case Kind.SCHEMA_GONE:
                self.schemas.pop(payload.decode(), None)
            case Kind.MESSAGE:
                self._replay_message(payload)

    def _replay_subscription(self, payload: bytes) -> None:
        serial = _SERIAL.unpack_from(payload)[0]
        pb = PbSubscription.FromString(payload[_SERIAL.size :])
        self._last_serial = max(self._last_serial, serial)
        known = self._by_serial.get(serial)
        if known is None:
            self._add_subscription(serial, pb)
            return
        known.configure(pb)
        if pb.detached and pb.topic in self.topics and known in self.topics[pb.topic].subscriptions:
            self.topics[pb.topic].subscriptions.remove(known)

    def _replay_publish(self, payload: bytes) -> None:
        first, publish_us = _PUBLISH.unpack_from(payload)
        request = PbPublishRequest.FromString(payload[_PUBLISH.size :])
        subscriptions = self.topics[request.topic].subscriptions
        for message_id, pb in enumerate(request.messages, first):
            message = Message(message_id, publish_us, pb)
            for subscription in subscriptions:
                if subscription.matches is None or subscription.matches(pb.attributes):
                    subscription.restore(message, 0)
        self._last_id = max(self._last_id, first + len(request.messages))

    def _replay_message(self, payload: bytes) -> None:
        message_id, publish_us, count = _MESSAGE.unpack_from(payload)
        at = _MESSAGE.size + count * _OPEN.size
        message = Message(message_id, publish_us, PbMessage.FromString(payload[at:]))
        for serial, attempt in _OPEN.iter_unpack(payload[_MESSAGE.size : at]):
            self._by_serial[serial].restore(message, attempt)
        self._last_id = max(self._last_id, message_id)

    def _add_subscription(self, serial: int, pb: Pb) -> Subscription:
        subscription = Subscription(serial, pb, self, self._faults)
        self.subscriptions[pb.name] = self._by_serial[serial] = subscription
        if pb.topic in self.topics and not pb.detached:
            self.topics[pb.topic].subscriptions.append(subscription)
        return subscription

    def _remove(self, subscription: Subscription) -> None:
        subscription.close()
        self.subscriptions.pop(subscription.name, None)
        self._by_serial.pop(subscription.serial, None)
        topic = self.topics.get(subscription.topic)
        if topic is not None and subscription in topic.subscriptions:
            topic.subscriptions.remove(subscription)

    def _orphan(self, topic: Topic) -> None:
        for subscription in topic.subscriptions:
            subscription.pb.topic = DELETED_TOPIC
            subscription.topic = DELETED_TOPIC
