//! Scripts run end to end: what they register, answer and log. The expectations were taken from
//! HAProxy 3.5.

use std::time::{Duration, Instant};

use proto::message::Framing;

use crate::testing::{Script, limits, load, runtime, try_load};
use crate::{Failure, ServiceError};

/// The body of the service `x`, whose function gets `applet`.
fn service(body: &str) -> Script {
    load(&format!("core.register_service('x', 'http', function(applet)\n{body}\nend)"))
}

/// Runs a service that ends well, with a GET request.
fn answer(body: &str, expected_head: &str, expected_body: &str) {
    let answer = service(body).serve("lua.x", "GET /p/a?q=1 HTTP/1.1\nhost: h\nx-a: 1\nx-a: 2", b"");
    assert_eq!(answer.result, Ok(()), "{body}");
    assert_eq!(answer.head, expected_head, "{body}");
    assert_eq!(String::from_utf8_lossy(&answer.body), expected_body, "{body}");
}

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
fn facts_of_the_request() {
    let check = |expression: &str, expected: &str| {
        answer(&format!("applet:start_response() applet:send(tostring({expression}))"), "200 ", expected);
    };
    check("applet.method", "GET");
    check("applet.version", "HTTP/1.1");
    check("applet.path", "/p/a");
    check("applet.qs", "q=1");
    check("applet.length", "0");
    check("applet.headers['host'][0]", "h");
    check("applet.headers['x-a'][1]", "2");
    check("applet.headers.nope", "nil");
    check("type(applet)", "table");
    check("applet.sf:src()", "192.0.2.1");
    check("math.type(applet.f:dst_port())", "integer");
    check("type(applet.sf:dst_port())", "string");
    check("applet.f:ssl_fc()", "0");
    check("applet.f:path() .. applet.f:method() .. applet.sf:url_param('q')", "/p/aGET1");
    check("applet.sc:bytes('ABC', 1, 1) .. applet.c:base64('x') .. applet.sc:add('1', 2)", "BeA==3");
    check("applet.sc:ipmask('192.0.2.77', 24, 112)", "192.0.2.0");
    check("applet.f:var('txn.x')", "nil");
    check("(function() applet:set_var('txn.x', 'v') return applet.f:var('txn.x') end)()", "v");
    check("applet.f:req_hdr('nope')", "nil");
    check("applet.sf:req_hdr('nope') == ''", "true");
    check("applet.f:req_hdr('x-a')", "2");
    check("applet.c:lower('ABC')", "abc");
    check("applet.sc:lower('ABC')", "abc");
    check("applet:get_var('txn.x')", "nil");
    check("applet:set_var('txn.x', 5)", "true");
    check("applet:set_var('bad.x', 5)", "false");
    check("applet:set_var('txn.unheard', 5, true)", "false");
    check("(function() applet:set_var('sess.x', 'v') return applet:get_var('sess.x') end)()", "v");
    check(
        "(function() applet:set_var('txn.x', true) applet:unset_var('txn.x') return applet:get_var('txn.x') end)()",
        "nil",
    );
    check("(function() local t = {} applet:set_priv(t) return applet:get_priv() == t end)()", "true");
    check("applet:get_priv()", "nil");
}

#[test]
fn tools_of_core() {
    let check = |expression: &str, expected: &str| {
        answer(&format!("applet:start_response() applet:send(tostring({expression}))"), "200 ", expected);
    };
    check("core.tokenize('a,b;;c', ',;')[4]", "c");
    check("#core.tokenize('a,b;;c', ',;', true)", "3");
    check("core.match_addr(core.parse_addr('127.0.0.1/8'), core.parse_addr('127.3.3.3'))", "true");
    check("core.parse_addr('x')", "nil");
    check("core.now().sec > 1700000000 and core.now().usec < 1000000", "true");
    check("core.thread", "0");
    check("core.silent .. core.emerg .. core.debug", "-107");
    check("core.get_info().Name", "HAProxy");
    check("core.no_such_thing", "nil");
    check("select('#', table.insert({}, core.tokenize('a', ',')))", "0");
}

