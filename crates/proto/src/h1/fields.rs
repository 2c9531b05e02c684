//! The fields that mean something to the codec itself: how long the body is, whether the
//! connection stays, whom the request is for.

use super::chars::{list, trim};
use super::error::Reason;
use super::scan::plain_host_len;
use std::ops::Range;

/// A field that means something to the codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Host,
    Connection,
    ContentLength,
    TransferEncoding,
    Upgrade,
    Expect,
    WebSocketKey,
    WebSocketAccept,
    Te,
}

impl Known {
    /// The field of that name (in lower case). Most names differ from all of these by their length.
    #[inline]
    pub(super) fn of(name: &[u8]) -> Option<Self> {
        match name.len() {
            2 if name == b"te" => Some(Self::Te),
            4 if name == b"host" => Some(Self::Host),
            6 if name == b"expect" => Some(Self::Expect),
            7 if name == b"upgrade" => Some(Self::Upgrade),
            10 if name == b"connection" => Some(Self::Connection),
            14 if name == b"content-length" => Some(Self::ContentLength),
            17 if name == b"transfer-encoding" => Some(Self::TransferEncoding),
            17 if name == b"sec-websocket-key" => Some(Self::WebSocketKey),
            20 if name == b"sec-websocket-accept" => Some(Self::WebSocketAccept),
            _ => None,
        }
    }
}

/// What the fields of one head have said so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Facts {
    /// Where the value of the first `host` stands.
    host: Option<(u32, u32)>,
    pub(super) length: Option<u64>,
    pub(super) transfer_encoding: bool,
    /// `chunked` was named.
    pub(super) chunked: bool,
    /// Another transfer coding than `chunked` was named.
    pub(super) other_coding: bool,
    pub(super) close: bool,
    pub(super) keep_alive: bool,
    /// `connection: upgrade`
    pub(super) connection_upgrade: bool,
    /// An `upgrade` header with something else than HTTP/2 in it.
    pub(super) upgrade: bool,
    /// `upgrade: websocket`
    pub(super) websocket: bool,
    /// `sec-websocket-key` of a request, `sec-websocket-accept` of a response.
    pub(super) websocket_key: bool,
    pub(super) expect_continue: bool,
    /// A name was longer than any may be, which is said at the end of the head.
    pub(super) long_name: bool,
    /// Something was accepted that breaks the rules.
    pub(super) violates: bool,
}

impl Facts {
    /// Takes note of one field and returns which part of its value is kept; `None` drops the
    /// field. May rewrite the value in place.
    #[inline(never)] // most fields do not get here
    pub(super) fn note(
        &mut self,
        (response, lenient): (bool, bool),
        bytes: &mut [u8],
        field: Known,
        value: Range<usize>,
    ) -> Result<Option<Range<usize>>, Reason> {
        match field {
            Known::Host if !response => return self.note_host(bytes, value),
            Known::Connection => return Ok(self.connection(bytes, value)),
            Known::ContentLength => return self.content_length(bytes, value),
            Known::TransferEncoding => {
                self.transfer_encoding(response, lenient && response, &bytes[value.clone()])?;
            }
            Known::Upgrade => return Ok(self.upgrade(bytes, value)),
            Known::Expect => {
                self.expect_continue |= bytes[value.clone()].eq_ignore_ascii_case(b"100-continue");
            }
            Known::WebSocketKey if !response => self.websocket_key |= value.len() == 24, // 16 bytes in base64
            Known::WebSocketAccept if response => self.websocket_key = true,
            Known::Host | Known::WebSocketKey | Known::WebSocketAccept | Known::Te => {}
        }
        Ok(Some(value))
    }

