-- Counts a bad request and bans its sender when there are too many.
-- KEYS: the counter, the ban.
-- ARGV: seconds a count lives, threshold, seconds a ban lives (0: for ever), the ban; 'set' to write it over whatever is there, 'keep' to leave alone what others
--       wrote and what has no end, 'none' to ban nobody.
-- Returns the count, and 0: not banned, 1: banned, 2: banned by what was there. An error ends it and is the reply; what was done before stays done.

-- What counters wrote: the bare text, or the JSON that nodes make of it, with the reason in the object itself and not in what it holds. The quotes keep this from
-- matching inside of a text.
local function own(value)
  local reason, depth, from = '"reason":"bad behavior"', 0, 1
  while true do
    local at = string.find(value, reason, from, true)
    if not at then
      return value == 'bad behavior'
    end
    local before = string.gsub(string.sub(value, from, at - 1), '\\.', '')
    before = string.gsub(before, '"[^"]*"', '')
    local _, opened = string.gsub(before, '[%[{]', '')
    local _, closed = string.gsub(before, '[%]}]', '')
    depth = depth + opened - closed
    if depth == 1 then
      return true
    end
    from = at + #reason
  end
end

local count = redis.pcall('INCR', KEYS[1])
if type(count) == 'table' then
  return refused(count)
end
local expired = redis.pcall('EXPIRE', KEYS[1], ARGV[1])
if type(expired) == 'table' then
  return refused(expired)
end
if count < tonumber(ARGV[2]) or ARGV[5] == 'none' then
  return {count, 0}
end
if ARGV[5] == 'keep' then
  local value = redis.pcall('GETRANGE', KEYS[2], 0, 2097152) -- of what is longer, nobody can say whose it is
  if type(value) == 'table' then
    return refused(value)
  end
  local left = redis.pcall('PTTL', KEYS[2])
  if type(left) == 'table' then
    return refused(left)
  end
  if left ~= -2 and (left == -1 or not own(value)) then
    return {count, 2}
  end
end
local set
if ARGV[3] == '0' then
  set = redis.pcall('SET', KEYS[2], ARGV[4])
else
  set = redis.pcall('SET', KEYS[2], ARGV[4], 'EX', ARGV[3])
end
if set.err then
  return refused(set)
end
return {count, 1}
