-- Writes an entry of a cache, and ends the load of it that is under way: what that finds must not overwrite this.
-- KEYS: the entry, the lease.  ARGV: the entry, milliseconds it lives.

local deleted = redis.pcall('DEL', KEYS[2])
if type(deleted) == 'table' then
  return refused(deleted)
end
local set = redis.pcall('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
if set.err then
  return refused(set)
end
return 1
