"""The operations on connections: where files come from."""

from __future__ import annotations

from typing import Any

from functions.common import auth, errors
from functions.common.http import Call, Reply
from functions.common.mongo import Document
from functions.import_publish import connecting, wiring
from functions.import_publish.door import CONFLICTS, MANAGERS, NOT_FOUND, WRITE, door, listed

CONNECTION = "/v1/import-connections/{connection}"
_LOOKERS = auth.roles(auth.BRAND_MANAGER, auth.OPERATOR)


@door.get(
    "/v1/import-connections",
    auth=_LOOKERS,
    summary="List connections",
    query="Page",
    reply="ConnectionView",
    listed=True,
    rate="manage",
)
async def list_connections(call: Call) -> Reply:
    found, total = await wiring.deps().sources.connections.page(
        call.principal.tenant_id, call.query.page, call.query.limit
    )
    return listed([_view(each) for each in found], call, total)


@door.get(
    CONNECTION, auth=_LOOKERS, summary="Read a connection", reply="ConnectionView", errors=NOT_FOUND, rate="manage"
)
async def read_connection(call: Call) -> Reply:
    return Reply(_view(await connecting.read(wiring.deps().sources, *_named(call))))


@door.put(
    CONNECTION,
    auth=MANAGERS,
    summary="Keep a connection",
    description="Its secret is forgotten when the settings lead elsewhere than before.",
    body="ConnectionBody",
    reply="ConnectionView",
    errors=CONFLICTS,
    **WRITE,
)
async def put_connection(call: Call) -> Reply:
    settings = call.body.settings.model_dump(by_alias=True, mode="json", exclude_none=True)
    kept = await connecting.put(wiring.deps().sources, *_named(call), settings, call.principal.sub)
    return Reply(_view(kept))


@door.delete(
    CONNECTION,
    auth=MANAGERS,
    summary="Forget a connection and its secret",
    reply="Removed",
    errors=CONFLICTS,
    rate="manage",
)
async def remove_connection(call: Call) -> Reply:
    await connecting.remove(wiring.deps().sources, *_named(call))
    return Reply({"id": call.params["connection"], "removed": True})


@door.put(
    f"{CONNECTION}/secret",
    auth=MANAGERS,
    summary="Set what signs in; nobody can read it again",
    body="ConnectionSecret",
    reply="ConnectionView",
    errors=NOT_FOUND,
    rate="manage",
    max_body=64 << 10,
)
async def put_connection_secret(call: Call) -> Reply:
    values = call.body.secret.model_dump(by_alias=True, exclude_none=True)
    return Reply(_view(await connecting.put_secret(wiring.deps().sources, *_named(call), values, call.principal.sub)))


@door.delete(
    f"{CONNECTION}/checkpoint",
    auth=MANAGERS,
    summary="Forget what was fetched already: the next pull brings everything",
    reply="Removed",
    errors=NOT_FOUND,
    rate="manage",
)
async def start_connection_over(call: Call) -> Reply:
    await connecting.start_over(wiring.deps().sources, *_named(call))
    return Reply({"id": call.params["connection"], "removed": True})


@door.post(
    f"{CONNECTION}/test",
    auth=_LOOKERS,
    summary="Ask a connection for its beginning, without importing it",
    body="ConnectionTrial",
    reply="TrialResult",
    errors=(errors.NotFound,),
    rate="bulk",
    budget=30.0,
)
async def test_connection(call: Call) -> Reply:
    return Reply(await connecting.test(wiring.deps().sources, *_named(call), call.body.path))


def _named(call: Call) -> tuple[str, str]:
    return call.principal.tenant_id, call.params["connection"]


def _view(document: Document) -> dict[str, Any]:
    secret, tested = document.get("secret"), document.get("lastTest")
    return {
        **{name: document[name] for name in ("name", "kind", "settings", "createdBy", "createdAt", "updatedAt", "ver")},
        "secretSetAt": secret["setAt"] if secret else None,
        "lastTest": tested,
    }
