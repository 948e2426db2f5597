-- Says who is most frequent in a list, over one window or several, or how frequent one is.
-- KEYS: what keys of the list begin with.  ARGV: milliseconds of a window, how many windows, how many members a list has at most, how many to show, how
-- long a member is at most; the member, if it is about one.
-- Returns by how much a count may be wrong, and then members and their counts, the most frequent first; or the rank of the one and its count. 'F' when
-- somebody else wrote members or scores there, 'O' when a sum is too large.

local windows, size, show, longest, one = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]
local sums, members, wrong = {}, {}, 0
for back = 0, windows - 1 do
  local key = place(back)
  local to = ((windows == 1 and not one) and math.min(show, size) or size) - 1
  local list = redis.pcall('ZREVRANGE', key, 0, to, 'WITHSCORES')
  if failed(list) then
    return refused(list)
  end
  for i = 1, #list, 2 do
    local member = list[i]
    if #member > longest or not isScore(list[i + 1]) then
      return 'F'
    end
    if not sums[member] then
      members[#members + 1] = member
    end
    sums[member] = (sums[member] or 0) + tonumber(list[i + 1])
    if sums[member] > EXACT then
      return 'O'
    end
  end
  if redis.call('ZCARD', key) >= size then
    wrong = wrong + tonumber(redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2])
  end
end
local found = {whole(wrong)}
if one then
  if sums[one] then
    local rank = 1
    for _, member in ipairs(members) do
      if sums[member] > sums[one] then
        rank = rank + 1
      end
    end
    found[2], found[3] = tostring(rank), whole(sums[one])
  end
  return found
end
table.sort(members, function(a, b)
  if sums[a] ~= sums[b] then
    return sums[a] > sums[b]
  end
  return a > b
end)
for i = 1, math.min(show, #members) do
  found[2 * i], found[2 * i + 1] = members[i], whole(sums[members[i]])
end
return found
