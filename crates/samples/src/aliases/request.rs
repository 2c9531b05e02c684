//! The request line of a log line and its parts, as they were received.

use ir::expr::FormatFlags;
use proto::message::Version;
use state::Stream;

use super::write_encoded;

/// What stands where there was no valid request.
const BAD: &[u8] = b"<BADREQ>";

/// Writes the parts, in quotes where asked.
fn write(parts: &[&[u8]], flags: &FormatFlags, out: &mut Vec<u8>) {
    let quote: &[u8] = if flags.quote { b"\"" } else { b"" };
    out.extend_from_slice(quote);
    parts.iter().for_each(|part| write_encoded(part, false, flags, out));
    out.extend_from_slice(quote);
}

/// Method and target, the latter as long as a log line may show it.
fn received(stream: &Stream) -> Option<(&[u8], &[u8])> {
    if stream.req.is_empty() {
        return None;
    }
    let (method, target) = stream.req.received();
    // `tune.http.logurilen` bounds the whole line, its end included.
    let room = stream.plan.config.global.tune.http_logurilen.saturating_sub(1);
    let room = room.saturating_sub(method.len() + 1);
    Some((method, &target[..target.len().min(room)]))
}

fn version_text(stream: &Stream) -> &'static [u8] {
    match stream.req.version {
        Version::Http10 => b"HTTP/1.0",
        Version::Http11 => b"HTTP/1.1",
        Version::Http2 => b"HTTP/2.0",
    }
}

/// `GET /x?y HTTP/1.1`
pub fn line(stream: &Stream, flags: &FormatFlags, out: &mut Vec<u8>) {
    match received(stream) {
        Some((method, target)) => write(&[method, b" ", target, b" ", version_text(stream)], flags, out),
        None => write(&[BAD], flags, out),
    }
}

pub fn method(stream: &Stream, flags: &FormatFlags, out: &mut Vec<u8>) {
    write(&[received(stream).map_or(BAD, |(method, _)| method)], flags, out);
}

pub fn uri(stream: &Stream, flags: &FormatFlags, out: &mut Vec<u8>) {
    write(&[received(stream).map_or(BAD, |(_, target)| target)], flags, out);
}

fn until_query(target: &[u8]) -> &[u8] {
    &target[..memchr::memchr(b'?', target).unwrap_or(target.len())]
}

/// The target without its query string.
pub fn path(stream: &Stream, flags: &FormatFlags, out: &mut Vec<u8>) {
    write(&[received(stream).map_or(BAD, |(_, target)| until_query(target))], flags, out);
}

/// Without scheme and authority either.
pub fn path_only(stream: &Stream, flags: &FormatFlags, out: &mut Vec<u8>) {
    let path = |target: &'_ [u8]| -> usize {
        match base::bytes::find(target, b"://") {
            _ if target.first() == Some(&b'/') => 0,
            Some(scheme) => {
                let authority = scheme + 3;
                memchr::memchr(b'/', &target[authority..]).map_or(target.len(), |slash| authority + slash)
            }
            None => target.len(),
        }
    };
    let shown = received(stream).map(|(_, target)| until_query(&target[path(target)..]));
    write(&[shown.unwrap_or(BAD)], flags, out);
}

/// From the question mark on.
pub fn query(stream: &Stream, flags: &FormatFlags, out: &mut Vec<u8>) {
    let query = |target: &'_ [u8]| memchr::memchr(b'?', target).unwrap_or(target.len());
    write(&[received(stream).map_or(BAD, |(_, target)| &target[query(target)..])], flags, out);
}

pub fn version(stream: &Stream, flags: &FormatFlags, out: &mut Vec<u8>) {
    write(&[if stream.req.is_empty() { BAD } else { version_text(stream) }], flags, out);
}
