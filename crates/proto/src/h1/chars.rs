//! Character classes of HTTP/1 as tables.

use std::ops::Range;

/// Token characters (RFC 9110, section 5.6.2) in lower case; 0 for all others.
pub(super) const LOWER_TOKEN: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 128 {
        let char = byte as u8;
        if char.is_ascii_alphanumeric() || matches!(char, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.') {
            table[byte] = char.to_ascii_lowercase();
        }
        if matches!(char, b'^' | b'_' | b'`' | b'|' | b'~') {
            table[byte] = char;
        }
        byte += 1;
    }
    table
};

/// Characters of a request target: printable ASCII but `#`, which no client may send.
pub(super) const TARGET: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0x21;
    while byte < 0x7f {
        table[byte] = byte != b'#' as usize;
        byte += 1;
    }
    table
};

pub(crate) fn is_token(byte: u8) -> bool {
    LOWER_TOKEN[byte as usize] != 0
}

/// Space and tab.
pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// A letter, digit, `.` or `/`: what may stand in a version before it is known to be none.
pub(super) fn is_version(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'.' | b'/' | b'0'..=b'9')
}

/// `range` of `bytes` without blanks at both ends.
#[inline]
pub(crate) fn trim(bytes: &[u8], range: Range<usize>) -> Range<usize> {
    let Range { mut start, mut end } = range;
    let mut value = &bytes[start..end];
    if let [b' ', first, .., last] = value
        && *first > b' '
        && *last > b' '
    {
        return start + 1..end; // the usual value
    }
    while let [b' ' | b'\t', rest @ ..] = value {
        value = rest;
        start += 1;
    }
    while let [rest @ .., b' ' | b'\t'] = value {
        value = rest;
        end -= 1;
    }
    start..end
}

/// The elements of a comma-separated list, trimmed; empty ones too.
pub(crate) fn list(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(|element| &element[trim(element, 0..element.len())])
}
