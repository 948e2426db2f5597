-- Makes one step of a recount of the facets.
-- KEYS: see reports.lua.  ARGV: the id of the recount, how many elements to count at most.
-- Returns how many are left, and the id of the recount that is under way, which may be another one's; 0 when the one asked for was done.

local problem = wrong()
if problem then
  return problem
end
local id = redis.call('HGET', RECOUNT, 'id')
if not id then
  if redis.call('GET', DONE) == ARGV[1] then
    return {0, ARGV[1]}
  end
  id = ARGV[1]
end
local first = redis.pcall('HSET', RECOUNT, 'id', id)
if failed(first) then
  return refused(first)
end
local state = going()
local left = step(state, tonumber(ARGV[2]))
if left > 0 then
  save(state)
end
return {left, state.id}
