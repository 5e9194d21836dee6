"""The doors of checkout: what shoppers and staff call, and what Cloud Tasks and Cloud Scheduler call."""

from __future__ import annotations

from functions.checkout import (
    closing_operations,
    exit_operations,
    intervention_operations,
    operations,
    reconciliation_operations,
    refund_operations,
    staff_operations,
    webhook_operations,
    work_operations,
)
from functions.checkout.door import door, events
from functions.checkout.papers import operations as paper_operations

__all__ = ["checkout", "checkout_events", "door", "events"]

# Importing them has put their operations on the doors.
OPERATIONS = (
    operations,
    paper_operations,
    closing_operations,
    exit_operations,
    intervention_operations,
    reconciliation_operations,
    refund_operations,
    staff_operations,
    webhook_operations,
    work_operations,
)

checkout = door.entry()
checkout_events = events.entry()
