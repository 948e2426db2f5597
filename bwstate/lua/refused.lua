-- What all scripts have in common. It stands in front of each.

-- Servers before Redis 7 put the place in the script before an error of their own, such as that of a replica, and so hide its code.
local function refused(reply)
  reply.err = (string.gsub(reply.err, '^@user_script: %d+: %-', ''))
  return reply
end

local function failed(reply)
  return type(reply) == 'table' and reply.err
end
