"""Google's Publisher, Subscriber and SchemaService over the store: what each method checks, does and answers."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
from google.pubsub_v1 import types
from grpc import StatusCode

from local.pubsub_model import (
    DELETED_TOPIC,
    PbSubscription,
    PbTopic,
    Topic,
    check_name,
    check_push_config,
    normalise_subscription,
)
from local.pubsub_pull import BATCH_BYTES, Feed, PullOutlet
from local.pubsub_store import Store
from local.pubsub_subscription import Subscription
from local.rpc import Pb, Refused, already_exists, invalid, merge_masked, not_found, page_of, unary, unary_raw

# A Pull without a deadline of its own comes back empty after this long.
_PULL_WAIT_S = 20.0
_FEED_MESSAGES = 1_000
_IMMUTABLE = frozenset(("name", "topic", "filter", "enable_message_ordering", "detached"))

Context = grpc.aio.ServicerContext[bytes, bytes]


class Servicer:
    """The methods. `plug` gives a subscription its outlet after every change of its push configuration."""

    def __init__(self, store: Store, plug: Callable[[Subscription], None]) -> None:
        self._store = store
        self._plug = plug
        self.pulls: dict[int, PullOutlet] = {}

    def services(self) -> dict[str, dict[str, Any]]:
        """Handlers by service and method, for GrpcServer."""
        return {
            "google.pubsub.v1.Publisher": {
                "CreateTopic": unary(types.Topic.pb(), self.create_topic),
                "UpdateTopic": unary(types.UpdateTopicRequest.pb(), self.update_topic),
                "Publish": unary_raw(self.publish),
                "GetTopic": unary(types.GetTopicRequest.pb(), lambda r: self._topic(r.topic).pb),
                "ListTopics": unary(types.ListTopicsRequest.pb(), self.list_topics),
                "ListTopicSubscriptions": unary(types.ListTopicSubscriptionsRequest.pb(), self.list_of_topic),
                "DeleteTopic": unary(types.DeleteTopicRequest.pb(), self.delete_topic),
                "DetachSubscription": unary(types.DetachSubscriptionRequest.pb(), self.detach),
            },
            "google.pubsub.v1.Subscriber": {
                "CreateSubscription": unary(types.Subscription.pb(), self.create_subscription),
                "GetSubscription": unary(
                    types.GetSubscriptionRequest.pb(), lambda r: self._subscription(r.subscription).pb
                ),
                "UpdateSubscription": unary(types.UpdateSubscriptionRequest.pb(), self.update_subscription),
                "ListSubscriptions": unary(types.ListSubscriptionsRequest.pb(), self.list_subscriptions),
                "DeleteSubscription": unary(types.DeleteSubscriptionRequest.pb(), self.delete_subscription),
                "ModifyPushConfig": unary(types.ModifyPushConfigRequest.pb(), self.modify_push_config),
                "ModifyAckDeadline": unary(types.ModifyAckDeadlineRequest.pb(), self.modify_ack_deadline),
                "Acknowledge": unary(types.AcknowledgeRequest.pb(), self.acknowledge),
                "Pull": unary_raw(self.pull),
                "StreamingPull": grpc.stream_stream_rpc_method_handler(self.streaming_pull),
                "Seek": unary(types.SeekRequest.pb(), self.seek),
            },
            "google.pubsub.v1.SchemaService": {
                "CreateSchema": unary(types.CreateSchemaRequest.pb(), self.create_schema),
                "GetSchema": unary(types.GetSchemaRequest.pb(), self.get_schema),
                "ListSchemas": unary(types.ListSchemasRequest.pb(), self.list_schemas),
                "DeleteSchema": unary(types.DeleteSchemaRequest.pb(), self.delete_schema),
                "ValidateSchema": unary(types.ValidateSchemaRequest.pb(), self.validate_schema),
            },
        }

    # Publisher

    def create_topic(self, request: Pb) -> Pb:
        check_name(request.name, "topics")
        if request.name in self._store.topics:
            raise already_exists("topic", request.name)
        schema = request.schema_settings.schema
        if schema and schema not in self._store.schemas:
            raise not_found("schema", schema)
        request.state = int(types.Topic.State.ACTIVE)
        return self._store.put_topic(request).pb

    def update_topic(self, request: Pb) -> Pb:
        topic = self._topic(request.topic.name)
        if not request.update_mask.paths or "name" in request.update_mask.paths:
            raise invalid("The update_mask must name fields, and not the name.")
        changed = PbTopic()
        changed.CopyFrom(topic.pb)
        merge_masked(changed, request.topic, request.update_mask.paths)
        return self._store.put_topic(changed).pb

    async def publish(self, raw: bytes, _context: Context) -> bytes:
        ids = self._store.publish(raw)
        return bytes(types.PublishResponse.pb()(message_ids=ids).SerializeToString())

    def list_topics(self, request: Pb) -> Pb:
        topics = [t.pb for name, t in sorted(self._store.topics.items()) if name.startswith(request.project + "/")]
        page, token = page_of(topics, request.page_size, request.page_token)
        return types.ListTopicsResponse.pb()(topics=page, next_page_token=token)

    def list_of_topic(self, request: Pb) -> Pb:
        names = sorted(s.name for s in self._topic(request.topic).subscriptions)
        page, token = page_of(names, request.page_size, request.page_token)
        return types.ListTopicSubscriptionsResponse.pb()(subscriptions=page, next_page_token=token)

    def delete_topic(self, request: Pb) -> None:
        self._store.drop_topic(self._topic(request.topic).name)

    def detach(self, request: Pb) -> Pb:
        self._store.detach(self._subscription(request.subscription))
        return types.DetachSubscriptionResponse.pb()()

    # Subscriber

    def create_subscription(self, request: Pb) -> Pb:
        check_name(request.name, "subscriptions")
        if request.name in self._store.subscriptions:
            raise already_exists("subscription", request.name)
        self._topic(request.topic)
        normalise_subscription(request)
        self._check_dead_letter_topic(request)
        self._plug(self._store.put_subscription(request))
        return request

    def update_subscription(self, request: Pb) -> Pb:
        subscription = self._subscription(request.subscription.name)
        paths = request.update_mask.paths
        if not paths:
            raise invalid("The update_mask in the UpdateSubscriptionRequest must be set, and must contain a path.")
        for path in paths:
            if path.split(".")[0] in _IMMUTABLE:
                raise invalid(f"Invalid update_mask provided in the request: {path} is not mutable.")
        changed = PbSubscription()
        changed.CopyFrom(subscription.pb)
        merge_masked(changed, request.subscription, paths)
        normalise_subscription(changed)
        self._check_dead_letter_topic(changed)
        return self._apply(changed)

    def modify_push_config(self, request: Pb) -> None:
        subscription = self._subscription(request.subscription)
        check_push_config(request.push_config)
        changed = PbSubscription()
        changed.CopyFrom(subscription.pb)
        changed.push_config.CopyFrom(request.push_config)
        self._apply(changed)

    def list_subscriptions(self, request: Pb) -> Pb:
        found = [
            s.pb for name, s in sorted(self._store.subscriptions.items()) if name.startswith(request.project + "/")
        ]
        page, token = page_of(found, request.page_size, request.page_token)
        return types.ListSubscriptionsResponse.pb()(subscriptions=page, next_page_token=token)

    def delete_subscription(self, request: Pb) -> None:
        subscription = self._subscription(request.subscription)
        self._store.drop_subscription(subscription)
        self.pulls.pop(subscription.serial).close()

    def modify_ack_deadline(self, request: Pb) -> None:
        pull = self._pulls_of(request.subscription)
        if not 0 <= request.ack_deadline_seconds <= 600:
            raise invalid(f"Invalid ack deadline given: {request.ack_deadline_seconds}; 0 to 600 seconds.")
        if not request.ack_ids:
            raise invalid("No ack ids specified.")
        for ack_id in request.ack_ids:
            pull.modify(ack_id, request.ack_deadline_seconds)

    def acknowledge(self, request: Pb) -> None:
        pull = self._pulls_of(request.subscription)
        if not request.ack_ids:
            raise invalid("No ack ids specified.")
        for ack_id in request.ack_ids:
            pull.ack(ack_id)

    async def pull(self, raw: bytes, context: Context) -> bytes:
        request = types.PullRequest.pb().FromString(raw)
        pull = self._pulls_of(request.subscription, pulling=True)
        if request.max_messages <= 0:
            raise invalid("max_messages must be greater than 0.")
        left = context.time_remaining()
        wait_s = min(_PULL_WAIT_S, left * 0.8) if left is not None else _PULL_WAIT_S
        received = await pull.pull(min(request.max_messages, 1000), 0.0 if request.return_immediately else wait_s)
        self._subscription(request.subscription)  # deleted meanwhile?
        return bytes(types.PullResponse.pb()(received_messages=received).SerializeToString())

    async def streaming_pull(self, requests: AsyncIterator[bytes], context: Context) -> AsyncIterator[bytes]:
        reader: asyncio.Task[None] | None = None
        try:
            first = types.StreamingPullRequest.pb().FromString(await anext(requests))
            pull, feed = self._open_feed(first)
            pull.add_feed(feed)
            try:
                reader = asyncio.create_task(self._read_stream(requests, pull, feed, first))
                async for response in self._write_stream(first.subscription, feed):
                    yield response
                await self._end_stream(first.subscription, reader)
            finally:
                pull.remove_feed(feed)
        except StopAsyncIteration:
            return
        except Refused as refused:
            await context.abort(refused.code, refused.message)
        finally:
            if reader is not None and not reader.done():
                reader.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await reader

    def seek(self, request: Pb) -> Pb:
        subscription = self._subscription(request.subscription)
        if request.WhichOneof("target") != "time":
            raise Refused(StatusCode.UNIMPLEMENTED, "The local Pub/Sub seeks to a time only.")
        subscription.purge(request.time.ToMicroseconds())
        subscription.pump()
        return types.SeekResponse.pb()()

    # SchemaService: kept and shown, not enforced

    def create_schema(self, request: Pb) -> Pb:
        schema = request.schema
        schema.name = check_name(f"{request.parent}/schemas/{request.schema_id}", "schemas")
        if schema.name in self._store.schemas:
            raise already_exists("schema", schema.name)
        self.validate_schema(request)
        schema.revision_id = f"{time.time_ns() & 0xFFFFFFFF:08x}"
        schema.revision_create_time.GetCurrentTime()
        self._store.put_schema(schema)
        return schema

    def get_schema(self, request: Pb) -> Pb:
        schema = self._store.schemas.get(request.name)
        if schema is None:
            raise not_found("schema", request.name)
        return schema

    def list_schemas(self, request: Pb) -> Pb:
        found = [s for name, s in sorted(self._store.schemas.items()) if name.startswith(request.parent + "/")]
        page, token = page_of(found, request.page_size, request.page_token)
        return types.ListSchemasResponse.pb()(schemas=page, next_page_token=token)

    def delete_schema(self, request: Pb) -> None:
        self._store.drop_schema(self.get_schema(request).name)

    def validate_schema(self, request: Pb) -> Pb:
        if not request.schema.definition or not request.schema.type_:
            raise invalid("A schema needs a type and a definition.")
        return types.ValidateSchemaResponse.pb()()

    # What the methods share

    def _topic(self, name: str) -> Topic:
        topic = self._store.topics.get(name)
        if topic is None:
            raise not_found("topic", check_name(name, "topics"))
        return topic

    def _subscription(self, name: str) -> Subscription:
        subscription = self._store.subscriptions.get(name)
        if subscription is None:
            raise not_found("subscription", check_name(name, "subscriptions"))
        return subscription

    def _pulls_of(self, name: str, *, pulling: bool = False) -> PullOutlet:
        subscription = self._subscription(name)
        if pulling and subscription.pb.push_config.push_endpoint:
            raise Refused(
                StatusCode.FAILED_PRECONDITION, "This method is not supported for this subscription type (push)."
            )
        return self.pulls[subscription.serial]

    def _check_dead_letter_topic(self, pb: Pb) -> None:
        topic = pb.dead_letter_policy.dead_letter_topic
        if topic and topic not in self._store.topics and topic != DELETED_TOPIC:
            raise not_found("topic", topic)

    def _apply(self, changed: Pb) -> Pb:
        subscription = self._store.put_subscription(changed)
        self._plug(subscription)
        subscription.pump()
        return changed

    def _open_feed(self, first: Pb) -> tuple[PullOutlet, Feed]:
        pull = self._pulls_of(first.subscription, pulling=True)
        if not 10 <= first.stream_ack_deadline_seconds <= 600:
            raise invalid("stream_ack_deadline_seconds must be between 10 and 600.")
        return pull, Feed(
            first.max_outstanding_messages, first.max_outstanding_bytes, first.stream_ack_deadline_seconds
        )

    async def _read_stream(self, requests: AsyncIterator[bytes], pull: PullOutlet, feed: Feed, first: Pb) -> None:
        try:
            self._take_stream_request(pull, feed, first)
            async for raw in requests:
                request = types.StreamingPullRequest.pb().FromString(raw)
                if request.subscription:
                    raise invalid("The subscription can only be set on the first request of a stream.")
                self._take_stream_request(pull, feed, request)
        finally:
            # The client is done, or wrong: the writer wakes up and ends.
            pull.remove_feed(feed)

    async def _end_stream(self, name: str, reader: "asyncio.Task[None]") -> None:
        if reader.done():
            reader.result()
        else:
            self._subscription(name)
            raise Refused(StatusCode.UNAVAILABLE, "The service is stopping; try again.")

    def _take_stream_request(self, pull: PullOutlet, feed: Feed, request: Pb) -> None:
        if request.stream_ack_deadline_seconds:
            feed.ack_deadline_s = request.stream_ack_deadline_seconds
        if len(request.modify_deadline_seconds) != len(request.modify_deadline_ack_ids):
            raise invalid("modify_deadline_seconds and modify_deadline_ack_ids must have the same length.")
        for ack_id in request.ack_ids:
            pull.ack(ack_id)
        for ack_id, seconds in zip(request.modify_deadline_ack_ids, request.modify_deadline_seconds, strict=True):
            pull.modify(ack_id, seconds)

    async def _write_stream(self, name: str, feed: Feed) -> AsyncIterator[bytes]:
        response_type = types.StreamingPullResponse.pb()
        while not feed.closed:
            await feed.wake.wait()
            feed.wake.clear()
            while feed.batch:
                take = _take_of(feed.batch)
                batch, feed.batch = feed.batch[:take], feed.batch[take:]
                response = response_type(received_messages=batch)
                subscription = self._subscription(name)
                response.subscription_properties.message_ordering_enabled = subscription.ordered
                yield bytes(response.SerializeToString())


def _take_of(batch: list[Pb]) -> int:
    """How many messages of the batch go into one response."""
    size = 0
    for count, received in enumerate(batch[:_FEED_MESSAGES]):
        size += received.ByteSize()
        if size > BATCH_BYTES and count:
            return count
    return min(len(batch), _FEED_MESSAGES)
