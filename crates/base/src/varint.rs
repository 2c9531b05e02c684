//! Integers of variable length, as the SPOE and peers protocols write them: one byte below 240;
//! above it four bits stand in the first byte and seven in each further one.

/// The most bytes that a number takes.
pub const MOST: usize = 10;

/// Gives the bytes of `value` to `push`, one after the other.
pub fn write(value: u64, mut push: impl FnMut(u8)) {
    if value < 240 {
        return push(value as u8);
    }
    push(value as u8 | 240);
    let mut rest = (value - 240) >> 4;
    while rest >= 128 {
        push(rest as u8 | 128);
        rest = (rest - 128) >> 7;
    }
    push(rest as u8);
}

/// The number at the start of `bytes`, and what stands behind it. `None`: it is cut off, or has
/// more than 64 bits.
pub fn read(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (&first, mut rest) = bytes.split_first()?;
    let mut value = u64::from(first);
    if first < 240 {
        return Some((value, rest));
    }
    let mut shift = 4;
    loop {
        let (&next, behind) = rest.split_first()?;
        rest = behind;
        let part = u64::from(next).checked_mul(1u64.checked_shl(shift)?)?;
        value = value.checked_add(part)?;
        if next < 128 {
            return Some((value, rest));
        }
        shift += 7;
    }
}

/// The text at the start of `bytes`, which its length precedes, and what stands behind it.
pub fn read_text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = read(bytes)?;
    rest.split_at_checked(usize::try_from(len).ok()?)
}

/// Appends a text behind its length.
pub fn write_text(text: &[u8], out: &mut Vec<u8>) {
    write(text.len() as u64, |byte| out.push(byte));
    out.extend_from_slice(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let check = |value: u64, expected: &[u8]| {
            let mut out = Vec::new();
            write(value, |byte| out.push(byte));
            assert_eq!(out, expected, "{value}");
            out.push(7);
            assert_eq!(read(&out), Some((value, &[7][..])), "{value}");
            assert_eq!(read(&out[..out.len() - 2]), None, "{value}");
        };
        check(0, &[0]);
        check(239, &[239]);
        check(240, &[240, 0]);
        check(255, &[255, 0]);
        check(256, &[240, 1]);
        check(2287, &[255, 127]);
        check(2288, &[240, 128, 0]);
        check(264_431, &[255, 255, 127]);
        check(u64::MAX, &[255, 240, 254, 254, 254, 254, 254, 254, 254, 14]);
    }

    #[test]
    fn too_large() {
        assert_eq!(read(&[255; 12]), None);
        assert_eq!(read(&[255, 255, 255, 255, 255, 255, 255, 255, 255, 127]), None);
    }

    #[test]
    fn texts() {
        let mut out = Vec::new();
        write_text(b"abc", &mut out);
        write_text(b"", &mut out);
        assert_eq!(read_text(&out), Some((&b"abc"[..], &b"\0"[..])));
        assert_eq!(read_text(b"\x05abc"), None);
    }
}
