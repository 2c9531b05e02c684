//! Numbers, times and sizes of a line, with HAProxy's messages.

use base::time::{TimeError, Unit};
use diag::{Diagnostic, Effect};
use syntax::Word;

use crate::context::Context;
use crate::fail::{Checked, Fail};
use crate::line::Line;

/// The first argument as a number between the bounds.
pub fn int(c: &mut Context<'_>, line: &Line<'_>, min: i64, max: i64) -> Option<i64> {
    int_or(c, line, min, max, "")
}

/// The same, with a message of the row's own for numbers out of the bounds.
pub fn int_or(c: &mut Context<'_>, line: &Line<'_>, min: i64, max: i64, message: &str) -> Option<i64> {
    let word = line.arg(0)?;
    let keyword = line.keyword();
    let Some(value) = base::bytes::parse_i64(&word.text) else {
        let text = format!("cannot parse '{keyword}' value '{}', an integer is expected.", word.lossy());
        c.alert("bad-number", word.span, text);
        return None;
    };
    if value < min || value > max {
        let text = match max {
            _ if !message.is_empty() => message.replace("{}", &keyword),
            i64::MAX => format!("'{keyword}' expects a value of at least {min} (got {value})."),
            _ => format!("'{keyword}' expects a value between {min} and {max} (got {value})."),
        };
        c.alert("out-of-range", word.span, text);
        return None;
    }
    Some(value)
}

/// The first argument as a time.
pub fn time(c: &mut Context<'_>, line: &Line<'_>, unit: Unit) -> Option<u64> {
    let word = line.arg(0)?;
    match parse_time(c, word, unit) {
        Ok(value) => Some(value),
        Err(error) => {
            let text = time_message(error, word, &line.keyword(), unit);
            c.alert("bad-time", word.span, text);
            None
        }
    }
}

/// A time, with the warning about characters after its unit.
pub fn parse_time(c: &mut Context<'_>, word: &Word, unit: Unit) -> Result<u64, TimeError> {
    let time = base::time::parse(&word.text, unit)?;
    if let Some(extra) = time.extra {
        c.warn("time-extra", word.span, base::time::extra_message(extra, &word.text));
    }
    Ok(u64::from(time.value))
}

fn time_message(error: TimeError, word: &Word, keyword: &str, unit: Unit) -> String {
    match error {
        TimeError::Over => {
            format!("timer overflow in argument '{}' to '{keyword}' {}", word.lossy(), limit(unit))
        }
        TimeError::Unexpected(at) => {
            format!("unexpected character '{}' in argument to <{keyword}>.", character(&word.text, at))
        }
    }
}

/// A time of a section beside the proxies, in milliseconds. `over` is what the message about too
/// long a time names as the argument.
pub fn section_time(c: &mut Context<'_>, word: &Word, over: &str, keyword: &str) -> Option<u64> {
    let text = match parse_time(c, word, Unit::Ms) {
        Ok(value) => return Some(value),
        Err(TimeError::Over) => format!(
            "timer overflow in argument <{over}> to <{keyword}>, maximum value is 2147483647 ms (~24.8 days)."
        ),
        Err(TimeError::Unexpected(at)) => {
            format!("unexpected character '{}' in argument to <{keyword}>.", character(&word.text, at))
        }
    };
    c.alert_tight("bad-time", word.span, text);
    None
}

/// Doubts a time without a unit that is less than 100 milliseconds.
pub fn doubt_small(c: &mut Context<'_>, word: &Word, keyword: &str) {
    let value = base::bytes::parse_u64(&word.text).filter(|value| (1..100).contains(value));
    let Some(value) = value else { return };
    let text = format!(
        "'{keyword} {value}' looks suspiciously small for a value in milliseconds. \
         Please use an explicit unit ('{value}ms') if that was the intent."
    );
    c.push(Diagnostic::error("small-time", word.span, text).with_effect(Effect::None));
}

/// `(maximum value is …)`
pub fn limit(unit: Unit) -> &'static str {
    match unit {
        Unit::S => "(maximum value is 2147483647 s or ~68 years).",
        _ => "(maximum value is 2147483647 ms or ~24.8 days)",
    }
}

