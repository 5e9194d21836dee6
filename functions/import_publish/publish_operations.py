"""The operations on what was published: failures and their retries, and the way back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from functions.common.errors import Forbidden, NotFound
from functions.common.http import Call, Reply
from functions.common.mongo import Document
from functions.import_publish import exports, rendering, retrying, rolling_back, wiring
from functions.import_publish.door import (
    CONFLICTS,
    IMPORT,
    MANAGERS,
    NOT_FOUND,
    READERS,
    RETRIERS,
    WRITE,
    door,
    import_of,
    listed,
)

FAILURES, RETRIES = "/v1/import-failures", "/v1/retries/{importId}"
_CSV = "text/csv; charset=utf-8"
_LONGEST_LINE = 9


@door.get(
    FAILURES,
    auth=READERS,
    summary="List what was not published",
    query="FailureQuery",
    reply="FailureView",
    listed=True,
    rate="manage",
)
async def list_import_failures(call: Call) -> Reply:
    query = rendering.failures_query(call.principal, call.query)
    failures = wiring.deps().publishing.failures
    found, total = await failures.page(call.principal.tenant_id, query, call.query.page, call.query.limit)
    return listed([rendering.failure_view(each) for each in found], call, total)


@door.get(
    f"{FAILURES}/{{importId}}",
    auth=READERS,
    summary="List the rows of an import that were not published",
    query="FailedRowQuery",
    reply="FailedRow",
    listed=True,
    errors=NOT_FOUND,
    rate="manage",
)
async def list_failed_rows(call: Call) -> Reply:
    document = await import_of(call)
    wanted: dict[str, Any] = {} if call.query.status is None else {"status": call.query.status}
    failures = wiring.deps().publishing.failures
    found, total = await failures.items(document, wanted, call.query.code, call.query.page, call.query.limit)
    columns = rendering.columns_of(document)
    return listed([rendering.failed_row(each, columns) for each in found], call, total)


@door.get(
    f"{IMPORT}/failures.csv",
    auth=READERS,
    summary="Download the rows that are not published, to put right and bring again",
    description="The file's own columns, and retailscan_line, retailscan_codes and retailscan_messages. Bring it with "
    "`corrects` naming this import: what it publishes counts as resolved here.",
    reply_media=_CSV,
    errors=NOT_FOUND,
    rate="manage",
)
async def export_failures(call: Call) -> Reply:
    document = await import_of(call)
    name = f'attachment; filename="failures-{document["_id"]}.csv"'
    headers = (("content-type", _CSV), ("content-disposition", name))
    return Reply(stream=_lines(document), headers=headers)


async def _lines(document: Document) -> AsyncIterator[bytes]:
    async for part in exports.failures(wiring.deps().publishing.failures, document):
        yield part


@door.put(
    RETRIES,
    auth=RETRIERS,
    summary="Try everything again that failed of an import",
    body="Retry",
    reply="RetryView",
    status=202,
    errors=(*CONFLICTS, Forbidden),
    **WRITE,
)
async def retry_import(call: Call) -> Reply:
    document, who = await import_of(call), call.principal
    counts = await retrying.request_batch(wiring.deps().publishing, document, who.sub, who.role, call.body.confirm)
    return Reply({"batchId": document["_id"], "counts": counts})


@door.put(
    f"{RETRIES}/items/{{line}}",
    auth=RETRIERS,
    summary="Try one row again, perhaps put right",
    body="RowRetry",
    reply="FailedRow",
    status=202,
    errors=(*CONFLICTS, Forbidden),
    **WRITE,
)
async def retry_row(call: Call) -> Reply:
    who, document = call.principal, await import_of(call)
    item = await retrying.request_row(
        wiring.deps().publishing,
        document,
        _line(call.params["line"]),
        who.sub,
        who.role,
        values=call.body.values,
        confirm=call.body.confirm,
    )
    return Reply(rendering.failed_row(item, rendering.columns_of(document)))


@door.post(
    f"{IMPORT}/rollback",
    auth=MANAGERS,
    summary="Take back what an import changed",
    description="For 30 days. What others have changed since stays as it is, and is listed.",
    reply="RollbackView",
    status=202,
    errors=CONFLICTS,
    rate="manage",
)
async def roll_back_import(call: Call) -> Reply:
    who = call.principal
    document = await rolling_back.request(wiring.deps().publishing, await import_of(call), who.sub, who.role)
    return Reply(rendering.rollback_view(document))


@door.get(
    f"{IMPORT}/rollback",
    auth=READERS,
    summary="Read how a roll back goes",
    reply="RollbackView",
    errors=NOT_FOUND,
    rate="manage",
)
async def read_rollback(call: Call) -> Reply:
    return Reply(rendering.rollback_view(_rolled_back(await import_of(call))))


@door.get(
    f"{IMPORT}/rollback/kept",
    auth=READERS,
    summary="List what a roll back left to others",
    query="Page",
    reply="KeptView",
    listed=True,
    errors=NOT_FOUND,
    rate="manage",
)
async def list_kept(call: Call) -> Reply:
    document = _rolled_back(await import_of(call))
    plans = wiring.deps().publishing.applying.plans
    found, total = await plans.kept(document, call.query.page, call.query.limit)
    return listed([{name: value for name, value in each.items() if name != "row"} for each in found], call, total)


def _rolled_back(document: Document) -> Document:
    if not document.get("rollback"):
        raise NotFound("nobody has rolled this import back", code="NO_ROLLBACK")
    return document


def _line(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < len(text) <= _LONGEST_LINE):
        raise NotFound("this line did not fail", code="FAILURE_NOT_FOUND")
    return int(text)
