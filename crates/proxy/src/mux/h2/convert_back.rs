//! Requests to HTTP/2 servers, as the `http` crate's messages, which the `h2` crate speaks, and what they mean
//! for their responses. The way back of [`super::convert`].

use bytes::Bytes;
use h2::ext::Protocol;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Method, Request, Uri};
use proto::message::{Framing, Head};

use super::convert::CONNECTION_FIELDS;

/// What `te` may say in HTTP/2 (RFC 9113, section 8.2.2).
const TRAILERS: &[u8] = b"trailers";

/// The request; `None` where HTTP/2 cannot carry it. An upgrade becomes an extended CONNECT.
pub fn request(head: &Head) -> Option<Request<()>> {
    let mut request = Request::new(());
    let protocol = head.flags.upgrade.then(|| protocol(head));
    *request.method_mut() = match protocol {
        Some(_) => Method::CONNECT,
        None => Method::from_bytes(head.method()).ok()?,
    };
    *request.uri_mut() = uri(head)?;
    let has_authority = request.uri().authority().is_some();
    *request.headers_mut() = fields(head, has_authority)?;
    if let Some(protocol) = protocol {
        request.extensions_mut().insert(Protocol::from(std::str::from_utf8(protocol).ok()?));
    }
    Some(request)
}

/// The first protocol of an upgrade: extended CONNECT knows one.
pub fn protocol(head: &Head) -> &[u8] {
    let value = head.get(b"upgrade").unwrap_or_default();
    let end = value.iter().position(|byte| *byte == b',').unwrap_or(value.len());
    value[..end].trim_ascii()
}

/// Where the request goes to. The authority is `host`, since that is what rules change; as in
/// HAProxy the scheme is the client's where it told one, else `https`.
fn uri(head: &Head) -> Option<Uri> {
    let target = head.target();
    let mut parts = http::uri::Parts::default();
    if head.method() == b"CONNECT" {
        parts.authority = Some(Authority::try_from(target).ok()?);
        return Uri::from_parts(parts).ok();
    }
    let path = head.path_and_query().unwrap_or(if target == b"*" { target } else { b"/" });
    parts.path_and_query = Some(path_and_query(path)?);
    let host = head.get(b"host").filter(|host| !host.is_empty());
    if let Some(host) = host.and_then(|host| Authority::try_from(host).ok()) {
        let plain = head.received().1.get(..7).is_some_and(|start| start.eq_ignore_ascii_case(b"http://"));
        parts.scheme = Some(if plain { Scheme::HTTP } else { Scheme::HTTPS });
        parts.authority = Some(host);
    }
    Uri::from_parts(parts).ok()
}

/// The path. Signs that the `http` crate refuses are written as RFC 3986 wants them.
fn path_and_query(path: &[u8]) -> Option<PathAndQuery> {
    if let Ok(path) = PathAndQuery::try_from(path) {
        return Some(path);
    }
    let mut escaped = Vec::with_capacity(path.len() + 16);
    for byte in path {
        match byte {
            b'!'..=b'~' if !b"\"<>\\^`{|}#".contains(byte) => escaped.push(*byte),
            _ => {
                let digit = |half: u8| b"0123456789ABCDEF"[usize::from(half)];
                escaped.extend_from_slice(&[b'%', digit(byte >> 4), digit(byte & 15)]);
            }
        }
    }
    PathAndQuery::try_from(escaped).ok()
}

/// The fields; their values share one copy of the head's bytes. `host` is left out where the
/// authority tells it.
fn fields(head: &Head, has_authority: bool) -> Option<HeaderMap> {
    let mut map = HeaderMap::with_capacity(head.field_count());
    let bytes = Bytes::copy_from_slice(head.bytes());
    let base = head.bytes().as_ptr().addr();
    for (name, value) in head.fields() {
        match name {
            b"host" if has_authority => continue,
            b"te" => {
                if value.split(|byte| *byte == b',').any(|coding| coding.trim_ascii() == TRAILERS) {
                    map.append(http::header::TE, HeaderValue::from_static("trailers"));
                }
                continue;
            }
            _ if CONNECTION_FIELDS.contains(&name) => continue,
            _ => {}
        }
        let at = if value.is_empty() { 0 } else { value.as_ptr().addr() - base };
        let value = HeaderValue::from_maybe_shared(bytes.slice(at..at + value.len())).ok()?;
        map.append(HeaderName::from_bytes(name).ok()?, value);
    }
    Some(map)
}

/// What a response depends on.
pub struct Asked<'a> {
    pub method: &'a [u8],
    /// Of an extended CONNECT; empty: it was none.
    pub protocol: &'a [u8],
}

