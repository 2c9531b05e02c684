//! The request line of a log line and its parts, as they were received.

use ir::expr::Encoding;
use proto::message::Version;
use state::Stream;
use state::plan::{Escape, Item};

/// What stands where there was no valid request.
const BAD: &[u8] = b"<BADREQ>";

/// Writes a text of these parts.
fn write(parts: &[&[u8]], item: &mut Item<'_>) {
    item.open_text();
    parts.iter().for_each(|part| item.encoded(part, Escape::Uri));
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
pub fn line(stream: &Stream, item: &mut Item<'_>) {
    match received(stream) {
        Some((method, target)) => {
            let parts = [method, b" ", target, b" ", version_text(stream)];
            match item.flags.encoding {
                // One piece of CBOR, as its reader may tell.
                Some(Encoding::Cbor) => write(&[&parts.concat()], item),
                _ => write(&parts, item),
            }
        }
        None => write(&[BAD], item),
    }
}

pub fn method(stream: &Stream, item: &mut Item<'_>) {
    write(&[received(stream).map_or(BAD, |(method, _)| method)], item);
}

pub fn uri(stream: &Stream, item: &mut Item<'_>) {
    write(&[received(stream).map_or(BAD, |(_, target)| target)], item);
}

fn until_query(target: &[u8]) -> &[u8] {
    &target[..memchr::memchr(b'?', target).unwrap_or(target.len())]
}

/// The target without its query string.
pub fn path(stream: &Stream, item: &mut Item<'_>) {
    write(&[received(stream).map_or(BAD, |(_, target)| until_query(target))], item);
}

/// Without scheme and authority either.
pub fn path_only(stream: &Stream, item: &mut Item<'_>) {
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
    write(&[shown.unwrap_or(BAD)], item);
}

/// From the question mark on.
pub fn query(stream: &Stream, item: &mut Item<'_>) {
    let query = |target: &'_ [u8]| memchr::memchr(b'?', target).unwrap_or(target.len());
    write(&[received(stream).map_or(BAD, |(_, target)| &target[query(target)..])], item);
}

pub fn version(stream: &Stream, item: &mut Item<'_>) {
    write(&[if stream.req.is_empty() { BAD } else { version_text(stream) }], item);
}
