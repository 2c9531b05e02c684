//! The objects and functions that scripts use.

use std::time::Duration;

use proto::message::Framing;

use super::answer;
use crate::testing::{load, runtime};

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
    check("applet.c:json_query('{\"a\": 5}', '$.a', 'int')", "5");
    check("pcall(function() return applet.c:json_query('{}', '$.a', 'real') end)", "false");
    check(
        "select(2, pcall(function() return applet.c:sha2('', 5) end)):match('error in arguments')",
        "error in arguments",
    );
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
