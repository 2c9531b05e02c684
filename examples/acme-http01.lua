-- Answers ACME http-01 challenges from the files an ACME client leaves in a webroot, so that
-- `certbot certonly --webroot` works behind the proxy without a web server. It issues and renews nothing.
--
--     global
--         lua-load /etc/haproxy/acme-http01.lua
--     frontend http
--         acl url_acme_http01 path_beg /.well-known/acme-challenge/
--         http-request use-service lua.acme-http01 if METH_GET url_acme_http01
--
-- Set `webroot` to the folder given to the ACME client. Under `chroot` it stays empty: the client is
-- then given the chroot folder.

local webroot = ""
local folder = webroot .. "/.well-known/acme-challenge/"

-- The characters of URL-safe base64 (RFC 8555, section 8.1). A name made of these alone, so without
-- a dot or a slash, cannot leave the folder.
local function token_of(path)
    return path:match("/([%w_%-]+)$")
end

local function key_authorization(token)
    local file = io.open(folder .. token, "rb")
    if not file then
        return nil
    end
    local content = file:read("a")
    file:close()
    return content ~= "" and content or nil
end

local function answer(applet, status, text)
    applet:set_status(status)
    applet:add_header("Content-Type", "text/plain")
    applet:add_header("Content-Length", tostring(#text))
    applet:start_response()
    applet:send(text)
end

core.register_service("acme-http01", "http", function(applet)
    local client = tostring(applet.sf:src())
    local token = token_of(applet.path)
    local content = token and key_authorization(token)
    if content then
        core.Info("[acme] " .. client .. " was given the token " .. token)
        answer(applet, 200, content)
    elseif token then
        core.Warning("[acme] " .. client .. " asked for the unknown token " .. token)
        answer(applet, 404, "no such token\n")
    else
        core.Warning("[acme] " .. client .. " sent a malformed token")
        answer(applet, 400, "malformed token\n")
    end
end)

core.register_init(function()
    core.Info("[acme] http-01 tokens are read from " .. folder)
end)