/// The character at an offset; nothing at the end, as C prints its final zero.
pub fn character(text: &[u8], at: usize) -> String {
    text.get(at).map_or_else(String::new, |byte| char::from(*byte).to_string())
}

/// The first argument as a size in bytes.
pub fn size(c: &mut Context<'_>, line: &Line<'_>) -> Option<u64> {
    let word = line.arg(0)?;
    match base::size::parse_u32(&word.text) {
        Ok(value) => Some(u64::from(value)),
        Err(error) => {
            let text = format!(
                "unexpected character '{}' in size argument to '{}'.",
                character(&word.text, error.offset),
                line.keyword()
            );
            c.alert("bad-size", word.span, text);
            None
        }
    }
}

/// A number between the bounds for an option of a `bind` or `server` line, or of an action.
pub fn bounded(word: &Word, min: i64, max: i64, message: impl FnOnce() -> String) -> Checked<i64> {
    let value = base::bytes::parse_i64(&word.text).filter(|value| (min..=max).contains(value));
    value.ok_or_else(|| Fail::new("bad-number", word.span, message()))
}

/// C's `atol`: the leading digits, 0 without any. For the keywords that HAProxy reads so.
pub fn lenient(text: &[u8]) -> i64 {
    let start = text.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let text = &text[start..];
    let sign = usize::from(matches!(text.first(), Some(b'-' | b'+')));
    let digits = text[sign..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let limit = if text.first() == Some(&b'-') { i64::MIN } else { i64::MAX };
    match digits {
        0 => 0,
        _ => base::bytes::parse_i64(&text[..sign + digits]).unwrap_or(limit),
    }
}

/// The same, where HAProxy keeps 32 bits of it.
pub fn wrapped(text: &[u8]) -> i32 {
    lenient(text) as i32
}

/// C's `strtol` with base 0: the number that a text starts with, hexadecimal behind `0x` and
/// octal behind `0`, and where it ends.
pub fn prefixed(text: &[u8]) -> (i64, usize) {
    let start = text.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let sign = usize::from(matches!(text.get(start), Some(b'-' | b'+')));
    let digits = &text[start + sign..];
    let (base, skip) = match digits {
        [b'0', b'x' | b'X', digit, ..] if digit.is_ascii_hexdigit() => (16, 2),
        [b'0', ..] => (8, 0),
        _ => (10, 0),
    };
    let digits = digits[skip..].iter().map_while(|byte| char::from(*byte).to_digit(base));
    let mut value = 0i64;
    let mut len = 0;
    for digit in digits {
        value = value.saturating_mul(i64::from(base)).saturating_add(i64::from(digit));
        len += 1;
    }
    if len == 0 {
        return (0, 0);
    }
    let negative = text[start] == b'-';
    (if negative { -value } else { value }, start + sign + skip + len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes() {
        let check = |text: &str, expected| assert_eq!(prefixed(text.as_bytes()), expected, "{text}");
        check("12", (12, 2));
        check("-1", (-1, 2));
        check("0x1fz", (31, 4));
        check("010", (8, 3));
        check("09", (0, 1));
        check("0x", (0, 1));
        check("x", (0, 0));
        check("-", (0, 0));
        check("", (0, 0));
        check("99999999999999999999", (i64::MAX, 20));
    }
}

/// C's `strtol`: a sign and digits, in the base of their prefix where `any_base`; gives the number
/// and what is left. A number out of range is the nearest one.
pub fn strtol(text: &[u8], any_base: bool) -> (i64, &[u8]) {
    let start = text.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let (negative, mut rest) = match text[start..].split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, &text[start..]),
    };
    let mut base = 10;
    if any_base
        && let [b'0', b'x' | b'X', digit, ..] = rest
        && digit.is_ascii_hexdigit()
    {
        (base, rest) = (16, &rest[2..]);
    } else if any_base && rest.first() == Some(&b'0') {
        base = 8;
    }
    let digit = |byte: &u8| char::from(*byte).to_digit(base);
    let digits = rest.iter().map_while(digit);
    let value = digits
        .clone()
        .fold(0_i64, |value, digit| value.saturating_mul(i64::from(base)).saturating_add(i64::from(digit)));
    match digits.count() {
        0 => (0, text),
        count => (if negative { -value } else { value }, &rest[count..]),
    }
}
