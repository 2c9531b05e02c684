//! Lines that are all there and as they usually are, each at one go. `None` is no verdict: it leaves
//! the line to the states of `parse`, which know all that is allowed and what is wrong.

use super::chars::{is_blank, is_token, trim};
use super::fields::Known;
use super::parse::MAX_NAME;
use super::scan::{lower_token, skip_text, target_len};
use std::ops::Range;

/// Bytes of `HTTP/1.1 200 `.
pub(super) const STATUS_LINE_START: usize = 13;

/// Ends of method, target and line of the request line at `at`.
pub(super) fn plain_request_line(bytes: &[u8], at: usize) -> Option<[usize; 3]> {
    let method = at + bytes[at..].iter().position(|byte| !is_token(*byte))?;
    let target = method + 1 + target_len(bytes.get(method + 1..)?);
    let version = bytes.get(target..)?.first_chunk()?;
    let plain = bytes[method] == b' ' && (version == b" HTTP/1.1\r\n" || version == b" HTTP/1.0\r\n");
    (plain && method > at && target > method + 1).then_some([method, target, target + version.len()])
}

/// End of the reason of the status line at `at`.
pub(super) fn plain_status_line(bytes: &[u8], at: usize) -> Option<usize> {
    let line = &bytes[at..];
    let (version, status) = line.split_first_chunk()?;
    let plain = (version == b"HTTP/1.1 " || version == b"HTTP/1.0 ")
        && matches!(status, [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b' ', first, ..] if !is_blank(*first));
    let rest = skip_text(line.get(STATUS_LINE_START..)?);
    (plain && rest.starts_with(b"\r\n")).then_some(bytes.len() - rest.len())
}

/// A field, by places from its start on.
pub(super) struct PlainField {
    /// Bytes of the name, which is in lower case now.
    pub(super) name: usize,
    /// The value without surrounding blanks.
    pub(super) value: Range<usize>,
    /// Bytes of the line with its end.
    pub(super) len: usize,
    pub(super) known: Option<Known>,
}

/// The field at the start of `bytes`, on one line and followed by the first byte of the next.
#[inline(always)]
pub(super) fn plain_field(bytes: &mut [u8]) -> Option<PlainField> {
    let len = lower_token(bytes);
    let (name, rest) = bytes.split_at_checked(len)?;
    let [b':', value @ ..] = rest else { return None };
    let line_end = skip_text(value);
    match line_end {
        [b'\r', b'\n', next, ..] if (*next > b' ' || *next == b'\r') && (1..=MAX_NAME).contains(&len) => {
            let text = &value[..value.len() - line_end.len()];
            let Range { start, end } = trim(text, 0..text.len());
            Some(PlainField {
                name: len,
                value: len + 1 + start..len + 1 + end,
                len: len + 1 + text.len() + 2,
                known: Known::of(name),
            })
        }
        _ => None,
    }
}
