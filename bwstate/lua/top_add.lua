-- Counts members of a list. One that is new in a full list takes the place of the least, and counts on from there: so it may be counted too high, by no
-- more than the least, and never too low ("space-saving").
-- KEYS: what keys of the list begin with.  ARGV: milliseconds of a window, milliseconds the list lives, how many members it has at most, then members and how often.
-- Returns the count of each; 'O' when one could be too large, 'F' when somebody else wrote scores there, and then nothing has changed.

local key, size = place(0), tonumber(ARGV[3])
local most = redis.pcall('ZREVRANGE', key, 0, 0, 'WITHSCORES')
if failed(most) then
  return refused(most)
end
local sum = tonumber(most[2] or 0)
if most[2] and not (isScore(most[2]) and isScore(redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2])) then
  return 'F'
end
for i = 4, #ARGV, 2 do
  sum = sum + tonumber(ARGV[i + 1])
end
if not (sum <= EXACT) then
  return 'O'
end
local found = {}
for i = 4, #ARGV, 2 do
  local count, least = redis.call('ZSCORE', key, ARGV[i]), nil
  if not count and redis.call('ZCARD', key) >= size then
    least = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
    count = least[2]
  end
  local text = whole(tonumber(count or 0) + tonumber(ARGV[i + 1]))
  local added = redis.pcall('ZADD', key, text, ARGV[i])
  if failed(added) then
    return refused(added)
  end
  if least then
    redis.call('ZREM', key, least[1])
  end
  found[#found + 1] = text
end
redis.call('PEXPIRE', key, ARGV[2])
return found