/// A service that fails: the alert behind `Lua applet http '<lua.x>': `, with `FILE` for the path.
fn fails(body: &str, expected: &str) {
    let script = service(body);
    let answer = script.serve("x", "GET / HTTP/1.1", b"");
    assert!(matches!(answer.result, Err(ServiceError::Failed(_))), "{body}: {:?}", answer.result);
    let expected = format!("ALERT Lua applet http '<lua.x>': {expected}").replace("FILE", &script.path);
    assert_eq!(script.sink.take(), [expected], "{body}");
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
    assert_eq!((answer.head.as_str(), answer.body.as_slice()), ("200 ", &b"abc"[..]));
}

/// A service that never ends: how it is cut, and that the state works afterwards.
fn is_cut(body: &str, check: impl Fn(&Failure) -> bool) {
    let script = load(&format!(
        "core.register_service('x', 'http', function(applet)\n{body}\nend)\n\
         core.register_service('fine', 'http', function(applet) applet:start_response() end)",
    ));
    let begun = Instant::now();
    let answer = script.serve("x", "GET / HTTP/1.1", b"");
    let Err(ServiceError::Failed(failure)) = answer.result else { panic!("{body}: {:?}", answer.result) };
    assert!(check(&failure), "{body}: {failure}");
    assert!(begun.elapsed() < Duration::from_secs(5), "{body}");
    assert_eq!(script.serve("fine", "GET / HTTP/1.1", b"").result, Ok(()));
}

#[test]
fn endless_services_are_cut() {
    let execution = |failure: &Failure| *failure == Failure::ExecutionTimeout;
    let burst =
        |failure: &Failure| matches!(failure, Failure::Raised(text) if text.contains("burst timeout"));
    is_cut("while true do end", execution);
    is_cut("while true do pcall(function() while true do end end) end", execution);
    is_cut("while true do core.yield() end", execution);
    is_cut("string.gsub('x', '.', function() while true do end end)", burst);
    is_cut(
        "string.gsub('x', '.', function() while true do pcall(function() while true do end end) end end)",
        burst,
    );
    is_cut("coroutine.wrap(function() while true do end end)()", burst);
    is_cut("while true do coroutine.resume(coroutine.create(function() while true do end end)) end", burst);
    is_cut(
        "local t <close> = setmetatable({}, {__close = function() while true do end end}) while true do end",
        execution,
    );
    is_cut("local function f() return f() + 1 end f()", |failure| match failure {
        Failure::Raised(text) => text.contains("stack overflow"),
        failure => execution(failure),
    });
}

#[test]
fn endless_services_pause_for_others() {
    let answer = service("while true do end").serve("x", "GET / HTTP/1.1", b"");
    assert!(answer.polls > 5, "{} polls", answer.polls);
}

#[test]
fn memory_is_bounded() {
    let limits = ir::config::LuaLimits { maxmem: 8 << 20, ..limits() };
    let source = "core.register_service('x', 'http', function(applet) local t = {} while true do t[#t + 1] = ('x'):rep(100000) .. #t end end)
         core.register_service('fine', 'http', function(applet) applet:start_response() end)";
    let (registered, script) = try_load(source, &limits);
    registered.unwrap();
    let answer = script.serve("x", "GET / HTTP/1.1", b"");
    assert_eq!(answer.result, Err(ServiceError::Failed(Failure::OutOfMemory)));
    assert_eq!(script.serve("fine", "GET / HTTP/1.1", b"").result, Ok(()));
}

#[test]
fn bodies_stream_with_back_pressure() {
    let service = |body: &str| {
        let source = format!("core.register_service('x', 'http', function(applet) {body} end)");
        try_load(&source, &ir::config::LuaLimits::default()).1
    };
    let echo = service(
        "applet:start_response() while true do local part = applet:receive(5000) if part == '' then break end \
         applet:send(part) end",
    );
    let body: Vec<u8> = (0..1_000_000u32).map(|index| (index % 251) as u8).collect();
    let answer = echo.serve("x", "POST / HTTP/1.1", &body);
    assert_eq!(answer.result, Ok(()));
    assert!(answer.body == body);
    assert!(answer.most <= 16384, "{} bytes waited", answer.most);

    let whole = service(
        "local body = applet:receive() applet:start_response() applet:send(#body .. ':' .. applet.length)",
    );
    assert_eq!(whole.serve("x", "POST / HTTP/1.1", &body).body, b"1000000:1000000");

    let big = service("applet:start_response() applet:send(('y'):rep(1000000))");
    assert_eq!(big.serve("x", "GET / HTTP/1.1", b"").body.len(), 1_000_000);

    let lines = service(
        "applet:start_response() while true do local l = applet:getline() if l == '' then break end \
         applet:send('<' .. l .. '>') end",
    );
    assert_eq!(lines.serve("x", "POST / HTTP/1.1", b"a\nbb\nc").body, b"<a\n><bb\n><c>");
}

