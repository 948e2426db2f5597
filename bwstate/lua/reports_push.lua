-- Pushes reports, books them in the facets, and trims the list.
-- KEYS: see reports.lua, and behind them the batch.
-- ARGV: how many elements the list may have (-1: any number), how many to trim or to recount at most (fewer when they are heavy), milliseconds a batch is remembered, an id, the elements.
-- Returns how many elements were pushed, how many the list has, how many are to be trimmed; and when a recount began here, how many it has left, and its id.
-- A recount that is under way goes on by a step, so one that was left alone ends as well.
-- A batch that is remembered was pushed before, and is not pushed again.

local limit, most = tonumber(ARGV[1]), tonumber(ARGV[2])
local problem = wrong()
if problem then
  return problem
end

-- The first write finds out whether there may be any. With nothing to push it is one that is allowed when memory is short, as trimming helps then.
local fresh = #ARGV - 4
local first
if fresh == 0 or limit == 0 then
  first = redis.pcall('PERSIST', MARKER)
else
  first = redis.pcall('SET', KEYS[21], '1', 'NX', 'PX', ARGV[3])
end
if failed(first) then
  return refused(first)
elseif not first then
  fresh = 0
end

if limit == 0 then
  redis.call('UNLINK', LIST, RECOUNT)
  clear(LIVE)
  clear(SHADOW)
  redis.call('SET', MARKER, '1')
  return {fresh, 0, 0, 0, ''}
end

-- A recount begins when there has been none yet, with the list as it was; nodes do the same.
local state = going()
if not state and redis.call('GET', MARKER) ~= '1' then
  state = begin(ARGV[4])
end

local counts = nothing()
if fresh > 0 then
  for i = 5, #ARGV, 100 do
    redis.call('RPUSH', LIST, unpack(ARGV, i, math.min(i + 99, #ARGV)))
  end
  for i = 5, #ARGV do
    tally(counts, ARGV[i], 1)
  end
  if state then
    book(SHADOW, counts)
  end
end

local length = redis.call('LLEN', LIST)
local surplus = limit < 0 and 0 or math.max(0, length - limit)
local trimmed = math.min(surplus, most)
if trimmed > 0 then
  local counted = nothing()
  trimmed = each(0, trimmed, 1, function(element, place)
    tally(counts, element, -1)
    if state and place >= state.uncounted then
      tally(counted, element, -1)
    end
  end)
  redis.call('LTRIM', LIST, trimmed, -1)
  if state then
    book(SHADOW, counted)
    state.uncounted = math.max(0, state.uncounted - trimmed)
  end
end

if not book(LIVE, counts) and not state then
  state = begin(ARGV[4])
end
local left, id = 0, ''
if state then
  id = state.id
  left = step(state, most)
  if left > 0 then
    save(state)
  end
end
if id ~= ARGV[4] then -- somebody else goes on with it
  left = 0
end
return {fresh, length - trimmed, surplus - trimmed, left, id}
