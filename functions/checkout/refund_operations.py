"""Refunds: whole or by line, by the managers of a store."""

from __future__ import annotations

from typing import Any

from functions.checkout import payment_wiring, refunding
from functions.checkout.door import MANAGER, NOT_FOUND, door
from functions.checkout.refund_steps import RefundDeps, entry_of
from functions.checkout.refunding import Person, Request
from functions.common import errors, stores
from functions.common.errors import NotFound
from functions.common.http import Call, Pagination, Reply
from functions.common.mongo import Document

REFUNDS = "/v1/stores/{storeId}/purchases/{checkoutId}/refunds"
WRITE: dict[str, Any] = {"rate": "manage", "errors": (errors.NotFound, errors.Conflict, errors.Unavailable)}


@door.post(
    REFUNDS,
    auth=MANAGER,
    summary="Give back what lines of a purchase, or all of it, are worth; above a limit a second person has to agree",
    body="NewRefund",
    reply="RefundView",
    status=201,
    idempotency="required",
    max_body=64 << 10,
    budget=18.0,
    **WRITE,
)
async def refund_purchase(call: Call) -> Reply:
    assert call.idempotency_id is not None
    deps, body = payment_wiring.refunds(), call.body
    lines = None if body.lines is None else tuple((each.line_id, each.quantity) for each in body.lines)
    request = Request(call.idempotency_id[:24], lines, body.reason, body.restock)
    purchase = await refunding.refund(deps, await _purchase(call, deps), request, _person(call), call.now)
    return Reply(view(purchase, request.id))


@door.post(
    f"{REFUNDS}/{{refundId}}/approval",
    auth=MANAGER,
    summary="Agree to a refund that somebody else has asked for; may be repeated",
    reply="RefundView",
    budget=18.0,
    **WRITE,
)
async def approve_refund(call: Call) -> Reply:
    deps, refund_id = payment_wiring.refunds(), call.params["refundId"]
    purchase = await refunding.approve(deps, await _purchase(call, deps), refund_id, _person(call), call.now)
    return Reply(view(purchase, refund_id))


@door.post(
    f"{REFUNDS}/{{refundId}}/rejection",
    auth=MANAGER,
    summary="Do not agree to a refund that waits, or take back what one has asked for; may be repeated",
    body="RefundRejection",
    reply="RefundView",
    max_body=4096,
    **WRITE,
)
async def reject_refund(call: Call) -> Reply:
    deps, refund_id = payment_wiring.refunds(), call.params["refundId"]
    purchase = await _purchase(call, deps)
    rejected = await refunding.reject(deps, purchase, refund_id, call.body.reason, _person(call), call.now)
    return Reply(view(rejected, refund_id))


@door.get(
    REFUNDS,
    auth=MANAGER,
    summary="What was given back of a purchase, and what waits for a second person; the latest first",
    query="Page",
    reply="RefundView",
    listed=True,
    rate="manage",
    errors=NOT_FOUND,
)
async def list_refunds(call: Call) -> Reply:
    purchase, query = await _purchase(call, payment_wiring.refunds()), call.query
    entries = list(reversed(purchase["refunds"]))
    shown = entries[(query.page - 1) * query.limit :][: query.limit]
    return Reply(
        [view(purchase, each["id"]) for each in shown],
        pagination=Pagination(query.page, query.limit, len(entries)),
    )


@door.get(
    f"{REFUNDS}/{{refundId}}",
    auth=MANAGER,
    summary="A refund, as it stands",
    reply="RefundView",
    rate="manage",
    errors=NOT_FOUND,
)
async def read_refund(call: Call) -> Reply:
    purchase = await _purchase(call, payment_wiring.refunds())
    if entry_of(purchase, call.params["refundId"]) is None:
        raise NotFound("there is no such refund", code="REFUND_NOT_FOUND")
    return Reply(view(purchase, call.params["refundId"]))


def view(purchase: Document, refund_id: str) -> dict[str, Any]:
    """A refund as it goes over the wire."""
    entry = entry_of(purchase, refund_id)
    assert entry is not None
    same = ("state", "amount", "clawedBack", "goods", "shares", "reason", "restock", "restocked", "by", "at")
    return {
        "refundId": entry["id"],
        "checkoutId": purchase["_id"],
        "currency": purchase["currency"],
        "brokenPromotions": entry["broken"],
        **{name: entry[name] for name in (*same, "approvedBy", "approvedAt", "error")},
        **{name: entry.get(name) for name in ("rejectedBy", "rejectedAt", "rejectionReason")},
    }


async def _purchase(call: Call, deps: RefundDeps) -> Document:
    store = await stores.scope_for(call.principal, call.params["storeId"])
    found = await deps.purchases.find(store.tenant_id, store.id, call.params["checkoutId"])
    if found is None:
        raise NotFound("there is no such purchase", code="PURCHASE_NOT_FOUND")
    return found


def _person(call: Call) -> Person:
    return Person(call.principal.sub, call.principal.role, call.request_id)
