"""Comparing with the provider: every few minutes what waits too long, every day everything there was.

Three kinds of findings: `missing_here` (money at the provider, no purchase of ours), `missing_there` (a purchase of
ours, no money there) and `amount_differs`. What can be put right by looking again is, before it becomes a finding.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from functions.checkout import reconciliation_store as store
from functions.checkout import webhooks
from functions.checkout.payments.provider import Intent, IntentGone, Payments
from functions.checkout.reconciliation_store import Reconciliations
from functions.common import log, metrics
from functions.common.mongo import Document
from functions.common.purchases import Purchases
from functions.common.retail import purchase_states as states

MISSING_HERE, MISSING_THERE, AMOUNT_DIFFERS = "missing_here", "missing_there", "amount_differs"
KINDS = (MISSING_HERE, MISSING_THERE, AMOUNT_DIFFERS)
PENDING_FOR = timedelta(minutes=2)
MARGIN = timedelta(minutes=30)
"""A payment is made within so long of its checkout's beginning."""
MOST_PENDING = 500
_findings = metrics.Counter("reconciliation_findings", "Differences from the provider, by kind.", ("kind",))


@dataclass(frozen=True, slots=True)
class ReconcileDeps:
    """What reconciliation works with; `look(purchase)` and `refunded(purchase)` ask the provider and go on."""

    purchases: Purchases
    payments: Payments
    kept: Reconciliations
    look: Callable[[Document], Awaitable[Document]]
    refunded: Callable[[Document], Awaitable[Document]]


@dataclass
class _Found:
    """What a tenant's day has come to so far."""

    checked: int = 0
    findings: list[Document] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """How many of each kind."""
        return {kind: sum(each["kind"] == kind for each in self.findings) for kind in KINDS}


async def catch_up(deps: ReconcileDeps, now: datetime) -> int:
    """Ask about payments that wait too long, and go on with refunds; how many. One that fails holds up no other."""
    waiting = await store.pending(now - PENDING_FOR, MOST_PENDING)
    refunds = await store.refunds_due(now, MOST_PENDING)
    for look, purchases in ((deps.look, waiting), (deps.refunded, refunds)):
        for purchase in purchases:
            try:
                await look(purchase)
            except Exception as error:  # the next round asks again
                log.warning("reconcile.postponed", checkoutId=purchase["_id"], error=type(error).__name__)
    return len(waiting) + len(refunds)


async def compare(deps: ReconcileDeps, since: datetime, until: datetime, now: datetime) -> dict[str, int]:
    """Compare the payments that the provider made from `since` to before `until`; kind of finding -> how many.

    Safe to repeat: what is found is written in the place of what was found before.
    """
    stores = await store.stores()
    found = {each["tenantId"]: _Found() for each in stores}
    seen: set[str] = set()
    after: str | None = None
    while True:
        page = await deps.payments.list(since, until, after)
        ours = await store.named([intent.order for intent in page.intents if intent.order is not None])
        for intent in page.intents:
            seen.add(intent.id)
            await _compare_one(deps, found, intent, ours.get(intent.order or ""))
        after = page.after
        if after is None:
            break
    for each in stores:
        await _ours_alone(
            deps, found, seen, await store.paid_between(each["_id"], since - MARGIN, until), (since, until)
        )
    total = dict.fromkeys(KINDS, 0)
    for tenant_id, result in found.items():
        counts = result.counts()
        for kind in KINDS:
            total[kind] += counts[kind]
        day = since.date().isoformat()
        await deps.kept.keep(
            tenant_id, day, (since, until), checked=result.checked, counts=counts, findings=result.findings, now=now
        )
    return total


async def _compare_one(
    deps: ReconcileDeps, found: Mapping[str, _Found], intent: Intent, purchase: Document | None
) -> None:
    payment = (purchase or {}).get("payment")
    if purchase is None or payment is None or payment["intentId"] != intent.id:
        await _nobodys(deps, found, intent, purchase)
        return
    if _differs(purchase, intent):
        # It may only be late: look again before anybody is told.
        await deps.refunded(await deps.look(await _whole(deps, purchase)))
        purchase, intent = await _whole(deps, purchase), await deps.payments.retrieve(intent.id)
    difference = _differs(purchase, intent)
    if difference is not None:
        _note(found, purchase["tenantId"], difference, intent, purchase)
    if purchase["tenantId"] in found:
        found[purchase["tenantId"]].checked += 1


