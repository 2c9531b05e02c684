//! The request line and what derives from it (manual, section 7.3.6).

use std::net::Ipv4Addr;

use ir::types::SampleType::{Bin, Bool, Ipv4, Meth, Sint, Str};
use proto::message::{Head, Version, path_and_query};
use state::ends::{End, Endpoint};
use state::sample::{Arg, Cursor, Fetched};
use state::stream::Sent;
use state::{Missing, Stream, Value};

use super::{at, kept_request, request};
use crate::checks;
use crate::room::join;
use crate::row::{Example, Fetch};

const PLAIN: &str = "GET /a/b?c=d HTTP/1.1\nhost: example.com\n";
const ABSOLUTE: &str = "GET http://192.0.2.9:8080/x HTTP/1.0\n";

pub const ROWS: &[Fetch] = &[
    Fetch::new("base", Str, at::REQUEST, "The host and the path, without the query string", base).examples(
        &[Example::new(PLAIN, &[], "example.com/a/b"), Example::new("GET /x HTTP/1.0\n", &[], "/x")],
    ),
    Fetch::new("baseq", Str, at::REQUEST, "The host and the path with the query string", baseq).examples(&[
        Example::new(PLAIN, &[], "example.com/a/b?c=d"),
        Example::new("GET http://h?c HTTP/1.1\n", &[], "?c"),
        Example::new("GET http://h?c HTTP/1.1\nhost: h\n", &[], "h"),
    ]),
    Fetch::new("base32", Sint, at::REQUEST, "A 32-bit hash of `base`", base32).examples(&[Example::new(
        "GET /p;k=v?a=1&B=2&a=3&e HTTP/1.1\nhost: a\n",
        &[],
        "444921317",
    )]),
    Fetch::new("base32+src", Bin, at::REQUEST, "`base32` and the client's address, joined", base32_src)
        .examples(&[Example::none("", &[])]),
    Fetch::new("capture.req.method", Str, at::REQUEST_KEPT, "The method as it was received", captured_method)
        .examples(&[Example::new(PLAIN, &[], "GET")]),
    Fetch::new(
        "capture.req.uri",
        Str,
        at::REQUEST_KEPT,
        "The path and query as they were received",
        captured_uri,
    )
    .examples(&[Example::new(PLAIN, &[], "/a/b?c=d")]),
    Fetch::new(
        "capture.req.ver",
        Str,
        at::REQUEST_KEPT,
        "The request's version, HTTP/1.0 or HTTP/1.1",
        captured_ver,
    )
    .examples(&[Example::new(PLAIN, &[], "HTTP/1.1"), Example::new(ABSOLUTE, &[], "HTTP/1.0")]),
    Fetch::new(
        "http_first_req",
        Bool,
        at::REQUEST_KEPT,
        "Whether it is the connection's first request",
        first_request,
    )
    .examples(&[Example::new(PLAIN, &[], "1")]),
    Fetch::new("method", Meth, at::REQUEST_KEPT, "The request's method", method)
        .examples(&[Example::new(PLAIN, &[], "GET"), Example::none("", &[])]),
    Fetch::new("path", Str, at::REQUEST, "The path, without the query string", path)
        .examples(&[Example::new(PLAIN, &[], "/a/b"), Example::none("OPTIONS * HTTP/1.1\n", &[])]),
    Fetch::new("pathq", Str, at::REQUEST, "The path with the query string", pathq)
        .examples(&[Example::new(PLAIN, &[], "/a/b?c=d"), Example::new(ABSOLUTE, &[], "/x")]),
    Fetch::new(
        "query",
        Str,
        at::REQUEST,
        "The query string, with its question mark if so asked (`with_qm`)",
        query,
    )
    .args(0, &[ir::spec::ArgType::Str])
    .check(checks::query)
    .examples(&[
        Example::new(PLAIN, &[], "c=d"),
        Example::new(PLAIN, &["with_qm"], "?c=d"),
        Example::new("GET /a? HTTP/1.1\n", &["with_qm"], ""),
        Example::none(ABSOLUTE, &[]),
    ]),
    Fetch::new("req.proto_http", Bool, at::REQUEST_KEPT, "Whether the client speaks HTTP", is_http)
        .examples(&[Example::new(PLAIN, &[], "1"), Example::none("", &[])]),
    Fetch::new("req_proto_http", Bool, at::REQUEST_KEPT, "Same as `req.proto_http`", is_http),
    Fetch::new("req.ver", Str, at::REQUEST_KEPT, "The request's HTTP version, as `1.1`", version)
        .examples(&[Example::new(PLAIN, &[], "1.1")]),
    Fetch::new("req_ver", Str, at::REQUEST_KEPT, "Same as `req.ver`", version),
    Fetch::new("url", Str, at::REQUEST, "The request target as it is now", url).examples(&[
        Example::new(PLAIN, &[], "/a/b?c=d"),
        Example::new(ABSOLUTE, &[], "http://192.0.2.9:8080/x"),
    ]),
    Fetch::new("url32", Sint, at::REQUEST, "A 32-bit hash of the host and the whole URL", url32)
        .examples(&[Example::new("GET /p;k=v?a=1&B=2&a=3&e HTTP/1.1\nhost: a\n", &[], "1364529596")]),
    Fetch::new("url32+src", Bin, at::REQUEST, "`url32` and the client's address, joined", url32_src)
        .examples(&[Example::none("", &[])]),
    Fetch::new("url_ip", Ipv4, at::REQUEST, "The IPv4 address in an absolute URL", url_ip)
        .examples(&[Example::new(ABSOLUTE, &[], "192.0.2.9"), Example::none(PLAIN, &[])]),
    Fetch::new("url_port", Sint, at::REQUEST, "The port in an absolute URL with an IPv4 address", url_port)
        .examples(&[
            Example::new(ABSOLUTE, &[], "8080"),
            Example::new("GET https://192.0.2.9/ HTTP/1.1\n", &[], "443"),
        ]),
];

