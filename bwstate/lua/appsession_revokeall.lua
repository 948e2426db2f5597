-- Ends all sessions of a subject, but one if that is asked for, and leaves a mark by which those are known that are in cookies.
-- KEYS: the index, the mark.  ARGV: what keys of sessions begin with, the subject, the handle of the session that stays or nothing, milliseconds the mark lives.
-- Returns 'N' and how many there were; 'I' when the index is something else; 'M' when the mark is, and then all on the server have ended. Keys that are not
-- sessions of this subject stay.

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

-- A script that has written may go on when memory is full, and the mark is needed then, too. Nobody has this name.
local first = redis.pcall('ZREM', KEYS[1], '')
if failed(first) then
  return refused(first)
end
local before, problem = revoked(KEYS[2])
if not before then
  return problem
end
local lifetime = math.max(tonumber(ARGV[4]), redis.call('PTTL', KEYS[2]))
local set = redis.pcall('SET', KEYS[2], string.format('%015.0f', math.max(before, clock())), 'PX', millis(lifetime))
if failed(set) then
  return refused(set)
end
return 'N' .. ended
