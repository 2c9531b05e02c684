//! Reads what stands in front of a log message that somebody sent (RFC 3164, RFC 5424): each part as
//! far as it is there.

use super::month_number;

/// A message that was received. What is not there is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Received<'a> {
    /// Facility and level.
    pub priority: Option<(u32, u32)>,
    /// As it was written, in either form; `-` stands for none.
    pub time: &'a [u8],
    pub host: &'a [u8],
    pub tag: &'a [u8],
    pub pid: &'a [u8],
    pub message_id: &'a [u8],
    pub data: &'a [u8],
    pub text: &'a [u8],
}

/// The length of `Jan  1 00:00:00`.
pub(super) const SHORT_TIME: usize = 15;
/// The length of `1970-01-01T00:00:00Z`.
pub(super) const LONG_TIME: usize = 20;

/// Takes a message apart. Where a header is broken, all behind the priority is text.
pub fn parse(bytes: &[u8]) -> Received<'_> {
    let nothing = Received { text: bytes, ..Received::default() };
    let Some((number, text)) = priority(bytes) else { return nothing };
    let plain = Received { priority: Some((number >> 3, number & 7)), text, ..nothing };
    let parsed = match text.strip_prefix(b"1 ") {
        Some(rest) => ietf(rest, plain),
        None if text.len() > SHORT_TIME => bsd(text, plain),
        None => None,
    };
    parsed.unwrap_or(plain)
}

/// `<134>`
fn priority(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let digits = bytes.strip_prefix(b"<")?;
    let end = digits.iter().position(|byte| !byte.is_ascii_digit())?;
    let add = |number: u32, digit: &u8| (number * 10 + u32::from(digit - b'0')) % 10_000;
    let number = digits[..end].iter().fold(0, add);
    Some((number, digits[end..].strip_prefix(b">")?))
}

/// The word up to the next space, which must not be empty, and what is behind it.
fn word(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b' ').filter(|end| *end > 0)?;
    Some((&bytes[..end], &bytes[end + 1..]))
}

/// The same of RFC 5424, where `-` stands for nothing.
fn field(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    word(bytes).map(|(word, rest)| (if word == b"-" { b"" } else { word }, rest))
}

/// `TIME HOST TAG PID MESSAGE-ID DATA text`
fn ietf<'a>(rest: &'a [u8], plain: Received<'a>) -> Option<Received<'a>> {
    let (time, rest) = word(rest)?;
    if time != b"-" && !is_long_time(time) {
        return None;
    }
    let (host, rest) = field(rest)?;
    let (tag, rest) = field(rest)?;
    let (pid, rest) = field(rest)?;
    let (message_id, rest) = field(rest)?;
    let end = data_end(rest)?;
    let data = if &rest[..end] == b"-" { b"" } else { &rest[..end] };
    let text = rest.get(end + 1..)?;
    Some(Received { time, host, tag, pid, message_id, data, text, ..plain })
}

/// `1970-01-01T00:00:00.000000+00:00`, its fraction left out or not, its zone a `Z` or not.
fn is_long_time(time: &[u8]) -> bool {
    let Some(rest) = time.get(19..).filter(|_| time.len() >= LONG_TIME) else { return false };
    let rest = match rest.strip_prefix(b".") {
        Some(fraction) => {
            let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            &fraction[digits..]
        }
        None => rest,
    };
    rest == b"Z" || (rest.len() == 6 && matches!(rest[0], b'+' | b'-'))
}

/// Where structured data ends: `-`, or elements in brackets, in which a backslash hides a bracket.
fn data_end(bytes: &[u8]) -> Option<usize> {
    if bytes.starts_with(b"- ") {
        return Some(1);
    }
    let mut is_inside = false;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b']' if is_inside && bytes[at - 1] != b'\\' => is_inside = false,
            _ if is_inside => {}
            b'[' => is_inside = true,
            b' ' if at > 0 => return Some(at),
            _ => return None,
        }
    }
    None
}

/// `Jan  1 00:00:00 HOST TAG[PID]: text`; the tag may be missing.
fn bsd<'a>(bytes: &'a [u8], plain: Received<'a>) -> Option<Received<'a>> {
    let (time, rest) = bytes.split_at(SHORT_TIME);
    month_number(time)?;
    let (host, text) = word(rest.strip_prefix(b" ")?)?;
    let found = Received { time, host, text, ..plain };
    Some(tag(found).unwrap_or(found))
}

fn tag(found: Received<'_>) -> Option<Received<'_>> {
    let end = found.text.iter().position(|byte| matches!(byte, b' ' | b':'))?;
    let text = found.text[end..].strip_prefix(b": ")?;
    let name = &found.text[..end];
    let (tag, pid) = match name.iter().position(|byte| *byte == b'[') {
        Some(open) => (&name[..open], name[open + 1..].strip_suffix(b"]")?),
        None => (name, &b""[..]),
    };
    Some(Received { tag, pid, text, ..found })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expected: &str) {
        let Received { priority, time, host, tag, pid, message_id, data, text } = parse(input.as_bytes());
        let priority = priority.map_or("none".to_owned(), |(facility, level)| format!("{facility}.{level}"));
        let parts = [time, host, tag, pid, message_id, data, text].map(String::from_utf8_lossy).join("|");
        assert_eq!(format!("{priority}|{parts}"), expected, "{input}");
    }

    #[test]
    fn received_messages() {
        check("text", "none|||||||text");
        check("<13>", "1.5|||||||");
        check("<x>text", "none|||||||<x>text");
        check("<134>text", "16.6|||||||text");
        check("<134>Nov  3 09:08:07 h tag[42]: text", "16.6|Nov  3 09:08:07|h|tag|42|||text");
        check("<134>Nov  3 09:08:07 h tag: text", "16.6|Nov  3 09:08:07|h|tag||||text");
        check("<134>Nov  3 09:08:07 h text only", "16.6|Nov  3 09:08:07|h|||||text only");
        check("<134>Xxx  3 09:08:07 h tag: text", "16.6|||||||Xxx  3 09:08:07 h tag: text");
        check(
            "<134>1 2026-11-03T09:08:07.001+01:00 h tag 42 id [a b=\"\\]\"][c] text",
            "16.6|2026-11-03T09:08:07.001+01:00|h|tag|42|id|[a b=\"\\]\"][c]|text",
        );
        check("<134>1 2026-11-03T09:08:07Z h - - - - text", "16.6|2026-11-03T09:08:07Z|h|||||text");
        check("<134>1 - - - - - - ", "16.6|-||||||");
        check("<134>1 yesterday h tag 42 id - text", "16.6|||||||1 yesterday h tag 42 id - text");
        check("<134>1 - h tag 42 id x text", "16.6|||||||1 - h tag 42 id x text");
    }
}
