//! Whole messages through the codec: the reactions HAProxy 3.5 shows to good and bad input, what
//! it passes on, and mutated input that must never panic nor depend on how it is cut.

use super::*;
use crate::message::{Framing, Head, Version};

/// A head as text: start line and fields, then framing and flags.
fn dump(head: &Head) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut lines = vec![match head.status() {
        0 => format!("{} {} {}", text(head.method()), text(head.target()), head.version.number()),
        status => format!("{} {status} {}", head.version.number(), text(head.reason())),
    }];
    lines.extend(head.fields().map(|(name, value)| format!("{}: {}", text(name), text(value))));
    lines.push(format!("{:?}", head.framing));
    let flags = head.flags;
    for (set, name) in [
        (flags.close, "close"),
        (flags.keep_alive, "keep_alive"),
        (flags.upgrade, "upgrade"),
        (flags.expect_continue, "expect_continue"),
        (flags.must_close, "must_close"),
    ] {
        if set {
            lines.push(name.to_owned());
        }
    }
    lines.join("|")
}

/// Parses `input`, cut into portions at `cuts`, as a request or as the response to a method.
fn parse(
    input: &[u8],
    cuts: &[usize],
    limits: &Limits,
    method: Option<&[u8]>,
) -> (Head, Result<Parsed, ParseError>) {
    let (mut head, mut progress, mut from) = (Head::default(), Progress::default(), 0);
    for cut in cuts.iter().chain([&input.len()]) {
        head.bytes_mut().extend_from_slice(&input[from..*cut]);
        from = *cut;
        let parsed = match method {
            None => parse_request(&mut head, &mut progress, limits),
            Some(method) => parse_response(&mut head, &mut progress, limits, method),
        };
        if parsed != Ok(Parsed::NeedMore) {
            return (head, parsed);
        }
    }
    (head, Ok(Parsed::NeedMore))
}

/// The status a message leads to: 0 for one that passes, body included, 1 for an incomplete head.
fn verdict(input: &[u8], limits: &Limits, method: Option<&[u8]>) -> u16 {
    match parse(input, &[], limits, method) {
        (head, Ok(Parsed::Done { head_len })) => {
            match Body::new(head.framing, 8192).check(&input[head_len..]) {
                Ok(()) => 0,
                Err(_) if method.is_some() => 502,
                Err(_) => 400,
            }
        }
        (_, Ok(Parsed::NeedMore)) => 1,
        (_, Ok(Parsed::Http2Preface)) => 2,
        (_, Err(error)) => error.status,
    }
}

const UNSAFE: Limits = Limits { max_fields: 101, accept_unsafe: true, ..Limits::of_buffer(16384, 1024) };

