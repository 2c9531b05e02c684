//! Messages in a stream of bytes (RFC 6587): each with its length in front of it, or each on a line of
//! its own.

use std::ops::Range;

/// The bytes are no messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken;

/// The next message in `bytes`, and how many bytes it takes with what frames it. `None`: more must
/// come. `lines`: everything is a line, whatever it begins with. A message takes at most `most` bytes.
///
/// # Errors
/// [`Broken`]
pub fn next(bytes: &[u8], lines: bool, most: usize) -> Result<Option<(Range<usize>, usize)>, Broken> {
    let Some(first) = bytes.first() else { return Ok(None) };
    if lines || *first == b'<' {
        return line(bytes, most);
    }
    if !matches!(first, b'1'..=b'9') {
        return Err(Broken);
    }
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let len = bytes[..digits]
        .iter()
        .fold(0usize, |len, digit| len.saturating_mul(10).saturating_add(usize::from(digit - b'0')));
    match bytes.get(digits) {
        _ if len > most => Err(Broken),
        None => Ok(None),
        Some(b' ') => {
            let range = digits + 1..digits + 1 + len;
            let end = range.end;
            Ok((bytes.len() >= end).then_some((range, end)))
        }
        Some(_) => Err(Broken),
    }
}

/// A line; what ends it may be CR and LF.
fn line(bytes: &[u8], most: usize) -> Result<Option<(Range<usize>, usize)>, Broken> {
    match bytes.iter().take(most + 1).position(|byte| *byte == b'\n') {
        Some(end) => Ok(Some((0..end - usize::from(bytes[..end].ends_with(b"\r")), end + 1))),
        None if bytes.len() > most => Err(Broken),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames() {
        let check = |input: &str, lines: bool, expected: Result<Option<(&str, &str)>, Broken>| {
            let got = next(input.as_bytes(), lines, 20);
            let got = got.map(|frame| frame.map(|(range, end)| (&input[range], &input[end..])));
            assert_eq!(got, expected, "{input:?}");
        };
        check("", false, Ok(None));
        check("<1>a\n<1>b", false, Ok(Some(("<1>a", "<1>b"))));
        check("<1>a\r\n", false, Ok(Some(("<1>a", ""))));
        check("<1>a", false, Ok(None));
        check("5 <1>ab<", false, Ok(Some(("<1>ab", "<"))));
        check("5 <1>a", false, Ok(None));
        check("1", false, Ok(None));
        check("5a", false, Err(Broken));
        check("0 ", false, Err(Broken));
        check("21 <", false, Err(Broken));
        check("text\n", false, Err(Broken));
        check("5 text\n", true, Ok(Some(("5 text", ""))));
        check("<234567890123456789012345", false, Err(Broken));
    }
}
