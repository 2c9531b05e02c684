//! Converters of text.

use ir::spec::ArgType;
use ir::types::SampleType::{Bool, Sint, Str};
use state::sample::Arg;
use state::{Stream, Value};

use super::{int_arg, text_arg, variable_arg};
use crate::checks;
use crate::room::{Room, join};
use crate::row::{Converter, Example};

const SPLIT: &[ArgType] = &[ArgType::Sint, ArgType::Str, ArgType::Sint];
const TEXT: &[ArgType] = &[ArgType::Str];

pub const ROWS: &[Converter] = &[
    Converter::new("concat", Str, Str, "Text, a variable and text behind the value", concat)
        .args(1, &[ArgType::Str, ArgType::Str, ArgType::Str])
        .check(checks::concat)
        .examples(&[Example::new("a", &["<", "", ">"], "a<>")]),
    Converter::new("cut_crlf", Str, Str, "The text up to its first line end", cut_crlf)
        .examples(&[Example::new("a\r\nb", &[], "a"), Example::new("a", &[], "a")]),
    Converter::new("field", Str, Str, "The n-th part between delimiters, empty parts counted", field)
        .args(2, SPLIT)
        .check(checks::split)
        .examples(&[
            Example::new("f1_f2_f3__f5", &["5", "_"], "f5"),
            Example::new("f1_f2_f3__f5", &["2", "_", "0"], "f2_f3__f5"),
            Example::new("f1_f2_f3__f5", &["2", "_", "2"], "f2_f3"),
            Example::new("f1_f2_f3__f5", &["-2", "_", "3"], "f2_f3_"),
            Example::new("f1_f2_f3__f5", &["-3", "_", "0"], "f1_f2_f3"),
            Example::none("a", &["2", "_"]),
        ]),
    Converter::new("host_only", Str, Str, "A host without its port", host_only).examples(&[
        Example::new("example.com:80", &[], "example.com"),
        Example::new("[::1]:80", &[], "[::1]"),
        Example::new("a", &[], "a"),
    ]),
    Converter::new("iif", Bool, Str, "One text for true, another for false", iif)
        .args(2, &[ArgType::Str, ArgType::Str])
        .examples(&[Example::new("1", &["yes", "no"], "yes"), Example::new("0", &["yes", "no"], "no")]),
    Converter::new("json", Str, Str, "The text escaped for JSON", json)
        .args(1, TEXT)
        .check(checks::json_encoding)
        .examples(&[
            Example::new("a\"/\\\n\u{1}", &["ascii"], "a\\\"\\/\\\\\\n\\u0001"),
            Example::new("é", &["utf8s"], "\\u00e9"),
        ]),
    Converter::new("length", Str, Sint, "The number of bytes", length).examples(&[Example::new(
        "abc",
        &[],
        "3",
    )]),
    Converter::new("lower", Str, Str, "In lower case", lower).examples(&[Example::new(
        "aBC-É",
        &[],
        "abc-É",
    )]),
    Converter::new("ltrim", Str, Str, "Without leading characters of a set", ltrim)
        .args(1, TEXT)
        .examples(&[Example::new("  a ", &[" "], "a ")]),
    Converter::new("port_only", Str, Sint, "A host's port", port_only).examples(&[
        Example::new("example.com:80", &[], "80"),
        Example::new("[::1]:8080", &[], "8080"),
        Example::new("a", &[], "0"),
    ]),
    Converter::new("regsub", Str, Str, "Matches of a regular expression replaced; flags g and i", regsub)
        .args(2, &[ArgType::Regex, ArgType::Str, ArgType::Str])
        .check(checks::regex_flags)
        .examples(&[
            Example::new("a.b.c", &["\\.", "-"], "a-b.c"),
            Example::new("a.b.c", &["\\.", "-", "g"], "a-b-c"),
            Example::new("abc", &["(b)", "<\\1>"], "a<b>c"),
            Example::new("abc", &["x", "y"], "abc"),
        ]),
    Converter::new("reverse", Str, Str, "From the last byte to the first", reverse)
        .examples(&[Example::new("abc", &[], "cba")]),
    Converter::new("rtrim", Str, Str, "Without trailing characters of a set", rtrim)
        .args(1, TEXT)
        .examples(&[Example::new(" a  ", &[" "], " a")]),
    Converter::new("strcmp", Str, Sint, "Compares with a variable: negative, 0 or positive", strcmp)
        .args(1, &[ArgType::Var])
        .check(checks::compared_variable)
        .examples(&[Example::none("a", &["txn.none"])]),
    Converter::new("upper", Str, Str, "In upper case", upper).examples(&[Example::new("aBc", &[], "ABC")]),
    Converter::new("word", Str, Str, "The n-th part between delimiters, empty parts skipped", word)
        .args(2, SPLIT)
        .check(checks::split)
        .examples(&[
            Example::new("w1_w2_w3__w4", &["4", "_"], "w4"),
            Example::new("w1_w2_w3__w4", &["2", "_", "0"], "w2_w3__w4"),
            Example::new("w1_w2_w3__w4", &["3", "_", "2"], "w3__w4"),
            Example::new("w1_w2_w3__w4", &["-2", "_", "3"], "w1_w2_w3"),
            Example::new("w1_w2_w3__w4", &["-3", "_", "0"], "w1_w2"),
            Example::none("a", &["2", "_"]),
        ]),
];

