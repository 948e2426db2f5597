-- Adds to a counter of metrics.
-- KEYS: the counter.  ARGV: what is added, milliseconds the counter lives then (0: for ever).
-- Returns the total; 'F' when the key holds a text that is no number, 'O' when the total would be none, and then nothing has changed.

local old = redis.pcall('GET', KEYS[1])
if failed(old) then
  return refused(old)
end
local total = 0
if old then
  total = #old <= 64 and string.match(old, '^%-?%d+%.?%d*[eE]?[%+%-]?%d*$') and tonumber(old)
  if not total then
    return 'F'
  end
end
total = total + tonumber(ARGV[1])
if total ~= total or total == math.huge or total == -math.huge then
  return 'O'
end
-- As a node writes numbers, but where that would lose something.
local text = string.format('%.14g', total)
if tonumber(text) ~= total then
  text = string.format('%.17g', total)
end
local set
if ARGV[2] == '0' then
  set = redis.pcall('SET', KEYS[1], text)
else
  set = redis.pcall('SET', KEYS[1], text, 'PX', ARGV[2])
end
if failed(set) then
  return refused(set)
end
return text
