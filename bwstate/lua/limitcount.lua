-- Adds to a counter that ends.
-- KEYS: the counter.  ARGV: how much, milliseconds a new one lives.
-- Returns the count.

local count = redis.pcall('INCRBY', KEYS[1], ARGV[1])
if type(count) == 'table' then
  return refused(count)
end
if redis.call('PTTL', KEYS[1]) == -1 then
  local expired = redis.pcall('PEXPIRE', KEYS[1], ARGV[2])
  if type(expired) == 'table' then
    return refused(expired)
  end
end
return count
