"""The dependencies of notices, built on first use, after the server's fork."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from functions.common import http, log, mongo, redis, tasks
from functions.common import settings as common_settings
from functions.common.once import OncePerLoop
from functions.notify import bell, settings
from functions.notify.bell import Bell
from functions.notify.fcm import Fcm
from functions.notify.repository import NAME, Key, MongoMailboxes
from functions.notify.service import Deps

SERVICE, QUEUE, PATH = "notify-events", "notify-events-attend", "/tasks/attend"


@dataclass(frozen=True, slots=True)
class Wiring:
    """What the doors hand to the verbs."""

    deps: Deps
    bell: Bell
    fcm: Fcm


def _build() -> Wiring:
    room = settings.load()
    common = common_settings.common()
    fcm = Fcm(room.fcm_endpoint, common.google_cloud_project)
    deps = Deps(
        mailboxes=MongoMailboxes(mongo.collection(NAME)),
        pushes=fcm,
        ring=lambda session_id: bell.ring(redis.cache(), session_id),
        wake_up=_wake_up,
    )
    return Wiring(deps, Bell(lambda: redis.connect(common.redis_url, timeout=None)), fcm)


wiring = OncePerLoop(_build)
"""What the doors hand to the verbs."""


def deps() -> Deps:
    """What most doors need."""
    return wiring().deps


async def _wake_up(key: Key, at: datetime) -> None:
    """Have the mailbox attended to at a time. When no task can be made the sweep does it, somewhat later."""
    body = {
        "tenantId": key.tenant_id, "storeId": key.store_id, "userId": key.user_id, "sessionId": key.session_id,
    }  # fmt: skip
    try:
        await tasks.enqueue(QUEUE, SERVICE, PATH, body, schedule=at)
    except Exception as error:  # the mailbox itself says when it is due
        log.warning("notify.task_deferred", error=type(error).__name__)


async def close() -> None:
    """Close what this event loop opened (tests)."""
    if (built := wiring.built) is not None:
        await built.bell.close()
        await built.fcm.close()
    wiring.replace(None)


async def ready_to_push() -> dict[str, str]:
    """As `ready`; the start-up probe also pays for the imports that would hold up the first push by half a second."""
    await wiring().fcm.load()
    return await ready()


async def ready() -> dict[str, str]:
    """MongoDB decides whether this room can work; without Redis streams look once a second."""
    return await http.probe(mongo=mongo.ping)
