-- Notes that a session was used, and returns all of it.
-- KEYS: the session.  ARGV: milliseconds it may be idle, may keep its id, may live, what keys of indexes begin with, how many
--       bytes the session may have.
-- Returns the session; nothing when there is none; 'F' or 'I' when the session or the index is something else, 'L' when it is too large, and then nothing was written.

local now = clock()
local session, none = read(KEYS[1])
if not session then
  return none
end
if session.expires < now then
  return false
end
if redis.call('STRLEN', KEYS[1]) > tonumber(ARGV[5]) then
  return 'L'
end
local expires = math.min(now + tonumber(ARGV[1]), session.rotated + tonumber(ARGV[2]), session.created + tonumber(ARGV[3]))
if expires <= now then
  return remove(KEYS[1], session, ARGV[4]) or false
end
if session.subject ~= NOBODY then
  local ended = enter(ARGV[4] .. session.subject, handle(KEYS[1]), expires, now)
  if ended then
    return ended
  end
end
local set = redis.pcall('SETRANGE', KEYS[1], 56, string.format('%015.0f %015.0f', now, expires))
if failed(set) then
  return refused(set)
end
redis.call('PEXPIREAT', KEYS[1], millis(expires))
return redis.call('GET', KEYS[1])