/// The method as it was received where it is a usual one, even if a rule changed it since: so
/// does HAProxy.
fn method<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    const KNOWN: [&[u8]; 8] = [b"OPTIONS", b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"TRACE", b"CONNECT"];
    let (received, _) = kept_request(stream)?.received();
    Ok(Value::Meth(if KNOWN.contains(&received) { received } else { request(stream)?.method() }))
}

fn path<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    request(stream)?.path().map(Value::Str).ok_or(Missing::Absent)
}

fn pathq<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    request(stream)?.path_and_query().map(Value::Str).ok_or(Missing::Absent)
}

fn url<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Str(match request(stream)?.uri() {
        [b"", b"", b"", target] => target,
        parts => join(&stream.arena, &parts),
    }))
}

fn query<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let head = request(stream)?;
    let query = head.query().ok_or(Missing::Absent)?;
    match args.first() {
        // Nothing has no mark in front of it.
        Some(Arg::Str(word)) if **word == *b"with_qm" && !query.is_empty() => {
            let with_mark = head.target().len() - query.len() - 1;
            Ok(Value::Str(&head.target()[with_mark..]))
        }
        _ => Ok(Value::Str(query)),
    }
}

fn host(head: &Head) -> Option<&[u8]> {
    super::headers::values(head, b"host").next().filter(|host| !host.is_empty())
}

/// The host and `rest` if that starts at the root, or any `rest` alone where there is no host.
fn with_host<'a>(stream: &'a Stream, head: &'a Head, rest: Option<&'a [u8]>) -> Fetched<'a> {
    match host(head) {
        Some(host) => Ok(Value::Str(join(&stream.arena, &[host, rooted(rest).unwrap_or(b"")]))),
        None => rest.map(Value::Str).ok_or(Missing::Absent),
    }
}

/// What starts at the root: the only paths that count behind a host.
fn rooted(path: Option<&[u8]>) -> Option<&[u8]> {
    path.filter(|path| path.starts_with(b"/"))
}

