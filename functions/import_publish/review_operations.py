"""The operations on what is staged: look at its rows, put them right, decide."""

from __future__ import annotations

from functions.common import errors
from functions.common.errors import NotFound
from functions.common.http import Call, Reply
from functions.import_publish import deciding, rendering, reviewing, wiring
from functions.import_publish.door import CONFLICTS, IMPORT, MANAGERS, NOT_FOUND, READERS, door, import_of, listed

_LONGEST_LINE = 9


@door.get(
    f"{IMPORT}/rows",
    auth=READERS,
    summary="List the rows of an import, and what they would change",
    query="RowQuery",
    reply="RowView",
    listed=True,
    errors=NOT_FOUND,
    rate="manage",
)
async def list_import_rows(call: Call) -> Reply:
    document = await import_of(call)
    wanted = rendering.row_filter(call.query)
    rows, total = await reviewing.page(wiring.deps().core, document, wanted, call.query.page, call.query.limit)
    columns = rendering.columns_of(document)
    return listed([rendering.row_view(row, columns) for row in rows], call, total)


@door.get(
    f"{IMPORT}/rows/{{line}}",
    auth=READERS,
    summary="Read the row that begins at a line of the file",
    reply="RowView",
    errors=NOT_FOUND,
    rate="manage",
)
async def read_import_row(call: Call) -> Reply:
    document = await import_of(call)
    row = await reviewing.read(wiring.deps().core, document, _line(call))
    return Reply(rendering.row_view(row, rendering.columns_of(document)))


@door.patch(
    f"{IMPORT}/rows/{{line}}",
    auth=MANAGERS,
    summary="Put a row right, leave it out, or take it in again",
    body="Correction",
    reply="RowView",
    errors=CONFLICTS,
    rate="manage",
)
async def correct_import_row(call: Call) -> Reply:
    document = await import_of(call)
    row = await reviewing.correct(
        wiring.deps().core,
        document,
        _line(call),
        values=call.body.values,
        excluded=call.body.excluded,
        by=call.principal.sub,
    )
    return Reply(rendering.row_view(row, rendering.columns_of(document)))


@door.post(
    f"{IMPORT}/validate",
    auth=MANAGERS,
    summary="Judge all rows again by what is live now",
    reply="ImportView",
    status=202,
    errors=CONFLICTS,
    rate="manage",
)
async def validate_import(call: Call) -> Reply:
    return Reply(rendering.import_view(await deciding.validate(wiring.deps().core, await import_of(call))))


@door.post(
    f"{IMPORT}/approve",
    auth=MANAGERS,
    summary="Publish an import, now or at a time",
    body="Approval",
    reply="ImportView",
    status=202,
    errors=(*CONFLICTS, errors.Forbidden),
    rate="manage",
)
async def approve_import(call: Call) -> Reply:
    body = call.body
    document = await deciding.approve(
        wiring.deps().core,
        await import_of(call),
        call.principal.sub,
        confirm=body.confirm,
        publish_at=body.publish_at,
        pace=body.pace,
        seen=body.ver,
    )
    return Reply(rendering.import_view(document))


@door.post(
    f"{IMPORT}/unschedule",
    auth=MANAGERS,
    summary="Take back a time; the import waits for a decision again",
    reply="ImportView",
    errors=CONFLICTS,
    rate="manage",
)
async def unschedule_import(call: Call) -> Reply:
    return Reply(rendering.import_view(await deciding.unschedule(wiring.deps().core, await import_of(call))))


@door.post(
    f"{IMPORT}/reject",
    auth=MANAGERS,
    summary="Say no to an import",
    body="Rejection",
    reply="ImportView",
    errors=CONFLICTS,
    rate="manage",
)
async def reject_import(call: Call) -> Reply:
    document = await deciding.reject(wiring.deps().core, await import_of(call), call.principal.sub, call.body.reason)
    return Reply(rendering.import_view(document))


def _line(call: Call) -> int:
    text = call.params["line"]
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_LINE):
        raise NotFound("no row begins at this line", code="ROW_NOT_FOUND")
    return int(text)
