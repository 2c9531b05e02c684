//! The aliases against what HAProxy 3.5 was seen to log.

use super::*;
use ir::config::Capture;
use ir::expr::FormatFlags;
use state::termination::{Cause, State};
use state::testing;

const REQUEST: &str = "GET http://h.example/x/y?z=\"#1 HTTP/1.1\ncookie: a=b; SESS=client12345\n";

fn stream(input: &str) -> Stream {
    let mut config = testing::config();
    let proxy = &mut config.proxies[0];
    proxy.request_captures = ["host", "x-none"].map(|name| Capture { name: name.into(), len: 20 }).into();
    proxy.capture_cookie = Some(Capture { name: b"SESS".to_vec(), len: 10 });
    let mut stream = testing::stream_of(config, &Default::default(), input);
    stream.request_captures.get_mut().keep(0, b"a|{b}");
    state::persist::capture_cookie(&mut stream, false);
    stream
}

fn check_with(stream: &Stream, name: &str, flags: FormatFlags, expected: &str) {
    let alias = rows().find(|row| row.spec.name == name).expect(name);
    let mut out = Vec::new();
    let mut item = Item::new(flags, &mut out);
    (alias.run)(stream, &mut item);
    item.close_text();
    assert_eq!(String::from_utf8_lossy(&out), expected, "%{name} {flags:?}");
}

/// With the flags of a log line: a missing value is a dash.
fn check(stream: &Stream, name: &str, expected: &str) {
    check_with(stream, name, FormatFlags { mandatory: true, ..FormatFlags::default() }, expected);
}

#[test]
fn request() {
    let stream = stream(REQUEST);
    check(&stream, "r", "GET http://h.example/x/y?z=#22#231 HTTP/1.1");
    check(&stream, "HM", "GET");
    check(&stream, "HP", "http://h.example/x/y");
    check(&stream, "HPO", "/x/y");
    check(&stream, "HQ", "?z=#22#231");
    check(&stream, "HU", "http://h.example/x/y?z=#22#231");
    check(&stream, "HV", "HTTP/1.1");
    check(&stream, "CC", "SESS=clien");
    check(&stream, "CS", "-");
    check(&stream, "OG", "txn_close");
    check(&stream, "hr", "{a#7C#7Bb#7D|}");
    check(&stream, "hrl", "a#7C#7Bb#7D -");
    check(&stream, "hs", "");
    stream.request_captures.borrow_mut().keep(1, b"");
    check(&stream, "hr", "{a#7C#7Bb#7D|}");
    check(&stream, "hrl", "a#7C#7Bb#7D ");
    let quoted = FormatFlags { quote: true, mandatory: true, ..FormatFlags::default() };
    check_with(&stream, "r", quoted, "\"GET http://h.example/x/y?z=#22#231 HTTP/1.1\"");
    check_with(&stream, "hr", quoted, "\"{a#7C#7Bb#7D|}\"");
    check_with(&stream, "hrl", quoted, "\"a#7C#7Bb#7D\" \"\"");
    check_with(&stream, "HQ", FormatFlags { escape: true, ..quoted }, "\"?z=#22#231\"");
}

#[test]
fn no_request() {
    let mut stream = stream("");
    stream.log_origin = ir::config::LogOrigin::SessionError;
    for name in ["r", "HM", "HP", "HPO", "HQ", "HU", "HV"] {
        check(&stream, name, "<BADREQ>");
    }
    check(&stream, "ST", "0");
    for name in ["TR", "Tq", "Tw", "Tc", "Tr", "Td"] {
        check(&stream, name, "-1");
    }
    check(&stream, "Ti", "0");
    for name in ["bi", "bp", "si", "sp", "sslc", "sslv", "ID"] {
        check(&stream, name, "-");
    }
    check(&stream, "s", "<NOSRV>");
    check(&stream, "OG", "sess_error");
}

#[test]
fn long_lines_are_cut() {
    let check = |logurilen, expected: [&str; 5]| {
        let mut config = testing::config();
        config.global.tune.http_logurilen = logurilen;
        let stream = testing::stream_of(config, &Default::default(), "GET /a?b HTTP/1.1\n");
        for (name, expected) in ["r", "HM", "HU", "HQ", "HV"].into_iter().zip(expected) {
            check(&stream, name, expected);
        }
    };
    check(18, ["GET /a?b HTTP/1.1", "GET", "/a?b", "?b", "HTTP/1.1"]);
    check(17, ["GET /a?b HTTP/1.", "GET", "/a?b", "?b", "HTTP/1."]);
    check(10, ["GET /a?b ", "GET", "/a?b", "?b", "HTTP/0.9"]);
    check(9, ["GET /a?b", "GET", "/a?b", "?b", "HTTP/0.9"]);
    check(7, ["GET /a", "GET", "/a", "", "HTTP/0.9"]);
}

