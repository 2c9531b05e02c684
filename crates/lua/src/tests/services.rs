//! What HTTP and TCP services answer, and the words of their errors.

use proto::message::Framing;

use super::{answer, fails, service};
use crate::ServiceError;
use crate::testing::{load, runtime};

#[test]
fn responses() {
    answer(
        "applet:set_status(200, 'Fine') applet:start_response() applet:send('a') applet:send('b')",
        "200 Fine",
        "ab",
    );
    answer("applet:start_response()", "200 ", "");
    answer(
        "applet:add_header('A', 1) applet:add_header('a', 'c') applet:start_response()",
        "200 |a: 1|a: c",
        "",
    );
    answer(
        "local a, b = applet:set_status(999), applet:set_status(404) applet:start_response() applet:send(tostring(a) .. tostring(b))",
        "404 ",
        "falsetrue",
    );
    answer("applet:set_status(204) applet:start_response() applet:send('x')", "204 ", "");
    answer("applet:start_response() local r = applet:send('abc') applet:send(tostring(r))", "200 ", "abc3");
}

#[test]
fn framing() {
    let check = |request: &str, body: &str, expected: Framing| {
        let answer = service(body).serve("x", request, b"");
        assert_eq!((answer.framing, &answer.result), (Some(expected), &Ok(())), "{body}");
    };
    let (get, old, head) = ("GET / HTTP/1.1", "GET / HTTP/1.0", "HEAD / HTTP/1.1");
    let plain = "applet:start_response() applet:send('hello')";
    let sized = "applet:add_header('content-length', '5') applet:start_response() applet:send('hello')";
    let chunked = "applet:add_header('Transfer-Encoding', 'chunked') applet:start_response()";
    check(get, plain, Framing::Chunked);
    check(get, sized, Framing::Length(5));
    check(get, chunked, Framing::Chunked);
    check(old, plain, Framing::UntilClose);
    check(old, sized, Framing::Length(5));
    check(head, plain, Framing::None);
    check(head, sized, Framing::None);
    assert_eq!(service(sized).serve("x", head, b"").body, b"");
    assert_eq!(service(sized).serve("x", head, b"").head, "200 |content-length: 5");
}

#[test]
fn lengths_are_kept() {
    let check = |body: &str, expected_body: &str| {
        let answer = service(body).serve("x", "GET / HTTP/1.1", b"");
        assert_eq!(answer.result, Err(ServiceError::WrongLength));
        assert_eq!(String::from_utf8_lossy(&answer.body), expected_body);
    };
    check(
        "applet:add_header('content-length', 5) applet:start_response() applet:send('hello world')",
        "hello",
    );
    check("applet:add_header('content-length', 50) applet:start_response() applet:send('hello')", "hello");
}

#[test]
fn errors_in_the_words_of_haproxy() {
    fails(
        "error('boom')",
        "[state-id 0] runtime error: FILE:2: boom from [C]: in global 'error', FILE:2: in function line 1.",
    );
    fails(
        "error({code=1})",
        "[state-id 0] unknown runtime error from [C]: in global 'error', FILE:2: in function line 1.",
    );
    fails(
        "local x = nil; x.y = 1",
        "[state-id 0] runtime error: FILE:2: attempt to index a nil value (local 'x') from FILE:2: in function line 1.",
    );
    fails(
        "local function f() error('in f') end local function g() f() end g()",
        "[state-id 0] runtime error: FILE:2: in f from [C]: in global 'error', FILE:2: in upvalue 'f', \
         FILE:2: in local 'g', FILE:2: in function line 1.",
    );
    fails(
        "applet:set_status('x')",
        "[state-id 0] runtime error: FILE:2: bad argument #1 to 'set_status' (number expected, got string) \
         from [C]: in method 'set_status', FILE:2: in function line 1.",
    );
    fails(
        "applet:send('x')",
        "[state-id 0] runtime error: FILE:2: Lua: 'send' you must call start_response() before sending data. \
         from [C]: in method 'send', FILE:2: in function line 1.",
    );
    fails(
        "core.register_service('y', 'http', function() end)",
        "[state-id 0] runtime error: FILE:2: register_service: not available outside of body context \
         from [C]: in field 'register_service', FILE:2: in function line 1.",
    );
    fails(
        "applet:add_header('a', 'b\\r\\nc: d')",
        "[state-id 0] runtime error: FILE:2: invalid character in the header value \
         from [C]: in method 'add_header', FILE:2: in function line 1.",
    );
}

#[test]
fn a_script_can_catch_errors_as_strings() {
    answer(
        "local ok, e = pcall(function() applet:set_status({}) end) applet:start_response() \
         applet:send(type(e) .. ' ' .. e:match('bad argument.*'))",
        "200 ",
        "string bad argument #1 to 'set_status' (number expected, got table)",
    );
    answer(
        "local ok, e = pcall(applet.send, applet, 'x') applet:start_response() applet:send(e:match('Lua:.*'))",
        "200 ",
        "Lua: 'send' you must call start_response() before sending data.",
    );
}

