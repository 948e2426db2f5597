-- Adds to counters, to all or to none.
-- KEYS: the counters; behind them the token, if there is one.
-- ARGV: milliseconds a counter lives, milliseconds of a window (0: there are no windows), how many windows count, what the token is for (nothing: there is none),
--       milliseconds the token is remembered, what is added to each.
-- Returns 'N' (counted now) or 'B' (before), and the totals. Otherwise nothing has changed, and it is the server's error, or a letter and which counter was the
-- cause: 'T' another type, 'F' no integer, 'O' overflow; or of the token 'U' used for something else, 'K' something else.

local window, windows, mark = tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local counters = #ARGV - 5
local current = window > 0 and math.floor(clock() / window)

local function add(key, n)
  if current then
    return redis.pcall('HINCRBY', key, whole(current), n)
  end
  return redis.pcall('INCRBY', key, n)
end

-- cause returns what ends the script because of a counter.
local function cause(reply, i)
  refused(reply)
  if string.find(reply.err, '^WRONGTYPE') then
    return {'T', tostring(i)}
  end
  if not string.find(reply.err, '^ERR') then
    return reply
  end
  return {failed(add(KEYS[i], '0')) and 'F' or 'O', tostring(i)}
end

-- total returns a counter's total, or nothing and what ends the script.
local function total(i)
  if not current then
    local text = redis.pcall('GET', KEYS[i])
    if failed(text) then
      return nil, cause(text, i)
    end
    if text and not isCount(text) then
      return nil, {'F', tostring(i)}
    end
    return text or '0'
  end
  local fields = {}
  for back = 0, windows - 1 do
    fields[back + 1] = whole(current - back)
  end
  local counts, sum = redis.pcall('HMGET', KEYS[i], unpack(fields)), 0
  if failed(counts) then
    return nil, cause(counts, i)
  end
  for _, count in ipairs(counts) do
    if count then
      if not isCount(count) then
        return nil, {'F', tostring(i)}
      end
      sum = sum + tonumber(count)
      if math.abs(tonumber(count)) > EXACT or math.abs(sum) > EXACT then
        return nil, {'O', tostring(i)}
      end
    end
  end
  return whole(sum)
end

if mark ~= '' then
  local seen = redis.pcall('GET', KEYS[#KEYS])
  if failed(seen) then
    refused(seen)
    return string.find(seen.err, '^WRONGTYPE') and {'K', '0'} or seen
  end
  if seen and seen ~= mark then
    return {string.sub(seen, 1, 5) == string.sub(mark, 1, 5) and 'U' or 'K', '0'}
  end
  if seen then
    local found = {'B'}
    for i = 1, counters do
      local text, ended = total(i)
      if not text then
        return ended
      end
      found[i + 1] = text
    end
    return found
  end
  local set = redis.pcall('SET', KEYS[#KEYS], mark, 'PX', ARGV[5])
  if failed(set) then
    return refused(set)
  end
end

local fresh = {} -- what did not exist before

-- undo takes back what was added up to a counter, the last first.
local function undo(last)
  for i = last, 1, -1 do
    local n = ARGV[5 + i]
    if fresh[i] and current then
      redis.call('HDEL', KEYS[i], whole(current))
    elseif fresh[i] then
      redis.call('DEL', KEYS[i])
    elseif n ~= '0' then
      add(KEYS[i], string.sub(n, 1, 1) == '-' and string.sub(n, 2) or '-' .. n)
    end
  end
  if mark ~= '' then
    redis.call('DEL', KEYS[#KEYS])
  end
end

for i = 1, counters do
  local there
  if current then
    there = redis.pcall('HEXISTS', KEYS[i], whole(current))
  else
    there = redis.pcall('EXISTS', KEYS[i])
  end
  fresh[i] = there == 0
  local count = failed(there) and there or add(KEYS[i], ARGV[5 + i])
  if failed(count) then
    local ended = cause(count, i)
    undo(i - 1)
    return ended
  end
end

local found = {'N'}
for i = 1, counters do
  local text, ended = total(i)
  if not text then
    undo(counters)
    return ended
  end
  found[i + 1] = text
end
for i = 1, counters do
  redis.call('PEXPIRE', KEYS[i], ARGV[1])
  if current then
    for _, field in ipairs(redis.call('HKEYS', KEYS[i])) do
      local at = string.find(field, '^%d+$') and tonumber(field)
      if at and math.abs(at - current) >= windows then
        redis.call('HDEL', KEYS[i], field)
      end
    end
  end
end
return found
