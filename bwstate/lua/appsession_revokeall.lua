-- Ends all sessions of a subject, but one if that is asked for.
-- KEYS: the index.  ARGV: what keys of sessions begin with, the subject, the handle of the session that stays or nothing.
-- Returns 'N' and how many there were, or 'I' when the index is something else. Keys that are not sessions of this subject stay.

local members = redis.pcall('ZRANGE', KEYS[1], 0, -1)
if failed(members) then
  if string.find(members.err, 'WRONGTYPE', 1, true) then
    return 'I'
  end
  return refused(members)
end
local ended = 0
for _, member in ipairs(members) do
  if member ~= ARGV[3] then
    local key = ARGV[1] .. member
    local session, problem = read(key)
    if failed(problem) and not string.find(problem.err, 'WRONGTYPE', 1, true) then
      return problem
    end
    local ours = session and session.subject == ARGV[2]
    local gone = ours and redis.pcall('UNLINK', key)
    if failed(gone) then
      return refused(gone)
    end
    if ours then
      ended = ended + 1
    end
    gone = redis.pcall('ZREM', KEYS[1], member) -- last: what failed can be tried again
    if failed(gone) then
      return refused(gone)
    end
  end
end
return 'N' .. ended