#[test]
fn no_response_and_unknown_services() {
    let script = service("");
    assert_eq!(script.serve("x", "GET / HTTP/1.1", b"").result, Err(ServiceError::NoResponse));
    assert_eq!(script.serve("nope", "GET / HTTP/1.1", b"").result, Err(ServiceError::Unknown));
    let late = service("applet:start_response() applet:send('abc') error('late')");
    let answer = late.serve("x", "GET / HTTP/1.1", b"");
    assert!(matches!(answer.result, Err(ServiceError::Failed(_))));
    assert_eq!(
        (answer.head.as_str(), answer.body.as_slice()),
        ("200 |transfer-encoding: chunked", &b"abc"[..])
    );
}

#[test]
fn done_ends_a_function() {
    answer("applet:start_response() pcall(function() core.done() end) applet:send('never')", "200 ", "");
}

#[test]
fn tcp_services() {
    let script = load(
        "core.register_service('echo', 'tcp', function(applet)
           while true do local l = applet:getline() if l == '' then break end applet:send('<' .. l .. '>') end
         end)
         core.register_service('fail', 'tcp', function(applet) applet:send('abc') error('tcp boom') end)
         core.register_service('wait', 'tcp', function(applet)
           applet:send(applet:try_receive() .. applet:receive(2, 5) .. tostring(applet:receive(9, 5)))
         end)",
    );
    assert_eq!(script.serve_tcp("wait", b"").0, b"");
    let mut stream = state::testing::stream("GET / HTTP/1.1");
    let mut service = crate::TcpService::start(&script.host, b"wait", &mut stream).unwrap();
    service.input().push(b"abc");
    let mut first = true;
    runtime().block_on(std::future::poll_fn(|cx| {
        let polled = service.poll(cx, &mut stream);
        if std::mem::take(&mut first) {
            service.input().push(b"de");
        }
        polled.map(|result| result.unwrap())
    }));
    let mut output = Vec::new();
    service.output().pop(&mut output, usize::MAX);
    assert_eq!(String::from_utf8_lossy(&output), "abcdenil");
    assert_eq!(script.serve_tcp("lua.echo", b"a\nbb\nc"), (b"<a\n><bb\n><c>".to_vec(), Ok(())));
    let (output, result) = script.serve_tcp("fail", b"");
    assert!(output == b"abc" && result.is_err());
    let expected = format!(
        "ALERT Lua applet tcp '<lua.fail>': [state-id 0] runtime error: {0}:4: tcp boom from [C]: in global \
         'error', {0}:4: in function line 4.",
        script.path,
    );
    assert_eq!(script.sink.take(), [expected]);
}

/// The logic of an http-01 responder, as the story's plugin has it.
#[test]
fn the_acme_story() {
    let root = tempfile::tempdir().unwrap();
    let challenges = root.path().join(".well-known/acme-challenge");
    std::fs::create_dir_all(&challenges).unwrap();
    std::fs::write(challenges.join("tok-1_x"), "tok-1_x.key").unwrap();
    let script = load(&format!(
        r#"
        local root = "{}"
        core.register_init(function() core.Info("[acme] ready") end)
        core.register_service("acme", "http", function(applet)
          local token = applet.path:match(".+/(.*)$")
          local body, status = "resource not found\n", 404
          token = token and token:gsub("[^%a%d%+%-%_=]", "")
          if token == nil or token == "" then
            body, status = "bad request\n", 400
          else
            local file = io.open(root .. "/.well-known/acme-challenge/" .. token, "rb")
            if file then
              body, status = file:read("*all") .. "\n", 200
              file:close()
              core.Info("[acme] served " .. token .. " to " .. tostring(applet.sf:src()))
            end
          end
          applet:set_status(status)
          applet:add_header("Server", "test")
          applet:add_header("Content-Length", string.len(body))
          applet:add_header("Content-Type", "text/plain")
          applet:start_response()
          applet:send(body)
        end)"#,
        root.path().display(),
    ));
    script.start(&state::testing::stream("GET / HTTP/1.1")).unwrap();
    assert_eq!(script.sink.take(), ["info: [acme] ready"]);
    let check = |path: &str, head: &str, body: &str| {
        let answer = script.serve("lua.acme", &format!("GET {path} HTTP/1.1\nhost: h"), b"");
        assert_eq!((answer.result, answer.head.as_str()), (Ok(()), head), "{path}");
        assert_eq!(String::from_utf8_lossy(&answer.body), body, "{path}");
    };
    let base = "/.well-known/acme-challenge";
    let fields = |length: usize| format!("|server: test|content-length: {length}|content-type: text/plain");
    check(&format!("{base}/tok-1_x"), &format!("200 {}", fields(12)), "tok-1_x.key\n");
    check(&format!("{base}/nope"), &format!("404 {}", fields(19)), "resource not found\n");
    check(&format!("{base}/"), &format!("400 {}", fields(12)), "bad request\n");
    assert_eq!(script.sink.take(), ["info: [acme] served tok-1_x to 192.0.2.1"]);
}
