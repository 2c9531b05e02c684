//! What the fields of a header block say that a server sent: an interim response or the final one, checked as
//! HAProxy 3.5 checks them and written into the one message. What the request means for its framing is left
//! to who knows that.

use super::hpack::Fields;
use super::request::{END, Invalid, PART, START, add_length, breaks_line, is_name};
use crate::h1::chars::trim;
use crate::message::{Head, Version};

/// Makes `head` the response. `max_fields` counts the status line as one; `max_bytes` is what a head may take
/// up as HAProxy stores it.
///
/// # Errors
/// It is none.
pub fn response(
    fields: &Fields,
    (max_fields, max_bytes): (usize, usize),
    head: &mut Head,
) -> Result<(), Invalid> {
    let mut rest = fields.iter();
    let (name, value) = rest.next().ok_or(Invalid)?;
    let status = status(value).filter(|_| name == b":status").ok_or(Invalid)?;
    head.start_response(status, b"", Version::Http2);
    let (mut length, mut size) = (None, START + value.len() + 2 * PART + END);
    for (name, value) in rest {
        // No colon is a token, so pseudo fields end here.
        if !is_name(name) || breaks_line(value) {
            return Err(Invalid);
        }
        let value = &value[trim(value, 0..value.len())];
        size += name.len() + value.len() + PART;
        match name {
            b"content-length" => add_length(&mut length, value, head)?,
            b"connection" | b"proxy-connection" | b"keep-alive" | b"upgrade" | b"transfer-encoding" => {
                return Err(Invalid);
            }
            _ => head.add(name, value),
        }
    }
    if head.field_count() < max_fields && size <= max_bytes { Ok(()) } else { Err(Invalid) }
}

/// A status that may come over HTTP/2: switching protocols is told otherwise there.
fn status(digits: &[u8]) -> Option<u16> {
    let three: &[u8; 3] = digits.try_into().ok()?;
    let number = |status, digit: &u8| digit.is_ascii_digit().then(|| status * 10 + u16::from(digit - b'0'));
    three.iter().try_fold(0, number).filter(|status| *status >= 100 && *status != 101)
}
