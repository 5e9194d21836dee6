"""The Lua scripts behind the product cache. Each runs atomically inside Redis; the values are text.

Keys, all in one Redis (not a cluster): `epoch` and `epoch:{storeId}` name the generation that is valid now,
`product:{epoch}.{store epoch}:{storeId}:{barcode}` holds `<version, 16 digits>|<payload>`.

An epoch is the time it began, in microseconds by Redis's own clock, so an epoch that is lost (a flush, an
eviction, a failover) is never given out a second time. Versions are compared as text of equal length, because
Lua's numbers are doubles. No script ever walks the key space.
"""

from __future__ import annotations

from typing import Final

CHANNEL: Final = "inv"
"""Where invalidations are published: `P<store>` followed by a line `<version> <barcode>` for each product,
`S<store>` when a store was cleared, `A` when everything was."""

_COMMON = """
local function micros()
  local t = redis.call('TIME')
  return t[1] .. string.format('%06d', t[2])
end
local function epoch(key)
  local e = redis.call('GET', key)
  if not e then
    e = micros()
    redis.call('SET', key, e)
  end
  return e
end
local function token(store)
  return epoch('epoch') .. '.' .. epoch('epoch:' .. store)
end
"""

READ: Final = (
    _COMMON
    + """
-- ARGV: store, barcode...        returns: epoch token, now in microseconds, value or nil for each barcode
local store = ARGV[1]
local e = token(store)
local keys = {}
for i = 2, #ARGV do
  keys[i - 1] = 'product:' .. e .. ':' .. store .. ':' .. ARGV[i]
end
local reply = redis.call('MGET', unpack(keys))
table.insert(reply, 1, micros())
table.insert(reply, 1, e)
return reply
"""
)

# One script for writers and fillers, so that there is one rule. A newer version replaces an older one; at the
# same version a value may replace a tombstone, and an unknown (0) or an alias (1) may replace its like: nothing
# is believed about those without a look at a product. When Redis is full the old value must go all the same,
# and the caller is told (-1) so that it tries again: without the entry there is no guard against slow fillers.
STORE: Final = (
    _COMMON
    + """
-- ARGV: store, expected epoch token or '', deadline in microseconds or '', then version, ttl ms, payload, barcode
-- returns: 'ok' and for each entry 1 stored, 2 stored as a tombstone in place of a value, -1 Redis is full, or the
--          value that stands against it;
--          'moved' or 'late' alone when nothing was done
local store, expected, deadline = ARGV[1], ARGV[2], ARGV[3]
local e = token(store)
if expected ~= '' and expected ~= e then return {'moved'} end
if deadline ~= '' and micros() > deadline then return {'late'} end
local reply, changed = {'ok'}, {}
for i = 4, #ARGV, 4 do
  local version, ttl, payload, barcode = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local key = 'product:' .. e .. ':' .. store .. ':' .. barcode
  local current = redis.call('GET', key)
  local wins = true
  if current then
    local standing = string.sub(current, 1, 16)
    if version == standing then
      wins = (#current == 17 and payload ~= '') or version <= '0000000000000001'
    else
      wins = version > standing
    end
  end
  if wins then
    local done = redis.pcall('SET', key, version .. '|' .. payload, 'PX', ttl)
    if type(done) == 'table' and done.err then
      redis.call('DEL', key)
      reply[#reply + 1] = -1
    elseif payload == '' and current and #current > 17 then
      reply[#reply + 1] = 2
    else
      reply[#reply + 1] = 1
    end
    changed[#changed + 1] = version .. ' ' .. barcode
  else
    reply[#reply + 1] = current
  end
end
if expected == '' and #changed > 0 then
  redis.call('PUBLISH', 'inv', 'P' .. store .. '\\n' .. table.concat(changed, '\\n'))
end
return reply
"""
)

_BUMP = """
local function bump(key, message, now)
  local current = redis.call('GET', key)
  if current and current >= now then now = string.format('%.0f', tonumber(current) + 1) end
  redis.call('SET', key, now)
  redis.call('PUBLISH', 'inv', message)
end
"""

CLEAR_STORE: Final = (
    _COMMON
    + _BUMP
    + """
-- ARGV: store
bump('epoch:' .. ARGV[1], 'S' .. ARGV[1], micros())
return 1
"""
)

CLEAR_ALL: Final = (
    _COMMON
    + _BUMP
    + """
-- ARGV: microseconds within which somebody else's bump is enough
local now, current, within = micros(), redis.call('GET', 'epoch'), tonumber(ARGV[1])
if within > 0 and current and tonumber(now) - tonumber(current) < within then return 0 end
bump('epoch', 'A', now)
return 1
"""
)

# A server that is not the one the epoch was made on (restarted from a disk, or a promoted replica) may hold
# values that were replaced since: they are cleared, by whoever notices first.
ADOPT: Final = (
    _COMMON
    + _BUMP
    + """
-- ARGV: the run id of this server
local made_on = redis.call('GET', 'epoch-made-on')
if made_on == ARGV[1] then return 0 end
redis.call('SET', 'epoch-made-on', ARGV[1])
if not made_on then return 0 end
bump('epoch', 'A', micros())
return 1
"""
)
