//! Between the `http` crate's messages, which the `h2` crate speaks, and the one message.

use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use proto::message::Head;

/// Fields that belong to an HTTP/1 connection and have no place in HTTP/2 (RFC 9113, section
/// 8.2.2).
pub const CONNECTION_FIELDS: [&[u8]; 5] =
    [b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"];

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
