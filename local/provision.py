"""Creates what the cards ask for with Google's own admin clients, as Terraform does in production. Repeatable."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from functions.common.cards import Push
from local.processes import LocalError
from local.topology import Queue, Topology

if TYPE_CHECKING:
    from google.cloud.tasks_v2 import CloudTasksAsyncClient
    from google.pubsub_v1 import PublisherAsyncClient, SubscriberAsyncClient

PROJECT = "retailscan-local"
LOCATION = "europe-west1"
TIMEOUT = 10.0


async def provision(
    topology: Topology,
    door_urls: Mapping[str, str],
    *,
    pubsub: str,
    tasks: str,
    service_account: str,
    project: str = PROJECT,
    location: str = LOCATION,
) -> None:
    """Make the servers at `pubsub` and `tasks` (host:port) hold what the topology asks for.

    Push endpoints follow the doors when their ports changed. Raises LocalError when an existing subscription
    has another filter or ordering, which Pub/Sub cannot change.
    """
    import grpc.aio

    async with (
        grpc.aio.insecure_channel(pubsub) as pubsub_channel,
        grpc.aio.insecure_channel(tasks) as tasks_channel,
    ):
        publisher, subscriber = _pubsub_clients(pubsub_channel)
        queues = _tasks_client(tasks_channel)
        await asyncio.gather(*(_topic(publisher, project, topic) for topic in topology.topics))
        work: list[Awaitable[None]] = [
            _subscription(subscriber, wanted, door_urls[wanted.door.service], project, service_account)
            for wanted in topology.pushes
        ]
        parent = f"projects/{project}/locations/{location}"
        work += [_queue(queues, parent, wanted) for wanted in topology.queues]
        await asyncio.gather(*work)


def topic_path(project: str, topic: str) -> str:
    """The full name of a topic."""
    return f"projects/{project}/topics/{topic}"


def _pubsub_clients(channel: Any) -> tuple[PublisherAsyncClient, SubscriberAsyncClient]:
    from google.pubsub_v1 import PublisherAsyncClient, SubscriberAsyncClient
    from google.pubsub_v1.services.publisher.transports import PublisherGrpcAsyncIOTransport
    from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcAsyncIOTransport

    return (
        PublisherAsyncClient(transport=PublisherGrpcAsyncIOTransport(channel=channel)),
        SubscriberAsyncClient(transport=SubscriberGrpcAsyncIOTransport(channel=channel)),
    )


def _tasks_client(channel: Any) -> CloudTasksAsyncClient:
    from google.cloud.tasks_v2 import CloudTasksAsyncClient
    from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcAsyncIOTransport

    return CloudTasksAsyncClient(transport=CloudTasksGrpcAsyncIOTransport(channel=channel))


async def _create_or(create: Callable[[], Awaitable[Any]], otherwise: Callable[[], Awaitable[None]]) -> None:
    from google.api_core.exceptions import AlreadyExists

    try:
        await create()
    except AlreadyExists:
        await otherwise()


async def _topic(publisher: PublisherAsyncClient, project: str, topic: str) -> None:
    async def keep() -> None:
        return None

    name = topic_path(project, topic)
    await _create_or(lambda: publisher.create_topic(request={"name": name}, timeout=TIMEOUT), keep)


async def _subscription(subscriber: SubscriberAsyncClient, wanted: Push, url: str, project: str, account: str) -> None:
    body = subscription_request(wanted, url, project, account)

    async def adapt() -> None:
        existing = await subscriber.get_subscription(subscription=body["name"], timeout=TIMEOUT)
        if existing.filter != body["filter"] or existing.enable_message_ordering != body["enable_message_ordering"]:
            raise LocalError(
                f"subscription {wanted.id} exists with another filter or ordering, "
                "which Pub/Sub cannot change: run `make reset`."
            )
        fixed = {"topic", "filter", "enable_message_ordering", "name"}
        mask = {"paths": [name for name in body if name not in fixed]}
        request = {"subscription": body, "update_mask": mask}
        await subscriber.update_subscription(request=request, timeout=TIMEOUT)

    await _create_or(lambda: subscriber.create_subscription(request=body, timeout=TIMEOUT), adapt)


def subscription_request(wanted: Push, url: str, project: str, account: str) -> dict[str, Any]:
    """The fields of google.pubsub.v1.Subscription. The token's audience is the whole URL."""
    endpoint, spec = url + wanted.path, wanted.subscription
    body: dict[str, Any] = {
        "name": f"projects/{project}/subscriptions/{wanted.id}",
        "topic": topic_path(project, wanted.topic_id),
        "push_config": {
            "push_endpoint": endpoint,
            "oidc_token": {"service_account_email": account, "audience": endpoint},
        },
        "ack_deadline_seconds": spec.ack_deadline,
        "retry_policy": {
            "minimum_backoff": _duration(spec.min_backoff),
            "maximum_backoff": _duration(spec.max_backoff),
        },
        "enable_message_ordering": spec.ordering,
        "filter": spec.filter,
    }
    if wanted.dead_letter_topic_id is not None:
        body["dead_letter_policy"] = {
            "dead_letter_topic": topic_path(project, wanted.dead_letter_topic_id),
            "max_delivery_attempts": spec.max_delivery_attempts,
        }
    return body


async def _queue(client: CloudTasksAsyncClient, parent: str, wanted: Queue) -> None:
    queue = queue_request(wanted, parent)

    async def adapt() -> None:
        await client.update_queue(request={"queue": queue}, timeout=TIMEOUT)

    request = {"parent": parent, "queue": queue}
    await _create_or(lambda: client.create_queue(request=request, timeout=TIMEOUT), adapt)


def queue_request(wanted: Queue, parent: str) -> dict[str, Any]:
    """The fields of google.cloud.tasks.v2.Queue."""
    spec = wanted.spec
    return {
        "name": f"{parent}/queues/{wanted.id}",
        "rate_limits": {
            "max_dispatches_per_second": spec.max_dispatches_per_second,
            "max_concurrent_dispatches": spec.max_concurrent_dispatches,
        },
        "retry_config": {
            "max_attempts": spec.max_attempts,
            "min_backoff": _duration(spec.min_backoff),
            "max_backoff": _duration(spec.max_backoff),
        },
    }


def _duration(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)
