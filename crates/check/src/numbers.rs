//! Numbers, times and sizes of a line, with HAProxy's messages.

use base::time::{TimeError, Unit};
use diag::{Diagnostic, Effect};
use syntax::Word;

use crate::context::Context;
use crate::fail::{Checked, Fail};
use crate::keyword::Keyword;
use crate::line::Line;

/// A message with what stands in braces put in: the keyword (`{}`), its value (`{v}`), the
/// character of the value that is wrong (`{c}`), all from there (`{rest}`), and the value as a
/// number (`{n}`).
pub fn fill(template: &str, line: &Line<'_>, at: usize) -> String {
    let value = line.arg(0).map_or(b"".as_slice(), |word| &word.text);
    let mut pieces = template.split('{');
    let mut done = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match piece.split_once('}') {
            Some(("", rest)) => done += &(line.keyword() + rest),
            Some(("v", rest)) => done += &(String::from_utf8_lossy(value) + rest),
            // At the end it is C's final zero, where the message ends.
            Some(("c", _)) if at >= value.len() => return done,
            Some(("c", rest)) => done += &(character(value, at) + rest),
            Some(("n", rest)) => done += &(lenient(value).to_string() + rest),
            Some(("rest", rest)) => {
                done += &(String::from_utf8_lossy(value.get(at..).unwrap_or_default()) + rest);
            }
            _ => done += &format!("{{{piece}"),
        }
    }
    done
}

/// The first argument as a number of 32 bits between the bounds.
pub fn int(c: &mut Context<'_>, line: &Line<'_>, row: &Keyword, min: i64, max: i64) -> Option<i64> {
    let text = line.arg(0).map_or(b"".as_slice(), |word| &word.text);
    let rest = strtol(text, false).1;
    let value = i64::from(wrapped(text));
    if !rest.is_empty() {
        row.refuse(c, line, row.malformed, text.len() - rest.len());
        return None;
    }
    if value < min || value > max {
        let bounds = match max {
            _ if !row.range.is_empty() => row.range.to_owned(),
            i64::MAX => format!("'{{}}' expects a value of at least {min} (got {value})."),
            _ => format!("'{{}}' expects a value between {min} and {max} (got {value})."),
        };
        row.refuse(c, line, &bounds, 0);
        return None;
    }
    Some(value)
}

/// The first argument as a time.
pub fn time(c: &mut Context<'_>, line: &Line<'_>, unit: Unit) -> Result<u64, TimeError> {
    line.arg(0).map_or(Err(TimeError::Unexpected(0)), |word| parse_time(c, word, unit))
}

/// A time, with the warning about characters after its unit.
pub fn parse_time(c: &mut Context<'_>, word: &Word, unit: Unit) -> Result<u64, TimeError> {
    let time = base::time::parse(&word.text, unit);
    let extra = base::time::extra(&word.text).filter(|_| !matches!(time, Err(TimeError::Unexpected(_))));
    if let Some(extra) = extra {
        c.warn_bare("time-extra", word.span, base::time::extra_message(extra, &word.text));
    }
    Ok(u64::from(time?.value))
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

/// A number between the bounds for an option of a `bind` or `server` line, or of an action.
pub fn bounded(word: &Word, min: i64, max: i64, message: impl FnOnce() -> String) -> Checked<i64> {
    let value = base::bytes::parse_i64(&word.text).filter(|value| (min..=max).contains(value));
    value.ok_or_else(|| Fail::new("bad-number", word.span, message()))
}

/// C's `atol`: the number that a text starts with, 0 without one.
pub fn lenient(text: &[u8]) -> i64 {
    strtol(text, false).0
}

/// C's `atoi`: the lower 32 bits of that.
pub fn wrapped(text: &[u8]) -> i32 {
    truncated(lenient(text))
}

/// The low 32 bits of a number, as C's `int` keeps them.
pub fn truncated(number: i64) -> i32 {
    number as i32
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_base() {
        let check = |text: &str, value, left: &str| {
            assert_eq!(strtol(text.as_bytes(), true), (value, left.as_bytes()), "{text}");
        };
        check("12", 12, "");
        check("-1", -1, "");
        check("0x1fz", 31, "z");
        check("010", 8, "");
        check("09", 0, "9");
        check("0x", 0, "x");
        check("x", 0, "x");
        check("-", 0, "-");
        check("", 0, "");
        check("99999999999999999999", i64::MAX, "");
    }

    #[test]
    fn leading_digits() {
        let check = |text: &str, value| assert_eq!(lenient(text.as_bytes()), value, "{text}");
        check("12x", 12);
        check(" -7", -7);
        check("x", 0);
        check("", 0);
        check("99999999999999999999", i64::MAX);
    }
}
