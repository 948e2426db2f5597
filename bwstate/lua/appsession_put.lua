-- Writes a session: a new one, one that was changed, or one that gets another id.
-- KEYS: where it is, where it will be; of one that was in a cookie until now, the mark of its subject.
-- ARGV: the version it must have (0: there must be none, -1: any or none), milliseconds it may be idle, may keep its id, may live, what keys of indexes begin with,
--       the subject, the kind of data, the data, when it was created (0: now), with a mark: from what millisecond on that ends it.
-- Returns the head; nothing when there is no such session any more; 'V' and the version when it is another; 'S' when only a session with a new id may have
-- another subject; 'F', 'I' or 'M' when the session, the index or the mark is something else, and then nothing was written.

local now, from, to = clock(), KEYS[1], KEYS[2]
local version, created, rotated = 0, tonumber(ARGV[9]), now
if created == 0 then
  created = now
end
local old, none = read(from)
if not old and none then
  return none
end
if old and old.expires < now then
  old = nil
end
if old and ARGV[1] == '0' then
  return 'F'
end
if not old and ARGV[1] ~= '0' and ARGV[1] ~= '-1' then
  return false
end
if old then
  if ARGV[1] ~= '-1' then
    if old.version ~= tonumber(ARGV[1]) then
      return 'V' .. old.digits
    end
    if from == to and old.subject ~= ARGV[6] then
      return 'S'
    end
  end
  version, created = old.version, old.created
  if from == to then
    rotated = old.rotated
  end
end
if from ~= to and redis.call('EXISTS', to) == 1 then
  return 'F'
end

if KEYS[3] then
  local ended, problem = revoked(KEYS[3])
  if not ended then
    return problem
  end
  if ended >= tonumber(ARGV[10]) then
    return false
  end
end

local expires = math.min(now + tonumber(ARGV[2]), rotated + tonumber(ARGV[3]), created + tonumber(ARGV[4]))
if expires <= now then
  return old and remove(from, old, ARGV[5]) or false
end
if ARGV[6] ~= NOBODY then
  local ended = enter(ARGV[5] .. ARGV[6], handle(to), expires, now)
  if ended then
    return ended
  end
end
local head = string.format('bwas1 %s %015.0f %015.0f %015.0f %015.0f %015.0f %s ', ARGV[7], version + 1, created, rotated, now, expires, ARGV[6])
local set = redis.pcall('SET', to, head .. ARGV[8])
if failed(set) then
  return refused(set)
end
redis.call('PEXPIREAT', to, millis(expires))
if old and from ~= to then
  local problem = remove(from, old, ARGV[5])
  if problem then
    redis.call('PEXPIREAT', to, 1) -- where the old one cannot end, there is no new one
    return problem
  end
elseif old and old.subject ~= ARGV[6] and old.subject ~= NOBODY then
  redis.pcall('ZREM', ARGV[5] .. old.subject, handle(from))
end
return head
