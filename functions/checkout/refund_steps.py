"""What is left of a refund once it is taken in: the provider, the stock, the end of the purchase. All may be repeated.

`dueAt` of a refund stays until nothing is left to do, so the sweep finds what a dead process left.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from functions.checkout import refund_rules as rules
from functions.checkout.payments import provider
from functions.checkout.payments.provider import IntentGone, PaymentRefused, Payments, PaymentsDown
from functions.common import failpoints, log, outbox
from functions.common.contracts import checkout as contract
from functions.common.errors import NotFound, Unavailable
from functions.common.mongo import Document
from functions.common.purchases import Purchases
from functions.common.retail import purchase_states as states
from functions.common.retail.stocktaking import Movement
from functions.common.tenants import TenantSettings

RETRY = timedelta(seconds=60)
SLOW = timedelta(minutes=10)
"""Some banks take days; until then somebody asks now and then."""
TRIES = 200
READY = frozenset({states.EXIT_ISSUED, states.EXITED, states.CLOSED})


@dataclass(frozen=True, slots=True)
class RefundDeps:
    """What refunds work with. `returned(tenant, store, barcode, movement)` takes goods back into stock.

    `close(purchase, now)` closes a purchase whose shopper has not left; None when somebody was faster.
    """

    purchases: Purchases
    payments: Payments
    terms: Callable[[str], Awaitable[TenantSettings]]
    returned: Callable[[str, str, str, Movement], Awaitable[None]]
    close: Callable[[Document, datetime], Awaitable[Document | None]]


async def go_on(deps: RefundDeps, purchase: Document, refund_id: str, now: datetime) -> Document:
    """Do what is left of a refund that was taken in; what cannot be done now is done by the sweep."""
    entry = entry_of(purchase, refund_id)
    assert entry is not None
    if entry["state"] == rules.PENDING:
        purchase = await _ask_provider(deps, purchase, entry, now)
    purchase = await _restock(deps, purchase, refund_id, now)
    return await _end(deps, purchase, now)


async def look(deps: RefundDeps, purchase: Document, now: datetime) -> Document:
    """See how every refund of a purchase stands and go on with it: what webhooks and the sweep come down to.

    One that had succeeded may fail days later, when the bank sends it back.
    """
    payment = purchase.get("payment")
    found = {} if payment is None else {each.id: each for each in await deps.payments.refunds_of(payment["intentId"])}
    for each in purchase["refunds"]:
        if each["state"] not in rules.COUNTS:
            continue
        theirs = found.get(each["providerId"])
        if theirs is not None:
            purchase = await _as_found(deps, purchase, each, theirs, now)
        purchase = await go_on(deps, purchase, each["id"], now)
    return purchase


def entry_of(purchase: Mapping[str, Any], refund_id: str) -> Document | None:
    """One refund of a purchase."""
    return next((each for each in purchase["refunds"] if each["id"] == refund_id), None)


async def _ask_provider(deps: RefundDeps, purchase: Document, entry: Document, now: datetime) -> Document:
    if not entry["amount"]:
        return await _known(deps, purchase, entry["id"], now, state=rules.SUCCEEDED)
    payment, reference = purchase["payment"], f"{purchase['_id']}.{entry['id']}"
    try:
        found = await deps.payments.refund(
            payment["intentId"], entry["amount"], purchase["currency"], reference, f"refund:{reference}"
        )
    except PaymentsDown as down:
        log.warning("refund.deferred", checkoutId=purchase["_id"], refundId=entry["id"], reason=str(down))
        return purchase
    except (PaymentRefused, IntentGone) as refusal:
        code = refusal.code if isinstance(refusal, PaymentRefused) else "intent_gone"
        return await _known(deps, purchase, entry["id"], now, state=rules.FAILED, error=code)
    await failpoints.hit("refund.after_stripe_before_save")
    return await _as_found(deps, purchase, entry, found, now)


async def _as_found(
    deps: RefundDeps, purchase: Document, entry: Document, found: provider.Refund, now: datetime
) -> Document:
    if found.status in ("failed", "canceled"):
        state = rules.FAILED
    else:
        state = rules.SUCCEEDED if found.status == "succeeded" else rules.PENDING
    return await _known(deps, purchase, entry["id"], now, state=state, provider_id=found.id, error=found.error)


async def _known(
    deps: RefundDeps,
    purchase: Document,
    refund_id: str,
    now: datetime,
    *,
    state: str,
    provider_id: str | None = None,
    error: str | None = None,
) -> Document:
    """Write down how a refund stands; one that failed is taken out of the account again."""
    for attempt in range(TRIES):
        entry = entry_of(purchase, refund_id)
        assert entry is not None
        said = {"state": state, "providerId": provider_id, "error": error}
        if not _is_news(entry, said):
            return purchase
        fresh = {**entry, **said, "dueAt": now + (SLOW if state == rules.PENDING else RETRY)}
        values: Document = {}
        events = []
        if state == rules.FAILED:
            log.error("refund.failed", checkoutId=purchase["_id"], refundId=refund_id, code=error)
            values["account"] = rules.undone(purchase, entry)
            values["refunded"] = purchase["refunded"] - entry["amount"]
        entries = [fresh if each["id"] == refund_id else each for each in purchase["refunds"]]
        values["refunds"] = _tidied({**purchase, **values, "refunds": entries})
        if state == rules.SUCCEEDED and entry["state"] != rules.SUCCEEDED:
            events.append(_told(purchase, entry, entries))
        changed = await deps.purchases.change(purchase, now=now, values=values, events=events)
        if changed is not None:
            await deps.purchases.tell(changed)
            return changed
        purchase = await read_again(deps, purchase, None, attempt)
    raise Unavailable("this purchase is changing too fast just now")


def _is_news(entry: Document, said: Mapping[str, Any]) -> bool:
    """Forward only: what is known for good never becomes pending again."""
    if entry["state"] not in rules.COUNTS or (entry["state"], said["state"]) == (rules.SUCCEEDED, rules.PENDING):
        return False
    return any(entry[name] != value for name, value in said.items())


def _tidied(purchase: Document) -> list[Document]:
    """The refunds; those of which nothing is left to do are not due any more."""
    over = purchase["state"] in READY and rules.is_over(purchase)
    return [
        each
        if over or each["state"] == rules.PENDING or (each["restock"] and not each["restocked"] and _counts(each))
        else _without_due(each)
        for each in purchase["refunds"]
    ]


def _counts(entry: Document) -> bool:
    return entry["state"] in rules.COUNTS


def _without_due(entry: Document) -> Document:
    return {name: value for name, value in entry.items() if name != "dueAt"}


def _told(purchase: Document, entry: Document, entries: Sequence[Document]) -> Document:
    data = {
        "checkoutId": purchase["_id"],
        "sessionId": purchase["sessionId"],
        "userId": purchase["userId"],
        "refundId": entry["id"],
        "amount": entry["amount"],
        "refunded": rules.given_back(entries),
        "total": purchase["totals"]["total"],
        "currency": purchase["currency"],
    }
    return outbox.entry(contract.REFUNDED, data)


async def _restock(deps: RefundDeps, purchase: Document, refund_id: str, now: datetime) -> Document:
    """Goods come back into stock only when somebody says that they are there; once for each refund."""
    entry = entry_of(purchase, refund_id)
    if entry is None or not entry["restock"] or entry["restocked"] or entry["state"] not in rules.COUNTS:
        return purchase
    at = int(entry["at"].timestamp() * 1_000_000)
    for good in entry["goods"]:
        movement: Movement = {
            "id": f"{purchase['_id']}.{refund_id}",
            "kind": "return",
            "q": good["quantity"],
            "at": at,
        }
        try:
            await deps.returned(purchase["tenantId"], purchase["storeId"], good["barcode"], movement)
        except NotFound:
            log.warning("refund.product_gone", checkoutId=purchase["_id"], barcode=good["barcode"])
    await failpoints.hit("refund.after_restock")
    for attempt in range(TRIES):
        entries = [{**each, "restocked": True} if each["id"] == refund_id else each for each in purchase["refunds"]]
        tidied = _tidied({**purchase, "refunds": entries})
        changed = await deps.purchases.change(purchase, now=now, values={"refunds": tidied})
        if changed is not None:
            return changed
        purchase = await read_again(deps, purchase, None, attempt)
    raise Unavailable("this purchase is changing too fast just now")


async def _end(deps: RefundDeps, purchase: Document, now: datetime) -> Document:
    """When everything has come back the purchase is over; before that a shopper who is still there has left."""
    for attempt in range(TRIES):
        if purchase["state"] not in READY or not rules.is_over(purchase):
            return purchase
        if purchase["state"] == states.CLOSED:
            done = {"refunds": [_without_due(each) for each in purchase["refunds"]]}
            why = "everything has come back"
            moved = await deps.purchases.move(purchase, states.REFUNDED, now=now, why=why, values=done)
        else:
            moved = await deps.close(purchase, now)
        if moved is not None:
            await deps.purchases.tell(moved)
        purchase = await read_again(deps, purchase, moved, attempt)
    raise Unavailable("this purchase is changing too fast just now")


async def read_again(deps: RefundDeps, purchase: Document, taken: Document | None, attempt: int) -> Document:
    """What a write has left or, when it was not done, the purchase as somebody faster has left it."""
    if taken is not None:
        return taken
    await asyncio.sleep(random.uniform(0, 0.002 * 2 ** min(attempt, 6)))
    found = await deps.purchases.by_id(purchase["_id"])
    assert found is not None, "purchases are never deleted"
    return found
