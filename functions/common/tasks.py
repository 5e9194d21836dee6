"""Cloud Tasks: work for later, at the queue's pace, delivered to a door with an OIDC token."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from functions.common import log, settings, telemetry

if TYPE_CHECKING:
    from google.cloud.tasks_v2 import CloudTasksAsyncClient

TIMEOUT_SECONDS = 6.0
_client: CloudTasksAsyncClient | None = None
_loop: asyncio.AbstractEventLoop | None = None


def _tasks() -> CloudTasksAsyncClient:
    global _client, _loop
    loop = asyncio.get_running_loop()
    if _client is None or _loop is not loop:
        from google.cloud.tasks_v2 import CloudTasksAsyncClient

        host = settings.common().cloud_tasks_emulator_host
        if host:
            import grpc.aio
            from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcAsyncIOTransport

            channel = grpc.aio.insecure_channel(host)
            _client = CloudTasksAsyncClient(transport=CloudTasksGrpcAsyncIOTransport(channel=channel))
        else:
            _client = CloudTasksAsyncClient()
        _loop = loop
    return _client


def queue_path(queue: str) -> str:
    """The full name of a queue of this project."""
    common = settings.common()
    return f"projects/{common.google_cloud_project}/locations/{common.cloud_tasks_location}/queues/{queue}"


async def enqueue(
    queue: str,
    service: str,
    path: str,
    body: dict[str, Any],
    *,
    name: str | None = None,
    schedule: datetime | None = None,
) -> None:
    """Have `path` of `service` called with `body`, at `schedule` or as soon as the queue allows.

    A `name` used before makes this a no-op; that saves work and guards nothing (docs/traps.md), handlers are
    idempotent by themselves. Raises google.api_core's errors when Cloud Tasks does not take it.
    """
    from google.api_core.exceptions import AlreadyExists

    common = settings.common()
    url = orjson.loads(common.door_urls)[service] + path
    headers = {"content-type": "application/json"}
    parent = telemetry.traceparent()
    if parent:
        headers["traceparent"] = parent
    account = common.push_service_accounts.split(",")[0]
    task: dict[str, Any] = {
        "http_request": {
            "url": url,
            "http_method": "POST",
            "headers": headers,
            "body": orjson.dumps(body),
            "oidc_token": {"service_account_email": account, "audience": url},
        }
    }
    if name is not None:
        task["name"] = f"{queue_path(queue)}/tasks/{name}"
    if schedule is not None:
        task["schedule_time"] = schedule
    try:
        await _tasks().create_task(request={"parent": queue_path(queue), "task": task}, timeout=TIMEOUT_SECONDS)
    except AlreadyExists:
        log.debug("tasks.already_enqueued", queue=queue)


async def close() -> None:
    """Close the channel, if there is one."""
    global _client, _loop
    if _client is not None and _loop is asyncio.get_running_loop():
        await _client.transport.close()  # type: ignore[no-untyped-call]
    _client = _loop = None
