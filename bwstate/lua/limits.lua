-- Checks limits of any kind, one after the other, in one step.
-- KEYS: where each is counted.  ARGV: of each its kind and numbers; one more, if it is there, says that what comes behind a limit that is reached is not counted.
-- Returns for each what its kind says, what the server refused, 'F' when the key holds something else, or nothing when it was not reached.

-- Returns what is stored, false for nothing, or what the server refused. What is larger than anything that can be meant is not looked at, because nobody else is served
-- meanwhile; then the second result says so.
local function stored(key, most)
  local size = redis.pcall('STRLEN', key)
  if failed(size) then
    return refused(size)
  end
  if size > most then
    return false, true
  end
  return redis.pcall('GET', key)
end

local kinds = {}

-- p: BunkerWeb's list of times, of one client and path. Its numbers are the limit, seconds of the window, and the time of the request by the caller's clock.
-- Returns how many requests are in the window, after how many seconds by that clock there is room for one more than now, and the milliseconds that the list lives; and
-- whether it limits.
function kinds.p(key, spec)
  local limit, window, now = string.match(spec, '^(%d+) (%d+) (%-?%d+)$')
  local delay = tonumber(window)
  limit, now = tonumber(limit), tonumber(now)
  local text, large = stored(key, math.min(24 * limit + 2 ^ 20, 2 ^ 24))
  if failed(text) then
    return refused(text)
  end
  local read, stamps = not large, {}
  if text then
    read, stamps = pcall(cjson.decode, text)
  end
  if not read or type(stamps) ~= 'table' then
    return 'F'
  end
  local kept, n, changed, sorted = {}, 0, false, true
  for _, stamp in ipairs(stamps) do
    if type(stamp) ~= 'number' or stamp == math.huge then
      return 'F'
    end
    if now - stamp <= delay then
      sorted = sorted and (n == 0 or kept[n] <= stamp)
      n = n + 1
      kept[n] = stamp
    else
      changed = true
    end
  end
  if n <= limit then
    sorted = sorted and (n == 0 or kept[n] <= now)
    n = n + 1
    kept[n] = now
    changed = true
  end
  if changed then
    local set = redis.pcall('SET', key, cjson.encode(kept), 'EX', window)
    if failed(set) then
      return refused(set)
    end
  end
  local wait = 0
  if limit > 0 then
    if not sorted then
      table.sort(kept)
    end
    wait = math.min(math.floor(kept[math.max(1, n - limit + 1)]) - now + delay + 1, 2 ^ 40)
  end
  return {n, wait, redis.call('PTTL', key)}, n > limit
end

-- s: BunkerWeb's counter of one window, of a whole service. Its numbers are the limit and seconds of the window.
-- Returns the count; and whether it limits. A counter that has lost its end gets it back.
function kinds.s(key, spec)
  local limit, window = string.match(spec, '^(%d+) (%d+)$')
  local count = redis.pcall('INCR', key)
  if failed(count) then
    return refused(count)
  end
  if count == 1 or redis.call('PTTL', key) == -1 then
    local expired = redis.pcall('EXPIRE', key, window)
    if failed(expired) then
      return refused(expired)
    end
  end
  return math.min(count, 2 ^ 53), count > tonumber(limit)
end

-- q: the time, in microseconds of the server's clock, at which all that was asked for will have been earned: 'whole', or 'whole+part/parts'.
-- Its numbers are how much later that gets by this request, in wholes and parts, how many parts make a whole, and how late it may get.
-- Returns 1 when it would get too late, and then nothing is added; how late it is, in wholes and parts; and whether it limits.
local function quota(key, spec, look)
  local more, morePart, parts, most, mostPart = string.match(spec, '^(%d+) (%d+) (%d+) (%d+) (%d+)$')
  more, morePart, parts, most, mostPart = tonumber(more), tonumber(morePart), tonumber(parts), tonumber(most), tonumber(mostPart)
  local text, large = stored(key, 50)
  if failed(text) then
    return refused(text)
  end
  if large then
    return 'F'
  end
  local time = redis.call('TIME')
  local late, part, changed = 0, 0, false
  if text then
    local whole, rest = string.match(text, '^(%d+)(.*)$')
    local numerator, denominator = string.match(rest or '', '^%+(%d+)/(%d+)$')
    if not whole or #whole > 16 or (rest ~= '' and not numerator) then
      return 'F'
    end
    late = tonumber(whole) - (tonumber(time[1]) * 1000000 + tonumber(time[2]))
    if numerator and tonumber(denominator) == parts and tonumber(numerator) < parts then
      part = tonumber(numerator)
    elseif numerator then
      late = late + 1 -- parts of another size
    end
  end
  if late < 0 then
    late, part = 0, 0
  elseif late > most or (late == most and part > mostPart) then
    late, part, changed = most, mostPart, not look -- a clock that was set back, or a limit that has changed
  end
  local whole, rest = late + more, part + morePart
  if rest >= parts then
    whole, rest = whole + 1, rest - parts
  end
  local over = whole > most or (whole == most and rest > mostPart)
  if not over and not look then
    late, part, changed = whole, rest, true
  end
  if changed then
    local value = string.format('%.0f', tonumber(time[1]) * 1000000 + tonumber(time[2]) + late)
    if part > 0 then
      value = value .. string.format('+%.0f/%.0f', part, parts)
    end
    local set = redis.pcall('SET', key, value, 'PX', string.format('%.0f', math.max(1, math.ceil((late + (part > 0 and 1 or 0)) / 1000))))
    if failed(set) then
      return refused(set)
    end
  end
  return {over and 1 or 0, late, part}, over
end

function kinds.q(key, spec)
  return quota(key, spec, false)
end

-- l: as q, and nothing is written.
function kinds.l(key, spec)
  return quota(key, spec, true)
end

local replies = {}
for i, key in ipairs(KEYS) do
  local reply, limits = kinds[string.sub(ARGV[i], 1, 1)](key, string.sub(ARGV[i], 2))
  if failed(reply) and (#KEYS == 1 or not string.find(reply.err, '^WRONGTYPE') and not string.find(reply.err, '^ERR')) then
    return reply -- such as that of a replica: of all of them
  end
  replies[i] = reply
  if limits and #ARGV > #KEYS then
    for rest = i + 1, #KEYS do
      replies[rest] = false
    end
    break
  end
end
return replies
