"""The gate's door: what gates and staff call when somebody leaves."""

from __future__ import annotations

import secrets

from functions.common import auth, errors, stores
from functions.common.http import Call, HttpDoor, Reply
from functions.common.moments import in_millis
from functions.common.mongo import Document
from functions.exit_gate import service, wiring
from functions.exit_gate.service import Way

EXITS = "/v1/stores/{storeId}/exits"
GATES = auth.roles(auth.GATE, auth.STORE_STAFF, auth.STORE_MANAGER)
STAFF = auth.roles(auth.STORE_STAFF, auth.STORE_MANAGER)
CONFLICTS = (errors.NotFound, errors.Conflict)

door = HttpDoor("exit_gate", ready=wiring.ready)


@door.post(
    EXITS,
    auth=GATES,
    summary="Let a shopper out with an exit pass, which is used from then on",
    body="PassShown",
    reply="Exit",
    idempotency="optional",
    max_body=8 << 10,
    errors=CONFLICTS,
)
async def open_gate(call: Call) -> Reply:
    store = await stores.scope_for(call.principal, call.params["storeId"])
    return _left(await service.open_gate(wiring.deps(), store, call.body.pass_, _way(call)))


@door.post(
    f"{EXITS}:override",
    auth=STAFF,
    summary="Let a shopper out who has paid but shows no pass; audited",
    body="Override",
    reply="Exit",
    idempotency="optional",
    max_body=8 << 10,
    errors=CONFLICTS,
    rate="manage",
)
async def let_out(call: Call) -> Reply:
    store = await stores.scope_for(call.principal, call.params["storeId"])
    return _left(await service.let_out(wiring.deps(), store, call.body.checkout_id, _way(call, call.body.reason)))


@door.get(
    "/v1/exit-keys.json",
    auth=auth.public(),
    summary="The public keys of exit passes (RFC 7517), for gates without a network",
    reply="KeyDocument",
    raw_reply=True,
)
async def read_exit_keys(call: Call) -> Reply:
    return Reply(wiring.key_document(), headers=(("cache-control", "public, max-age=300"),))


def _way(call: Call, reason: str | None = None) -> Way:
    now = in_millis(call.now)
    op = call.idempotency_id or secrets.token_hex(16)
    return Way(call.principal.sub, call.principal.role, call.request_id, op, now, reason)


def _left(purchase: Document) -> Reply:
    kept = purchase["pass"]
    return Reply(
        {
            "opened": True,
            "checkoutId": purchase["_id"],
            "receiptNumber": (purchase.get("receipt") or {}).get("number"),
            "items": kept["items"],
            "exitedAt": kept["usedAt"],
            "override": kept["override"] is not None,
        }
    )


exit_gate = door.entry()
