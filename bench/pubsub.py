"""Subscriptions of the local Pub/Sub, managed with Google's own client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from local.provision import PROJECT, topic_path
from local.suite import Suite

if TYPE_CHECKING:
    from google.pubsub_v1 import SubscriberAsyncClient


async def subscribe(suite: Suite, name: str, endpoint: str) -> None:
    """A topic, and a push subscription of the same name that leads from it to `endpoint`."""
    from google.pubsub_v1 import PublisherAsyncClient
    from google.pubsub_v1.services.publisher.transports import PublisherGrpcAsyncIOTransport

    async with _channel(suite) as channel:
        publisher = PublisherAsyncClient(transport=PublisherGrpcAsyncIOTransport(channel=channel))
        await publisher.create_topic(request={"name": topic_path(PROJECT, name)})
        await _subscriber(channel).create_subscription(
            request={
                "name": full_name(name),
                "topic": topic_path(PROJECT, name),
                "push_config": {"push_endpoint": endpoint},
                "ack_deadline_seconds": 60,
            }
        )


async def hold_back(suite: Suite, name: str) -> Any:
    """Keep the subscription's messages until `let_go` gets what this returns."""
    from google.pubsub_v1 import PushConfig

    async with _channel(suite) as channel:
        subscriber = _subscriber(channel)
        config = (await subscriber.get_subscription(subscription=full_name(name))).push_config
        await subscriber.modify_push_config(subscription=full_name(name), push_config=PushConfig())
        return config


async def let_go(suite: Suite, name: str, config: Any) -> None:
    """Push again, as before."""
    async with _channel(suite) as channel:
        await _subscriber(channel).modify_push_config(subscription=full_name(name), push_config=config)


def full_name(name: str) -> str:
    """As the API calls a subscription."""
    return f"projects/{PROJECT}/subscriptions/{name}"


@asynccontextmanager
async def _channel(suite: Suite) -> AsyncIterator[Any]:
    import grpc.aio

    async with grpc.aio.insecure_channel(suite.pubsub_endpoint) as channel:
        yield channel


def _subscriber(channel: Any) -> SubscriberAsyncClient:
    from google.pubsub_v1 import SubscriberAsyncClient
    from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcAsyncIOTransport

    return SubscriberAsyncClient(transport=SubscriberGrpcAsyncIOTransport(channel=channel))
