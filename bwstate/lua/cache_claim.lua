-- Returns an entry of a cache, or lets the caller load it, if nobody else does.
-- KEYS: the entry, the lease.  ARGV: the caller's token, milliseconds it may take, '1' to load although there is an entry, bytes an entry may have.
-- Returns the entry, one byte too long if it is too long, and how many milliseconds it lives on (-1: without end); 1 when the caller is to load; 0 when somebody else does.

if ARGV[3] ~= '1' then
  local lives = redis.call('PTTL', KEYS[1])
  if lives ~= -2 then
    local entry = redis.pcall('GETRANGE', KEYS[1], 0, ARGV[4])
    if type(entry) == 'table' then
      return refused(entry)
    end
    return {entry, lives}
  end
end
local set = redis.pcall('SET', KEYS[2], ARGV[1], 'PX', ARGV[2], 'NX')
if not set then
  local holder = redis.pcall('GETRANGE', KEYS[2], 0, #ARGV[1])
  if type(holder) == 'table' then
    return refused(holder)
  end
  return holder == ARGV[1] and 1 or 0
end
if set.err then
  return refused(set)
end
return 1
