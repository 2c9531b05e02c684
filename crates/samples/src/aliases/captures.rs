//! What the frontend captures for its log lines: fields and a cookie.

use state::Stream;
use state::plan::{Escape, Item};

use super::frontend;

/// `name=value` of the cookie whose name starts as `capture cookie` says.
pub fn cookie(stream: &Stream, of_response: bool) -> &[u8] {
    let Some(capture) = &frontend(stream).capture_cookie else { return b"" };
    let (head, field) =
        if of_response { (&stream.res, &b"set-cookie"[..]) } else { (&stream.req, &b"cookie"[..]) };
    let cookies = head.fields().filter(|(name, _)| *name == field).flat_map(|(_, value)| {
        // A response sets one cookie a line; what follows are its attributes.
        value.split(|b| *b == b';').take(if of_response { 1 } else { usize::MAX })
    });
    let mut matching = cookies.map(<[u8]>::trim_ascii).filter(|cookie| cookie.starts_with(&capture.name));
    matching.next().map_or(b"", |cookie| &cookie[..cookie.len().min(capture.len)])
}

/// `{first|second}`; nothing where the frontend captures nothing.
pub fn braces(values: &[Vec<u8>], slots: usize, item: &mut Item<'_>) {
    if slots == 0 {
        return;
    }
    item.open_text();
    item.push(b'{');
    for slot in 0..slots {
        if slot > 0 {
            item.push(b'|');
        }
        item.encoded(values.get(slot).map_or(b"", Vec::as_slice), Escape::Capture);
    }
    item.push(b'}');
}

/// The captures one by one, each quoted by itself.
pub fn list(values: &[Vec<u8>], slots: usize, item: &mut Item<'_>) {
    if slots == 0 {
        return;
    }
    item.open_list();
    for slot in 0..slots {
        if slot > 0 {
            item.next_in_list();
        }
        item.open_text();
        match values.get(slot).filter(|value| !value.is_empty()) {
            Some(value) => item.encoded(value, Escape::Capture),
            None if !item.flags.quote => item.push(b'-'),
            None => {}
        }
        item.close_text();
    }
    item.close_list();
}