/// Makes the head of a response what the request makes of it.
pub fn finish_response(head: &mut Head, asked: &Asked<'_>) {
    if head.status() == 200 && !asked.protocol.is_empty() {
        head.set_status(101, b"");
        head.add(b"connection", b"upgrade");
        head.add(b"upgrade", asked.protocol);
    }
    let status = head.status();
    let tunnel = status == 101 || asked.method == b"CONNECT" && (200..300).contains(&status);
    let length = || std::str::from_utf8(head.get(b"content-length")?).ok()?.parse().ok();
    head.framing = match status {
        _ if tunnel => Framing::Tunnel,
        100..200 | 204 | 304 => Framing::None,
        _ if asked.method == b"HEAD" => Framing::None,
        _ => length().map_or(Framing::Chunked, Framing::Length),
    };
}

#[cfg(test)]
mod tests {
    use proto::message::Version;

    use super::*;

    fn head(method: &str, target: &str, fields: &[(&str, &str)]) -> Head {
        let mut head = Head::default();
        head.start_request(method.as_bytes(), target.as_bytes(), Version::Http11);
        for (name, value) in fields {
            head.add(name.as_bytes(), value.as_bytes());
        }
        head
    }

    #[test]
    fn requests() {
        #[track_caller]
        fn check(head: &Head, expected: &str) {
            let request = request(head).unwrap();
            let mut shown = format!("{} {}", request.method(), request.uri());
            if let Some(protocol) = request.extensions().get::<Protocol>() {
                shown = format!("{shown} {}", protocol.as_str());
            }
            for (name, value) in request.headers() {
                shown = format!("{shown}|{name}: {}", String::from_utf8_lossy(value.as_bytes()));
            }
            assert_eq!(shown, expected);
        }
        let host = ("host", "a.example:8080");
        check(&head("GET", "/x?y", &[host, ("a", "b")]), "GET https://a.example:8080/x?y|a: b");
        check(&head("GET", "/x", &[("a", "b")]), "GET /x|a: b");
        check(&head("GET", "http://b/x", &[host]), "GET http://a.example:8080/x");
        check(&head("OPTIONS", "*", &[("host", "a")]), "OPTIONS https://a*");
        check(&head("CONNECT", "b:443", &[host]), "CONNECT b:443");
        check(&head("GET", "/a<b>", &[("host", "a")]), "GET https://a/a%3Cb%3E");
        let dropped = [
            ("host", "a"),
            ("connection", "x"),
            ("keep-alive", "1"),
            ("proxy-connection", "x"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "x"),
            ("te", "gzip"),
        ];
        check(&head("POST", "/", &dropped), "POST https://a/");
        check(&head("GET", "/", &[("te", "gzip, trailers")]), "GET /|te: trailers");
        let mut upgrade =
            head("GET", "/chat", &[("host", "a"), ("upgrade", "websocket, x"), ("connection", "upgrade")]);
        upgrade.flags.upgrade = true;
        check(&upgrade, "CONNECT https://a/chat websocket");
    }

    #[test]
    fn responses() {
        #[track_caller]
        fn check(
            asked: (&str, &str),
            status: u16,
            length: Option<&str>,
            (then, framing, names): (u16, Framing, &str),
        ) {
            let mut head = Head::default();
            head.start_response(status, b"", Version::Http2);
            if let Some(length) = length {
                head.add(b"content-length", length.as_bytes());
            }
            finish_response(&mut head, &Asked { method: asked.0.as_bytes(), protocol: asked.1.as_bytes() });
            let found: Vec<_> = head.fields().map(|(name, _)| String::from_utf8_lossy(name)).collect();
            assert_eq!((head.status(), head.framing, &*found.join(" ")), (then, framing, names));
        }
        let (get, five) = (("GET", ""), Some("5"));
        check(get, 200, five, (200, Framing::Length(5), "content-length"));
        check(get, 200, None, (200, Framing::Chunked, ""));
        check(("HEAD", ""), 200, five, (200, Framing::None, "content-length"));
        check(get, 204, None, (204, Framing::None, ""));
        check(get, 304, five, (304, Framing::None, "content-length"));
        check(get, 103, None, (103, Framing::None, ""));
        check(("GET", "websocket"), 200, None, (101, Framing::Tunnel, "connection upgrade"));
        check(("GET", "websocket"), 403, None, (403, Framing::Chunked, ""));
        check(("CONNECT", ""), 200, None, (200, Framing::Tunnel, ""));
        check(("CONNECT", ""), 502, None, (502, Framing::Chunked, ""));
    }
}
