//! One item of a log-format while it is written: what its flags make of text and numbers.

use ir::expr::{Encoding, FormatCast, FormatFlags};

use super::cbor;

/// Which bytes of a text are written as a mark and two hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    /// Of a URI: what does not print, `"` and `#`.
    Uri,
    /// Of a captured field: `{`, `|` and `}` as well.
    Capture,
}

impl Escape {
    const fn takes(self, byte: u8) -> bool {
        match byte {
            0..32 | 127.. | b'"' | b'#' => true,
            b'{' | b'|' | b'}' => matches!(self, Self::Capture),
            _ => false,
        }
    }
}

/// See the module.
pub struct Item<'o> {
    pub flags: FormatFlags,
    out: &'o mut Vec<u8>,
    /// A text that is made of pieces is open.
    in_text: bool,
}

impl<'o> Item<'o> {
    pub fn new(flags: FormatFlags, out: &'o mut Vec<u8>) -> Self {
        Self { flags, out, in_text: false }
    }

    fn is_json(&self) -> bool {
        self.flags.encoding == Some(Encoding::Json)
    }

    fn is_cbor(&self) -> bool {
        self.flags.encoding == Some(Encoding::Cbor)
    }

    fn cbor(&mut self, byte: u8) {
        cbor::byte(byte, self.flags.binary, self.out);
    }

    /// Text in quotes where asked, or a dash where it is missing and must not be.
    pub fn text(&mut self, text: &[u8]) {
        if self.flags.quote || self.is_json() {
            return self.quoted(text);
        }
        if text.is_empty() && self.flags.mandatory && !self.is_cbor() {
            return self.out.push(b'-');
        }
        self.bare(text);
    }

    /// Text without the quotes of `+Q`.
    pub fn plain(&mut self, text: &[u8]) {
        if self.is_json() && !self.in_text { self.quoted(text) } else { self.bare(text) }
    }

    fn quoted(&mut self, text: &[u8]) {
        self.out.push(b'"');
        self.bare(text);
        self.out.push(b'"');
    }

    /// As in HAProxy, a zero byte ends a text.
    fn bare(&mut self, text: &[u8]) {
        if text.is_empty() {
            return;
        }
        let text = &text[..memchr::memchr(0, text).unwrap_or(text.len())];
        match self.flags.encoding {
            Some(Encoding::Cbor) => cbor::text(text, self.flags.binary, self.out),
            _ => self.escaped(text),
        }
    }

    /// Text with a backslash where the encoding or `+E` wants one.
    fn escaped(&mut self, text: &[u8]) {
        self.marked(text, b'#', |_| false);
    }

    /// Text in which the bytes that `takes` takes are `mark` and two digits, and others escaped.
    /// Most texts have nothing of either kind.
    fn marked(&mut self, mut text: &[u8], mark: u8, takes: impl Fn(u8) -> bool) {
        let (is_json, escape) = (self.is_json(), self.flags.escape);
        let is_escaped = |byte| match byte {
            b'"' | b'\\' => is_json || escape,
            b']' => escape,
            _ => false,
        };
        while let Some(at) = text.iter().position(|byte| takes(*byte) || is_escaped(*byte)) {
            let byte = text[at];
            self.out.extend_from_slice(&text[..at]);
            if takes(byte) {
                let [high, low] = hex(byte);
                self.out.extend_from_slice(&[mark, high, low]);
            } else {
                self.out.extend_from_slice(&[b'\\', byte]);
            }
            text = &text[at + 1..];
        }
        self.out.extend_from_slice(text);
    }

