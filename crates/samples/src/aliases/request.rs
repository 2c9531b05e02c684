//! The request line of a log line and its parts, as they were received.

use ir::expr::Encoding;
use state::Stream;
use state::plan::{Escape, Item};

/// What stands where there was no valid request.
const BAD: &[u8] = b"<BADREQ>";

/// Writes a text of these parts.
fn write(parts: &[&[u8]], item: &mut Item<'_>) {
    item.open_text();
    parts.iter().for_each(|part| item.encoded(part, Escape::Uri));
}

/// The request line, as much of it as a log line may show: of what is cut, the rest is missing.
struct Line<'a> {
    method: &'a [u8],
    target: &'a [u8],
    version: &'a [u8],
}

/// `tune.http.logurilen` bounds the whole line, its end included.
fn received(stream: &Stream) -> Option<Line<'_>> {
    if stream.req.is_empty() || stream.unread {
        return None;
    }
    let mut room = stream.plan.config.global.tune.http_logurilen.saturating_sub(1);
    let mut take = |part: &'_ [u8]| {
        let len = part.len().min(room);
        // With the space behind it.
        room = room.saturating_sub(len + 1);
        len
    };
    let (method, target) = stream.req.received();
    let version = stream.req.version_text();
    let lens = [take(method), take(target), take(version)];
    Some(Line { method: &method[..lens[0]], target: &target[..lens[1]], version: &version[..lens[2]] })
}

/// `GET /x?y HTTP/1.1`
pub fn line(stream: &Stream, item: &mut Item<'_>) {
    match received(stream) {
        Some(Line { method, target, version }) => {
            // The space behind the target is told where the version has no room any more.
            let most = stream.plan.config.global.tune.http_logurilen.saturating_sub(1);
            let space = &b" "[..usize::from(method.len() + 1 + target.len() < most)];
            let parts = [method, b" ", target, space, version];
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
    write(&[received(stream).map_or(BAD, |line| line.method)], item);
}

pub fn uri(stream: &Stream, item: &mut Item<'_>) {
    write(&[received(stream).map_or(BAD, |line| line.target)], item);
}

fn until_query(target: &[u8]) -> &[u8] {
    &target[..memchr::memchr(b'?', target).unwrap_or(target.len())]
}

/// The target without its query string.
pub fn path(stream: &Stream, item: &mut Item<'_>) {
    write(&[received(stream).map_or(BAD, |line| until_query(line.target))], item);
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
    let shown = received(stream).map(|line| until_query(&line.target[path(line.target)..]));
    write(&[shown.unwrap_or(BAD)], item);
}

/// From the question mark on.
pub fn query(stream: &Stream, item: &mut Item<'_>) {
    let query = |target: &'_ [u8]| memchr::memchr(b'?', target).unwrap_or(target.len());
    write(&[received(stream).map_or(BAD, |line| &line.target[query(line.target)..])], item);
}

/// A version that was cut off is that of a request without one.
pub fn version(stream: &Stream, item: &mut Item<'_>) {
    let version = received(stream).map_or(BAD, |line| line.version);
    write(&[if version.is_empty() { b"HTTP/0.9" } else { version }], item);
}
