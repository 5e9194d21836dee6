"""Comparing with the payment provider: by schedule, and what it found."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from functions.checkout import payment_wiring, reconciling, webhooks
from functions.checkout.door import door, events
from functions.checkout.reconciliation_store import Reconciliations
from functions.common import auth
from functions.common.events import Job
from functions.common.http import Call, Pagination, Reply


@door.get(
    "/v1/reconciliations",
    auth=auth.roles(auth.OPERATOR, auth.BRAND_MANAGER),
    summary="What comparing each day's payments with the provider has found, newest first",
    query="ReconciliationQuery",
    reply="ReconciliationView",
    listed=True,
    rate="manage",
)
async def list_reconciliations(call: Call) -> Reply:
    query = call.query
    days = (query.from_ and query.from_.isoformat(), query.to and query.to.isoformat())
    found, total = await Reconciliations().page(call.principal.tenant_id, days, query.page, query.limit)
    names = ("day", "checked", "counts", "findings", "at", "revision")
    views = [{name: each[name] for name in names} for each in found]
    # Counts are kept under their kinds' own names.
    for each in views:
        counts = each["counts"]
        each["counts"] = {
            "missingHere": counts["missing_here"],
            "missingThere": counts["missing_there"],
            "amountDiffers": counts["amount_differs"],
        }
    return Reply(views, pagination=Pagination(query.page, query.limit, total))


@events.job("/jobs/sweep-payments")
async def sweep_payments(job: Job) -> None:
    await webhooks.sweep(payment_wiring.webhooks(), job.now)


@events.job("/jobs/reconcile")
async def reconcile(job: Job) -> None:
    await reconciling.catch_up(payment_wiring.reconciliation(), job.now)


@events.job("/jobs/reconcile-day")
async def reconcile_day(job: Job) -> None:
    until = datetime.combine(job.now.date(), time(), UTC)
    await reconciling.compare(payment_wiring.reconciliation(), until - timedelta(days=1), until, job.now)