    /// A binary sample.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        if !self.is_cbor() {
            return self.escaped(bytes);
        }
        self.cbor(cbor::BYTE_PIECES);
        if !bytes.is_empty() {
            cbor::bytes(bytes, self.flags.binary, self.out);
        }
        self.cbor(cbor::BREAK);
    }

    pub fn number(&mut self, number: i64) {
        match (self.flags.encoding, self.flags.cast) {
            (Some(_), Some(FormatCast::Bool)) => self.boolean(number != 0),
            (Some(Encoding::Cbor), _) => cbor::number(number, self.flags.binary, self.out),
            (Some(Encoding::Json), Some(FormatCast::Str)) => {
                self.out.push(b'"');
                base::bytes::write_dec_i64(self.out, number);
                self.out.push(b'"');
            }
            _ => base::bytes::write_dec_i64(self.out, number),
        }
    }

    pub(super) fn boolean(&mut self, value: bool) {
        if self.is_cbor() {
            self.cbor(if value { cbor::TRUE } else { cbor::FALSE });
        } else {
            self.out.extend_from_slice(if value { b"true" } else { b"false" });
        }
    }

    /// `+X`: at least so many digits, in upper case.
    pub fn hex(&mut self, number: u64, digits: usize) {
        let bytes = number.to_be_bytes();
        let mut text = [0; 16];
        for (pair, byte) in text.chunks_exact_mut(2).zip(bytes) {
            pair.copy_from_slice(&hex(byte));
        }
        let zeros = text.iter().take_while(|digit| **digit == b'0').count();
        self.plain(&text[zeros.min(16 - digits.min(16))..]);
    }

    /// `+X`: the digits of all bytes, of which there are at most 16.
    pub fn hex_bytes(&mut self, bytes: &[u8]) {
        let mut text = [0; 32];
        for (pair, byte) in text.chunks_exact_mut(2).zip(bytes) {
            pair.copy_from_slice(&hex(*byte));
        }
        self.plain(&text[..(2 * bytes.len()).min(32)]);
    }

    /// A mark beside the value, which encodings have no place for.
    pub fn mark(&mut self, byte: u8) {
        if self.flags.encoding.is_none() {
            self.out.push(byte);
        }
    }

    /// Text that the caller makes of [`Item::push`], [`Item::plain`] and [`Item::encoded`] starts. It
    /// ends with [`Item::close_text`] or the item.
    pub fn open_text(&mut self) {
        self.in_text = true;
        if self.is_cbor() {
            self.cbor(cbor::TEXT_PIECES);
        } else if self.flags.quote || self.is_json() {
            self.out.push(b'"');
        }
    }

    pub fn close_text(&mut self) {
        if !std::mem::take(&mut self.in_text) {
            return;
        }
        if self.is_cbor() {
            self.cbor(cbor::BREAK);
        } else if self.flags.quote || self.is_json() {
            self.out.push(b'"');
        }
    }

    /// One byte of an open text.
    pub fn push(&mut self, byte: u8) {
        if self.is_cbor() && self.in_text {
            cbor::text(&[byte], self.flags.binary, self.out);
        } else {
            self.out.push(byte);
        }
    }

    /// A part of an open text; what `escape` takes is a hash and two digits.
    pub fn encoded(&mut self, text: &[u8], escape: Escape) {
        match self.is_cbor() {
            true => self.encoded_pieces(text, escape),
            false => self.marked(text, b'#', |byte| escape.takes(byte)),
        }
    }

    /// In CBOR an escape is a piece of its own; there is one in front of it, even an empty one.
    fn encoded_pieces(&mut self, text: &[u8], escape: Escape) {
        let binary = self.flags.binary;
        for piece in text.split_inclusive(|byte| escape.takes(*byte)) {
            let Some((&last, before)) = piece.split_last() else { continue };
            if escape.takes(last) {
                let [high, low] = hex(last);
                cbor::text(before, binary, self.out);
                cbor::text(&[b'#', high, low], binary, self.out);
            } else {
                cbor::text(piece, binary, self.out);
            }
        }
    }

    /// Percent-encodes what no header value may hold: control characters but the tab.
    pub(super) fn percent_encoded(&mut self, text: &[u8]) {
        self.marked(text, b'%', |byte| matches!(byte, 0..=8 | 10..=31 | 127));
    }

    /// A list of texts starts.
    pub fn open_list(&mut self) {
        match self.flags.encoding {
            Some(Encoding::Json) => self.out.push(b'['),
            Some(Encoding::Cbor) => self.cbor(cbor::ARRAY),
            None => {}
        }
    }

    /// Stands between two texts of a list.
    pub fn next_in_list(&mut self) {
        match self.flags.encoding {
            Some(Encoding::Json) => self.out.extend_from_slice(b", "),
            Some(Encoding::Cbor) => {}
            None => self.out.push(b' '),
        }
    }

    pub fn close_list(&mut self) {
        match self.flags.encoding {
            Some(Encoding::Json) => self.out.push(b']'),
            Some(Encoding::Cbor) => self.cbor(cbor::BREAK),
            None => {}
        }
    }

    /// The same as [`Item::plain`] of what `write` appends, which needs no escape.
    pub fn written(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        match self.flags.encoding {
            None => write(self.out),
            Some(Encoding::Json) => {
                self.out.push(b'"');
                write(self.out);
                self.out.push(b'"');
            }
            Some(Encoding::Cbor) => {
                let start = self.out.len();
                write(self.out);
                let text = self.out.split_off(start);
                cbor::text(&text, self.flags.binary, self.out);
            }
        }
    }

    /// The item is complete; what began at `start` and is empty is null in an encoding.
    pub(super) fn end(mut self, start: usize) {
        if self.out.len() == start {
            match self.flags.encoding {
                Some(Encoding::Json) => self.out.extend_from_slice(b"null"),
                Some(Encoding::Cbor) => self.cbor(cbor::NULL),
                None => {}
            }
        }
        self.close_text();
    }
}

/// A byte as two upper-case hexadecimal digits.
pub(super) const fn hex(byte: u8) -> [u8; 2] {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    [DIGITS[(byte >> 4) as usize], DIGITS[(byte & 15) as usize]]
}
