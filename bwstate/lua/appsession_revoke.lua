-- Ends a session.
-- KEYS: the session.  ARGV: what keys of indexes begin with.
-- Returns the head it had; nothing when there is none; 'F' when it is something else, and stays.

local session, none = read(KEYS[1])
if not session then
  return none
end
local head = redis.call('GETRANGE', KEYS[1], 0, HEAD - 1)
return remove(KEYS[1], session, ARGV[1]) or head
