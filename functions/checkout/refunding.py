"""Refunds: taken into the purchase first, then asked of the provider, then known for good. Each step may be repeated.

`refunded` never exceeds what was captured: the write that takes a refund in says so itself, however many come at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.checkout import refund_rules as rules
from functions.checkout.refund_steps import READY, RETRY, TRIES, RefundDeps, entry_of, go_on, read_again
from functions.common import failpoints
from functions.common.errors import Conflict, Forbidden, NotFound, Unavailable
from functions.common.mongo import Document
from functions.common.retail import purchase_states as states
from functions.common.retail import refunds
from functions.common.retail.refunds import NotReturnable


@dataclass(frozen=True, slots=True)
class Person:
    """Who does it, as the audit entry names them."""

    sub: str
    role: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for. `lines` are (line, quantity in thousandths), None for all that is left."""

    id: str
    lines: tuple[tuple[str, int], ...] | None
    reason: str
    restock: bool


# ---- verbs ---------------------------------------------------------------------------------------------------


async def refund(deps: RefundDeps, purchase: Document, request: Request, person: Person, now: datetime) -> Document:
    """Give something back, or ask a second person to agree; the purchase afterwards. Raises Conflict, Unavailable."""
    limit = (await deps.terms(purchase["tenantId"])).refund_limit
    for attempt in range(TRIES):
        if entry_of(purchase, request.id) is not None:
            break
        given = _given(purchase, request.lines)
        second = rules.needs_second_person(purchase, given.amount, limit)
        fresh = _entry(purchase, request, given, person, now, state=rules.AWAITING if second else rules.PENDING)
        taken = await _take_in(deps, purchase, [*purchase["refunds"], fresh], None if second else given, person, now)
        purchase = await read_again(deps, purchase, taken, attempt)
    else:
        raise Unavailable("too many refunds of this purchase are being made just now")
    await failpoints.hit("refund.after_insert")
    return await go_on(deps, purchase, request.id, now)


async def approve(deps: RefundDeps, purchase: Document, refund_id: str, person: Person, now: datetime) -> Document:
    """A second person agrees to a refund; the purchase afterwards. Raises NotFound, Forbidden and Conflict."""
    for attempt in range(TRIES):
        entry = entry_of(purchase, refund_id)
        if entry is None:
            raise NotFound("there is no such refund", code="REFUND_NOT_FOUND")
        if entry["by"] == person.sub:
            raise Forbidden("another person than who asked for it has to agree", code="SECOND_PERSON_NEEDED")
        if entry["state"] != rules.AWAITING:
            if entry["approvedBy"] != person.sub:
                raise Conflict("this refund waits for nobody", code="REFUND_NOT_WAITING")
            break
        wanted = None if entry["lines"] is None else [(each["lineId"], each["quantity"]) for each in entry["lines"]]
        given = _given(purchase, wanted)
        if given.amount > entry["amount"]:
            details = {"asked": entry["amount"], "now": given.amount}
            raise Conflict("it would be more by now: ask for it again", code="REFUND_CHANGED", details=details)
        agreed = {**entry, **_worth(purchase, given, now), "approvedBy": person.sub, "approvedAt": now}
        entries = [agreed if each["id"] == refund_id else each for each in purchase["refunds"]]
        taken = await _take_in(deps, purchase, entries, given, person, now)
        purchase = await read_again(deps, purchase, taken, attempt)
    else:
        raise Unavailable("too many refunds of this purchase are being made just now")
    return await go_on(deps, purchase, refund_id, now)


async def reject(
    deps: RefundDeps, purchase: Document, refund_id: str, reason: str, person: Person, now: datetime
) -> Document:
    """A refund that waits for a second person is not given; safe to repeat. Raises NotFound and Conflict.

    Whoever asked for it may take it back by this too: giving nothing needs nobody's consent.
    """
    for attempt in range(TRIES):
        entry = entry_of(purchase, refund_id)
        if entry is None:
            raise NotFound("there is no such refund", code="REFUND_NOT_FOUND")
        if entry["state"] == rules.REJECTED and entry["rejectedBy"] == person.sub:
            return purchase
        if entry["state"] != rules.AWAITING:
            raise Conflict("this refund waits for nobody", code="REFUND_NOT_WAITING")
        told = {"rejectedBy": person.sub, "rejectedAt": now, "rejectionReason": reason}
        refused = {**entry, "state": rules.REJECTED, **told}
        entries = [refused if each["id"] == refund_id else each for each in purchase["refunds"]]
        done = {**audit("refund.rejected", entries, purchase, person, now), "reason": reason}
        taken = await deps.purchases.change(purchase, now=now, values={"refunds": entries}, push={"audit": done})
        purchase = await read_again(deps, purchase, taken, attempt)
    raise Unavailable("too many refunds of this purchase are being made just now")


