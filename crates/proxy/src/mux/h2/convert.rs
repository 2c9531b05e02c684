//! Between the `http` crate's messages, which the `h2` crate speaks, and the one message.

use bytes::Bytes;
use h2::ext::Protocol;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Response, StatusCode};
use net::scratch;
use proto::h1::without_default_port;
use proto::message::{Flags, Framing, Head, Version};

/// Fields that belong to an HTTP/1 connection and have no place in HTTP/2 (RFC 9113, section
/// 8.2.2).
pub const CONNECTION_FIELDS: [&[u8]; 5] =
    [b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"];

/// Makes `head` the request. As HAProxy shows it, the target that was received is the absolute
/// form; the one that is forwarded is the path. Says whether the request is one: it has fewer
/// than `max_fields` fields and a length that is a number.
pub fn request(parts: &Parts, ended: bool, scheme: &str, max_fields: usize, head: &mut Head) -> bool {
    let uri = &parts.uri;
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let scheme = uri.scheme_str().unwrap_or(scheme);
    let authority = without_default_port(scheme, authority);
    let method = parts.method.as_str().as_bytes();
    let protocol = parts.extensions.get::<Protocol>();
    let method = if protocol.is_some() { b"GET" } else { method };
    let is_connect = method == b"CONNECT";
    if is_connect {
        head.start_request(method, authority.as_bytes(), Version::Http2);
    } else {
        scratch::with_write(|target| {
            [scheme, "://", authority, path]
                .iter()
                .for_each(|part| target.extend_from_slice(part.as_bytes()));
            head.start_request(method, target, Version::Http2);
        });
        head.set_target(path.as_bytes());
    }
    if !authority.is_empty() {
        head.add(b"host", authority.as_bytes());
    }
    scratch::with_write(|cookie| {
        for (name, value) in &parts.headers {
            match name.as_str() {
                "host" if !authority.is_empty() => {}
                // Crumbs are joined for servers that know one field (RFC 9113, section 8.2.3).
                "cookie" => {
                    if !cookie.is_empty() {
                        cookie.extend_from_slice(b"; ");
                    }
                    cookie.extend_from_slice(value.as_bytes());
                }
                name => head.add(name.as_bytes(), value.as_bytes()),
            }
        }
        if !cookie.is_empty() {
            head.add(b"cookie", cookie);
        }
    });
    head.flags = Flags { expect_continue: head.get(b"expect").is_some(), ..Flags::default() };
    if let Some(protocol) = protocol {
        head.add(b"upgrade", protocol.as_ref());
        head.add(b"connection", b"upgrade");
        head.flags.upgrade = true;
        head.flags.websocket = protocol.as_str().eq_ignore_ascii_case("websocket");
        // There is no way back to HTTP/2 from HTTP/2.
        if ["h2", "h2c"].iter().any(|own| protocol.as_str().eq_ignore_ascii_case(own)) {
            return false;
        }
    }
    // What comes behind a CONNECT is the tunnel's.
    let ended = ended || protocol.is_some() || is_connect;
    let Some(framing) = framing(head, ended) else { return false };
    head.framing = framing;
    parts.headers.len() + usize::from(!authority.is_empty()) < max_fields
}

/// HTTP/2 frames its bodies itself; the length is known where it was announced. `None`: what was
/// announced is no length.
fn framing(head: &Head, ended: bool) -> Option<Framing> {
    let Some(length) = head.get(b"content-length") else {
        return Some(if ended { Framing::None } else { Framing::Chunked });
    };
    let digits = !length.is_empty() && length.iter().all(u8::is_ascii_digit);
    let length = std::str::from_utf8(length).ok().filter(|_| digits)?.parse().ok()?;
    Some(if ended { Framing::None } else { Framing::Length(length) })
}

/// The head of a response; `None` where a rule or a server made something that HTTP/2 cannot
/// carry.
pub fn response(head: &Head) -> Option<Response<()>> {
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::from_u16(head.status()).ok()?;
    *response.headers_mut() = fields(head)?;
    Some(response)
}

/// The fields; their values share one copy of the head's bytes.
fn fields(head: &Head) -> Option<HeaderMap> {
    let mut map = HeaderMap::with_capacity(head.field_count());
    let bytes = Bytes::copy_from_slice(head.bytes());
    let base = head.bytes().as_ptr().addr();
    for (name, value) in head.fields() {
        if !CONNECTION_FIELDS.contains(&name) {
            let at = if value.is_empty() { 0 } else { value.as_ptr().addr() - base };
            let value = HeaderValue::from_maybe_shared(bytes.slice(at..at + value.len())).ok()?;
            map.append(HeaderName::from_bytes(name).ok()?, value);
        }
    }
    Some(map)
}

/// Trailers of a response; fields that HTTP/2 cannot carry are left out.
pub fn trailer_map(head: &Head) -> HeaderMap {
    let mut map = HeaderMap::with_capacity(head.field_count());
    for (name, value) in head.fields() {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
            map.append(name, value);
        }
    }
    map
}

/// Trailers of a request.
pub fn trailers(map: &HeaderMap) -> Head {
    let mut head = Head::default();
    for (name, value) in map {
        head.add(name.as_str().as_bytes(), value.as_bytes());
    }
    head
}