#[test]
fn asterisk_has_no_path() {
    let stream = stream("OPTIONS * HTTP/1.1\n");
    check(&stream, "HP", "*");
    check(&stream, "HPO", "");
    check(&stream, "HQ", "");
}

#[test]
fn session() {
    let stream = stream(REQUEST);
    check(&stream, "ci", "192.0.2.1");
    check(&stream, "cp", "1234");
    check(&stream, "fi", "198.51.100.1");
    check(&stream, "fp", "80");
    check(&stream, "f", "web");
    check(&stream, "ft", "web");
    check(&stream, "b", "web");
    check(&stream, "Ts", "1714117198");
    check(&stream, "ms", "774");
    check(&stream, "T", "26/Apr/2024:07:39:58 +0000");
    check(&stream, "trg", "26/Apr/2024:07:39:58 +0000");
    let hex = FormatFlags { hex: true, ..FormatFlags::default() };
    check_with(&stream, "ci", hex, "C0000201");
    check_with(&stream, "cp", hex, "04D2");
    check_with(&stream, "fp", hex, "0050");
    check_with(&stream, "rt", hex, "0007");
    check_with(&stream, "ms", hex, "306");
    check_with(&stream, "Ts", hex, "662B5A4E");
}

#[test]
fn timers_and_letters() {
    let mut stream = stream("GET / HTTP/1.1\n---\nHTTP/1.1 200 OK\n");
    let timing = &mut stream.timing;
    (timing.handshake, timing.first_byte, timing.request) = (5, Some(1010), Some(1012));
    (timing.dequeued, timing.connected, timing.response) = (Some(1015), Some(1019), Some(1024));
    timing.end = Some(1030);
    for (name, expected) in [
        ("Th", "5"),
        ("Ti", "5"),
        ("TR", "2"),
        ("Tq", "12"),
        ("Tw", "3"),
        ("Tc", "4"),
        ("Tr", "5"),
        ("Td", "6"),
        ("Ta", "20"),
        ("Tt", "30"),
        ("Tu", "25"),
        ("ST", "200"),
        ("ts", "--"),
        ("tsc", "----"),
    ] {
        check(&stream, name, expected);
    }
    stream.termination.set(Cause::Server, State::Headers);
    check(&stream, "ts", "SH");
    stream.counts.retries = 3;
    stream.counts.redispatched = true;
    check(&stream, "rc", "+3");
}

#[test]
fn names_are_unique() {
    let names: std::collections::HashSet<_> = rows().map(|row| row.spec.name).collect();
    assert_eq!(names.len(), rows().count());
}

#[test]
fn encoded() {
    let stream = stream(REQUEST);
    let encoded = |encoding| FormatFlags { encoding: Some(encoding), ..FormatFlags::default() };
    let json = encoded(ir::expr::Encoding::Json);
    check_with(&stream, "r", json, "\"GET http://h.example/x/y?z=#22#231 HTTP/1.1\"");
    check_with(&stream, "ci", json, "\"192.0.2.1\"");
    check_with(&stream, "cp", json, "1234");
    check_with(&stream, "cp", FormatFlags { hex: true, ..json }, "\"04D2\"");
    check_with(&stream, "ft", json, "\"web\"");
    check_with(&stream, "hr", json, "\"{a#7C#7Bb#7D|}\"");
    check_with(&stream, "hrl", json, "[\"a#7C#7Bb#7D\", \"-\"]");
    check_with(&stream, "ms", json, "774");
    check_with(&stream, "T", json, "\"26/Apr/2024:07:39:58 +0000\"");
    let cbor = encoded(ir::expr::Encoding::Cbor);
    check_with(&stream, "HM", cbor, "7F63474554FF");
    check_with(&stream, "HV", cbor, "7F68485454502F312E31FF");
    check_with(&stream, "f", cbor, "63776562");
    check_with(&stream, "hrl", cbor, "9F7F6161632337436063233742616263233744FF7F612DFFFF");
}