async def _nobodys(deps: ReconcileDeps, found: Mapping[str, _Found], intent: Intent, purchase: Document | None) -> None:
    """No purchase of ours pays by this intent. One that nobody was told the secret of just ends."""
    if intent.order is None:
        # Made by somebody else on the same account.
        return
    had = intent.received - intent.refunded
    if purchase is not None and (purchase.get("payment") is not None or purchase["state"] in states.GIVEN_UP):
        await webhooks.end_stray(deps.payments, intent.id, intent.order)
    if had or intent.capturable:
        tenant_id = purchase["tenantId"] if purchase is not None else intent.metadata.get("tenantId", "")
        _note(found, tenant_id, MISSING_HERE, intent, purchase)


async def _ours_alone(
    deps: ReconcileDeps,
    found: Mapping[str, _Found],
    seen: set[str],
    purchases: Sequence[Document],
    span: tuple[datetime, datetime],
) -> None:
    """Purchases whose payment the provider did not name."""
    for purchase in purchases:
        payment = purchase["payment"]
        if payment["intentId"] in seen or purchase["state"] not in states.BOUGHT:
            continue
        try:
            intent = await deps.payments.retrieve(payment["intentId"])
        except IntentGone:
            _note(found, purchase["tenantId"], MISSING_THERE, None, purchase)
            continue
        if span[0] <= intent.created < span[1]:
            await _compare_one(deps, found, intent, purchase)


def _differs(purchase: Mapping[str, Any], intent: Intent) -> str | None:
    """How what we have written down differs from what the provider has; None when it does not."""
    bought = purchase["state"] in states.BOUGHT
    if bought and intent.status != "succeeded":
        return MISSING_THERE
    if not bought:
        # Unpaid here: whatever the provider still has is money that nobody here knows of.
        return MISSING_HERE if intent.received > intent.refunded else None
    same = (purchase["payment"]["captured"], purchase["currency"], purchase["refunded"]) == (
        intent.received,
        intent.currency,
        intent.refunded,
    )
    return None if same else AMOUNT_DIFFERS


async def _whole(deps: ReconcileDeps, purchase: Mapping[str, Any]) -> Document:
    found = await deps.purchases.by_id(purchase["_id"])
    assert found is not None, "purchases are never deleted"
    return found


def _note(
    found: Mapping[str, _Found],
    tenant_id: str,
    kind: str,
    intent: Intent | None,
    purchase: Mapping[str, Any] | None,
) -> None:
    finding = {
        "kind": kind,
        "intentId": intent.id if intent is not None else (purchase or {})["payment"]["intentId"],
        "checkoutId": purchase["_id"] if purchase is not None else (intent.order if intent is not None else None),
        "storeId": purchase["storeId"] if purchase is not None else None,
        "state": purchase["state"] if purchase is not None else None,
        "providerStatus": intent.status if intent is not None else None,
        "currency": intent.currency if intent is not None else (purchase or {})["currency"],
        "ours": None if purchase is None else _sums(purchase),
        "theirs": None if intent is None else {"captured": intent.received, "refunded": intent.refunded},
    }
    _findings.labels(kind).value += 1
    log.error("reconcile.finding", kind=kind, intentId=finding["intentId"], checkoutId=finding["checkoutId"])
    if tenant_id in found:
        found[tenant_id].findings.append(finding)
    else:
        # It names no tenant of ours: there is nobody whose list it could be on.
        log.error("reconcile.no_tenant", intentId=finding["intentId"])


def _sums(purchase: Mapping[str, Any]) -> dict[str, int]:
    bought = purchase["state"] in states.BOUGHT
    payment = purchase.get("payment") or {}
    return {"captured": payment.get("captured", 0) if bought else 0, "refunded": purchase.get("refunded", 0)}
