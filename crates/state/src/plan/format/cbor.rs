//! The parts of CBOR (RFC 8949) that log lines have, as bytes or as their hexadecimal digits.

/// Starts a map, which [`BREAK`] ends.
pub(super) const MAP: u8 = 0xbf;
/// Starts an array, which [`BREAK`] ends.
pub(super) const ARRAY: u8 = 0x9f;
/// Starts a text in pieces.
pub(super) const TEXT_PIECES: u8 = TEXT | PIECES;
/// Starts a byte string in pieces.
pub(super) const BYTE_PIECES: u8 = BYTES | PIECES;
pub(super) const BREAK: u8 = 0xff;
pub(super) const FALSE: u8 = 0xf4;
pub(super) const TRUE: u8 = 0xf5;
pub(super) const NULL: u8 = 0xf6;

const NEGATIVE: u8 = 0x20;
const BYTES: u8 = 0x40;
const TEXT: u8 = 0x60;
/// Of a length: it is not known.
const PIECES: u8 = 0x1f;

/// One byte, or its two digits.
pub(super) fn byte(byte: u8, is_binary: bool, out: &mut Vec<u8>) {
    if is_binary {
        out.push(byte);
    } else {
        out.extend_from_slice(&super::item::hex(byte));
    }
}

fn raw(bytes: &[u8], is_binary: bool, out: &mut Vec<u8>) {
    bytes.iter().for_each(|b| byte(*b, is_binary, out));
}

/// A type and its number, in as few bytes as it takes.
fn head(kind: u8, number: u64, is_binary: bool, out: &mut Vec<u8>) {
    let bytes = number.to_be_bytes();
    let (low, len) = match number {
        0..24 => (number as u8, 0),
        24..0x100 => (24, 1),
        0x100..0x1_0000 => (25, 2),
        0x1_0000..0x1_0000_0000 => (26, 4),
        _ => (27, 8),
    };
    byte(kind | low, is_binary, out);
    raw(&bytes[8 - len..], is_binary, out);
}

pub(super) fn number(number: i64, is_binary: bool, out: &mut Vec<u8>) {
    match u64::try_from(number) {
        Ok(number) => head(0, number, is_binary, out),
        Err(_) => head(NEGATIVE, number.unsigned_abs() - 1, is_binary, out),
    }
}

/// A text, or a piece of one.
pub(super) fn text(text: &[u8], is_binary: bool, out: &mut Vec<u8>) {
    head(TEXT, text.len() as u64, is_binary, out);
    raw(text, is_binary, out);
}

/// A piece of a byte string.
pub(super) fn bytes(bytes: &[u8], is_binary: bool, out: &mut Vec<u8>) {
    head(BYTES, bytes.len() as u64, is_binary, out);
    raw(bytes, is_binary, out);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let check = |value: i64, expected: &str| {
            let mut out = Vec::new();
            number(value, false, &mut out);
            assert_eq!(out, expected.as_bytes(), "{value}");
        };
        check(0, "00");
        check(23, "17");
        check(24, "1818");
        check(255, "18FF");
        check(256, "190100");
        check(65_536, "1A00010000");
        check(4_294_967_296, "1B0000000100000000");
        check(-1, "20");
        check(-500, "3901F3");
        check(i64::MIN, "3B7FFFFFFFFFFFFFFF");
    }
}
