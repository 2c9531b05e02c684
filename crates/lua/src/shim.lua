-- Wraps host functions, which give `true, results...` or `false, message`, so that scripts see
-- plain string errors with the caller's position, as those of C functions are. Async functions
-- need the wrapping too: an error object of the host is no string.
local error = error
local pack, unpack = table.pack, table.unpack

local function one(host)
  return function(...)
    local ok, result = host(...)
    if ok then return result end
    error(result, 2)
  end
end

local function none(host)
  return function(...)
    local ok, message = host(...)
    if not ok then error(message, 2) end
  end
end

local function many(host)
  return function(...)
    local results = pack(host(...))
    if results[1] then return unpack(results, 2, results.n) end
    error(results[2], 2)
  end
end

return one, none, many
