"""When a product was out of stock, from what is known of its stock at single versions. Pure.

Whatever is known is kept by the product's version, and everything else follows from that set: facts that come late,
twice or in another order end the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from functions.common.moments import in_millis

KEPT: Final = timedelta(days=92)
"""How long what is over is remembered: three months, as prices over time are."""
MOST_SEEN: Final = 400
"""Facts kept of one product; one that comes and goes more often in three months forgets its first times."""


@dataclass(frozen=True, slots=True)
class Seen:
    """At this version of the product, made at `at`, nothing of it could be bought, or something."""

    ver: int
    at: datetime
    out: bool


@dataclass(frozen=True, slots=True)
class Spell:
    """From when to when nothing could be bought; `until` is None while that lasts."""

    since: datetime
    until: datetime | None


def seen_of(change: Mapping[str, Any]) -> tuple[str, Seen] | None:
    """The barcode and the fact when a change of `catalog.price_changed` empties a shelf or fills an empty one.

    A change between two stocks that are there says nothing new. Raises KeyError, TypeError, ValueError.
    """
    if change["field"] != "stock":
        return None
    old, new = change["old"], int(change["new"])
    was_out = old is not None and int(old) <= 0
    if (new <= 0) == was_out or (old is None and new > 0):
        return None
    at = datetime.fromisoformat(change["sourceTime"])
    return str(change["barcode"]), Seen(int(change["ver"]), in_millis(at), new <= 0)


def together(*known: Iterable[Seen], now: datetime) -> tuple[Seen, ...]:
    """All that is known, once for each version and in their order, without what is too old to matter.

    Of two facts about one version the earlier time is taken, and that the product could be bought or was not to be: a
    look knows that it is not listed, a change of the stock does not.
    """
    by_ver: dict[int, Seen] = {}
    for facts in known:
        for each in facts:
            other = by_ver.get(each.ver, each)
            by_ver[each.ver] = Seen(each.ver, min(each.at, other.at), each.out and other.out)
    # Forgotten by version and never by time alone: what has been forgotten stays so, whenever it is told again.
    settled = max((each.ver for each in by_ver.values() if each.at < now - KEPT), default=0)
    kept = sorted((each for each in by_ver.values() if each.ver >= settled), key=lambda each: each.ver)
    return tuple(kept[-MOST_SEEN:])


def is_out(known: Iterable[Seen]) -> bool:
    """Whether nothing can be bought at the latest version that is known."""
    latest = max(known, key=lambda each: each.ver, default=None)
    return latest is not None and latest.out


def spells(known: Iterable[Seen]) -> list[Spell]:
    """The stock-outs, the earliest first.

    Versions say what came after what. A count of the morning that arrives at noon ends what the shop had known since
    eleven: no time is before that of an earlier version. What began and ended at the same moment was none.
    """
    found: list[Spell] = []
    since: datetime | None = None
    clock: datetime | None = None
    for each in sorted(known, key=lambda each: each.ver):
        clock = each.at if clock is None else max(clock, each.at)
        if each.out:
            since = clock if since is None else since
        elif since is not None:
            if clock > since:
                found.append(Spell(since, clock))
            since = None
    return [*found, Spell(since, None)] if since is not None else found


def summary(known: tuple[Seen, ...]) -> dict[str, Any]:
    """What is shown of a product: `since` while it is out, the end of the last time before, how often, how long.

    `seconds` counts what is over; what lasts is added by whoever knows what time it is.
    """
    found = spells(known)
    over = [each for each in found if each.until is not None]
    last = max((each.until for each in over if each.until is not None), default=None)
    seconds = sum(int((each.until - each.since).total_seconds()) for each in over if each.until is not None)
    since = found[-1].since if found and found[-1].until is None else None
    return {"since": since, "until": last, "times": len(found), "seconds": seconds}