# ---- taking it in --------------------------------------------------------------------------------------------


def _given(purchase: Document, wanted: Sequence[tuple[str, int]] | None) -> rules.Given:
    if purchase["state"] == states.REFUNDED and rules.is_over(purchase):
        raise Conflict("everything has come back already", code="NOTHING_LEFT_TO_REFUND")
    # What a bank has sent back after everything had come back is to be given once more.
    if purchase["state"] not in READY and purchase["state"] != states.REFUNDED:
        raise Conflict("this purchase is not paid and receipted (yet)", code="PURCHASE_NOT_REFUNDABLE", retry_after=2)
    if len(purchase["refunds"]) >= rules.MOST_REFUNDS:
        raise Conflict("this purchase has too many refunds", code="TOO_MANY_REFUNDS")
    try:
        return rules.give(purchase, wanted)
    except NotReturnable as problem:
        raise Conflict(str(problem), code="NOT_RETURNABLE") from problem


def _entry(
    purchase: Document, request: Request, given: rules.Given, person: Person, now: datetime, *, state: str
) -> Document:
    lines = None if request.lines is None else [{"lineId": line, "quantity": count} for line, count in request.lines]
    entry = {
        "id": request.id,
        "lines": lines,
        "reason": request.reason,
        "restock": request.restock,
        "restocked": False,
        "by": person.sub,
        "at": now,
        "approvedBy": None,
        "approvedAt": None,
        "providerId": None,
        "error": None,
        **_worth(purchase, given, now),
        "state": state,
    }
    if state == rules.AWAITING:
        del entry["dueAt"]
    return entry


def _worth(purchase: Document, given: rules.Given, now: datetime) -> Document:
    return {
        "state": rules.PENDING,
        "amount": given.amount,
        "clawedBack": given.clawed_back,
        "units": [list(unit) for unit in given.units],
        "goods": [{"barcode": barcode, "quantity": count} for barcode, count in sorted(given.goods.items())],
        "shares": [{"rate": s.rate, "net": s.net, "tax": s.tax, "gross": s.gross} for s in given.shares],
        "broken": list(given.broken),
        "taken": rules.plain_taken(purchase, given),
        # Who takes it in also goes on with it; later than that the sweep does.
        "dueAt": now + RETRY,
    }


async def _take_in(
    deps: RefundDeps,
    purchase: Document,
    entries: Sequence[Document],
    given: rules.Given | None,
    person: Person,
    now: datetime,
) -> Document | None:
    """One write: the refund, what it takes, and who did it. Without `given` nothing is taken yet."""
    values: Document = {"refunds": list(entries)}
    where: Document = {}
    if given is not None:
        values |= {"account": refunds.to_dict(given.account), "refunded": purchase["refunded"] + given.amount}
        where = {"refunded": {"$lte": rules.captured(purchase) - given.amount}}
        if purchase["refunded"] + given.amount > rules.captured(purchase):
            raise Conflict("that is more than was paid", code="NOTHING_LEFT_TO_REFUND")
    action = "refund.asked" if given is None else "refund.made"
    return await deps.purchases.change(
        purchase, now=now, values=values, push={"audit": audit(action, entries, purchase, person, now)}, where=where
    )


def audit(
    action: str, entries: Sequence[Document], purchase: Mapping[str, Any], person: Person, now: datetime
) -> Document:
    """Who did what: pushed in the same write as its effect, and never changed."""
    before = {each["id"]: each["state"] for each in purchase["refunds"]}
    changed = next(each for each in entries if before.get(each["id"]) != each["state"])
    return {
        "action": action,
        "refundId": changed["id"],
        "amount": changed["amount"],
        "reason": changed["reason"],
        "who": person.sub,
        "role": person.role,
        "requestId": person.request_id,
        "when": now,
    }