#[test]
fn what_a_script_collects_is_bounded() {
    fails(
        "for i = 1, 100000 do applet:add_header('x-' .. i, ('y'):rep(100)) end",
        "[state-id 0] runtime error: FILE:2: Lua: 'add_header': response header block too big from [C]: in method \
         'add_header', FILE:2: in function line 1.",
    );
    let limits = ir::config::LuaLimits { maxmem: 8 << 20, ..ir::config::LuaLimits::default() };
    let source = "core.register_service('x', 'http', function(applet) applet:receive() end)";
    let (_, script) = try_load(source, &limits);
    let answer = script.serve("x", "POST / HTTP/1.1", &vec![b'x'; 12 << 20]);
    assert_eq!(answer.result, Err(ServiceError::Failed(Failure::OutOfMemory)));
}

#[test]
fn sleeping_lets_others_run() {
    let script = service("core.msleep(80) core.sleep(0) applet:start_response() applet:send('slept')");
    let begun = Instant::now();
    let answer = script.serve("x", "GET / HTTP/1.1", b"");
    // Longer than the limit of running time: a sleep does not count.
    assert_eq!((answer.result, answer.body.as_slice()), (Ok(()), &b"slept"[..]));
    assert!(begun.elapsed() >= Duration::from_millis(80));
}

#[test]
fn done_ends_a_function() {
    answer("applet:start_response() pcall(function() core.done() end) applet:send('never')", "200 ", "");
}

