"""The states of an import, and which may follow which."""

from __future__ import annotations

from typing import Final

WAITING: Final = "waiting_for_upload"
FETCHING: Final = "fetching"
STAGING: Final = "staging"
STAGED: Final = "staged"
SCHEDULED: Final = "scheduled"
PUBLISHING: Final = "publishing"
PUBLISHED: Final = "published"
PARTLY_PUBLISHED: Final = "partly_published"
FAILED: Final = "failed"
REJECTED: Final = "rejected"
CANCELLED: Final = "cancelled"
EXPIRED: Final = "expired"
DUPLICATE: Final = "duplicate"
ROLLING_BACK: Final = "rolling_back"
ROLLED_BACK: Final = "rolled_back"

_ENDS: Final = frozenset({FAILED, CANCELLED})

NEXT: Final[dict[str, frozenset[str]]] = {
    WAITING: _ENDS | {STAGING, DUPLICATE, EXPIRED},
    FETCHING: _ENDS | {STAGING, DUPLICATE},
    STAGING: _ENDS | {STAGED, DUPLICATE},
    # Back to staging when everything is looked at again.
    STAGED: _ENDS | {STAGING, SCHEDULED, PUBLISHING, REJECTED, EXPIRED},
    SCHEDULED: _ENDS | {STAGED, PUBLISHING, REJECTED},
    # Partly published and published may publish again: what failed is tried once more.
    PUBLISHING: frozenset({PUBLISHED, PARTLY_PUBLISHED, FAILED}),
    PUBLISHED: frozenset({ROLLING_BACK, PUBLISHING}),
    # And a corrected file may publish what is missing.
    PARTLY_PUBLISHED: frozenset({ROLLING_BACK, PUBLISHING, PUBLISHED}),
    FAILED: frozenset(),
    REJECTED: frozenset(),
    CANCELLED: frozenset(),
    EXPIRED: frozenset(),
    DUPLICATE: frozenset(),
    ROLLING_BACK: frozenset({ROLLED_BACK}),
    ROLLED_BACK: frozenset(),
}
"""state -> the states that may follow it."""

STATES: Final = frozenset(NEXT)
FORGETTABLE: Final = frozenset({FAILED, REJECTED, CANCELLED, EXPIRED, DUPLICATE, ROLLED_BACK})
"""Nothing of the file is live, nor will be: the same file may come again."""
OPEN: Final = STATES - FORGETTABLE - {PUBLISHED, PARTLY_PUBLISHED}
"""Something is still to happen."""


def may_follow(before: str, after: str) -> bool:
    """Whether an import may go from one state to another."""
    return after in NEXT[before]


def before(after: str) -> frozenset[str]:
    """The states from which an import may come into this one."""
    return frozenset(state for state, following in NEXT.items() if after in following)
