-- Ends a load: writes what it found, unless the lease is not the caller's any more, because the entry was deleted or written meanwhile, or it took too long.
-- KEYS: the entry, the lease.  ARGV: the caller's token, the entry, milliseconds it lives (0: it found nothing to write).
-- Returns 1 when the lease was the caller's, else 0.

local holder = redis.pcall('GETRANGE', KEYS[2], 0, #ARGV[1])
if type(holder) == 'table' then
  return refused(holder)
end
if holder ~= ARGV[1] then
  return 0
end
if ARGV[3] ~= '0' then
  local set = redis.pcall('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  if set.err then
    return refused(set)
  end
end
local deleted = redis.pcall('DEL', KEYS[2])
if type(deleted) == 'table' then
  return refused(deleted)
end
return 1
