"""Telling shoppers that their visit is about to end with something in the cart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from functions.common import failpoints, outbox
from functions.common.cart_view import timestamp
from functions.common.carts import Visit
from functions.common.contracts.sessions import EXPIRING

NOTICE = timedelta(minutes=5)
MOST = 500
"""Visits that one firing tells; the next comes in a minute."""


class EndingVisits(Protocol):
    """Visits by their end; `cart_repository.MongoCarts`."""

    async def ending(self, now: datetime, until: datetime, limit: int) -> list[Visit]: ...

    async def tell_ending(self, visit: Visit, now: datetime, entry: Mapping[str, Any]) -> bool: ...


class Events(Protocol):
    """What this room tells."""

    async def flush(self, visit: Visit, entries: Sequence[Mapping[str, Any]]) -> bool: ...


@dataclass(frozen=True, slots=True)
class Deps:
    """What this verb works with."""

    visits: EndingVisits
    events: Events


async def tell(deps: Deps, now: datetime) -> int:
    """Tell every shopper whose visit ends within five minutes, once unless it goes on; returns how many.

    A visit that a checkout holds has a window of its own, of which the checkout tells.
    """
    told = 0
    for visit in await deps.visits.ending(now, now + NOTICE, MOST):
        entry = outbox.entry(
            EXPIRING,
            {
                "sessionId": visit.session_id,
                "userId": visit.user_id,
                "expiresAt": timestamp(visit.expires_at),
                "lines": len(visit.lines),
            },
        )
        if await deps.visits.tell_ending(visit, now, entry):
            await failpoints.hit("visit.after_notice_before_publish")
            await deps.events.flush(visit, [entry])
            told += 1
    return told
