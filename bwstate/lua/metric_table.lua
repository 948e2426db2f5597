-- Adds elements to a table of metrics, and keeps only so many of the newest, or only those that were added. Nobody sees half of it.
-- KEYS: the table.  ARGV: how many stay, milliseconds the table lives then (0: for ever), the elements.
-- Returns how many there are.

local keep, count = tonumber(ARGV[1]), #ARGV - 2
if count == 0 then
  local there = redis.pcall('LLEN', KEYS[1])
  if failed(there) then
    return refused(there)
  end
else
  local pushed = redis.pcall('RPUSH', KEYS[1], unpack(ARGV, 3))
  if failed(pushed) then
    return refused(pushed)
  end
end
local trimmed
if keep == 0 then
  trimmed = redis.pcall('UNLINK', KEYS[1])
else
  trimmed = redis.pcall('LTRIM', KEYS[1], -keep, -1)
end
if failed(trimmed) then
  return refused(trimmed)
end
if ARGV[2] == '0' then
  redis.call('PERSIST', KEYS[1])
else
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return redis.call('LLEN', KEYS[1])
