//! Functions that run too long, collect too much, wait, or outlive their stream.

use std::time::{Duration, Instant};

use super::{fails, service};
use crate::testing::{limits, load, runtime, try_load};
use crate::{Failure, ServiceError};

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
