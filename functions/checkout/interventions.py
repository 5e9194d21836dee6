"""What staff do about a basket before it is paid: take it on, let it pass, refuse it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from functions.checkout import advancing, domain, giving_up
from functions.checkout.core import Deps
from functions.checkout.refusals import Refusal
from functions.common import failpoints, log
from functions.common.contracts.checkout import INTERVENTION_ENDED
from functions.common.errors import Conflict, NotFound, Problem
from functions.common.mongo import Document
from functions.common.outbox import entry
from functions.common.product_edits import Editor
from functions.common.retail import purchase_states as states

_TRIES = 8
WAITING = frozenset({states.RESERVED, states.PAYMENT_PENDING})
"""In these states of a purchase its interventions can be decided."""

Decision = Callable[[Document], Mapping[str, Any]]
"""From an intervention to the fields of it that change; raises Conflict when it cannot be."""


async def claim(deps: Deps, purchase: Document, identifier: str, editor: Editor) -> Document:
    """Take an intervention on, so that nobody else does; repeating it is nothing new. Raises Conflict."""

    def decision(each: Document) -> Mapping[str, Any]:
        if each["status"] == domain.CLAIMED and each["by"] == editor.who:
            return {}
        if each["status"] != domain.OPEN:
            raise _decided(each)
        return {"status": domain.CLAIMED, "by": editor.who}

    return await _decide(deps, purchase, identifier, decision, editor, "intervention.claimed")


async def approve(deps: Deps, purchase: Document, identifier: str, reason: str, editor: Editor) -> Document:
    """Let the basket pass; once all its interventions have, the payment is taken. Raises Conflict."""

    def decision(each: Document) -> Mapping[str, Any]:
        if each["status"] == domain.APPROVED:
            return {}
        check_mine(each, editor)
        return {"status": domain.APPROVED, "by": editor.who, "reason": reason or None}

    purchase = await _decide(deps, purchase, identifier, decision, editor, "intervention.approved")
    try:
        return await advancing.look_after(deps, purchase)
    except Problem as problem:
        # It is approved; the payment is taken by whoever looks after the purchase next.
        log.warning("checkout.approved_later", checkoutId=purchase["_id"], code=problem.code)
        return purchase


async def reject(deps: Deps, purchase: Document, identifier: str, reason: str, editor: Editor) -> Document:
    """Refuse the basket: the payment is cancelled, and everything it holds goes back. Raises Conflict."""

    def decision(each: Document) -> Mapping[str, Any]:
        if each["status"] == domain.REJECTED:
            return {}
        check_mine(each, editor)
        return {"status": domain.REJECTED, "by": editor.who, "reason": reason}

    refusal = Refusal("REJECTED_BY_STAFF", {"reason": reason})
    purchase = await _decide(deps, purchase, identifier, decision, editor, "intervention.rejected", refusal)
    return await ended(deps, purchase)


async def ended(deps: Deps, purchase: Document) -> Document:
    """A checkout that staff have refused, as far as it ends now. Raises Conflict when it was paid all the same."""
    await failpoints.hit("intervention.after_refusal")
    purchase = await advancing.advance(deps, purchase)
    if purchase["state"] in states.BOUGHT:
        raise Conflict("this basket has been paid meanwhile: refund it", code="ALREADY_PAID")
    return purchase


async def write(
    deps: Deps,
    purchase: Document,
    identifier: str,
    fields: Mapping[str, Any],
    editor: Editor,
    action: str,
    *,
    more: Mapping[str, Any] | None = None,
    refusal: Refusal | None = None,
) -> Document | None:
    """Change an intervention, together with `more` of the purchase, and who did it; None when somebody was faster.

    With a `refusal` the checkout is given up by the same write.
    """
    entries = [each | fields if each["id"] == identifier else each for each in purchase["interventions"]]
    (after,) = (each for each in entries if each["id"] == identifier)
    done = {
        "action": action,
        "interventionId": identifier,
        "reason": after["reason"],
        "who": editor.who,
        "role": editor.role,
        "requestId": editor.request_id,
        "when": editor.now,
    }
    told = []
    if after["status"] in (domain.APPROVED, domain.REJECTED):
        told.append(entry(INTERVENTION_ENDED, _ended(purchase, after, editor)))
    values = {"interventions": entries, **(more or {})}
    if refusal is not None:
        values |= giving_up.values(refusal)
        return await deps.purchases.move(
            purchase,
            states.CANCELLING,
            now=editor.now,
            why=refusal.code,
            values=values,
            push={"audit": done},
            events=told,
        )
    return await deps.purchases.change(purchase, now=editor.now, values=values, push={"audit": done}, events=told)


def find(purchase: Document, identifier: str) -> Document:
    """One intervention of a purchase. Raises NotFound."""
    for each in purchase.get("interventions") or ():
        if each["id"] == identifier:
            found: Document = each
            return found
    raise NotFound("there is no such intervention", code="INTERVENTION_NOT_FOUND")


def check_waiting(purchase: Document) -> None:
    """Raise Conflict unless the basket still waits for staff."""
    if purchase["state"] not in WAITING:
        raise Conflict("this basket does not wait for staff any more", code="CHECKOUT_ENDED")


async def _decide(
    deps: Deps,
    purchase: Document,
    identifier: str,
    decision: Decision,
    editor: Editor,
    action: str,
    refusal: Refusal | None = None,
) -> Document:
    for _ in range(_TRIES):
        fields = decision(find(purchase, identifier))
        if not fields:
            return purchase
        check_waiting(purchase)
        changed = await write(deps, purchase, identifier, fields, editor, action, refusal=refusal)
        if changed is not None:
            await failpoints.hit("intervention.after_write")
            await deps.purchases.tell(changed)
            return changed
        purchase = await _again(deps, purchase)
    raise Conflict("this basket is changing just now: try again", code="CONCURRENT_EDIT", retry_after=1)


async def _again(deps: Deps, purchase: Document) -> Document:
    found = await deps.purchases.by_id(purchase["_id"])
    assert found is not None, "purchases are never deleted"
    return found


def check_mine(each: Document, editor: Editor) -> None:
    """What a colleague has taken on is his to decide, and what is decided stays so. Raises Conflict."""
    if each["status"] == domain.CLAIMED and each["by"] != editor.who:
        raise Conflict("a colleague has taken this on", code="CLAIMED_BY_ANOTHER", details={"by": each["by"]})
    if each["status"] not in domain.UNDECIDED:
        raise _decided(each)


def _decided(each: Document) -> Conflict:
    if each["status"] == domain.CLAIMED:
        return Conflict("a colleague has taken this on", code="CLAIMED_BY_ANOTHER", details={"by": each["by"]})
    return Conflict(f"this was {each['status']} before", code="INTERVENTION_DECIDED")


def _ended(purchase: Document, after: Mapping[str, Any], editor: Editor) -> dict[str, Any]:
    return {
        "checkoutId": purchase["_id"],
        "sessionId": purchase["sessionId"],
        "userId": purchase["userId"],
        "interventionId": after["id"],
        "kind": after["kind"],
        "status": after["status"],
        "reason": after["reason"] or "",
        "by": editor.who,
    }