    /// The value of the first `host`, out of the head's bytes.
    pub(super) fn host<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        self.host.map(|(start, end)| &bytes[start as usize..end as usize])
    }

    /// A repetition of the same host is dropped, another host is an error.
    fn note_host(&mut self, bytes: &[u8], value: Range<usize>) -> Result<Option<Range<usize>>, Reason> {
        if let Some(host) = self.host(bytes) {
            let same = host.eq_ignore_ascii_case(&bytes[value]);
            return if same { Ok(None) } else { Err(Reason::Host) };
        }
        let plain = plain_host_len(&bytes[value.start..]) >= value.len();
        if !plain && !is_authority(&bytes[value.clone()]) {
            return Err(Reason::Host);
        }
        self.host = Some((value.start as u32, value.end as u32));
        Ok(Some(value))
    }

    /// `close` and `keep-alive` become facts; what else is in the list stays.
    fn connection(&mut self, bytes: &mut [u8], value: Range<usize>) -> Option<Range<usize>> {
        let len = drop_elements(&mut bytes[value.clone()], |token| {
            let (close, keep_alive) =
                (token.eq_ignore_ascii_case(b"close"), token.eq_ignore_ascii_case(b"keep-alive"));
            self.close |= close;
            self.keep_alive |= keep_alive;
            self.connection_upgrade |= token.eq_ignore_ascii_case(b"upgrade");
            close || keep_alive
        });
        (len > 0).then(|| value.start..value.start + len)
    }

    /// HTTP/2 is not offered onwards: the next hop could not be followed into it.
    fn upgrade(&mut self, bytes: &mut [u8], value: Range<usize>) -> Option<Range<usize>> {
        let len = drop_elements(&mut bytes[value.clone()], |token| {
            self.websocket |= token.eq_ignore_ascii_case(b"websocket");
            is_http2_upgrade(token)
        });
        self.upgrade |= len > 0;
        (len > 0).then(|| value.start..value.start + len)
    }

    /// Digits only; a list of equal numbers counts as one (RFC 9110, section 8.6). The first
    /// field is kept, reduced to its digits without leading zeros.
    fn content_length(&mut self, bytes: &[u8], value: Range<usize>) -> Result<Option<Range<usize>>, Reason> {
        let first = self.length.is_none();
        let text = &bytes[value.clone()];
        if first && !text.starts_with(b"0") {
            self.length = decimal(text);
            if self.length.is_some() {
                return Ok(Some(value)); // the usual value
            }
        }
        let mut start = value.start;
        loop {
            let rest = &bytes[start..value.end];
            let end = memchr::memchr(b',', rest).map_or(value.end, |comma| start + comma);
            let digits = trim(bytes, start..end);
            let number = decimal(&bytes[digits.clone()]).ok_or(Reason::ContentLength)?;
            if *self.length.get_or_insert(number) != number {
                return Err(Reason::ContentLength);
            }
            let zeros = bytes[digits.clone()].iter().take_while(|byte| **byte == b'0').count();
            let kept = digits.start + zeros.min(digits.len() - 1)..digits.end;
            if end == value.end {
                return Ok(first.then_some(kept));
            }
            start = end + 1;
        }
    }

    /// Notes the codings. `chunked` may come once and, in a request, only at the end
    /// (RFC 9112, section 6.1); `lenient`: it may be repeated, and codings may be empty.
    fn transfer_encoding(&mut self, response: bool, lenient: bool, value: &[u8]) -> Result<(), Reason> {
        if lenient && value.is_empty() {
            self.violates = true;
            return Ok(());
        }
        self.transfer_encoding = true;
        for coding in list(value) {
            let chunked = coding.eq_ignore_ascii_case(b"chunked");
            if chunked && !self.chunked {
                self.chunked = true;
            } else if chunked || coding.is_empty() {
                if !lenient {
                    return Err(Reason::TransferEncoding);
                }
                self.violates = true;
            } else if self.chunked && !response {
                return Err(Reason::TransferEncoding);
            } else {
                self.other_coding = true;
            }
        }
        Ok(())
    }
}

/// Whether an upgrade token names HTTP/2.
pub(super) fn is_http2_upgrade(token: &[u8]) -> bool {
    token.eq_ignore_ascii_case(b"h2c") || token.eq_ignore_ascii_case(b"h2")
}

/// A number of digits only that fits in 64 bits.
fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

/// Whether `value` may stand as host and port: no delimiter of another part of a URI, brackets
/// only around the whole host. Empty passes.
pub(super) fn is_authority(value: &[u8]) -> bool {
    let mut open = false;
    for (at, byte) in value.iter().enumerate() {
        match byte {
            b'[' if at == 0 => open = true,
            b']' if matches!(value.get(at + 1), None | Some(b':')) => open = !open,
            b',' | b'#' | b'/' | b'?' | b'@' | b'[' | b'\\' | b']' => return false,
            0x21..=0x7e => {}
            _ => return false,
        }
    }
    !open
}

/// Removes the elements of a list for which `drop` holds, and empty ones at its end, in place.
/// What stands before the first of them stays byte for byte. Returns the new length.
pub(super) fn drop_elements(value: &mut [u8], mut drop: impl FnMut(&[u8]) -> bool) -> usize {
    let (mut kept, mut start, mut dropped) = (0, 0, false);
    while start <= value.len() {
        let end = memchr::memchr(b',', &value[start..]).map_or(value.len(), |comma| start + comma);
        let element = trim(value, start..end);
        if drop(&value[element.clone()]) {
            dropped = true;
        } else if !element.is_empty() && !dropped {
            kept = end;
        } else if !element.is_empty() {
            if kept > 0 {
                value[kept] = b',';
                kept += 1;
            }
            let len = element.len();
            value.copy_within(element, kept);
            kept += len;
        }
        start = end + 1;
    }
    trim(value, 0..kept).end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_lose_elements() {
        let check = |value: &str, expected: &str| {
            let mut bytes = value.as_bytes().to_vec();
            let len = drop_elements(&mut bytes, |token| token.eq_ignore_ascii_case(b"close"));
            assert_eq!(std::str::from_utf8(&bytes[..len]), Ok(expected), "{value:?}");
        };
        check("", "");
        check("close", "");
        check("a, b", "a, b");
        check("a,,b ,,", "a,,b");
        check("close, X-Foo", "X-Foo");
        check("a, close", "a");
        check("a , Close , b,c", "a ,b,c");
        check("close,,close", "");
        check("close,a,b", "a,b");
    }

    #[test]
    fn authorities() {
        let check = |value: &[u8], expected: bool| assert_eq!(is_authority(value), expected, "{value:?}");
        for good in ["", "a", "a:80", "[::1]", "[::1]:80", "a:b:c", "a:99999", "::1"] {
            check(good.as_bytes(), true);
        }
        for bad in
            ["[::1", "a]b", "a]:80", "a,b", "a b", "a\\", "[a][b]", "x[", "[]]", "u@a", "a/b", "a?", "a#"]
        {
            check(bad.as_bytes(), false);
        }
        check(b"\xe9", false);
        check(b"a\x7f", false);
    }
}
