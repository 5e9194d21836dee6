"""The operations on imports as a whole: bring a file, see how it goes, stop it."""

from __future__ import annotations

from functions.common.http import Call, Reply
from functions.import_publish import rendering, wiring
from functions.import_publish.door import IMPORT, NOT_FOUND, READERS, door, import_of, listed


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
