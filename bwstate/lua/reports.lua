-- What the scripts of reports have in common. It stands in front of each. bwstate/reports_twin.go is its twin.
-- KEYS: the list, the marker, eight facets, the recount, eight facets of the recount, the recount that was done last.
--
-- A recount goes from the newest element to the oldest. Its state says how many of the oldest it has not counted, how long the list was, and which element was the last
-- one. What scripts push and trim meanwhile is booked in both sets of facets; what nodes did, who know nothing of it, is found out by the length and the last element.

local FIELDS = {'ip', 'country', 'method', 'url', 'status', 'reason', 'server_name', 'security_mode'}
local LIST, MARKER, RECOUNT, DONE = KEYS[1], KEYS[2], KEYS[11], KEYS[20]
local LIVE, SHADOW = 2, 11
local AWAY = 60000 -- milliseconds after which a recount that nobody goes on with is forgotten
local FAR = 1000   -- elements that nodes may have pushed between two steps
local HEAVY = 1048576 -- bytes of elements with which a step has done enough, however few they are
local GROUP = 20   -- elements that are read at a time

-- wrong returns the error when a key is of another type. Nothing is written then.
local function wrong()
  local replies = {redis.pcall('LLEN', LIST), redis.pcall('GET', MARKER), redis.pcall('GET', DONE), redis.pcall('HLEN', RECOUNT)}
  for i = 1, 8 do
    replies[#replies + 1] = redis.pcall('HLEN', KEYS[LIVE + i])
    replies[#replies + 1] = redis.pcall('HLEN', KEYS[SHADOW + i])
  end
  for _, reply in ipairs(replies) do
    if failed(reply) then
      return refused(reply)
    end
  end
end

-- facet is a value as nodes count it.
local function facet(value)
  local kind = type(value)
  if kind == 'number' then
    if value ~= value then
      return 'nan'
    elseif value == 0 then
      return '0'
    end
    return string.format('%.14g', value)
  elseif kind == 'boolean' then
    return tostring(value)
  elseif kind == 'string' and value ~= '' then
    return value
  end
  return 'N/A'
end

local function nothing()
  return {{}, {}, {}, {}, {}, {}, {}, {}}
end

-- tally adds what an element counts. What is no JSON object counts nothing.
local function tally(counts, element, by)
  if not string.find(element, '^[ \t\r\n]*{') then
    return
  end
  local ok, report = pcall(cjson.decode, element)
  if not ok then
    return
  end
  for i, field in ipairs(FIELDS) do
    local text = facet(report[field])
    counts[i][text] = (counts[i][text] or 0) + by
  end
end

-- each calls visit with up to n elements and their places, from a place on, up or down by 1, and stops when they are heavy. It
-- returns how many there were.
local function each(place, n, by, visit)
  local done, bytes = 0, 0
  while done < n and bytes < HEAVY do
    local size = math.min(GROUP, n - done)
    local from = by > 0 and place + done or place - done - size + 1
    for i, element in ipairs(redis.call('LRANGE', LIST, from, from + size - 1)) do
      visit(element, from + i - 1)
      bytes = bytes + #element
    end
    done = done + size
  end
  return done
end

-- book adds counts to one set of facets. A count that cannot be added to begins anew, and then it returns false.
local function book(first, counts)
  local sound = true
  for i = 1, 8 do
    for text, by in pairs(counts[i]) do
      if by ~= 0 then
        local count = redis.pcall('HINCRBY', KEYS[first + i], text, by)
        if failed(count) then
          sound = false
          redis.call('HDEL', KEYS[first + i], text)
          count = by > 0 and redis.call('HINCRBY', KEYS[first + i], text, by) or 1
        end
        if by < 0 and count <= 0 then
          redis.call('HDEL', KEYS[first + i], text)
        end
      end
    end
  end
  return sound
end

local function clear(first)
  for i = 1, 8 do
    redis.call('UNLINK', KEYS[first + i])
  end
end

-- shadows returns how many facets a recount has.
local function shadows()
  return redis.call('EXISTS', unpack(KEYS, SHADOW + 1, SHADOW + 8))
end

local function last()
  local element = redis.call('LINDEX', LIST, -1)
  return element and redis.sha1hex(element) or ''
end

-- begin begins a recount, or begins it anew.
local function begin(id)
  clear(SHADOW)
  local length = redis.call('LLEN', LIST)
  return {id = id, uncounted = length, length = length, last = last()}
end

-- pushed returns how many elements are behind the one that was the last, and nothing when it is not there.
local function pushed(state, length)
  local least = math.max(0, length - state.length)
  if least > FAR then
    return nil
  end
  for back = least, math.min(FAR, length - 1) do
    if redis.sha1hex(redis.call('LINDEX', LIST, -1 - back)) == state.last then
      return back
    end
  end
end

local function whole(number)
  return number and number % 1 == 0
end

-- going returns the recount that is under way, if any, with what nodes did since the last step.
local function going()
  local saved = redis.call('HMGET', RECOUNT, 'id', 'uncounted', 'length', 'last', 'facets')
  if not saved[1] then
    return nil
  end
  local state = {id = saved[1], uncounted = tonumber(saved[2]), length = tonumber(saved[3]), last = saved[4]}
  local readable = whole(state.uncounted) and whole(state.length) and state.last
  if not readable or tonumber(saved[5]) ~= shadows() then -- one was evicted
    return begin(state.id)
  end
  local length = redis.call('LLEN', LIST)
  local back = pushed(state, length)
  if not back then
    return begin(state.id)
  end
  state.uncounted = state.uncounted - (state.length + back - length)
  if state.uncounted < 0 or state.uncounted > length then -- some of what was counted has gone, and nobody knows what it was
    return begin(state.id)
  end
  if back > 0 then
    local counts = nothing()
    for place = length - back, length - 1 do
      tally(counts, redis.call('LINDEX', LIST, place), 1)
    end
    book(SHADOW, counts)
  end
  return state
end

-- step counts some more. When all is counted, the counts take their place, and it returns 0; otherwise how many are left.
local function step(state, most)
  local n = math.min(most, state.uncounted)
  if n > 0 then
    local counts = nothing()
    state.uncounted = state.uncounted - each(state.uncounted - 1, n, -1, function(element)
      tally(counts, element, 1)
    end)
    book(SHADOW, counts)
  end
  if state.uncounted > 0 then
    return state.uncounted
  end
  for i = 1, 8 do
    redis.call('UNLINK', KEYS[LIVE + i])
    if redis.call('EXISTS', KEYS[SHADOW + i]) == 1 then
      redis.call('RENAME', KEYS[SHADOW + i], KEYS[LIVE + i])
      redis.call('PERSIST', KEYS[LIVE + i])
    end
  end
  redis.call('SET', MARKER, '1')
  redis.call('SET', DONE, state.id, 'PX', AWAY)
  redis.call('UNLINK', RECOUNT)
  return 0
end

-- save keeps the state of a recount that goes on.
local function save(state)
  redis.call('HSET', RECOUNT, 'id', state.id, 'uncounted', state.uncounted, 'length', redis.call('LLEN', LIST), 'last', last(), 'facets', shadows())
  redis.call('PEXPIRE', RECOUNT, AWAY)
  for i = 1, 8 do
    redis.call('PEXPIRE', KEYS[SHADOW + i], AWAY)
  end
end
