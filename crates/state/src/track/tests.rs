//! What events add to the entries of a stream and of its session.

use ir::id::TableId;

use super::*;
use crate::testing::stream;

const STORED: [&str; 8] = [
    "conn_cnt",
    "conn_cur",
    "sess_cnt",
    "http_req_cnt",
    "http_err_cnt",
    "http_fail_cnt",
    "bytes_in_cnt",
    "bytes_out_cnt",
];

fn track(stream: &mut Stream, set: RuleSet, key: &[u8]) {
    stream.phase = set;
    let entry = stream.table(TableId(0)).track(key, 0).expect("room");
    stream.track(0, entry);
}

/// The numbers of a key that are not zero.
fn numbers(stream: &Stream, key: &[u8]) -> Vec<(&'static str, u64)> {
    let all = DataType::ALL.iter().filter(|(name, _)| STORED.contains(name));
    let table = stream.table(TableId(0));
    let get = |kind| table.find(key, 0, |row| row.get(kind, 0)).flatten().unwrap_or(0);
    all.map(|(name, kind)| (*name, get(*kind))).filter(|(_, number)| *number > 0).collect()
}

#[test]
fn a_request() {
    let mut stream = stream("GET / HTTP/1.1\n---\nHTTP/1.1 404 Not Found");
    track(&mut stream, RuleSet::HttpRequest, b"aaaa");
    assert!(stream.tracks(0) && !stream.tracks(1));
    stream.count(Event::BytesIn(100));
    stream.count_status();
    stream.count(Event::Failure);
    let expected = [
        ("conn_cnt", 1),
        ("conn_cur", 1),
        ("http_req_cnt", 1),
        ("http_err_cnt", 1),
        ("bytes_in_cnt", 100),
        ("http_fail_cnt", 1),
    ];
    assert_eq!(numbers(&stream, b"aaaa"), expected);
    stream.end_counters(0);
    assert_eq!(numbers(&stream, b"aaaa")[1], ("http_req_cnt", 1));
}

#[test]
fn late_tracking_counts_what_was() {
    let mut stream = stream("GET / HTTP/1.1\n---\nHTTP/1.1 503 Service Unavailable");
    track(&mut stream, RuleSet::HttpResponse, b"aaaa");
    let expected = [("conn_cnt", 1), ("conn_cur", 1), ("http_req_cnt", 1), ("http_fail_cnt", 1)];
    assert_eq!(numbers(&stream, b"aaaa"), expected);
}

#[test]
fn the_stream_hides_the_session() {
    let mut stream = stream("GET / HTTP/1.1");
    track(&mut stream, RuleSet::TcpConnection, b"aaaa");
    stream.session.count(0);
    stream.count(Event::Request);
    assert_eq!(stream.counter(0, |entry| entry.key(<[u8]>::to_vec)).as_deref(), Some(&b"aaaa"[..]));
    track(&mut stream, RuleSet::TcpContent, b"bbbb");
    stream.count(Event::Request);
    assert_eq!(stream.counter(0, |entry| entry.key(<[u8]>::to_vec)).as_deref(), Some(&b"bbbb"[..]));
    let expected = [("conn_cnt", 1), ("conn_cur", 1), ("sess_cnt", 1), ("http_req_cnt", 1)];
    assert_eq!(numbers(&stream, b"aaaa"), expected);
    assert_eq!(numbers(&stream, b"bbbb"), [("conn_cnt", 1), ("conn_cur", 1), ("http_req_cnt", 1)]);
    stream.session.end_counters(0);
    assert_eq!(numbers(&stream, b"aaaa"), [("conn_cnt", 1), ("sess_cnt", 1), ("http_req_cnt", 1)]);
    assert_eq!(stream.counter(1, |_| ()), None);
}
