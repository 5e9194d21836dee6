"""`catalog.price_changed`: what has changed, grouped by the message that changed it, under ids that never change.

One event for each (message, store, 250 updates of the message): an update changes at most a price and a stock, so an
event holds at most the contract's 500 changes. Its id is made of just that, so that a redelivered message announces
its changes under the ids of the first time, however the messages were put together into rounds. One event for a
whole round would be fewer, but a redelivery is put together differently: consumers would take the event for known
and miss what it brings, or take known changes for new.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

from functions.common.contracts.catalog import MAX_CHANGES, PRICE_CHANGED
from functions.common.contracts.catalog import Change as Announcement
from functions.common.contracts.envelope import Event, to_message
from functions.common.pubsub import OutMessage
from functions.price_ingest.domain import Change

UPDATES_PER_EVENT = MAX_CHANGES // 2


class Announced(NamedTuple):
    """A change, and of which product."""

    store_id: str
    barcode: str
    change: Change


def events(
    tenant_id: str, changes: Iterable[Announced], now: datetime, *, of: Collection[str], parked: bool = False
) -> list[OutMessage]:
    """The events of these changes, as far as the message that brought them is among `of` (message keys).

    An update that was parked is announced on its own: the event of its message was published long ago.
    """
    grouped: dict[tuple[str, str, int], list[Announcement]] = {}
    for store_id, barcode, change in changes:
        key, _, index = change.e.rpartition("/")
        if not parked and key not in of:
            continue
        group = (key, store_id, -1 - int(index) if parked else int(index) // UPDATES_PER_EVENT)
        grouped.setdefault(group, []).append(
            {
                "barcode": barcode,
                "field": change.field,
                "old": change.old,
                "new": change.new,
                "currency": change.currency,
                "sourceTime": _rfc3339(change.t),
                "ver": change.ver,
            }
        )
    kind, version = PRICE_CHANGED
    return [
        to_message(
            Event(
                event_id(tenant_id, key, store_id, part),
                kind,
                version,
                tenant_id,
                store_id,
                now,
                {"changes": group},
            )
        )
        for (key, store_id, part), group in grouped.items()
    ]


def event_id(tenant_id: str, key: str, store_id: str, part: int) -> str:
    """The id of the event that tells what a part of a message changed in a store."""
    return sha256(f"price_changed\n{tenant_id}\n{key}\n{store_id}\n{part}".encode()).hexdigest()[:32]


@lru_cache(maxsize=4096)
def _rfc3339(micros: int) -> str:
    seconds, rest = divmod(micros, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest).isoformat().replace("+00:00", "Z")
