"""The doors of imports: what people and ERPs call, and what Cloud Tasks and Cloud Scheduler call."""

from __future__ import annotations

from functions.import_publish import (
    connection_operations,
    import_operations,
    profile_operations,
    publish_operations,
    review_operations,
    schedule_operations,
    work_operations,
)
from functions.import_publish.door import door, work

__all__ = ["door", "import_publish", "import_publish_work", "work"]

# Importing them has put their operations on the doors.
OPERATIONS = (
    import_operations,
    review_operations,
    publish_operations,
    profile_operations,
    work_operations,
    connection_operations,
    schedule_operations,
)

import_publish = door.entry()
import_publish_work = work.entry()
