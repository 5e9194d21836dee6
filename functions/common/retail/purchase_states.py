"""What becomes of a purchase, and in which order: forward only, and every state says what is certain by then. Pure.

`open` nothing but the record; `priced` the cart is held and its total agreed; `reserved` stock, card and coupons are
held; `payment_pending` the payment exists; `paid` the provider has the money; `exit_issued` receipt and pass are there;
`exited` the gate has opened; `closed` all is told. `cancelling` ends in `cancelled` or `expired`, or in `paid` when
the payment was faster: the provider is the judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

OPEN, PRICED, RESERVED, PAYMENT_PENDING = "open", "priced", "reserved", "payment_pending"
PAID, EXIT_ISSUED, EXITED, CLOSED = "paid", "exit_issued", "exited", "closed"
CANCELLING, CANCELLED, EXPIRED, REFUNDED = "cancelling", "cancelled", "expired", "refunded"

MOVES: Final[Mapping[str, frozenset[str]]] = {
    OPEN: frozenset({PRICED, CANCELLING}),
    PRICED: frozenset({RESERVED, CANCELLING}),
    # Nothing to pay is paid at once.
    RESERVED: frozenset({PAYMENT_PENDING, PAID, CANCELLING}),
    PAYMENT_PENDING: frozenset({PAID, CANCELLING}),
    CANCELLING: frozenset({CANCELLED, EXPIRED, PAID}),
    PAID: frozenset({EXIT_ISSUED, REFUNDED}),
    EXIT_ISSUED: frozenset({EXITED, CLOSED, REFUNDED}),
    EXITED: frozenset({CLOSED, REFUNDED}),
    CLOSED: frozenset({REFUNDED}),
    CANCELLED: frozenset(),
    EXPIRED: frozenset(),
    REFUNDED: frozenset(),
}
STATES: Final = tuple(MOVES)
UNPAID: Final = frozenset({OPEN, PRICED, RESERVED, PAYMENT_PENDING, CANCELLING})
"""Not paid yet, and may still be."""
BOUGHT: Final = frozenset({PAID, EXIT_ISSUED, EXITED, CLOSED, REFUNDED})
"""The provider has (or had) the money."""
GIVEN_UP: Final = frozenset({CANCELLED, EXPIRED})
ENDED: Final = frozenset({CLOSED, CANCELLED, EXPIRED, REFUNDED})
"""Nothing more is to be done by itself; the visit's next checkout may begin."""

PAYMENT_WINDOW: Final = timedelta(minutes=15)
NOTICE_BEFORE: Final = timedelta(minutes=2)
"""How long before the window closes the shopper is told."""
STEP: Final = timedelta(seconds=30)
"""After so long without progress somebody else goes on; longer than a request may take."""
RETRY: Final = timedelta(seconds=15)
STAYS: Final = timedelta(hours=4)
"""A shopper who has paid and passed no gate for so long has left: there are stores without gates."""


class NotAllowed(ValueError):
    """A purchase never goes this way: a bug, not a race."""


def check(state: str, to: str) -> None:
    """Raise NotAllowed unless a purchase may go from `state` to `to`."""
    if to not in MOVES[state]:
        raise NotAllowed(f"a purchase that is {state} never becomes {to}")


def due_at(state: str, now: datetime, expires_at: datetime) -> datetime | None:
    """When somebody should look after a purchase that has just come into this state; None when nobody has to."""
    if state in ENDED:
        return None
    if state == PAYMENT_PENDING:
        return max(expires_at - NOTICE_BEFORE, now)
    if state == EXIT_ISSUED:
        return now + STAYS
    return now + (STEP if state in UNPAID else RETRY)
