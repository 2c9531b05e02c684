//! What the frontend captures of fields for its log lines.

use state::captures::Captures;
use state::plan::{Escape, Item};

/// `{first|second}`; nothing where the frontend captures nothing.
pub fn braces(values: &Captures, slots: usize, item: &mut Item<'_>) {
    if slots == 0 {
        return;
    }
    item.open_text();
    item.push(b'{');
    for slot in 0..slots {
        if slot > 0 {
            item.push(b'|');
        }
        item.encoded(values.get(slot).unwrap_or(b""), Escape::Capture);
    }
    item.push(b'}');
}

/// The captures one by one, each quoted by itself.
pub fn list(values: &Captures, slots: usize, item: &mut Item<'_>) {
    if slots == 0 {
        return;
    }
    item.open_list();
    for slot in 0..slots {
        if slot > 0 {
            item.next_in_list();
        }
        item.open_text();
        match values.get(slot) {
            Some(value) => item.encoded(value, Escape::Capture),
            None if !item.flags.quote => item.push(b'-'),
            None => {}
        }
        item.close_text();
    }
    item.close_list();
}
