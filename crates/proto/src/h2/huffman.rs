//! The Huffman code of header strings (RFC 7541, section 5.2 and appendix B). It is canonical: the
//! lengths of the codes say all of it, and the tables are made of them by the compiler.

use super::hpack::Malformed;

/// Length of each byte's code, in bits.
#[rustfmt::skip]
const LENGTHS: [u8; 256] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
    28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12,
    10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5,
    6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22,
    23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22,
    22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26,
    26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27,
    27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27,
    27, 27, 27, 27, 26,
];
/// The longest code, in bits.
const LONGEST: usize = 30;

/// The codes of one length: they follow each other, as their bytes do.
#[derive(Clone, Copy)]
struct Row {
    first: u32,
    /// The code behind the last one.
    end: u32,
    /// Where the byte of the first code stands in [`Tables::bytes`].
    at: u32,
}

struct Tables {
    /// By the next eight bits: the byte and the length of its code; 0 where that is longer.
    short: [(u8, u8); 256],
    /// By length.
    rows: [Row; LONGEST + 1],
    /// All bytes, sorted by length and value.
    bytes: [u8; 256],
}

static TABLES: Tables = tables();

const fn tables() -> Tables {
    let none = Row { first: 0, end: 0, at: 0 };
    let mut tables = Tables { short: [(0, 0); 256], rows: [none; LONGEST + 1], bytes: [0; 256] };
    let (mut code, mut at, mut length) = (0_u32, 0, 1);
    while length <= LONGEST {
        code <<= 1;
        let (first, start) = (code, at);
        let mut byte = 0;
        while byte < 256 {
            if LENGTHS[byte] as usize == length {
                tables.bytes[at as usize] = byte as u8;
                if length <= 8 {
                    let mut next = (code as usize) << (8 - length);
                    let end = (code as usize + 1) << (8 - length);
                    while next < end {
                        tables.short[next] = (byte as u8, length as u8);
                        next += 1;
                    }
                }
                code += 1;
                at += 1;
            }
            byte += 1;
        }
        tables.rows[length] = Row { first, end: code, at: start };
        length += 1;
    }
    tables
}

/// Appends the decoded string to `out`, at most `most` bytes.
///
/// # Errors
/// The end-of-string code, padding that is not its beginning or too long, or too many bytes.
pub(super) fn decode(text: &[u8], out: &mut Vec<u8>, most: usize) -> Result<(), Malformed> {
    let end = out.len() + most;
    let mut rest = text.iter();
    // The next bits stand at the top; below them are zeros.
    let (mut bits, mut have) = (0_u64, 0_u32);
    loop {
        while have <= 56 {
            let Some(byte) = rest.next() else { break };
            bits |= u64::from(*byte) << (56 - have);
            have += 8;
        }
        let found = match TABLES.short[(bits >> 56) as usize] {
            (_, 0) => long(bits),
            (byte, length) => Some((byte, u32::from(length))),
        };
        let Some((byte, length)) = found.filter(|(_, length)| *length <= have) else {
            return if padded(bits, have) { Ok(()) } else { Err(Malformed) };
        };
        if out.len() == end {
            return Err(Malformed);
        }
        out.push(byte);
        bits <<= length;
        have -= length;
    }
}

/// Whether what is left is the beginning of the end-of-string code, which is all ones.
fn padded(bits: u64, have: u32) -> bool {
    have < 8 && (have == 0 || bits >> (64 - have) == (1 << have) - 1)
}

/// The byte of a code of more than eight bits, and its length.
fn long(bits: u64) -> Option<(u8, u32)> {
    (9..=LONGEST).find_map(|length| {
        let row = TABLES.rows[length];
        let code = (bits >> (64 - length)) as u32;
        (code >= row.first && code < row.end)
            .then(|| (TABLES.bytes[(row.at + code - row.first) as usize], length as u32))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &[u8], expected: Option<&[u8]>) {
        let mut out = Vec::new();
        let decoded = decode(text, &mut out, 1000).ok().map(|()| &out[..]);
        assert_eq!(decoded, expected, "{text:x?}");
    }

    #[test]
    fn strings_of_the_rfc() {
        check(&[], Some(b""));
        check(
            &[0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff],
            Some(b"www.example.com"),
        );
        check(&[0xa8, 0xeb, 0x10, 0x64, 0x9c, 0xbf], Some(b"no-cache"));
        check(&[0x25, 0xa8, 0x49, 0xe9, 0x5b, 0xa9, 0x7d, 0x7f], Some(b"custom-key"));
    }

    #[test]
    fn each_byte_and_bad_ends() {
        let mut code = 0_u64;
        for (length, row) in TABLES.rows.iter().enumerate().skip(1) {
            for next in row.first..row.end {
                code = u64::from(next) << (64 - length) | u64::MAX >> length;
                let byte = TABLES.bytes[(row.at + next - row.first) as usize];
                let bytes = length.div_ceil(8);
                check(&code.to_be_bytes()[..bytes], Some(&[byte]));
                // A whole byte of padding is too much.
                check(&code.to_be_bytes()[..bytes + 1], None);
            }
        }
        // The end-of-string code is no string.
        check(&u32::MAX.to_be_bytes(), None);
        check(&code.to_be_bytes()[..1], None);
        // Zeros are no padding: `a` is 00011.
        check(&[0b0001_1000], None);
        check(&[0b0001_1111], Some(b"a"));
        let mut out = Vec::new();
        assert!(decode(&[0b0001_1000, 0b1111_1111], &mut out, 1).is_err(), "{out:?}");
    }
}
