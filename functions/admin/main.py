"""The doors of the dashboard: its pages for people."""

from __future__ import annotations

from functions.admin import home, imports, products, promotions, staff
from functions.admin.door import door

__all__ = ["admin", "door"]

# Importing them has put them on the door.
PAGES = (home, products, imports, staff, promotions)

admin = door.entry()
