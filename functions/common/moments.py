"""Times as MongoDB keeps them."""

from __future__ import annotations

from datetime import datetime


def in_millis(moment: datetime) -> datetime:
    """The moment without what MongoDB would cut off: it keeps milliseconds.

    What was answered and what is read later are equal then, and so are what was stored and what comes again.
    """
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