fn base<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let head = request(stream)?;
    with_host(stream, head, head.path())
}

fn baseq<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let head = request(stream)?;
    with_host(stream, head, head.path_and_query())
}

/// The hash that both families use: sdbm with a full avalanche.
fn hash(parts: &[&[u8]]) -> u32 {
    let step = |hash: u32, byte: &u8| hash.wrapping_mul(65599).wrapping_add(u32::from(*byte));
    base::hash::avalanche(parts.iter().copied().flatten().fold(0, step))
}

fn base_hash(head: &Head) -> u32 {
    hash(&[host(head).unwrap_or(b""), rooted(head.path()).unwrap_or(b"")])
}

fn url_hash(head: &Head) -> u32 {
    hash(&[host(head).unwrap_or(b""), rooted(head.path_and_query()).unwrap_or(b"")])
}

fn base32<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Sint(i64::from(base_hash(request(stream)?))))
}

fn url32<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Sint(i64::from(url_hash(request(stream)?))))
}

fn base32_src<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    with_source(stream, base_hash(request(stream)?))
}

fn url32_src<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    with_source(stream, url_hash(request(stream)?))
}

fn with_source(stream: &Stream, hash: u32) -> Fetched<'_> {
    let Endpoint::Ip(source) = stream.end(End::Src) else { return Err(Missing::Absent) };
    let hash = hash.to_be_bytes();
    Ok(Value::Bin(match source.ip() {
        std::net::IpAddr::V4(address) => join(&stream.arena, &[&hash, &address.octets()]),
        std::net::IpAddr::V6(address) => join(&stream.arena, &[&hash, &address.octets()]),
    }))
}

/// The request as the log knows it: rules on contents stand before that.
fn logged_request(stream: &Stream) -> Result<&Head, Missing> {
    if stream.unread { Err(Missing::Absent) } else { kept_request(stream) }
}

fn captured_method<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Str(logged_request(stream)?.received().0))
}

fn captured_uri<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    path_and_query(logged_request(stream)?.received().1).map(Value::Str).ok_or(Missing::Absent)
}

fn captured_ver<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Str(logged_request(stream)?.version_text()))
}

fn version<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    kept_request(stream)?.version_number().map(Value::Str).ok_or(Missing::Absent)
}

fn first_request<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let is_http2 = kept_request(stream)?.version == Version::Http2;
    Ok(Value::Bool(!is_http2 && stream.session.requests.get() <= 1))
}

/// A parsed request is HTTP, until it is gone; what begins HTTP/2 too.
fn is_http<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    if stream.in_response() || stream.is_logged || stream.sent != Sent::Nothing {
        return Err(Missing::Absent);
    }
    if !stream.req_body.bytes.starts_with(b"PRI * HTTP/2.0\r\n\r\n") {
        kept_request(stream)?;
    }
    Ok(Value::Bool(true))
}

/// The IPv4 address and the port of an absolute URL.
fn url_address(head: &Head) -> Option<(Ipv4Addr, u16)> {
    let target = head.target();
    let scheme = base::bytes::find(target, b"://")?;
    let authority = target[scheme + 3..].split(|b| *b == b'/').next()?;
    let mut parts = authority.splitn(2, |b| *b == b':');
    let address = std::str::from_utf8(parts.next()?).ok()?.parse().ok()?;
    let default = if target[..scheme].eq_ignore_ascii_case(b"https") { 443 } else { 80 };
    let port = match parts.next() {
        Some(port) => u16::try_from(base::bytes::parse_u64(port)?).ok()?,
        None => default,
    };
    Some((address, port))
}

fn url_ip<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    url_address(request(stream)?).map(|(address, _)| Value::Ipv4(address)).ok_or(Missing::Absent)
}

fn url_port<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    url_address(request(stream)?).map(|(_, port)| Value::Sint(i64::from(port))).ok_or(Missing::Absent)
}
