"""The operations on imports as a whole: bring a file, see how it goes, stop it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from functions.common import auth, errors, stores
from functions.common.http import Call, Reply
from functions.import_publish import connecting, lifecycle, profiling, rendering, wiring
from functions.import_publish.door import (
    CONFLICTS,
    IMPORT,
    NOT_FOUND,
    READERS,
    UPLOADERS,
    WRITE,
    door,
    import_of,
    listed,
    store_of,
)

ENDINGS = {
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "text/plain": ".txt",
    "application/json": ".json",
    "application/x-ndjson": ".ndjson",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    # Browsers on Windows call CSV so.
    "application/vnd.ms-excel": "",
    "application/gzip": ".gz",
    "application/zip": ".zip",
    "application/octet-stream": "",
}
"""The content types a file may come with, and how a file without a name ends. What it is, its bytes decide."""
MEDIA = tuple(ENDINGS)
_STEP: dict[str, Any] = {"rate": "manage", "errors": CONFLICTS, "reply": "ImportView"}


@door.post(
    "/v1/imports",
    auth=UPLOADERS,
    summary="Import a file that is the body of the request",
    description="It is staged in the background; `statusUrl` says how that goes. Repeat with the same key.",
    query="UploadQuery",
    media=MEDIA,
    max_body=lifecycle.MOST_BODY,
    reply="Accepted",
    status=202,
    errors=CONFLICTS,
    idempotency="optional",
    rate="bulk",
    # Thirty seconds are enough for 32 MiB over ten megabits.
    budget=55.0,
)
async def upload_file(call: Call) -> Reply:
    query = call.query
    found = [await store_of(call, query.store_id)]
    order = lifecycle.Order(
        tenant_id=call.principal.tenant_id,
        by=call.principal.sub,
        stores=found,
        profile=query.profile,
        mode=query.mode,
        name=query.name or f"upload{ENDINGS[call.content_type]}",
        again=query.again,
        corrects=await _corrected(call, query.corrects, found),
        key=call.idempotency_id,
    )
    begun = await lifecycle.upload(wiring.deps().core, order, call.content, call.content_type)
    return _accepted(begun)


@door.post(
    "/v1/imports:upload-url",
    auth=UPLOADERS,
    summary="Ask for a URL to PUT a large file to",
    body="UploadOrder",
    reply="UploadAccepted",
    status=201,
    errors=(*CONFLICTS, errors.Forbidden),
    **WRITE,
)
async def request_upload_url(call: Call) -> Reply:
    order = await _order(call, call.body.name or "upload")
    begun, ticket = await lifecycle.upload_url(wiring.deps().core, order, call.body.media)
    upload = {
        "method": "PUT",
        "url": ticket.url,
        "headers": ticket.headers,
        "expiresAt": ticket.expires_at,
        "uploadedUrl": f"/v1/imports/{begun[0]['_id']}/uploaded",
    }
    return Reply({**rendering.accepted(begun), "upload": upload})


@door.post(
    "/v1/imports:pull",
    auth=UPLOADERS,
    summary="Have a file fetched from a connection or an address",
    body="PullOrder",
    reply="Accepted",
    status=202,
    errors=(*CONFLICTS, errors.Forbidden),
    **WRITE,
)
async def pull_file(call: Call) -> Reply:
    body = call.body
    source: dict[str, Any] = {"kind": "url", "url": body.url}
    if body.connection is not None:
        await profiling.demand_connection(wiring.deps().core.settings, call.principal.tenant_id, body.connection)
        source = {"kind": "connection", "connection": body.connection, "path": body.path}
    else:
        connecting.check_address(wiring.deps().sources.guard, body.url, "url")
    order = await _order(call, body.name or body.connection or "pulled")
    return _accepted(await lifecycle.pull(wiring.deps().core, order, source))


@door.post(
    f"{IMPORT}/uploaded",
    auth=UPLOADERS,
    summary="Say that the file is at its upload URL",
    reply="Accepted",
    status=202,
    errors=CONFLICTS,
    rate="manage",
)
async def confirm_upload(call: Call) -> Reply:
    return _accepted(await lifecycle.uploaded(wiring.deps().core, await import_of(call)))


@door.get(
    "/v1/imports",
    auth=READERS,
    summary="List imports",
    query="ImportQuery",
    reply="ImportView",
    listed=True,
    rate="manage",
)
async def list_imports(call: Call) -> Reply:
    query = rendering.imports_query(call.principal, call.query)
    found, total = await wiring.deps().imports.page(call.principal.tenant_id, query, call.query.page, call.query.limit)
    return listed([rendering.import_view(each) for each in found], call, total)


@door.get(IMPORT, auth=READERS, summary="Read how an import goes", reply="ImportView", errors=NOT_FOUND, rate="manage")
async def read_import(call: Call) -> Reply:
    return Reply(rendering.import_view(await import_of(call)))


@door.post(f"{IMPORT}/cancel", auth=UPLOADERS, summary="Stop an import before it is published", **_STEP)
async def cancel_import(call: Call) -> Reply:
    document = await lifecycle.cancel(wiring.deps().core, await import_of(call), call.principal.sub)
    return Reply(rendering.import_view(document))


def _accepted(begun: list[dict[str, Any]]) -> Reply:
    return Reply(rendering.accepted(begun), headers=(("location", f"/v1/imports/{begun[0]['_id']}"),))


async def _order(call: Call, name: str) -> lifecycle.Order:
    body = call.body
    found = await stores_of(call.principal, list(dict.fromkeys(body.store_ids)))
    return lifecycle.Order(
        tenant_id=call.principal.tenant_id,
        by=call.principal.sub,
        stores=found,
        profile=body.profile,
        mode=body.mode,
        name=name,
        again=body.again,
        corrects=await _corrected(call, body.corrects, found),
        key=call.idempotency_id,
    )


async def stores_of(principal: auth.Principal, store_ids: list[str]) -> list[stores.Store]:
    """The stores of a body. Raises Forbidden alike for those that do not exist and for others'."""
    found = []
    for store_id in store_ids:
        store = await stores.find(principal.tenant_id, store_id) if principal.may_use_store(store_id) else None
        if store is None:
            raise errors.Forbidden(
                "not one of the stores this token may write", code="STORE_NOT_IN_SCOPE", field="storeIds"
            )
        found.append(store)
    return found


async def _corrected(call: Call, import_id: str | None, into: Sequence[stores.Store]) -> str | None:
    """The import that a file puts right, when the caller may see it. Raises NotFound, Malformed for another store's."""
    if import_id is not None:
        call.params["importId"] = import_id
        corrected = await import_of(call)
        if any(store.id != corrected["storeId"] for store in into):
            raise errors.Malformed("that import is of another store", code="OTHER_STORE", field="corrects")
    return import_id
