"""Rate limits: GCRA, one timestamp a key, in one Lua script on Redis' own clock.

https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm. With Redis away a door that must not stop falls back to
a bucket in this process.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Final

from functions.common import log, metrics, redis, settings
from functions.common.auth import SHOPPER
from functions.common.errors import TooMany

if TYPE_CHECKING:
    from functions.common.http import Call

RATES: Final[dict[str, tuple[float, int]]] = {
    "price_updates": (100.0, 200),
    "operator": (20.0, 40),
    "manage": (100.0, 200),
    "bulk": (20.0, 100),
    "check_in": (5.0, 20),
    "checkout": (1.0, 20),
    "brand_card": (0.2, 10),
    "cart": (10.0, 60),
    "snapshot": (0.1, 6),
}
"""name -> (cells a second, burst in cells), per tenant (shoppers: per user), times the setting RATE_LIMIT_SCALE."""

_GCRA = redis.Script("""
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local emission, burst, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local tat = tonumber(redis.call('GET', KEYS[1]) or now)
if tat < now then tat = now end
local new = tat + emission * cost
local allow_at = new - emission * burst
if now < allow_at then return allow_at - now end
redis.call('SET', KEYS[1], string.format('%.0f', new), 'PX', math.ceil((new - now) / 1000) + 1000)
return 0
""")

_limited = metrics.Counter("rate_limited", "Requests refused by a rate limit.", ("rate",))
_local: dict[str, float] = {}


def decide(tat: float, now: float, rate: float, burst: int, cost: int) -> tuple[float, float]:
    """GCRA itself: (new theoretical arrival time, seconds to wait; 0 = allowed). All times in seconds."""
    emission = 1.0 / rate
    new = max(tat, now) + emission * cost
    wait = new - emission * burst - now
    return (tat, wait) if wait > 0 else (new, 0.0)


async def check(call: Call) -> None:
    """Count this request against its route's rate; raises TooMany with Retry-After when it is over."""
    name = call.route.rate
    assert name is not None
    scale = settings.common().rate_limit_scale
    rate, burst = RATES[name][0] * scale, max(1, int(RATES[name][1] * scale))
    caller = call.principal
    # A session token names its tenant too, but one shopper must not use up what is there for all of them.
    who = caller.sub if caller.role == SHOPPER else caller.tenant_id or caller.sub
    wait = await acquire(f"rate:{name}:{who}", rate, burst, call.route.cost)
    if wait > 0:
        _limited.inc(name)
        raise TooMany("too many requests; slow down and repeat this one", retry_after=max(1, math.ceil(wait)))


async def acquire(key: str, rate: float, burst: int, cost: int = 1) -> float:
    """Take `cost` cells from the bucket `key`; returns 0 or the seconds to wait."""
    try:
        micros = await redis.cache().run(lambda client: _GCRA(client, (key, 1_000_000 / rate, burst, cost), keys=1))
    except redis.CacheDown:
        log.debug("ratelimit.local", key=key)
        if len(_local) > 10_000:
            _local.clear()
        _local[key], wait = decide(_local.get(key, 0.0), time.monotonic(), rate, burst, cost)
        return wait
    return float(micros) / 1_000_000
