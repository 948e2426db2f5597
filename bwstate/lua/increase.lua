-- Counts a bad request and bans its sender when there are too many.
-- KEYS: the counter, the ban.  ARGV: seconds a count lives, threshold, seconds a ban lives (0: for ever).
-- Returns the count. An error ends it and is the reply; what was done before stays done.
local count = redis.pcall('INCR', KEYS[1])
if type(count) == 'table' then
  return count
end
local expired = redis.pcall('EXPIRE', KEYS[1], ARGV[1])
if type(expired) == 'table' then
  return expired
end
if count >= tonumber(ARGV[2]) then
  local set
  if ARGV[3] == '0' then
    set = redis.pcall('SET', KEYS[2], 'bad behavior')
  else
    set = redis.pcall('SET', KEYS[2], 'bad behavior', 'EX', ARGV[3])
  end
  if set.err then
    return set
  end
end
return count
