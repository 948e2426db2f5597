-- Stores a session under its new key, and leaves the old one only so long that requests which are under way still find it.
-- KEYS: the new key, the old one.  ARGV: the value, seconds it lives, seconds the old one lives on.
-- Returns how long the old one would have lived, in seconds; -1 without an end, -2 when there is none: both are left alone.

-- Servers before Redis 7 put the place in the script before an error of their own, such as that of a replica, and so hide its code.
local function refused(reply)
  reply.err = (string.gsub(reply.err, '^@user_script: %d+: %-', ''))
  return reply
end

local set = redis.pcall('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
if set.err then
  return refused(set)
end
local left = redis.pcall('TTL', KEYS[2])
if type(left) == 'table' then
  return refused(left)
end
if left > tonumber(ARGV[3]) then
  local expired = redis.pcall('EXPIRE', KEYS[2], ARGV[3])
  if type(expired) == 'table' then
    return refused(expired)
  end
end
return left
