-- Counts a bad request and bans its sender when there are too many.
-- KEYS: the counter, the ban.  ARGV: seconds a count lives, threshold, seconds a ban lives (0: for ever).
-- Returns the count. An error ends it and is the reply; what was done before stays done.

-- Servers before Redis 7 put the place in the script before an error of their own, such as that of a replica, and so hide its code.
local function refused(reply)
  reply.err = (string.gsub(reply.err, '^@user_script: %d+: %-', ''))
  return reply
end

local count = redis.pcall('INCR', KEYS[1])
if type(count) == 'table' then
  return refused(count)
end
local expired = redis.pcall('EXPIRE', KEYS[1], ARGV[1])
if type(expired) == 'table' then
  return refused(expired)
end
if count >= tonumber(ARGV[2]) then
  local set
  if ARGV[3] == '0' then
    set = redis.pcall('SET', KEYS[2], 'bad behavior')
  else
    set = redis.pcall('SET', KEYS[2], 'bad behavior', 'EX', ARGV[3])
  end
  if set.err then
    return refused(set)
  end
end
return count
