-- What the scripts of the application's own sessions have in common. It stands in front of each.
-- A session is a string: a head of fixed width, which scripts read and write, and behind it the data, which they do not look at. bwstate/appsession_head.go is its twin.
-- An index is a sorted set of a subject's sessions by the millisecond they end.

local HEAD = 132
local MILLIS = string.rep('%d', 15)
local PATTERN = '^bwas1 ([pe]) (' .. string.rep(MILLIS .. ') (', 5) .. string.rep('[%w_-]', 43) .. ') $'
local NOBODY = string.rep('-', 43)

-- millis writes a number of milliseconds, which is too large for Lua's own way to write numbers.
local function millis(n)
  return string.format('%.0f', n)
end

local function clock()
  local now = redis.call('TIME')
  return tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000)
end

-- read returns the head of a session. Without one it returns what the script should: false when there is nothing, 'F' when it is something else, or an error.
local function read(key)
  local text = redis.pcall('GETRANGE', key, 0, HEAD - 1)
  if failed(text) then
    return nil, refused(text)
  end
  if text == '' and redis.call('EXISTS', key) == 0 then
    return nil, false
  end
  local kind, version, created, rotated, used, expires, subject = string.match(text, PATTERN)
  if not kind then
    return nil, 'F'
  end
  return {
    version = tonumber(version), created = tonumber(created), rotated = tonumber(rotated),
    used = tonumber(used), expires = tonumber(expires), subject = subject, digits = version
  }
end

-- The handle of a session is the end of its key, and its member in the index.
local function handle(key)
  return string.sub(key, -43)
end

-- enter notes in a subject's index until when a session lives, forgets those that have ended, and lets the index live as long as its last session.
-- It is the first write of a script; what it returns, if anything, ends the script.
local function enter(index, member, expires, now)
  local added = redis.pcall('ZADD', index, millis(expires), member)
  if failed(added) then
    if string.find(added.err, 'WRONGTYPE', 1, true) then
      return 'I'
    end
    return refused(added)
  end
  redis.call('ZREMRANGEBYSCORE', index, '-inf', '(' .. millis(now))
  local last = redis.call('ZREVRANGE', index, 0, 0, 'WITHSCORES')
  redis.call('PEXPIREAT', index, millis(tonumber(last[2])))
end

-- revoked returns when all sessions of a subject were ended, 0 for never. Without a number it returns what ends the script: 'M' when something else is there.
local function revoked(mark)
  local at = redis.pcall('GETRANGE', mark, 0, 15) -- one more than there are
  if failed(at) then
    if string.find(at.err, 'WRONGTYPE', 1, true) then
      return nil, 'M'
    end
    return nil, refused(at)
  end
  if at == '' and redis.call('EXISTS', mark) == 0 then
    return 0
  end
  if not string.match(at, '^' .. MILLIS .. '$') then
    return nil, 'M'
  end
  return tonumber(at)
end

-- remove ends a session, and takes it out of its index, whatever that is. It returns what ends the script, if anything.
local function remove(key, session, indexes)
  local gone = redis.pcall('UNLINK', key)
  if failed(gone) then
    return refused(gone)
  end
  if session.subject ~= NOBODY then
    redis.pcall('ZREM', indexes .. session.subject, handle(key))
  end
end
