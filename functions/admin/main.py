"""The doors of the dashboard: its pages for people."""

from __future__ import annotations

from functions.admin import connections, home, imports, operations, products, promotions, sales, staff
from functions.admin.door import door

__all__ = ["admin", "door"]

# Importing them has put them on the door.
PAGES = (home, products, imports, connections, promotions, sales, staff, operations)

admin = door.entry()
