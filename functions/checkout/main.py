"""The doors of checkout: what shoppers and staff call, and what Cloud Tasks and Cloud Scheduler call."""

from __future__ import annotations

from functions.checkout import operations, staff_operations, work_operations
from functions.checkout.door import door, events

__all__ = ["checkout", "checkout_events", "door", "events"]

# Importing them has put their operations on the doors.
OPERATIONS = (operations, staff_operations, work_operations)

checkout = door.entry()
checkout_events = events.entry()
