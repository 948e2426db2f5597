-- Returns an entry of a cache, or lets the caller load it, if nobody else does.
-- KEYS: the entry, the lease.  ARGV: the caller's token, milliseconds it may take, '1' to load although there is an entry.
-- Returns the entry and how many milliseconds it lives on (-1: without end); 1 when the caller is to load; 0 when somebody else does.

-- Servers before Redis 7 put the place in the script before an error of their own, such as that of a replica, and so hide its code.
local function refused(reply)
  reply.err = (string.gsub(reply.err, '^@user_script: %d+: %-', ''))
  return reply
end

if ARGV[3] ~= '1' then
  local entry = redis.pcall('GET', KEYS[1])
  if type(entry) == 'table' then
    return refused(entry)
  end
  if entry then
    return {entry, redis.call('PTTL', KEYS[1])}
  end
end
local set = redis.pcall('SET', KEYS[2], ARGV[1], 'PX', ARGV[2], 'NX')
if not set then
  local holder = redis.pcall('GET', KEYS[2])
  if type(holder) == 'table' then
    return refused(holder)
  end
  return holder == ARGV[1] and 1 or 0
end
if set.err then
  return refused(set)
end
return 1