#[test]
fn objects_do_not_outlive_their_stream() {
    let script = load(
        "local kept
         core.register_service('keep', 'http', function(applet) kept = applet applet:start_response() end)
         core.register_service('use', 'http', function(applet)
           local ok, why = pcall(function() return kept.f:src() end)
           applet:start_response() applet:send(tostring(ok) .. why:match(\"'.*\"))
           applet:send(tostring(pcall(kept.set_var, kept, 'txn.x', 1)))
         end)",
    );
    assert_eq!(script.serve("keep", "GET / HTTP/1.1", b"").result, Ok(()));
    let mut other = state::testing::stream("GET / HTTP/1.1");
    other.id = 8;
    let answer = script.serve_stream("use", &mut other, b"");
    assert_eq!(
        String::from_utf8_lossy(&answer.body),
        "false'src': this object is used outside of its streamfalse"
    );
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

/// A script that does not load: the error, with `FILE` for the path.
fn refused(source: &str, expected: &str) {
    let (registered, script) = try_load(source, &limits());
    assert_eq!(registered.unwrap_err(), expected.replace("FILE", &script.path), "{source}");
}

#[test]
fn scripts_that_do_not_load() {
    refused("local x = = 3", "error in Lua file 'FILE': FILE:1: unexpected symbol near '='");
    refused("error('at load')", "Lua runtime error: FILE:1: at load");
    refused("error({})", "Lua runtime error: (null)");
    refused(
        "core.register_action('x', {'bad'}, function() end)",
        "Lua runtime error: FILE:1: Lua action environment 'bad' is unknown. 'tcp-req', 'tcp-res', 'http-req', \
         'http-res' or 'http-after-res' are expected.",
    );
    refused(
        "core.register_service('x', 'bad', function() end)",
        "Lua runtime error: FILE:1: Lua service environment 'bad' is unknown. 'tcp' or 'http' are expected.",
    );
    refused(
        "core.register_service('x', 'http', 5)",
        "Lua runtime error: FILE:1: bad argument #3 to 'register_service' (function expected, got number)",
    );
    refused(
        "core.register_service('y', 'http')",
        "Lua runtime error: FILE:1: 'register_service' needs 3 arguments",
    );
    refused(
        "core.register_task(5)",
        "Lua runtime error: FILE:1: bad argument #1 to 'register_task' (function expected, got number)",
    );
    refused(
        "core.register_action('x', {'http-req'}, function() end, 'z')",
        "Lua runtime error: FILE:1: bad argument #4 to 'register_action' (number expected, got string)",
    );
    refused(
        "core.register_cli('x', 'u', function() end)",
        "Lua runtime error: FILE:1: bad argument #1 to 'register_cli' (1st argument must be a table)",
    );
    let (_, script) = try_load("", &limits());
    let missing = script.host.load(b"/nonexistent/x.lua", &[], false);
    let expected =
        "error in Lua file '/nonexistent/x.lua': cannot open /nonexistent/x.lua: No such file or directory";
    assert_eq!(missing.unwrap_err(), expected);
}

#[test]
fn registering() {
    let (registered, script) = try_load(
        "#!/usr/bin/lua
         assert(... == 'one')
         core.sleep(5)
         core.register_service('s', 'tcp', function() end)
         core.register_service('s', 'http', function() end)
         core.register_action('a', {'http-req', 'tcp-req'}, function() end, 2)
         core.register_fetches('f', function() end)
         core.register_converters('c', function() end)
         core.register_cli({'show', 'it'}, 'usage', function() end)
         core.register_init(function() core.Info('init') end)
         core.register_task(function() end)
         core.register_service('s', 'http', function() end)",
        &limits(),
    );
    let registered = registered.unwrap();
    assert_eq!(registered.services.len(), 3);
    let action = &registered.actions[0];
    assert_eq!((action.name.as_str(), action.sets, action.args, action.id), ("a", 0b11000, 2, 0));
    assert_eq!(
        (registered.fetches.as_slice(), registered.converters.as_slice()),
        (&["f".to_owned()][..], &["c".to_owned()][..])
    );
    assert_eq!((registered.inits, registered.tasks, registered.commands.len()), (1, 1, 1));
    let twice = "WARNING Trying to register service 'lua.s' more than once. This will become a hard error in version 2.5.";
    let command = "WARNING Lua CLI command 'show it' is registered, but not executed yet.";
    assert_eq!(script.sink.take(), [command, twice]);
    script.start(&state::testing::stream("GET / HTTP/1.1")).unwrap();
    assert_eq!(script.sink.take(), ["info: init"]);
}

#[test]
fn inits_that_fail() {
    let script = load("core.register_init(function() error('init err') end)");
    let expected = format!(
        "Lua init: runtime error: '{0}:1: init err' from [C]: in global 'error', {0}:1: in function line 1",
        script.path,
    );
    assert_eq!(script.start(&state::testing::stream("GET / HTTP/1.1")), Err(expected));
}

#[test]
fn tasks() {
    let script = load(
        "core.register_task(function(text)
           core.Info(text) core.msleep(5)
           core.register_task(function() core.Info('inner') error('task err') end)
         end, 'outer')
         core.register_task(function() while true do end end)",
    );
    runtime().block_on(async {
        script.host.spawn_tasks(1);
        tokio::task::yield_now().await;
        assert!(script.sink.take().is_empty());
        script.host.spawn_tasks(0);
        for _ in 0..250 {
            if script.sink.len() == 4 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let failed = format!(
        "ALERT Lua task: [state-id 0] runtime error: {0}:3: task err from [C]: in global 'error', {0}:3: in \
         function line 3.",
        script.path,
    );
    let mut lines = script.sink.take();
    lines.sort();
    let mut expected = ["info: outer", "info: inner", &failed, "ALERT Lua task: execution timeout."];
    expected.sort();
    assert_eq!(lines, expected);
}

#[test]
fn a_state_for_each_thread() {
    use std::io::Write;
    let (_, script) = try_load("", &limits());
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(
        b"local count = 0
          core.register_service('x', 'http', function(applet)
            count = count + 1 applet:start_response() applet:send(core.thread .. ':' .. count)
          end)",
    )
    .unwrap();
    let path = file.path().to_str().unwrap();
    script.host.load(path.as_bytes(), &[], true).unwrap();
    let mut stream = state::testing::stream("GET / HTTP/1.1");
    script.host.start(stream.plan, 2).unwrap();
    assert_eq!(script.serve_stream("x", &mut stream, b"").body, b"1:1");
    assert_eq!(script.serve_stream("x", &mut stream, b"").body, b"1:2");
    std::rc::Rc::get_mut(&mut stream.session).unwrap().thread = 1;
    assert_eq!(script.serve_stream("x", &mut stream, b"").body, b"2:1");
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

#[test]
fn actions() {
    use state::plan::Outcome;
    let check = |body: &str, expected: Outcome, expected_log: &[&str]| {
        let script =
            load(&format!("core.register_action('a', {{'http-req'}}, function(txn, a, b)\n{body}\nend, 2)"));
        let mut stream = state::testing::stream("GET /x?q HTTP/1.1\nhost: h\nx-a: 1");
        assert_eq!(script.act(0, &["one", "two"], &mut stream), expected, "{body}");
        let log: Vec<String> = expected_log.iter().map(|line| line.replace("FILE", &script.path)).collect();
        assert_eq!(script.sink.take(), log, "{body}");
        stream
    };
    check("", Outcome::Continue, &[]);
    check("return act.STOP", Outcome::Stop, &[]);
    check("return act.DENY", Outcome::Deny(403), &[]);
    check("return act.INVALID", Outcome::Deny(400), &[]);
    check("return act.ERROR", Outcome::Deny(500), &[]);
    check("return act.DONE", Outcome::Deny(503), &[]);
    check("txn:done()", Outcome::Reject, &[]);
    check("core.done(act.DENY)", Outcome::Deny(403), &[]);
    check("txn:Info(a .. b)", Outcome::Continue, &["info 0: onetwo"]);
    check(
        "error('x')",
        Outcome::Continue,
        &[
            "ALERT Lua function 'a': [state-id 0] runtime error: FILE:2: x from [C]: in global 'error', FILE:2: in \
           function line 1.",
        ],
    );
    let stream = check(
        "core.msleep(5) txn.http:req_set_header('X-A', '2') txn.http:req_add_header('x-a', txn.sf:req_hdr('host'))
         txn.http:req_del_header('host') txn.http:req_set_path('/y') txn.http:req_set_query('z') txn:set_loglevel(-1)",
        Outcome::Continue,
        &[],
    );
    assert_eq!(stream.req.fields().collect::<Vec<_>>(), [(&b"x-a"[..], &b"2"[..]), (b"x-a", b"h")]);
    assert_eq!((stream.req.target(), stream.log_silent), (&b"/y?z"[..], true));
    let stream = check(
        "local r = txn:reply{status=418, headers={['x-b']={'1','2'}}, body='hi'} r:add_header('x-b', '3') txn:done(r)",
        Outcome::Reply,
        &[],
    );
    assert_eq!((stream.res.status(), stream.reply.as_slice()), (418, &b"hi"[..]));
    assert_eq!(stream.res.get_all(b"x-b").collect::<Vec<_>>(), [b"1", b"2", b"3"]);
    assert_eq!(stream.res.framing, Framing::Length(2));
}

#[test]
fn fetches_and_converters_of_scripts() {
    use state::sample::{Arg, OwnedValue, Value};
    let script = load(
        "core.register_fetches('f', function(txn, a) return txn.sf:req_hdr('host') .. a end)
         core.register_fetches('fails', function(txn) error('oops') end)
         core.register_fetches('waits', function(txn) core.msleep(10) return 1 end)
         core.register_fetches('loops', function(txn) while true do end end)
         core.register_fetches('writes', function(txn) txn.http:req_del_header('host') end)
         core.register_converters('c', function(v, n) return v:upper() .. n end)",
    );
    let stream = state::testing::stream("GET / HTTP/1.1\nhost: h");
    let text = |text: &str| Some(OwnedValue::Str(text.as_bytes().to_vec()));
    assert_eq!(script.host.fetch(b"f", &stream, &[Arg::Str(b"x".to_vec().into()), Arg::Stop]), text("hx"));
    assert_eq!(script.host.convert(b"c", &stream, Value::Str(b"q"), &[Arg::Sint(5)]), text("Q5"));
    assert_eq!(script.host.fetch(b"nope", &stream, &[]), None);
    assert_eq!(script.sink.take(), [""; 0]);
    let fails = |name: &str, expected: &str| {
        let value = runtime().block_on(async { script.host.fetch(name.as_bytes(), &stream, &[]) });
        assert_eq!(value, None);
        assert_eq!(
            script.sink.take(),
            [format!("ALERT Lua sample-fetch '{name}': {expected}.").replace("FILE", &script.path)]
        );
    };
    fails(
        "fails",
        "[state-id 0] runtime error: FILE:2: oops from [C]: in global 'error', FILE:2: in function line 2",
    );
    fails("waits", "yield not allowed");
    fails("loops", "burst timeout");
    fails(
        "writes",
        "[state-id 0] runtime error: FILE:5: 'req_del_header': this object is used outside of its stream from \
         [C]: in method 'req_del_header', FILE:5: in function line 5",
    );
}

#[test]
fn sockets() {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        let (mut peer, _) = listener.accept().unwrap();
        let mut input = [0; 6];
        peer.read_exact(&mut input).unwrap();
        peer.write_all(b"line one\r\n12345rest").unwrap();
        std::thread::sleep(Duration::from_millis(150));
        peer.write_all(b" of it").unwrap();
        input
    });
    let script = load(&format!(
        "core.register_service('x', 'http', function(applet)
           applet:start_response()
           local function say(...) for i = 1, select('#', ...) do applet:send(tostring((select(i, ...))) .. '|') end end
           local s = core.tcp()
           say(s:receive())
           say(s:connect('127.0.0.1', 1))
           say(s:connect('127.0.0.1:{port}'))
           say(s:getpeername() == '127.0.0.1:{port}')
           say(s:send('xhellox', 2, -2)) say(s:send('!'))
           say(s:receive()) say(s:receive(5)) say(s:receive(2, 'p'))
           s:settimeout(0.05) say(s:receive('*a'))
           s:settimeout(5) say(s:receive('*a')) say(s:receive('*a'))
           say(s:receive())
           s:close() say(s:send('x'))
         end)",
    ));
    let answer = script.serve("x", "GET / HTTP/1.1", b"");
    assert_eq!(answer.result, Ok(()));
    assert_eq!(
        String::from_utf8_lossy(&answer.body),
        "nil|closed|nil|Can't connect|1|true|6|1|line one|12345|pre|nil|timeout|st| of it|nil|closed||nil|closed|nil|closed|0|",
    );
    assert_eq!(&server.join().unwrap(), b"hello!");
}

#[test]
fn the_http_client() {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        let mut requests = Vec::new();
        for end in ["\r\n\r\n", "hello"] {
            let (mut peer, _) = listener.accept().unwrap();
            let mut input = Vec::new();
            while !input.ends_with(end.as_bytes()) {
                let mut piece = [0; 1024];
                let count = peer.read(&mut piece).unwrap();
                assert!(count > 0);
                input.extend_from_slice(&piece[..count]);
            }
            peer.write_all(b"HTTP/1.1 201 Okay\r\nContent-Length: 2\r\nX-R: 1\r\nX-R: 2\r\n\r\nok").unwrap();
            requests.push(String::from_utf8(input).unwrap());
        }
        requests
    });
    let script = load(&format!(
        "core.register_service('x', 'http', function(applet)
           applet:start_response()
           local function say(r) applet:send(r.status .. ' ' .. r.reason .. ' ' .. r.body .. ' ' ..
             ((r.headers['x-r'] or {{}})[1] or '-') .. '|') end
           say(core.httpclient():get{{url='http://127.0.0.1:{port}/x?y=1', headers={{['x-a']={{'1','2'}}}}}})
           say(core.httpclient():post{{url='http://some.host/p', dst='127.0.0.1:{port}', body='hello'}})
           say(core.httpclient():get{{url='http://127.0.0.1:1/'}})
           applet:send(select(2, pcall(function() local r = core.httpclient():get{{}} end)):match('%d: (.*)'))
         end)",
    ));
    let answer = script.serve("x", "GET / HTTP/1.1", b"");
    assert_eq!(answer.result, Ok(()));
    assert_eq!(
        String::from_utf8_lossy(&answer.body),
        "201 Okay ok 2|201 Okay ok 2|0 Service Unavailable  -|'get' need a 'url' argument",
    );
    let requests = server.join().unwrap();
    let get = "GET /x?y=1 HTTP/1.1\r\nx-a: 1\r\nx-a: 2\r\nhost: 127.0.0.1:{port}\r\naccept: */*\r\nuser-agent: HAProxy\r\n\r\n";
    assert_eq!(requests[0], get.replace("{port}", &port.to_string()));
    assert!(requests[1].starts_with("POST /p HTTP/1.1\r\nhost: some.host\r\n"), "{}", requests[1]);
}

