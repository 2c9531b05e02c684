//! Byte strings: search, numbers in and out. Left out: what the standard library has
//! (`eq_ignore_ascii_case`, `trim_ascii`).

/// Offset of the first `needle` in `text`; an empty one is found at 0.
pub fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, needle)
}

/// Whether `text` begins with `prefix`, letters compared without case.
pub fn starts_with_ignore_case(text: &[u8], prefix: &[u8]) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Whether `text` ends with `suffix`, letters compared without case.
pub fn ends_with_ignore_case(text: &[u8], suffix: &[u8]) -> bool {
    let start = text.len().checked_sub(suffix.len());
    start.is_some_and(|start| text[start..].eq_ignore_ascii_case(suffix))
}

/// A number of decimal digits only; `None` when empty, too large or anything else.
pub fn parse_u64(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u64, |value, b| {
        let digit = b.is_ascii_digit().then(|| u64::from(b - b'0'))?;
        value.checked_mul(10)?.checked_add(digit)
    })
}

/// A number of decimal digits with an optional sign; `None` for anything else.
pub fn parse_i64(text: &[u8]) -> Option<i64> {
    match text {
        [b'-', digits @ ..] => 0i64.checked_sub_unsigned(parse_u64(digits)?),
        [b'+', digits @ ..] | digits => i64::try_from(parse_u64(digits)?).ok(),
    }
}

/// As [`parse_i64`], but what is too large is the largest, and there may be no digit at all.
pub fn parse_i64_capped(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] | digits => (false, digits),
    };
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let capped = digits
        .iter()
        .fold(0i64, |value, digit| value.saturating_mul(10).saturating_add(i64::from(digit - b'0')));
    Some(match (negative, capped) {
        (true, i64::MAX) => i64::MIN,
        (true, value) => -value,
        (false, value) => value,
    })
}

/// The number at the start of a text as C writes numbers (decimal, `0x` hexadecimal, `0` octal),
/// and the offset behind it; offset 0 when there is none.
pub fn leading_c_number(text: &[u8]) -> (i64, usize) {
    let sign = usize::from(matches!(text.first(), Some(b'-' | b'+')));
    let unsigned = &text[sign..];
    let (base, prefix) = match unsigned {
        [b'0', b'x' | b'X', digit, ..] if hex_digit(*digit).is_some() => (16, 2),
        [b'0', ..] => (8, 0),
        _ => (10, 0),
    };
    let digits = unsigned[prefix..].iter().map_while(|byte| hex_digit(*byte).filter(|digit| *digit < base));
    let (value, count) = digits.fold((0i64, 0), |(value, count), digit| {
        (value.saturating_mul(i64::from(base)).saturating_add(i64::from(digit)), count + 1)
    });
    let end = if count == 0 { 0 } else { sign + prefix + count };
    (if text.first() == Some(&b'-') { -value } else { value }, end)
}

/// A number of hexadecimal digits only, in either case; `None` for anything else.
pub fn parse_hex(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u64, |value, b| Some(value.checked_mul(16)? | u64::from(hex_digit(*b)?)))
}

/// The value of one hexadecimal digit.
pub fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// The digits of a number in decimal, in `room`. Without formatting machinery: they stand on the
/// log path.
pub fn digits(mut value: u64, room: &mut [u8; 20]) -> &[u8] {
    let mut start = room.len();
    loop {
        start -= 1;
        room[start] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    &room[start..]
}

/// Appends a number in decimal.
pub fn write_dec(out: &mut Vec<u8>, value: u64) {
    match value {
        0..10 => out.push(b'0' + value as u8),
        _ => out.extend_from_slice(digits(value, &mut [0; 20])),
    }
}

/// Appends a number in decimal, in at least `width` places (at most 20), the first of them filled with
/// `fill`.
pub fn write_padded(out: &mut Vec<u8>, value: u64, width: usize, fill: u8) {
    let mut room = [0; 20];
    let digits = digits(value, &mut room);
    (digits.len()..width).for_each(|_| out.push(fill));
    out.extend_from_slice(digits);
}

/// Appends a signed number in decimal.
pub fn write_dec_i64(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    write_dec(out, value.unsigned_abs());
}

/// Appends a number in lower-case hexadecimal, without leading zeros.
pub fn write_hex(out: &mut Vec<u8>, value: u64) {
    let digits = (64 - value.leading_zeros()).div_ceil(4).max(1);
    for index in (0..digits).rev() {
        out.push(b"0123456789abcdef"[(value >> (4 * index) & 15) as usize]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_c_reads_them() {
        let capped = |text: &str, expected| assert_eq!(parse_i64_capped(text.as_bytes()), expected, "{text}");
        capped("12", Some(12));
        capped("-5", Some(-5));
        capped("+5", Some(5));
        capped("", Some(0));
        capped("99999999999999999999", Some(i64::MAX));
        capped("-99999999999999999999", Some(i64::MIN));
        capped("1x", None);
        capped("0x1", None);
        let leading =
            |text: &str, expected| assert_eq!(leading_c_number(text.as_bytes()), expected, "{text}");
        leading("12a", (12, 2));
        leading("-0x1F", (-31, 5));
        leading("017", (15, 3));
        leading("0x", (0, 1));
        leading("x", (0, 0));
        leading("-", (0, 0));
    }

    #[test]
    fn search() {
        assert_eq!(find(b"abcabc", b"ca"), Some(2));
        assert_eq!(find(b"abc", b""), Some(0));
        assert_eq!(find(b"abc", b"x"), None);
        assert!(starts_with_ignore_case(b"Bearer x", b"bearer "));
        assert!(!starts_with_ignore_case(b"Be", b"bearer "));
        assert!(ends_with_ignore_case(b"a.PEM", b".pem"));
        assert!(!ends_with_ignore_case(b"pem", b".pem"));
    }

    #[test]
    fn numbers_in() {
        assert_eq!(parse_u64(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!(parse_u64(b"18446744073709551616"), None);
        assert_eq!(parse_u64(b""), None);
        assert_eq!(parse_u64(b"1a"), None);
        assert_eq!(parse_i64(b"-9223372036854775808"), Some(i64::MIN));
        assert_eq!(parse_i64(b"+7"), Some(7));
        assert_eq!(parse_i64(b"9223372036854775808"), None);
        assert_eq!(parse_i64(b"-"), None);
        assert_eq!(parse_i64(b"--1"), None);
        assert_eq!(parse_hex(b"fF"), Some(255));
        assert_eq!(parse_hex(b"ffffffffffffffff"), Some(u64::MAX));
        assert_eq!(parse_hex(b"1ffffffffffffffff"), None);
        assert_eq!(parse_hex(b"g"), None);
    }

    #[test]
    fn numbers_out() {
        let mut out = Vec::new();
        for value in [0, 9, 10, 12345, u64::MAX] {
            write_dec(&mut out, value);
            out.push(b' ');
        }
        write_dec_i64(&mut out, i64::MIN);
        assert_eq!(out, b"0 9 10 12345 18446744073709551615 -9223372036854775808");
        out.clear();
        write_padded(&mut out, 7, 2, b' ');
        write_padded(&mut out, 42, 6, b'0');
        write_padded(&mut out, 123, 2, b'0');
        assert_eq!(out, b" 7000042123");
        out.clear();
        for value in [0, 15, 16, 0xabc, u64::MAX] {
            write_hex(&mut out, value);
            out.push(b' ');
        }
        assert_eq!(out, b"0 f 10 abc ffffffffffffffff ");
    }
}