#[test]
fn requests_that_pass_and_that_do_not() {
    let check = |input: &str, expected: u16| {
        let bytes: Vec<u8> = input.chars().map(|char| char as u8).collect(); // Latin-1
        assert_eq!(verdict(&bytes, &Limits::default(), None), expected, "{input:?}");
    };
    let line = |line: &str| format!("{line}\r\nHost: a\r\n\r\n");
    let field = |field: &str| format!("GET / HTTP/1.1\r\nHost: a\r\n{field}\r\n\r\n");
    check("GET /abc HT", 1);
    check("GET / HTTP/1.1\r\nHost: a\r\n", 1);
    check("GET /\r\n\r\n", 400);
    check("GET / HTTP/1.1\r\n\r\n", 0);
    check(&field("Host: b"), 400);
    check(&field("Host: A"), 0);
    check(&line("GE(T / HTTP/1.1"), 400);
    check("GE(", 400);
    check("\x16\x03\x01", 400);
    check("GET / HTTP/1.1\r\nHo(", 400);
    check(&line("get / HTTP/1.1"), 0);
    check(&line("GET  / HTTP/1.1"), 0);
    check(&line("GET\t/ HTTP/1.1"), 0);
    check(&line("GET / HTTP/1.1 "), 400);
    check(&line("GET / HTTP/1.2"), 0);
    check(&line("GET / HTTP/2.0"), 0);
    check(&line("GET / HTTP/1.10"), 400);
    check(&line("GET / http/1.1"), 400);
    check("GET / HTTP/1.1\nHost: a\n\n", 0);
    check(&field("X: a\rb"), 400);
    check(&field("X: a\0b"), 400);
    check(&line("GET /\0/ok HTTP/1.1"), 400);
    check("GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400);
    check(&field("X-A: 1\r\n 2"), 0);
    check(&field(": x"), 400);
    check(&field("X-A"), 400);
    check(&field("X\u{e9}A: 1"), 400);
    check(&field("X-A: \u{e9}"), 0);
    check(&line("GET /ok#frag HTTP/1.1"), 400);
    check(&line("GET /\u{e9}/ok HTTP/1.1"), 400);
    check(&line("GET /\x7f/ok HTTP/1.1"), 400);
    let fields = |count: usize| (0..count).map(|n| format!("X-{n}: 1\r\n")).collect::<String>();
    check(&format!("GET / HTTP/1.1\r\n{}\r\n", fields(100)), 0);
    check(&format!("GET / HTTP/1.1\r\n{}\r\n", fields(101)), 400);
    check(&field(&format!("X: {}", "a".repeat(14000))), 0);
    check(&field(&format!("X: {}", "a".repeat(20000))), 431);
    check(&line(&format!("GET /{} HTTP/1.1", "a".repeat(20000))), 414);
    check(&line(&format!("GET /{} HTTP/1.1", "a".repeat(16000))), 431);
    check(&format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "a".repeat(15262)), 0);
    check(&format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "a".repeat(15263)), 431);
    check(&line("GET * HTTP/1.1"), 400);
    check(&line("OPTIONS * HTTP/1.1"), 0);
    check(&line("GET admin HTTP/1.1"), 400);
    check(&line("CONNECT a HTTP/1.1"), 400);
    check(&line("CONNECT a:80 HTTP/1.1"), 0);
    check(&line("GET http://b/ HTTP/1.1"), 400);
    check(&format!("\r\n\r\n\r\n{}", line("GET / HTTP/1.1")), 0);
    check("\rGET / HTTP/1.1\r\n\r\n", 400);
    check(&field("Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13"), 400);
    check(
        &field("Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: aaaaaaaaaaaaaaaaaaaaaaa"),
        400,
    );
    check(
        &field("Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: aaaaaaaaaaaaaaaaaaaaaaaa"),
        0,
    );
    check(&field("Upgrade: websocket"), 0);
    check("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400);
    check("GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", 400);
    check("GET / HTTP/1.1\r\nHost:\r\n\r\n", 0);
    check("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 2);
    check("PRI * HTTP/2.0\r\n", 1);
    check(&line("PRI * HTTP/2.0"), 400);
    check("PRI * HTTP/1.1\r\n\r\n", 400);
    check(&field(" "), 0);
}

#[test]
fn framings_that_pass_and_that_do_not() {
    let check = |fields: &str, body: &str, expected: u16| {
        let input = format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n{body}");
        assert_eq!(verdict(input.as_bytes(), &Limits::default(), None), expected, "{input:?}");
    };
    const CHUNKS: &str = "5\r\nhello\r\n0\r\n\r\n";
    check("Content-Length: 5\r\nTransfer-Encoding: chunked", CHUNKS, 0);
    check("Transfer-Encoding: identity", "", 400);
    check("Transfer-Encoding: xchunked", CHUNKS, 400);
    check("Transfer-Encoding: chunked;q=1", CHUNKS, 400);
    check("Transfer-Encoding: chunked, chunked", CHUNKS, 400);
    check("Transfer-Encoding: chunked, gzip", CHUNKS, 400);
    check("Transfer-Encoding: gzip, chunked", CHUNKS, 422);
    check("Transfer-Encoding: , chunked", CHUNKS, 400);
    check("Transfer-Encoding: chunked,", CHUNKS, 400);
    check("Transfer-Encoding:", CHUNKS, 400);
    check("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked", CHUNKS, 422);
    check("Content-Length: 5\r\nTransfer-Encoding : chunked", CHUNKS, 400);
    check("Content-Length: 5\r\nX: x\r\n Transfer-Encoding: chunked", "hello", 0);
    check("Content-Length: 5\r\nTransfer-Encoding: \x0bchunked", "hello", 400);
    check("Content-Length: 5\r\nTransfer-Encoding: chunked\0", "hello", 400);
    check("Transfer-Encoding: CHUNKED", CHUNKS, 0);
    check("Transfer-Encoding:\tchunked", CHUNKS, 0);
    check("Content-Length: 5\r\nX: x\nTransfer-Encoding: chunked", CHUNKS, 0);
    check("Content-Length: 5\r\nX: x\rTransfer-Encoding: chunked", "hello", 400);
    check("Content-Length: 5\r\nContent-Length: 6", "hello!", 400);
    for (length, expected) in [
        ("5, 5", 0),
        ("5 , 05", 0),
        ("5, 6", 400),
        ("+5", 400),
        ("-5", 400),
        ("0x5", 400),
        ("5abc", 400),
        ("5 5", 400),
        ("", 400),
        ("9223372036854775808", 0),
        ("18446744073709551615", 0),
        ("18446744073709551616", 400),
        ("005", 0),
        (",5", 400),
        ("5,", 400),
        ("1e1", 400),
    ] {
        check(&format!("Content-Length: {length}"), "hello", expected);
    }
    check(&format!("Content-Length0{}:\r\nContent-Length: 60", "a".repeat(241)), "", 400);
    check(&format!("Content-Length0{}:\r\nContent-Length: 60", "a".repeat(240)), "", 0);
    for (body, expected) in [
        ("0x5\r\nhello\r\n0\r\n\r\n", 400),
        ("80000000\r\nhello", 0),
        ("5\r\nhelloXX0\r\n\r\n", 400),
        ("5;a=b\r\nhello\r\n0\r\n\r\n", 0),
        ("5\r\nhello\r\n0\r\n: 3\r\n\r\n", 400),
    ] {
        check("Transfer-Encoding: chunked", body, expected);
    }
    check("Transfer-Encoding: chunked", &format!("5;{}\r\nhello\r\n0\r\n\r\n", "a".repeat(8000)), 0);
    check("Transfer-Encoding: chunked", &format!("0\r\nX: {}\r\n\r\n", "a".repeat(20000)), 400);
    check("Content-Length: 5\r\nExpect: foo", "hello", 0);
    let old = |input: &str, expected| {
        assert_eq!(verdict(input.as_bytes(), &Limits::default(), None), expected, "{input:?}");
    };
    old("GET / HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello", 413);
    old("GET / HTTP/1.0\r\nContent-Length: 0\r\n\r\n", 0);
    old("DELETE / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 413);
    old("GET / HTTP/1.0\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 413);
    old("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 0);
}

#[test]
fn responses_that_pass_and_that_do_not() {
    let check = |input: &str, expected: u16| {
        assert_eq!(verdict(input.as_bytes(), &Limits::default(), Some(b"GET")), expected, "{input:?}");
    };
    let field = |field: &str| format!("HTTP/1.1 200 OK\r\n{field}\r\nContent-Length: 2\r\n\r\nok");
    let line = |line: &str| format!("{line}\r\nContent-Length: 2\r\n\r\nok");
    check("HTTP/1.1 200 OK\r\nX-A: 1\r\nX-B", 1);
    check("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nZZ\r\n", 502);
    check("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nhello", 502);
    check("\0\x01\x02 this is not http\r\n\r\n", 502);
    check("hello world, no header", 502);
    check(&field("X Y: 1"), 502);
    check(&field(": 1"), 502);
    check(&field("X-Y: a\0b"), 502);
    check(&field("X-Y: a\r\n b"), 0);
    check(&field(&format!("X-Y: {}", "a".repeat(20000))), 502);
    check(&field("Content-Length: 3"), 502);
    check(&field("Content-Length: 02"), 0);
    check(&field("Content-Length: -2"), 502);
    check(&field("Content-Length:"), 502);
    check("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok", 502);
    check("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 502);
    check("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 502);
    check(&line("HTTP/1.1 204 No Content"), 0);
    check(&line("HTTP/1.1 99 Low"), 0);
    check(&line("HTTP/1.1 600 Hi"), 0);
    check(&line("HTTP/1.1 abc Hi"), 502);
    check(&line("HTTP/1.1 1000 Hi"), 502);
    check(&line("HTTP/1.1 000 Hi"), 0);
    check(&line("HTTP/1.1 201"), 0);
    check(&line("HTTP/3.1 200 OK"), 0);
    check(&line("ICY 200 OK"), 502);
    check(&line(" HTTP/1.1 200 OK"), 502);
    check(&line("\r\nHTTP/1.1 200 OK"), 0);
    check(&line("HTTP/1.1 103 Early Hints"), 0);
    check("HTTP/1.1 101 S\r\n\r\n", 0);
    check("HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", 502);
    check(
        "HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n",
        0,
    );
    check(&field("Host: a\r\nHost: u@b"), 0);
}

#[test]
fn violations_that_may_be_accepted() {
    let check = |input: &str, expected: Result<&str, u16>| {
        let bytes: Vec<u8> = input.chars().map(|char| char as u8).collect(); // Latin-1
        let (head, parsed) = parse(&bytes, &[], &UNSAFE, None);
        let found = parsed.map(|_| dump(&head)).map_err(|error| error.status);
        assert_eq!(found.as_deref().map_err(|status| *status), expected, "{input:?}");
    };
    check("GET /x\r\n", Ok("GET /x 1.0|None"));
    check("POST /x\r\n", Err(400));
    check("GET / HTTP/1.1\r\nX: a\0b\r\n\r\n", Ok("GET / 1.1|x: a\0b|None"));
    check("GET / HTTP/1.1\r\nX Y: ab\r\nZ: 1\r\n\r\n", Ok("GET / 1.1|z: 1|None"));
    check("GET / HTTP/1.1\r\nX\rY: ab\r\nZ: 1\r\n\r\n", Ok("GET / 1.1|z: 1|None"));
    check("GET / HTTP/1.1\r\nX\r\n\r\n", Err(400));
    check("GET / HTTP/1.1\r\n Host: a\r\n\r\n", Ok("GET / 1.1|None"));
    check("GET /a#b HTTP/1.1\r\n\r\n", Ok("GET /a#b 1.1|None"));
    check("GET / HTTP/1.10\r\n\r\n", Ok("GET / 1.0|None"));
    check("GET / RTSP/1.0\r\n\r\n", Ok("GET / 1.0|None"));
    check("GET / ABCD/1.1\r\n\r\n", Ok("GET / 1.1|None"));
    check("GET /\x7f HTTP/1.1\r\n\r\n", Err(400));
    check("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", Err(400));
    check("GET http://b/a HTTP/1.1\r\nHost: a\r\n\r\n", Ok("GET http://b/a 1.1|host: a|None"));
    check("CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n", Ok("CONNECT a 1.1|host: a|None"));
    check(
        "GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        Ok("GET / 1.1|connection: upgrade|upgrade: websocket|None|upgrade"),
    );
}

#[test]
fn violations_of_a_server_that_may_be_accepted() {
    let check = |input: &str, expected: Result<&str, u16>| {
        let (head, parsed) = parse(input.as_bytes(), &[], &UNSAFE, Some(b"GET"));
        let found = parsed.map(|_| dump(&head)).map_err(|error| error.status);
        assert_eq!(found.as_deref().map_err(|status| *status), expected, "{input:?}");
    };
    check("HTTP/1.1 1000 A\r\n\r\n", Ok("1.1 1000 A|UntilClose"));
    check("HTTP/1.1 65536 A\r\n\r\n", Err(502));
    check("ICY 200 A\r\n\r\n", Ok("1.0 200 A|UntilClose"));
    check("HTTP/1.1 200 A\r\nTransfer-Encoding: chunked,,chunked\r\n\r\n", {
        Ok("1.1 200 A|transfer-encoding: chunked,,chunked|Chunked")
    });
    check("HTTP/1.1 200 A\r\nTransfer-Encoding:\r\n\r\n", Ok("1.1 200 A|transfer-encoding: |UntilClose"));
    check("HTTP/1.1 200 A\r\nTransfer-Encoding: gzip\r\n\r\n", Err(502));
}

#[test]
fn names_in_another_case() {
    let check = |input: &str, expected: &str| {
        let mut head = input.as_bytes().to_vec();
        adjust_names(&mut head, |name| (name == b"x-ab").then_some(b"X-aB"));
        assert_eq!(String::from_utf8_lossy(&head), expected);
    };
    check("GET /x-ab: HTTP/1.1\r\nx-ab: x-ab: 1\r\nx-abc: 2\r\n\r\n", {
        "GET /x-ab: HTTP/1.1\r\nX-aB: x-ab: 1\r\nx-abc: 2\r\n\r\n"
    });
    check("HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n");
}

#[test]
fn what_a_head_holds() {
    let check = |input: &str, method: Option<&str>, expected: &str| {
        for cut in 0..input.len() {
            let limits = Limits::default();
            let (head, parsed) = parse(input.as_bytes(), &[cut], &limits, method.map(str::as_bytes));
            assert_eq!(parsed, Ok(Parsed::Done { head_len: input.len() }), "{input:?}");
            assert_eq!(dump(&head), expected, "{input:?}");
        }
    };
    let get = |fields: &str, expected: &str| {
        check(&format!("GET / HTTP/1.1\r\n{fields}\r\n\r\n"), None, &format!("GET / 1.1|{expected}"));
    };
    get("Host: A\r\nhost: a\r\nX-E:\r\nX-F: \r\n \r\n  b\r\nX-G: a\r\n\t\r\n c  ", {
        "host: A|x-e: |x-f: b|x-g: a  \t   c|None"
    });
    get("Connection: close, X-Foo\r\nKeep-Alive: 3", "connection: X-Foo|keep-alive: 3|None|close");
    get("Connection: Keep-Alive", "None|keep_alive");
    get("Connection: upgrade, close\r\nUpgrade: foo, h2c", {
        "connection: upgrade|upgrade: foo|None|close|upgrade"
    });
    get("Upgrade: foo", "None");
    get("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c", "connection: HTTP2-Settings|None");
    get("Connection: upgrade", "None");
    get(
        "Expect: 100-Continue\r\nContent-Length: 0",
        "expect: 100-Continue|content-length: 0|Length(0)|expect_continue",
    );
    get("Content-Length: 5\r\nTransfer-Encoding: Chunked", "transfer-encoding: Chunked|Chunked|must_close");
    get("Content-Length: 2 , 02\r\nContent-Length: 2", "content-length: 2|Length(2)");
    get("Content-Length: 000", "content-length: 0|Length(0)");
    check("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n", None, {
        "POST / 1.0|transfer-encoding: chunked|expect: 100-continue|Chunked|must_close"
    });
    let target = |line: &str, host: &str, expected: &str| {
        check(&format!("{line} HTTP/1.1\r\nHost: {host}\r\n\r\n"), None, expected);
    };
    target("GET http://a:80/x?y", "a", "GET http://a/x?y 1.1|host: a|None");
    target("GET http://a", "a", "GET http://a/ 1.1|host: a|None");
    target("GET http://a:80", "a:80", "GET http://a/ 1.1|host: a|None");
    target("GET http://a?x", "a", "GET http://a?x 1.1|host: a|None");
    target("GET HTTP://A:80/x", "a", "GET HTTP://A/x 1.1|host: A|None");
    target("GET http://u:p@a:80/x", "a", "GET http://u:p@a/x 1.1|host: a|None");
    target("GET http://a:81/x", "a:81", "GET http://a:81/x 1.1|host: a:81|None");
    target("OPTIONS http://a:80", "A", "OPTIONS http://a 1.1|host: a|None");
    target("CONNECT a:443", "a:443\r\nContent-Length: 4", "CONNECT a:443 1.1|host: a|None");
    let response = |method: &str, input: &str, expected: &str| {
        check(&format!("HTTP/1.1 {input}\r\n\r\n"), Some(method), &format!("1.1 {expected}"));
    };
    response("GET", "200 OK\r\nContent-Length: 2", "200 OK|content-length: 2|Length(2)");
    response("GET", "200", "200 |UntilClose");
    response("HEAD", "200 OK\r\nContent-Length: 2", "200 OK|content-length: 2|None");
    response("GET", "304 NM\r\nContent-Length: 2", "304 NM|content-length: 2|None");
    response("GET", "204 NC\r\nContent-Length: 2\r\nTransfer-Encoding: chunked", "204 NC|None|must_close");
    response("GET", "103 EH\r\nContent-Length: 2\r\nLink: x", "103 EH|link: x|None");
    response("GET", "101 S\r\nConnection: upgrade\r\nUpgrade: x\r\nContent-Length: 5", {
        "101 S|connection: upgrade|upgrade: x|Tunnel|upgrade"
    });
    response("CONNECT", "200 OK\r\nTransfer-Encoding: chunked", "200 OK|Tunnel");
    response("CONNECT", "403 No\r\nContent-Length: 2", "403 No|content-length: 2|Length(2)");
}

#[test]
fn what_is_passed_to_a_server() {
    let check = |input: &str, expected: &str| {
        let (head, parsed) = parse(input.as_bytes(), &[], &Limits::default(), None);
        assert!(matches!(parsed, Ok(Parsed::Done { .. })), "{input:?}");
        let mut out = Vec::new();
        write_request(&head, &mut out, &RequestOut { persistence: Persistence::KeepAlive, pretend: false });
        assert_eq!(String::from_utf8_lossy(&out), expected);
    };
    check("GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n");
    check(
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: close, X-Foo\r\nKeep-Alive: 3\r\nProxy-Connection: keep-alive\r\nTE: trailers, x\r\nTrailer: x\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\nconnection: X-Foo\r\nkeep-alive: 3\r\nproxy-connection: keep-alive\r\nte: trailers\r\ntrailer: x\r\n\r\n",
    );
    check(
        "GET / HTTP/1.1\r\nConnection: upgrade, close\r\nUpgrade: foo, h2c\r\n\r\n",
        "GET / HTTP/1.1\r\nconnection: upgrade\r\nupgrade: foo\r\n\r\n",
    );
    check("GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", {
        "GET / HTTP/1.0\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"
    });
    check(
        "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: Chunked\r\n\r\n",
        "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n",
    );
    check("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", {
        "POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n"
    });
    check("GET / HTTP/1.2\r\nContent-Length: 0\r\n\r\n", "GET / HTTP/1.1\r\ncontent-length: 0\r\n\r\n");
    check("GET / HTTP/0.9\r\n\r\n", "GET / HTTP/0.9\r\nconnection: keep-alive\r\n\r\n");
    check("GET / HTTP/3.1\r\n\r\n", "GET / HTTP/1.1\r\n\r\n");
    check("GET / HTTP/1.1\r\nTE: x\r\n\r\n", "GET / HTTP/1.1\r\n\r\n");

    // What rules make.
    for (value, expected) in [("", ""), (",", ""), (",,", "connection: ,\r\n"), ("a,", "connection: a\r\n")] {
        let mut head = Head::default();
        head.start_request(b"GET", b"/", Version::Http11);
        head.add(b"connection", value.as_bytes());
        let mut out = Vec::new();
        write_request(&head, &mut out, &RequestOut { persistence: Persistence::KeepAlive, pretend: false });
        assert_eq!(String::from_utf8_lossy(&out), format!("GET / HTTP/1.1\r\n{expected}\r\n"));
    }

    let mut head = Head::default();
    head.start_request(b"POST", b"/", Version::Http2);
    head.framing = Framing::Chunked;
    head.add(b"connection", b"a, Close, b");
    let mut out = Vec::new();
    let persistence =
        write_request(&head, &mut out, &RequestOut { persistence: Persistence::KeepAlive, pretend: false });
    assert_eq!(persistence, Persistence::Close);
    assert_eq!(
        String::from_utf8_lossy(&out),
        "POST / HTTP/1.1\r\nconnection: a,b\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
    );
}

#[test]
fn what_is_passed_to_a_client() {
    let check =
        |version: Version, persistence: Persistence, input: &str, expected: &str, after: Persistence| {
            let (head, parsed) = parse(input.as_bytes(), &[], &Limits::default(), Some(b"GET"));
            assert!(matches!(parsed, Ok(Parsed::Done { .. })), "{input:?}");
            let mut out = Vec::new();
            let how = ResponseOut { persistence, client_version: version };
            assert_eq!(write_response(&head, &mut out, &how), after, "{input:?}");
            assert_eq!(String::from_utf8_lossy(&out), expected);
        };
    use Persistence::{Close, KeepAlive};
    use Version::{Http10, Http11};
    let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
    check(Http11, KeepAlive, ok, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n", KeepAlive);
    check(Http11, Close, ok, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n", Close);
    check(Http10, Close, ok, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n", Close);
    check(
        Http10,
        KeepAlive,
        ok,
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: keep-alive\r\n\r\n",
        KeepAlive,
    );
    let closing = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n";
    check(Http11, KeepAlive, closing, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n", KeepAlive);
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    check(
        Http10,
        KeepAlive,
        chunked,
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: keep-alive\r\n\r\n",
        KeepAlive,
    );
    let old = "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n";
    check(
        Http11,
        KeepAlive,
        old,
        "HTTP/1.0 200 OK\r\ncontent-length: 2\r\nconnection: keep-alive\r\n\r\n",
        KeepAlive,
    );
    check(Http11, Close, old, "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\n", Close);
    let old_chunked = "HTTP/1.0 200 S\r\nTransfer-Encoding: chunked\r\n\r\n";
    check(Http11, KeepAlive, old_chunked, "HTTP/1.0 200 S\r\ntransfer-encoding: chunked\r\n\r\n", Close);
    check(Http11, KeepAlive, "HTTP/1.1 200\r\n\r\n", "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n", Close);
    check(Http11, Close, "HTTP/1.1 103 EH\r\nLink: x\r\n\r\n", "HTTP/1.1 103 EH\r\nlink: x\r\n\r\n", Close);
    let mut coded = Head::default();
    coded.start_response(304, b"NM", Http11);
    coded.add(b"content-length", b"3");
    coded.add(b"transfer-encoding", b"gzip");
    let mut out = Vec::new();
    write_response(&coded, &mut out, &ResponseOut { persistence: KeepAlive, client_version: Http11 });
    assert_eq!(String::from_utf8_lossy(&out), "HTTP/1.1 304 NM\r\ncontent-length: 3\r\n\r\n");
    let same = "HTTP/1.1 304 NM\r\ntransfer-encoding: chunked\r\n\r\n";
    check(Http11, KeepAlive, same, same, KeepAlive);
    check(
        Http11,
        KeepAlive,
        "HTTP/1.1 204 NC\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 204 NC\r\n\r\n",
        KeepAlive,
    );
    let switched = "HTTP/1.1 101 Sw\r\nconnection: upgrade\r\nupgrade: foo\r\n\r\n";
    check(Http11, Close, switched, switched, Close);
    check(
        Http11,
        KeepAlive,
        "HTTP/1.1 201 C\r\nConnection: keep-alive, foo\r\nUpgrade: h2,x\r\nTE: x\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 201 C\r\nconnection: foo\r\nupgrade: x\r\ncontent-length: 0\r\n\r\n",
        KeepAlive,
    );
    check(
        Http11,
        KeepAlive,
        "HTTP/1.1 299\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 299 Success\r\ncontent-length: 0\r\n\r\n",
        KeepAlive,
    );
}

#[test]
fn chunks_and_trailers() {
    let mut trailers = Head::default();
    trailers.bytes_mut().extend_from_slice(b"X-T: 1\r\n 2\r\nContent-Length: 5\r\n\r\n");
    assert_eq!(parse_trailers(&mut trailers, 101), Ok(()));
    let mut out = Vec::new();
    write_chunk_header(&mut out, 26);
    write_last_chunk(&mut out, Some(&trailers));
    write_last_chunk(&mut out, None);
    assert_eq!(String::from_utf8_lossy(&out), "1A\r\n0\r\nx-t: 1   2\r\ncontent-length: 5\r\n\r\n0\r\n\r\n");
    let check = |raw: &str| {
        let mut trailers = Head::default();
        trailers.bytes_mut().extend_from_slice(raw.as_bytes());
        assert_eq!(parse_trailers(&mut trailers, 101), Err(BodyError::Trailer), "{raw:?}");
    };
    check("Content-Length: x\r\n\r\n");
    check("Transfer-Encoding: x\r\n\r\n");
    check(": x\r\n\r\n");
    check("X: 1\r\n");
}

#[test]
fn whether_the_connection_stays() {
    let check = |input: &str, method: Option<&str>, expected: bool| {
        let (head, parsed) = parse(input.as_bytes(), &[], &Limits::default(), method.map(str::as_bytes));
        assert!(parsed.is_ok());
        assert_eq!(keeps_alive(&head), expected, "{input:?}");
    };
    check("GET / HTTP/1.1\r\n\r\n", None, true);
    check("GET / HTTP/1.1\r\nConnection: close\r\n\r\n", None, false);
    check("GET / HTTP/1.0\r\n\r\n", None, false);
    check("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", None, true);
    check("POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", None, false);
    check("HTTP/1.1 200 OK\r\n\r\n", Some("GET"), false);
    check("HTTP/1.1 200 OK\r\n\r\n", Some("HEAD"), true);
}

#[test]
fn accepted_violations_are_noted() {
    let check = |input: &str, expected: bool| {
        let mut head = Head::default();
        head.bytes_mut().extend_from_slice(input.as_bytes());
        let limits = Limits { accept_unsafe: true, ..Limits::default() };
        let mut progress = Progress::default();
        let parsed = match input.starts_with("HTTP/") {
            true => parse_response(&mut head, &mut progress, &limits, b"GET"),
            false => parse_request(&mut head, &mut progress, &limits),
        };
        assert!(matches!(parsed, Ok(Parsed::Done { .. })), "{input:?}: {parsed:?}");
        assert_eq!(head.flags.violates, expected, "{input:?}");
    };
    check("GET / HTTP/1.1\r\nHost: a\r\n\r\n", false);
    check("GET /\r\n", false);
    check("GET /#a HTTP/1.1\r\n\r\n", true);
    check("GET /\u{e9} HTTP/1.1\r\n\r\n", true);
    check("GET / HTTP/1.1\r\nX(: a\r\n\r\n", true);
    check("GET / HTTP/1.1\r\nX: a\0\r\n\r\n", true);
    check("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", true);
    check("CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n", true);
    check("GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", true);
    check("HTTP/1.1 099 A\r\n\r\n", false);
    check("HTTP/1.1 2000 A\r\n\r\n", true);
    check("HTTP/1.1 200 A\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", true);
    check("HTTP/1.1 101 A\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", true);
}
