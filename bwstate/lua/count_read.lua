-- Reads counters in windows.
-- KEYS: the counters.  ARGV: milliseconds of a window, how many windows.
-- Returns for each counter the counts of its windows, the present one first, or 'T' when it has another type, 'F' when one of them is no integer.

local current, windows, found = math.floor(clock() / tonumber(ARGV[1])), tonumber(ARGV[2]), {}
local fields = {}
for back = 0, windows - 1 do
  fields[back + 1] = whole(current - back)
end
for i, key in ipairs(KEYS) do
  local counts = redis.pcall('HMGET', key, unpack(fields))
  if failed(counts) then
    refused(counts)
    if not string.find(counts.err, '^WRONGTYPE') then
      return counts
    end
    counts = 'T'
  else
    for _, count in ipairs(counts) do
      if count and not isCount(count) then
        counts = 'F'
        break
      end
    end
  end
  found[i] = counts
end
return found
