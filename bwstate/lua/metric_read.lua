-- Reads metrics, and of what should not be there no more than shows it.
-- KEYS: the metrics.  ARGV: a letter for each, 'c' for a counter, 't' for a table; bytes of a counter, bytes of a table, how many elements of each table.
-- Returns for each what is there: of a counter the text, of a table how many elements it has, and then the newest of them, the last first. 0 when it has another
-- type.

local most, room, elements = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])

local function counter(key)
  local text = redis.pcall('GETRANGE', key, 0, most)
  if text == '' then
    return redis.pcall('GET', key) -- is there nothing?
  end
  return text
end

local function tableOf(key)
  local n = redis.pcall('LLEN', key)
  if failed(n) or n == 0 then
    return n ~= 0 and n
  end
  local found, bytes, last = {n}, 0, n - 1
  while last >= 0 and last >= n - elements do
    local first = math.max(0, last - 31, n - elements)
    local part = redis.call('LRANGE', key, first, last)
    for i = #part, 1, -1 do
      bytes = bytes + #part[i] + 16
      if bytes > room then
        return found
      end
      found[#found + 1] = part[i]
    end
    last = first - 1
  end
  return found
end

local all = {}
for i, key in ipairs(KEYS) do
  local found = (string.sub(ARGV[1], i, i) == 'c' and counter or tableOf)(key)
  if failed(found) then
    refused(found)
    if not string.find(found.err, '^WRONGTYPE') then
      return found
    end
    found = 0
  end
  all[i] = found
end
return all
