-- Takes back one bad request.
-- KEYS: the counter.  ARGV: seconds a count lives.
-- Returns the count, which may be negative; a counter that is not positive is deleted.

local count = redis.pcall('DECR', KEYS[1])
if type(count) == 'table' then
  return refused(count)
end
local expired = redis.pcall('EXPIRE', KEYS[1], ARGV[1])
if type(expired) == 'table' then
  return refused(expired)
end
if count <= 0 then
  local deleted = redis.pcall('DEL', KEYS[1])
  if type(deleted) == 'table' then
    return refused(deleted)
  end
end
return count
