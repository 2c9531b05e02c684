//! Converters of text.

use ir::spec::ArgType;
use ir::types::SampleType::{Bool, Sint, Str};
use state::sample::Arg;
use state::{Stream, Value};

use super::{below_buffer, text_arg, text_of, variable_arg};
use crate::checks;
use crate::room::join;
use crate::row::{Converter, Example};

const TEXT: &[ArgType] = &[ArgType::Str];

pub const ROWS: &[Converter] = &[
    Converter::new(
        "add_item",
        Str,
        Str,
        "A variable and text behind the value, with a delimiter before them where both sides are there",
        add_item,
    )
    .args(2, &[ArgType::Str, ArgType::Str, ArgType::Str])
    .check(checks::add_item)
    .examples(&[
        Example::new("a", &[",", "txn.abc", "!"], "a,abc!"),
        Example::new("", &[",", "txn.abc"], "abc"),
        Example::new("a", &[",", "txn.none"], "a"),
        Example::new("a", &[",", "", "b"], "a,b"),
    ]),
    Converter::new("concat", Str, Str, "Text, a variable and text behind the value", concat)
        .args(1, &[ArgType::Str, ArgType::Str, ArgType::Str])
        .check(checks::concat)
        .examples(&[
            Example::new("a", &["<", "", ">"], "a<>"),
            Example::new("a", &["<", "txn.3", ">"], "a<3>"),
            Example::new("a", &["<", "txn.none", ">"], "a<>"),
        ]),
    Converter::new("cut_crlf", Str, Str, "The text up to its first line end", cut_crlf)
        .examples(&[Example::new("a\r\nb", &[], "a"), Example::new("a", &[], "a")]),
    Converter::new("host_only", Str, Str, "A host without its port, in lower case", host_only).examples(&[
        Example::new("Example.COM:80", &[], "example.com"),
        Example::new("[::1]:80", &[], "[::1]"),
        Example::new("[::1]", &[], "[::1]"),
        Example::new("a", &[], "a"),
        Example::new("a:b:c", &[], "a:b"),
    ]),
    Converter::new("iif", Bool, Str, "One text for true, another for false", iif)
        .args(2, &[ArgType::Str, ArgType::Str])
        .examples(&[Example::new("1", &["yes", "no"], "yes"), Example::new("0", &["yes", "no"], "no")]),
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
        Example::new("[::1]", &[], "0"),
        Example::new("a", &[], "0"),
        Example::new("a:99999", &[], "99999"),
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
        .examples(&[
            Example::new("abc", &["txn.abc"], "0"),
            Example::new("abe", &["txn.abc"], "2"),
            Example::new("ab", &["txn.abc"], "-1"),
            Example::new("3", &["txn.3"], "0"),
            Example::none("a", &["txn.none"]),
        ]),
    Converter::new("upper", Str, Str, "In upper case", upper).examples(&[Example::new("aBc", &[], "ABC")]),
];

fn lower<'a>(stream: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let copy = stream.arena.alloc_slice_copy(below_buffer(stream, text_of(value)?)?);
    copy.make_ascii_lowercase();
    Some(Value::Str(copy))
}

fn upper<'a>(stream: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let copy = stream.arena.alloc_slice_copy(below_buffer(stream, text_of(value)?)?);
    copy.make_ascii_uppercase();
    Some(Value::Str(copy))
}

fn reverse<'a>(stream: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let copy = stream.arena.alloc_slice_copy(below_buffer(stream, text_of(value)?)?);
    copy.reverse();
    Some(Value::Str(copy))
}

fn length<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    Some(Value::Sint(text_of(value)?.len() as i64))
}

fn cut_crlf<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let text = text_of(value)?;
    let end = memchr::memchr2(b'\r', b'\n', text).unwrap_or(text.len());
    Some(Value::Str(&text[..end]))
}

fn ltrim<'a>(_: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let (text, set) = (text_of(value)?, text_arg(args, 0)?);
    let start = text.iter().position(|byte| !set.contains(byte)).unwrap_or(text.len());
    Some(Value::Str(&text[start..]))
}

fn rtrim<'a>(_: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let (text, set) = (text_of(value)?, text_arg(args, 0)?);
    let end = text.iter().rposition(|byte| !set.contains(byte)).map_or(0, |last| last + 1);
    Some(Value::Str(&text[..end]))
}

/// The host, and the port where a colon stands behind it.
fn host_and_port(text: &[u8]) -> (&[u8], &[u8]) {
    match text.iter().rposition(|byte| matches!(byte, b':' | b']')) {
        Some(at) if text[at] == b':' => (&text[..at], &text[at + 1..]),
        _ => (text, b""),
    }
}

fn host_only<'a>(stream: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let host = stream.arena.alloc_slice_copy(host_and_port(text_of(value)?).0);
    host.make_ascii_lowercase();
    Some(Value::Str(host))
}

/// What is no digit counts as HAProxy counts it, by its distance to zero in 32 bits.
fn port_only<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let add = |port: u32, byte: &u8| {
        port.wrapping_mul(10).wrapping_add_signed(i32::from(*byte as i8)).wrapping_sub(u32::from(b'0'))
    };
    Some(Value::Sint(i64::from(host_and_port(text_of(value)?).1.iter().fold(0, add))))
}

fn iif<'a>(_: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let index = if value == Value::Bool(true) { 0 } else { 1 };
    text_arg(args, index).map(Value::Str)
}

fn concat<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let middle = variable_arg(stream, args, 1).map_or(&b""[..], |value| value.to_text(&stream.arena));
    let (start, end) = (text_arg(args, 0).unwrap_or(b""), text_arg(args, 2).unwrap_or(b""));
    joined(stream, &[text_of(value)?, start, middle, end])
}

fn add_item<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let item = variable_arg(stream, args, 1).map_or(&b""[..], |value| value.to_text(&stream.arena));
    let (text, end) = (text_of(value)?, text_arg(args, 2).unwrap_or(b""));
    let is_alone = text.is_empty() || (item.is_empty() && end.is_empty());
    let delimiter = text_arg(args, 0).filter(|_| !is_alone).unwrap_or(b"");
    joined(stream, &[text, delimiter, item, end])
}

/// The parts in a row, unless they are larger than a buffer.
fn joined<'a>(stream: &'a Stream, parts: &[&[u8]]) -> Option<Value<'a>> {
    super::within_buffer(stream, join(&stream.arena, parts)).map(Value::Str)
}

/// The difference of the first bytes that differ, in front of a zero byte; else 1 or -1 for
/// the longer and the shorter one.
fn strcmp<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let other = variable_arg(stream, args, 0)?.to_text(&stream.arena);
    let this = text_of(value)?;
    let mut pairs = this.iter().zip(other).take_while(|(a, b)| (**a, **b) != (0, 0));
    let order = match pairs.find(|(a, b)| a != b) {
        Some((a, b)) => i64::from(*a) - i64::from(*b),
        None => this.len().cmp(&other.len()) as i64,
    };
    Some(Value::Sint(order))
}

fn regsub<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let (Some(Arg::Regex(regex)), Some(template)) = (args.first(), text_arg(args, 1)) else { return None };
    let all = text_arg(args, 2).is_some_and(|flags| flags.contains(&b'g'));
    let text = text_of(value)?;
    let mut out = Vec::new();
    if !regex.replace(text, template, all, &mut out) {
        return Some(value);
    }
    out.truncate(stream.plan.config.global.tune.bufsize);
    Some(Value::Str(stream.arena.alloc_slice_copy(&out)))
}
