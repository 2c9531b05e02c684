//! The value that a client likes best, by the qualities of an `Accept-…` header (RFC 9110,
//! section 12.4.2).

use ir::spec::ArgType;
use ir::types::SampleType::Str;
use state::sample::Arg;
use state::{Stream, Value};

use super::text_arg;
use crate::row::{Converter, Example};

pub const ROWS: &[Converter] = &[Converter::new(
    "language",
    Str,
    Str,
    "The value of a list, `a;b`, that a client likes best; else the second argument",
    language,
)
.args(1, &[ArgType::Str, ArgType::Str])
.examples(&[
    Example::new("da, en-gb;q=0.8, en;q=0.7", &["fr;en;es"], "en"),
    Example::new("fr;q=0.5, es;q=0.9, en;q=0.7", &["fr;en;es"], "es"),
    Example::new("fr-ca", &["fr"], "fr"),
    Example::none("de", &["fr;en"]),
    Example::new("de", &["fr;en", "en"], "en"),
    Example::none("en;q=0", &["en"]),
])];

/// A quality, in thousandths.
const BEST: u32 = 1000;

/// Whether `range`, as a client wrote it, is `tag` or a kind of it.
fn is_kind_of(range: &[u8], tag: &[u8]) -> bool {
    range.strip_prefix(tag).is_some_and(|rest| matches!(rest.first(), None | Some(b'-')))
}

fn trim(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|byte| !is_space(*byte)).unwrap_or(text.len());
    &text[start..]
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// `0.123`; up to three digits behind the point, and nothing is 1.
fn quality(text: &[u8]) -> u32 {
    let (whole, rest) = match text {
        [digit @ b'0'..=b'9', rest @ ..] => (u32::from(digit - b'0') * BEST, rest),
        _ => return BEST,
    };
    let digits = rest.strip_prefix(b".").unwrap_or(b"").iter().take_while(|byte| byte.is_ascii_digit());
    let parts = digits.zip([100, 10, 1]).map(|(digit, worth)| u32::from(digit - b'0') * worth);
    (whole + parts.sum::<u32>()).min(BEST)
}

/// The quality behind a value, `;q=`. `None`: something else follows, so that the value does
/// not count. A parameter that is not a quality counts as the best one.
fn quality_of(rest: &[u8]) -> Option<u32> {
    let rest = match trim(rest) {
        [] => return Some(BEST),
        [b';', rest @ ..] => trim(rest),
        _ => return None,
    };
    let Some(rest) = rest.strip_prefix(b"q") else { return Some(BEST) };
    let Some(rest) = trim(rest).strip_prefix(b"=") else { return Some(BEST) };
    Some(quality(trim(rest)))
}

fn language<'a>(_: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let (Value::Str(header), known) = (value, text_arg(args, 0)?) else { return None };
    let mut best: (u32, &[u8]) = (0, b"");
    for element in header.split(|byte| *byte == b',') {
        let element = trim(element);
        let end = element.iter().position(|byte| *byte == b';' || is_space(*byte)).unwrap_or(element.len());
        let (range, rest) = element.split_at(end);
        let tag = known.split(|byte| *byte == b';').find(|tag| !range.is_empty() && is_kind_of(range, tag));
        let (Some(tag), Some(quality)) = (tag, quality_of(rest)) else { continue };
        if quality > best.0 {
            best = (quality, tag);
        }
        if best.0 >= BEST {
            break;
        }
    }
    let answer = if best.1.is_empty() { text_arg(args, 1)? } else { best.1 };
    (!answer.is_empty()).then_some(Value::Str(answer))
}
