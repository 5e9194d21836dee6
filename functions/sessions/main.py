"""The doors of visits: check-in, the cart and its way to a till; and what Pub/Sub and Cloud Scheduler call."""

from __future__ import annotations

from functions.sessions import cart_operations, event_operations, handover_operations, visit_operations
from functions.sessions.door import door, events

__all__ = ["door", "events", "sessions", "sessions_events"]

# Importing them has put their operations on the doors.
OPERATIONS = (visit_operations, cart_operations, handover_operations, event_operations)

sessions = door.entry()
sessions_events = events.entry()
