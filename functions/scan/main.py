"""The door of the scan room. See README.md for its error codes."""

from __future__ import annotations

from typing import Any

from functions.common import auth
from functions.common.errors import Conflict, Malformed, NotFound, Unavailable
from functions.common.http import Call, HttpDoor, Reply
from functions.scan import service, wiring
from functions.scan.service import Symbol

door = HttpDoor("scan", ready=wiring.ready)
_ERRORS = (Malformed, NotFound, Conflict, Unavailable)


@door.get("/v1/scan/{code:path}", summary="Scan one code", auth=auth.session(), reply="ScanReply", errors=_ERRORS)
async def scan_code(call: Call) -> Reply:
    """For plain numbers; send GS1 data and links with POST, where no character needs escaping."""
    deps = wiring.deps()
    code = call.params["code"]
    answer = deps.answers.get(call.principal, code)
    if answer is None:
        answer = await service.scan(deps, call.principal, Symbol(code), call.now)
    return Reply(raw=answer)


@door.post(
    "/v1/scan",
    summary="Scan one symbol",
    auth=auth.session(),
    body="ScanRequest",
    reply="ScanReply",
    errors=_ERRORS,
    max_body=16 << 10,
)
async def scan_symbol(call: Call) -> Reply:
    """The raw content of a symbol, so that GS1 element strings and Digital Links survive the journey."""
    return Reply(raw=await service.scan(wiring.deps(), call.principal, _symbol(call.body), call.now))


@door.post(
    "/v1/scan/batch",
    summary="Scan up to 50 symbols",
    auth=auth.session(),
    body="ScanBatch",
    reply="ScanBatchReply",
    errors=(Malformed, Conflict, Unavailable),
    max_body=256 << 10,
)
async def scan_batch(call: Call) -> Reply:
    """Each item has its own answer or error; the request fails as a whole only when nothing could be looked up."""
    symbols = [_symbol(item) for item in call.body.items]
    return Reply(await service.scan_many(wiring.deps(), call.principal, symbols, call.now))


def _symbol(item: Any) -> Symbol:
    return Symbol(item.code, item.symbology, item.quantity)


scan = door.entry()
