"""How the platform does, as an operation of the API."""

from __future__ import annotations

from functions.admin import health_wiring
from functions.admin.door import door
from functions.common import auth
from functions.common.http import Call, Reply


@door.get(
    "/v1/platform/health",
    auth=auth.roles(auth.OPERATOR),
    summary="How doors, queues, caches and prices do, and the latest errors",
    query="HealthQuery",
    reply="PlatformHealth",
    rate="manage",
)
async def read_health(call: Call) -> Reply:
    from functions.admin.health_schemas import shown

    watch = health_wiring.watch()
    return Reply(shown(await watch.seen(), watch.source.name, call.principal.tenant_id, call.query.errors, call.now))
