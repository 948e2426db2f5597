-- What the scripts of the lists of the most frequent have in common. It stands in front of each, behind count.lua.
-- A list is a sorted set for each window; its key is KEYS[1] with the window's number behind it, or 0 when there are no windows.

local window = tonumber(ARGV[1])
local current = window > 0 and math.floor(clock() / window) or 0

-- isScore tells whether a score is one that these scripts write.
local function isScore(text)
  local score = tonumber(text)
  return score >= 1 and score <= EXACT and score == math.floor(score)
end

local function place(back)
  return KEYS[1] .. whole(current - back)
end
