-- Deletes a list, in all its windows.
-- KEYS: what keys of the list begin with.  ARGV: milliseconds of a window, how many windows.
-- Returns how many of them there were.

local gone = 0
for back = 0, tonumber(ARGV[2]) - 1 do
  local n = redis.pcall('UNLINK', place(back))
  if failed(n) then
    return refused(n)
  end
  gone = gone + n
end
return gone
