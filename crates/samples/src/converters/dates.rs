//! Numbers as dates.

use base::bytes::parse_u64;
use bumpalo::Bump;
use ir::spec::ArgType;
use ir::types::SampleType::{Sint, Str};
use state::sample::{Arg, text};
use state::{Stream, Value};

use super::{int_arg, text_arg};
use crate::checks;
use crate::localtime::Date;
use crate::room::{Room, join};
use crate::row::{Converter, Example};

const FORMAT: &[ArgType] = &[ArgType::Str, ArgType::Sint];
const DAY: &str = "1714117198";

pub const ROWS: &[Converter] = &[
    Converter::new("http_date", Sint, Str, "A date for HTTP headers, with an offset and a unit", http_date)
        .args(0, &[ArgType::Sint, ArgType::Str])
        .check(checks::http_date_unit)
        .examples(&[
            Example::new(DAY, &[], "Fri, 26 Apr 2024 07:39:58 GMT"),
            Example::new("1714117198774", &["2", "ms"], "Fri, 26 Apr 2024 07:39:58.776 GMT"),
            Example::new("1714117198774", &["-770", "ms"], "Fri, 26 Apr 2024 07:39:58.4 GMT"),
        ]),
    Converter::new("ltime", Sint, Str, "A local date by a format of strftime", ltime)
        .args(1, FORMAT)
        .examples(&[Example::new(DAY, &["%%"], "%")]),
    Converter::new(
        "ms_ltime",
        Sint,
        Str,
        "Same as `ltime`, of milliseconds; %N or %3N is the part of a second",
        ms_ltime,
    )
    .args(1, FORMAT)
    .examples(&[Example::new("1714117198774", &["%N"], "774000000")]),
    Converter::new(
        "ms_utime",
        Sint,
        Str,
        "Same as `utime`, of milliseconds; %N or %3N is the part of a second",
        ms_utime,
    )
    .args(1, FORMAT)
    .examples(&[
        Example::new("1714117198774", &["%H:%M:%S.%N"], "07:39:58.774000000"),
        Example::new("1714117198774", &["%S.%3N %%N", "1"], "59.774 %N"),
    ]),
    Converter::new(
        "us_ltime",
        Sint,
        Str,
        "Same as `ltime`, of microseconds; %N or %6N is the part of a second",
        us_ltime,
    )
    .args(1, FORMAT)
    .examples(&[Example::new("1714117198000005", &["%N"], "000005000")]),
    Converter::new(
        "us_utime",
        Sint,
        Str,
        "Same as `utime`, of microseconds; %N or %6N is the part of a second",
        us_utime,
    )
    .args(1, FORMAT)
    .examples(&[Example::new("1714117198000005", &["%S.%N"], "58.000005000")]),
    Converter::new("utime", Sint, Str, "A UTC date by a format of strftime", utime).args(1, FORMAT).examples(
        &[
            Example::new(DAY, &["%Y-%m-%d %H:%M:%S"], "2024-04-26 07:39:58"),
            Example::new(DAY, &["%S", "2"], "00"),
        ],
    ),
];

/// Larger numbers of seconds have years that are no years.
const SECONDS: i64 = 0x007f_ffff_ffff_ffff;

fn number(value: Value) -> Option<i64> {
    match value {
        Value::Sint(number) => Some(number),
        _ => None,
    }
}

fn offset(args: &[Arg]) -> i64 {
    int_arg(args, 1).unwrap_or(0)
}

fn seconds<'a>(
    stream: &'a Stream,
    args: &[Arg],
    value: Value<'a>,
    to_date: fn(i64) -> Date,
) -> Option<Value<'a>> {
    let date = to_date((number(value)? & SECONDS).wrapping_add(offset(args)));
    Some(Value::Str(date.format(text_arg(args, 0)?, &stream.arena)))
}

/// The offset is one of seconds here too.
fn parts<'a>(
    stream: &'a Stream,
    args: &[Arg],
    value: Value<'a>,
    per_second: i64,
    to_date: fn(i64) -> Date,
) -> Option<Value<'a>> {
    let number = number(value)?;
    let date = to_date((number / per_second).wrapping_add(offset(args)));
    let nanoseconds = (number % per_second) * (1_000_000_000 / per_second);
    let format = with_fraction(text_arg(args, 0)?, nanoseconds as u64, &stream.arena);
    Some(Value::Str(date.format(format, &stream.arena)))
}

/// The format with `%N` and `%3N` replaced by the first digits of the nanoseconds. Before 1970
/// they are those of the number's complement, as HAProxy has it.
fn with_fraction<'a>(format: &[u8], nanoseconds: u64, arena: &'a Bump) -> &'a [u8] {
    const DIGITS: usize = 9;
    let mut digits = Room::new(arena, 2 * DIGITS + 20);
    let missing = nanoseconds.checked_ilog10().unwrap_or(0) as usize + 1;
    digits.extend(&[b'0'; DIGITS][missing.min(DIGITS)..]);
    digits.decimal(nanoseconds);
    let digits = digits.finish();
    let mut out = Room::new(arena, format.len() * DIGITS);
    let mut rest = format;
    while let [byte, after @ ..] = rest {
        rest = after;
        if *byte != b'%' {
            out.push(*byte);
            continue;
        }
        let count = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
        match after.get(count) {
            Some(b'N') => {
                let width = if count == 0 { Some(DIGITS as u64) } else { parse_u64(&after[..count]) };
                let width = width.and_then(|width| usize::try_from(width).ok()).unwrap_or(DIGITS);
                out.extend(&digits[..width.min(DIGITS)]);
                rest = &after[count + 1..];
            }
            Some(other) if count == 0 => {
                out.extend(&[b'%', *other]);
                rest = &after[1..];
            }
            _ => out.push(b'%'),
        }
    }
    out.finish()
}

fn ltime<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    seconds(stream, args, value, Date::local)
}

fn utime<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    seconds(stream, args, value, Date::utc)
}

fn ms_ltime<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    parts(stream, args, value, 1000, Date::local)
}

fn ms_utime<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    parts(stream, args, value, 1000, Date::utc)
}

fn us_ltime<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    parts(stream, args, value, 1_000_000, Date::local)
}

fn us_utime<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    parts(stream, args, value, 1_000_000, Date::utc)
}

/// RFC 9110, section 5.6.7; the offset is one of the unit, and the parts of a second have no
/// leading zeros. The names of days and months never follow the locale, which the process does
/// not set.
fn http_date<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let per_second = match text_arg(args, 1) {
        Some(b"ms") => 1000,
        Some(b"us") => 1_000_000,
        _ => 1,
    };
    let number = number(value)?.wrapping_add(int_arg(args, 0).unwrap_or(0));
    let date = Date::utc((number / per_second) & SECONDS);
    let date = date.format(b"%a, %d %b %Y %H:%M:%S", &stream.arena);
    if per_second == 1 {
        return Some(Value::Str(join(&stream.arena, &[date, b" GMT"])));
    }
    let part = text::in_arena(&stream.arena, |out| text::decimal(number % per_second, out));
    Some(Value::Str(join(&stream.arena, &[date, b".", part, b" GMT"])))
}
