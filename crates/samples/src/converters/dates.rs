//! Numbers as dates.

use ir::spec::ArgType;
use ir::types::SampleType::{Sint, Str};
use state::sample::Arg;
use state::{Stream, Value};

use super::{int_arg, text_arg};
use crate::checks;
use crate::localtime::Date;
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
        ]),
    Converter::new("ltime", Sint, Str, "A local date by a format of strftime", ltime)
        .args(1, FORMAT)
        .examples(&[Example::new(DAY, &["%%"], "%")]),
    Converter::new("ms_ltime", Sint, Str, "Same as `ltime`, of milliseconds; %N are nanoseconds", ms_ltime)
        .args(1, FORMAT)
        .examples(&[Example::new("1714117198774", &["%N"], "774000000")]),
    Converter::new("ms_utime", Sint, Str, "Same as `utime`, of milliseconds; %N are nanoseconds", ms_utime)
        .args(1, FORMAT)
        .examples(&[Example::new("1714117198774", &["%H:%M:%S.%N"], "07:39:58.774000000")]),
    Converter::new("us_ltime", Sint, Str, "Same as `ltime`, of microseconds; %N are nanoseconds", us_ltime)
        .args(1, FORMAT)
        .examples(&[Example::new("1714117198000005", &["%N"], "000005000")]),
    Converter::new("us_utime", Sint, Str, "Same as `utime`, of microseconds; %N are nanoseconds", us_utime)
        .args(1, FORMAT)
        .examples(&[Example::new("1714117198000005", &["%S.%N"], "58.000005000")]),
    Converter::new("utime", Sint, Str, "A UTC date by a format of strftime", utime).args(1, FORMAT).examples(
        &[
            Example::new(DAY, &["%Y-%m-%d %H:%M:%S"], "2024-04-26 07:39:58"),
            Example::new(DAY, &["%S", "2"], "00"),
        ],
    ),
];

fn date<'a>(
    stream: &'a Stream,
    args: &[Arg],
    value: Value<'a>,
    per_second: i64,
    to_date: fn(i64) -> Date,
) -> Option<Value<'a>> {
    let Value::Sint(number) = value else { return None };
    let number = number.checked_add(int_arg(args, 1).unwrap_or(0))?;
    let seconds = number.div_euclid(per_second);
    let format = text_arg(args, 0)?;
    let mut text = Vec::new();
    if per_second == 1 {
        to_date(seconds).format(format, &mut text);
    } else {
        to_date(seconds).format(&with_fraction(format, number.rem_euclid(per_second), per_second), &mut text);
    }
    Some(Value::Str(stream.arena.alloc_slice_copy(&text)))
}

/// The format with `%N` replaced by the part of a second.
fn with_fraction(format: &[u8], fraction: i64, per_second: i64) -> Vec<u8> {
    let nanoseconds = fraction * (1_000_000_000 / per_second);
    let mut out = Vec::with_capacity(format.len() + 9);
    let mut rest = format;
    while let [byte, after @ ..] = rest {
        rest = after;
        match (byte, after) {
            (b'%', [b'N', behind @ ..]) => {
                out.extend_from_slice(format!("{nanoseconds:09}").as_bytes());
                rest = behind;
            }
            (b'%', [other, behind @ ..]) => {
                out.extend_from_slice(&[b'%', *other]);
                rest = behind;
            }
            _ => out.push(*byte),
        }
    }
    out
}

fn ltime<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    date(stream, args, value, 1, Date::local)
}

fn utime<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    date(stream, args, value, 1, Date::utc)
}

fn ms_ltime<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    date(stream, args, value, 1000, Date::local)
}

fn ms_utime<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    date(stream, args, value, 1000, Date::utc)
}

fn us_ltime<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    date(stream, args, value, 1_000_000, Date::local)
}

fn us_utime<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    date(stream, args, value, 1_000_000, Date::utc)
}

/// RFC 9110, section 5.6.7. The names of days and months never follow the locale, which the
/// process does not set.
fn http_date<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let Value::Sint(number) = value else { return None };
    let per_second = match text_arg(args, 1) {
        Some(b"ms") => 1000,
        Some(b"us") => 1_000_000,
        _ => 1,
    };
    let number = number.checked_add(int_arg(args, 0).unwrap_or(0))?;
    let mut text = Vec::new();
    Date::utc(number.div_euclid(per_second)).format(b"%a, %d %b %Y %H:%M:%S", &mut text);
    let fraction = number.rem_euclid(per_second);
    match per_second {
        1000 => text.extend_from_slice(format!(".{fraction:03}").as_bytes()),
        1_000_000 => text.extend_from_slice(format!(".{fraction:06}").as_bytes()),
        _ => {}
    }
    text.extend_from_slice(b" GMT");
    Some(Value::Str(stream.arena.alloc_slice_copy(&text)))
}
