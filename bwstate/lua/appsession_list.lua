-- Says which sessions a subject has. It only reads.
-- KEYS: the index.  ARGV: what keys of sessions begin with, the subject, how many to show at most.
-- Returns how many there are, and then handle and head of each that is shown, those that live longest first; or only 'I' when the index is something else.

local members = redis.pcall('ZREVRANGE', KEYS[1], 0, -1)
if failed(members) then
  if string.find(members.err, 'WRONGTYPE', 1, true) then
    return {'I'}
  end
  return refused(members)
end
local now, most, count, found = clock(), tonumber(ARGV[3]), 0, {'0'}
for _, member in ipairs(members) do
  local key = ARGV[1] .. member
  local session, problem = read(key)
  if failed(problem) and not string.find(problem.err, 'WRONGTYPE', 1, true) then
    return problem
  end
  if session and session.subject == ARGV[2] and session.expires >= now then
    count = count + 1
    if count <= most then
      found[#found + 1] = member
      found[#found + 1] = redis.call('GETRANGE', key, 0, HEAD - 1)
    end
  end
end
found[1] = tostring(count)
return found