fn text(value: Value<'_>) -> Option<&[u8]> {
    match value {
        Value::Str(text) => Some(text),
        _ => None,
    }
}

fn lower<'a>(stream: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let copy = stream.arena.alloc_slice_copy(text(value)?);
    copy.make_ascii_lowercase();
    Some(Value::Str(copy))
}

fn upper<'a>(stream: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let copy = stream.arena.alloc_slice_copy(text(value)?);
    copy.make_ascii_uppercase();
    Some(Value::Str(copy))
}

fn reverse<'a>(stream: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let copy = stream.arena.alloc_slice_copy(text(value)?);
    copy.reverse();
    Some(Value::Str(copy))
}

fn length<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    Some(Value::Sint(text(value)?.len() as i64))
}

fn cut_crlf<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let text = text(value)?;
    let end = memchr::memchr2(b'\r', b'\n', text).unwrap_or(text.len());
    Some(Value::Str(&text[..end]))
}

fn ltrim<'a>(_: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let (text, set) = (text(value)?, text_arg(args, 0)?);
    let start = text.iter().position(|byte| !set.contains(byte)).unwrap_or(text.len());
    Some(Value::Str(&text[start..]))
}

fn rtrim<'a>(_: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let (text, set) = (text(value)?, text_arg(args, 0)?);
    let end = text.iter().rposition(|byte| !set.contains(byte)).map_or(0, |last| last + 1);
    Some(Value::Str(&text[..end]))
}

/// Where the host ends and the port begins, the colon between.
fn port_colon(host: &[u8]) -> Option<usize> {
    let colon = memchr::memrchr(b':', host)?;
    let in_brackets = host.first() == Some(&b'[') && memchr::memchr(b']', host).is_none_or(|end| end > colon);
    let digits = host[colon + 1..].iter().all(u8::is_ascii_digit);
    (!in_brackets && digits).then_some(colon)
}

fn host_only<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let host = text(value)?;
    Some(Value::Str(&host[..port_colon(host).unwrap_or(host.len())]))
}

fn port_only<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let host = text(value)?;
    let port = port_colon(host).and_then(|colon| base::bytes::parse_u64(&host[colon + 1..]));
    Some(Value::Sint(port.and_then(|port| u16::try_from(port).ok()).map_or(0, i64::from)))
}

fn iif<'a>(_: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let index = if value == Value::Bool(true) { 0 } else { 1 };
    text_arg(args, index).map(Value::Str)
}

fn concat<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let middle = variable_arg(stream, args, 1).map_or(&b""[..], |value| value.to_text(&stream.arena));
    let (start, end) = (text_arg(args, 0).unwrap_or(b""), text_arg(args, 2).unwrap_or(b""));
    Some(Value::Str(join(&stream.arena, &[text(value)?, start, middle, end])))
}