#[test]
fn proxies_and_servers() {
    let script = load(
        "core.register_service('x', 'http', function(applet)
           applet:start_response()
           local function say(...) for i = 1, select('#', ...) do applet:send(tostring((select(i, ...))) .. '|') end end
           local p = core.proxies.web
           say(core.proxies, p, p.servers, p.servers.s1)
           say(p.name, p.uuid, p:get_name(), p:get_cap(), p:get_mode(), p:get_srv_act(), p:get_srv_bck())
           say(core.backends.web == p, core.frontends.web == p, core.backends.nope)
           local s = p.servers.s1
           say(s.name, s:get_puid(), s:get_addr(), s:get_weight(), s:is_backup(), s:get_cur_sess(), s:get_proxy() == p)
           say(s:set_weight('10'), s:get_weight(), s:set_weight('x'))
           s:set_maint() say(p:get_srv_act()) s:set_ready() say(p:get_srv_act()) s:set_drain() say(s:is_draining())
           say(type(p.get_stats))
           for name in pairs(p.servers) do say(name) end
         end)",
    );
    let mut config = state::testing::config();
    config.proxies[0].servers.extend(["zz", "b", "aa"].map(|name| state::testing::server(name, 0)));
    let mut stream = state::testing::stream_of(config, &Default::default(), "GET / HTTP/1.1");
    script.start(&stream).unwrap();
    assert_eq!(
        String::from_utf8_lossy(&script.serve_stream("x", &mut stream, b"").body),
        "HAProxy class ProxyList|HAProxy class Proxy|HAProxy class ServerList|HAProxy class Server|\
         web|2|web|proxy|http|1|0|true|true|nil|s1|1|127.0.0.1:8080|1|false|0|true|\
         nil|10|Empty weight string empty or preceded by garbage|0|1|true|nil|s1|zz|b|aa|",
    );
}

