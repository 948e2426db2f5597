-- Stores a session under its new key, and leaves the old one only so long that requests which are under way still find it. A session that ended meanwhile is not
-- stored.
-- KEYS: the new key, the old one, and those under which saves may have stored it whose outcome is not known: no browser has their cookies, so they go.
-- ARGV: the value, seconds it lives, seconds the old one lives on.
-- Returns how long the old one would have lived, in seconds; -1 without an end: it is left alone; 0 when it is gone, and the new one or one of the others is there;
-- -2 when none of them is: nothing is stored.

local function ttl(key)
  local left = redis.pcall('TTL', key)
  if type(left) == 'table' then
    return nil, refused(left)
  end
  return left
end

local left, err = ttl(KEYS[2])
if err then
  return err
end
for i = 1, left == -2 and #KEYS or 0 do
  local other, err = ttl(KEYS[i])
  if err then
    return err
  end
  if other ~= -2 then
    left = 0
  end
end
if left == -2 then
  -- Only a server that writes may say so: one that became a replica has perhaps forgotten what its master knows. There is nothing to remove.
  local removed = redis.pcall('UNLINK', KEYS[1])
  if type(removed) == 'table' then
    return refused(removed)
  end
  return left
end
local set = redis.pcall('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
if set.err then
  return refused(set)
end
if left > tonumber(ARGV[3]) then
  local expired = redis.pcall('EXPIRE', KEYS[2], ARGV[3])
  if type(expired) == 'table' then
    return refused(expired)
  end
end
if #KEYS > 2 then
  local removed = redis.pcall('UNLINK', unpack(KEYS, 3))
  if type(removed) == 'table' then
    return refused(removed)
  end
end
return left
