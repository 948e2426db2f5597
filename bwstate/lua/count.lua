-- What the scripts of metrics and counters have in common. It stands in front of each.

local EXACT = 9007199254740991 -- 2^53 - 1: up to here Lua's numbers are exact, and what is more never looks like it

-- whole writes an integer, which may be too large for Lua's own way to write numbers.
local function whole(n)
  return string.format('%.0f', n)
end

-- isCount tells whether a text is an integer of 64 bits, as servers write it.
local function isCount(text)
  local minus, digits = string.match(text, '^(%-?)([1-9]%d*)$')
  if not digits then
    return text == '0'
  end
  return #digits < 19 or #digits == 19 and digits <= (minus == '-' and '9223372036854775808' or '9223372036854775807')
end

local function clock()
  local now = redis.call('TIME')
  return tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000)
end