#[test]
fn threads_share_one_state() {
    let source = "core.register_service('x', 'http', function(applet)
           local mine = applet.path
           core.yield() core.msleep(1)
           local count = 0
           for i = 1, 20000 do count = count + 1 end
           applet:start_response() applet:send(mine .. applet.f:path() .. count)
         end)";
    let (_, script) = try_load(source, &ir::config::LuaLimits::default());
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let script = &script;
            scope.spawn(move || {
                for index in 0..50 {
                    let path = format!("/{thread}/{index}");
                    let answer = script.serve("x", &format!("GET {path} HTTP/1.1"), b"");
                    assert_eq!(answer.result, Ok(()));
                    assert_eq!(String::from_utf8_lossy(&answer.body), format!("{path}{path}20000"));
                }
            });
        }
    });
}

#[test]
fn streams_may_go_first() {
    let script = load(
        "local closed = 0
         core.register_service('x', 'http', function(applet)
           local guard <close> = setmetatable({}, {__close = function() closed = closed + 1 end})
           core.sleep(1000)
         end)
         core.register_service('count', 'http', function(applet) applet:start_response() applet:send(closed) end)",
    );
    runtime().block_on(async {
        let mut stream = state::testing::stream("GET / HTTP/1.1");
        let mut service = crate::HttpService::start(&script.host, b"x", &mut stream).unwrap();
        std::future::poll_fn(|cx| {
            assert!(service.poll(cx, &mut stream).is_pending());
            std::task::Poll::Ready(())
        })
        .await;
        drop(stream);
        drop(service);
    });
    assert_eq!(script.serve("count", "GET / HTTP/1.1", b"").body, b"1");
}

#[test]
fn queues() {
    let script = load(
        "local q = core.queue()
         core.register_task(function() while true do core.Info(q:pop_wait()) end end)
         core.register_task(function()
           q:push('a') q:push('b') core.msleep(5) q:push('c')
           core.msleep(5) core.Info(tostring(q:pop()) .. q:size())
           local c = core.concat() c:add('x') c:add(1) core.Info(c:dump())
         end)",
    );
    runtime().block_on(async {
        script.host.spawn_tasks(0);
        for _ in 0..250 {
            if script.sink.len() == 5 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    assert_eq!(script.sink.take(), ["info: a", "info: b", "info: c", "info: nil0", "info: x1"]);
}
