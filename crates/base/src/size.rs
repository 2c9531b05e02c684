//! Sizes such as `16k` (manual, 2.6). Left out: the messages, whose words differ from keyword
//! to keyword.

/// Why a text is no size: HAProxy's messages name the text from `offset` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SizeError {
    /// The first byte that does not fit: no digit, no unit, or where the number gets too large.
    /// It may be the text's end.
    pub offset: usize,
}

/// Reads a size below 4 GiB: digits with an optional `k`, `m` or `g` in either case.
pub fn parse_u32(text: &[u8]) -> Result<u32, SizeError> {
    let (value, offset) = parse(text, u64::from(u32::MAX), b"kmg")?;
    u32::try_from(value).map_err(|_| SizeError { offset })
}

/// Reads a 64-bit size: digits with an optional `k`, `m`, `g`, `t` or `p` in either case.
pub fn parse_u64(text: &[u8]) -> Result<u64, SizeError> {
    parse(text, u64::MAX, b"kmgtp").map(|(value, _)| value)
}

/// The value and the offset after its digits.
fn parse(text: &[u8], max: u64, units: &[u8]) -> Result<(u64, usize), SizeError> {
    let mut value: u64 = 0;
    let mut offset = 0;
    while let Some(digit) = text.get(offset).filter(|b| b.is_ascii_digit()) {
        let next = value.checked_mul(10).and_then(|v| v.checked_add(u64::from(digit - b'0')));
        value = next.filter(|v| *v <= max).ok_or(SizeError { offset })?;
        offset += 1;
    }
    if offset == 0 {
        return Err(SizeError { offset });
    }
    let Some(unit) = text.get(offset) else { return Ok((value, offset)) };
    let power = units.iter().position(|u| *u == unit.to_ascii_lowercase());
    let shift = 10 * (power.ok_or(SizeError { offset })? + 1);
    if value > max >> shift {
        return Err(SizeError { offset });
    }
    if text.len() > offset + 1 {
        return Err(SizeError { offset: offset + 1 });
    }
    Ok((value << shift, offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<u32, usize>) {
        assert_eq!(parse_u32(text.as_bytes()).map_err(|e| e.offset), expected, "{text}");
    }

    #[test]
    fn small() {
        check("0", Ok(0));
        check("16384", Ok(16_384));
        check("16k", Ok(16_384));
        check("2M", Ok(2_097_152));
        check("3g", Ok(3_221_225_472));
        check("4294967295", Ok(u32::MAX));
        check("", Err(0));
        check("-1", Err(0));
        check("k", Err(0));
        check("16x", Err(2));
        check("16kb", Err(3));
        check("4g", Err(1));
        check("1t", Err(1));
        check("4294967296", Err(9));
        check("99999999999999999999999", Err(9));
    }

    #[test]
    fn large() {
        assert_eq!(parse_u64(b"1t"), Ok(1 << 40));
        assert_eq!(parse_u64(b"4g"), Ok(1 << 32));
        assert_eq!(parse_u64(b"16383P"), Ok(16_383 << 50));
        assert_eq!(parse_u64(b"16384P"), Err(SizeError { offset: 5 }));
        assert_eq!(parse_u64(b"18446744073709551616"), Err(SizeError { offset: 19 }));
    }
}
