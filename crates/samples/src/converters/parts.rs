//! Parts of a text: between delimiters, of a name, behind the name of a parameter.

use ir::spec::ArgType;
use ir::types::SampleType::Str;
use state::sample::Arg;
use state::{Stream, Value};

use super::{below_buffer, int_arg, text_arg, text_of};
use crate::checks;
use crate::room::Room;
use crate::row::{Converter, Example};

const SPLIT: &[ArgType] = &[ArgType::Sint, ArgType::Str, ArgType::Sint];

pub const ROWS: &[Converter] = &[
    Converter::new("field", Str, Str, "The n-th part between delimiters, empty parts counted", field)
        .args(2, SPLIT)
        .check(checks::split)
        .examples(&[
            Example::new("f1_f2_f3__f5", &["5", "_"], "f5"),
            Example::new("f1_f2_f3__f5", &["2", "_", "0"], "f2_f3__f5"),
            Example::new("f1_f2_f3__f5", &["2", "_", "2"], "f2_f3"),
            Example::new("f1_f2_f3__f5", &["-2", "_", "3"], "f2_f3_"),
            Example::new("f1_f2_f3__f5", &["-3", "_", "0"], "f1_f2_f3"),
            Example::new("f1_f2_f3__f5", &["4", "_"], ""),
            Example::new("a.b_c", &["2", "_.", "-1"], "b_c"),
            Example::none("a", &["2", "_"]),
        ]),
    Converter::new(
        "param",
        Str,
        Str,
        "The value of a parameter in a list, by default between ampersands",
        param,
    )
    .args(1, &[ArgType::Str, ArgType::Str])
    .check(checks::param_delimiter)
    .examples(&[
        Example::new("a=1&b=2", &["b"], "2"),
        Example::new("a=1&b&c=", &["b"], ""),
        Example::new("a=1;b=2", &["a", ";"], "1"),
        Example::new("a=1;b=2", &["b", "0x3b"], "2"),
        Example::new("aa=1&a=2", &["a"], "2"),
        Example::none("aa=1", &["a"]),
    ]),
    Converter::new("reverse_dom", Str, Str, "A domain's labels from the last to the first", reverse_dom)
        .examples(&[
            Example::new("www.example.com", &[], "com.example.www"),
            Example::new("example.com.", &[], "com.example"),
            Example::none("a..b", &[]),
            Example::none(".a", &[]),
            Example::none("", &[]),
        ]),
    Converter::new("word", Str, Str, "The n-th part between delimiters, empty parts skipped", word)
        .args(2, SPLIT)
        .check(checks::split)
        .examples(&[
            Example::new("w1_w2_w3__w4", &["4", "_"], "w4"),
            Example::new("w1_w2_w3__w4", &["2", "_", "0"], "w2_w3__w4"),
            Example::new("w1_w2_w3__w4", &["3", "_", "2"], "w3__w4"),
            Example::new("w1_w2_w3__w4", &["-2", "_", "3"], "w1_w2_w3"),
            Example::new("w1_w2_w3__w4", &["-3", "_", "0"], "w1_w2"),
            Example::new("_w1_w2_", &["1", "_", "2"], "w1_w2"),
            Example::new("_w1_w2_", &["1", "_", "3"], "w1_w2_"),
            Example::new("_w1_w2_", &["-1", "_", "3"], "_w1_w2"),
            Example::none("a", &["2", "_"]),
        ]),
];

/// The parts of a text as ranges.
fn parts<'t>(
    text: &'t [u8],
    delimiters: &'t [u8],
    skip_empty: bool,
) -> impl DoubleEndedIterator<Item = (usize, usize)> {
    let offset = move |part: &[u8]| part.as_ptr() as usize - text.as_ptr() as usize;
    text.split(move |byte| delimiters.contains(byte))
        .map(move |part| (offset(part), offset(part) + part.len()))
        .filter(move |(start, end)| !skip_empty || end > start)
}

/// `count` parts from the `index`-th on, counted from the end where it is negative. Where there
/// are fewer, and where the count is not positive, it is all that remains in that direction,
/// delimiters at the end too.
fn select<'a>(text: &'a [u8], args: &[Arg], skip_empty: bool) -> Option<&'a [u8]> {
    let (index, delimiters) = (int_arg(args, 0)?, text_arg(args, 1)?);
    // HAProxy counts in 32 bits.
    let count = int_arg(args, 2).unwrap_or(1) as i32;
    let more = count.checked_sub(1).and_then(|more| usize::try_from(more).ok());
    let skip = usize::try_from(index.unsigned_abs()).ok()?.checked_sub(1)?;
    if index > 0 {
        let mut parts = parts(text, delimiters, skip_empty).skip(skip);
        let (start, first_end) = parts.next()?;
        let end = match more {
            Some(0) => first_end,
            Some(more) => parts.nth(more - 1).map_or(text.len(), |(_, end)| end),
            None => text.len(),
        };
        Some(&text[start..end])
    } else {
        let mut parts = parts(text, delimiters, skip_empty).rev().skip(skip);
        let (first_start, end) = parts.next()?;
        let start = match more {
            Some(0) => first_start,
            Some(more) => parts.nth(more - 1).map_or(0, |(start, _)| start),
            None => 0,
        };
        Some(&text[start..end])
    }
}

fn word<'a>(_: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    select(text_of(value)?, args, true).map(Value::Str)
}

fn field<'a>(_: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    select(text_of(value)?, args, false).map(Value::Str)
}

/// The byte itself, or `0x3b`.
fn delimiter(args: &[Arg]) -> u8 {
    match text_arg(args, 1) {
        Some([b'0', b'x', digits @ ..]) => {
            base::bytes::parse_hex(digits).and_then(|code| u8::try_from(code).ok()).unwrap_or(b'&')
        }
        Some([delimiter, ..]) => *delimiter,
        _ => b'&',
    }
}

fn param<'a>(_: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let (name, delimiter) = (text_arg(args, 0)?, delimiter(args));
    let end = |text: &[u8]| memchr::memchr(delimiter, text).unwrap_or(text.len());
    let mut rest = text_of(value)?;
    while !rest.is_empty() {
        match rest.strip_prefix(name) {
            Some([]) => return Some(Value::Str(b"")),
            Some([byte, ..]) if *byte == delimiter => return Some(Value::Str(b"")),
            Some([b'=', value @ ..]) => return Some(Value::Str(&value[..end(value)])),
            _ => rest = rest.get(end(rest) + 1..).unwrap_or(b""),
        }
    }
    None
}

/// A dot at the end counts for nothing; a label must not be empty.
fn reverse_dom<'a>(stream: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let text = below_buffer(stream, text_of(value)?)?;
    let domain = text.strip_suffix(b".").unwrap_or(text);
    let mut room = Room::new(&stream.arena, domain.len());
    for (count, label) in domain.rsplit(|byte| *byte == b'.').enumerate() {
        if label.is_empty() {
            return None;
        }
        if count > 0 {
            room.push(b'.');
        }
        room.extend(label);
    }
    Some(Value::Str(room.finish()))
}