fn strcmp<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let other = variable_arg(stream, args, 0)?.to_text(&stream.arena);
    let this = text(value)?;
    let differing = this.iter().zip(other).find(|(a, b)| a != b);
    let order = match differing {
        Some((a, b)) => i64::from(*a) - i64::from(*b),
        None => this.len() as i64 - other.len() as i64,
    };
    Some(Value::Sint(order))
}

fn regsub<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let (Some(Arg::Regex(regex)), Some(template)) = (args.first(), text_arg(args, 1)) else { return None };
    let all = text_arg(args, 2).is_some_and(|flags| flags.contains(&b'g'));
    let text = text(value)?;
    let mut out = Vec::new();
    if !regex.replace(text, template, all, &mut out) {
        return Some(value);
    }
    Some(Value::Str(stream.arena.alloc_slice_copy(&out)))
}

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

/// `count` parts from the `index`-th on, counted from the end where it is negative; 0 parts
/// are all that remain in that direction.
fn select<'a>(text: &'a [u8], args: &[Arg], skip_empty: bool) -> Option<&'a [u8]> {
    let (index, delimiters) = (int_arg(args, 0)?, text_arg(args, 1)?);
    let count = usize::try_from(int_arg(args, 2).unwrap_or(1)).ok()?;
    let skip = usize::try_from(index.unsigned_abs()).ok()?.checked_sub(1)?;
    let last = |count: usize| if count == 0 { usize::MAX } else { count - 1 };
    if index > 0 {
        let mut parts = parts(text, delimiters, skip_empty).skip(skip);
        let (start, first_end) = parts.next()?;
        let end = parts.take(last(count)).last().map_or(first_end, |(_, end)| end);
        Some(&text[start..if count == 0 { text.len() } else { end }])
    } else {
        let mut parts = parts(text, delimiters, skip_empty).rev().skip(skip);
        let (first_start, end) = parts.next()?;
        let start = parts.take(last(count)).last().map_or(first_start, |(start, _)| start);
        Some(&text[if count == 0 { 0 } else { start }..end])
    }
}

fn word<'a>(_: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    select(text(value)?, args, true).map(Value::Str)
}

fn field<'a>(_: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    select(text(value)?, args, false).map(Value::Str)
}

/// Escapes as HAProxy does: the slash too, and everything outside of ASCII. The argument says
/// how the input is encoded; with `ascii` bytes above 127 fail, with `utf8` bad UTF-8 does,
/// the `s` and `p` forms are lenient.
fn json<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let text = text(value)?;
    let mode = text_arg(args, 0)?;
    let mut room = Room::new(&stream.arena, text.len() * 12);
    let ascii = mode == b"ascii";
    if ascii && !text.is_ascii() {
        return None;
    }
    for chunk in text.utf8_chunks() {
        chunk.valid().chars().for_each(|character| escape(character, &mut room));
        if !chunk.invalid().is_empty() {
            match mode {
                b"utf8s" => {}
                b"utf8p" | b"utf8ps" => {
                    chunk.invalid().iter().for_each(|b| escape(char::from(*b), &mut room))
                }
                _ => return None,
            }
        }
    }
    Some(Value::Str(room.finish()))
}

fn escape(character: char, room: &mut Room) {
    let short = match character {
        '"' => b'"',
        '\\' => b'\\',
        '/' => b'/',
        '\u{8}' => b'b',
        '\u{c}' => b'f',
        '\n' => b'n',
        '\r' => b'r',
        '\t' => b't',
        ' '..='~' => return room.push(character as u8),
        _ => {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                const DIGITS: &[u8; 16] = b"0123456789abcdef";
                room.extend(b"\\u");
                [12, 8, 4, 0].iter().for_each(|shift| room.push(DIGITS[usize::from(*unit >> shift & 15)]));
            }
            return;
        }
    };
    room.extend(&[b'\\', short]);
}
