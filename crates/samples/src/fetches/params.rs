//! Parameters of the query string and of a posted form (manual, section 7.3.6).

use ir::spec::ArgType;
use ir::types::SampleType::{Bin, Sint, Str};
use state::sample::{Arg, Cursor, Fetched};
use state::{Missing, Needs, Stream, Value};

use super::{at, leading_int, request};
use crate::row::{Example, Fetch};

const URLP: &[ArgType] = &[ArgType::Str, ArgType::Str, ArgType::Str];
const REQ: &str = "GET /p;k=v?a=1&B=2&a=3&e HTTP/1.1\n\nx=1&Y=2";

pub const ROWS: &[Fetch] = &[
    Fetch::new("url_param", Str, at::REQUEST, "Same as `urlp`", urlp)
        .args(0, URLP)
        .examples(&[Example::new(REQ, &["a"], "1")]),
    Fetch::new("urlp", Str, at::REQUEST, "The value of a parameter of the URL", urlp).args(0, URLP).examples(
        &[
            Example::new(REQ, &["B"], "2"),
            Example::none(REQ, &["b"]),
            Example::new(REQ, &["b", "", "i"], "2"),
            Example::none(REQ, &["e"]),
            Example::new(REQ, &[], "1"),
            Example::new(REQ, &["k", ";"], "v?a=1"),
        ],
    ),
    Fetch::new("urlp_val", Sint, at::REQUEST, "A parameter of the URL as a number", urlp_val)
        .args(0, URLP)
        .examples(&[Example::new(REQ, &["a"], "1")]),
    Fetch::new("req.body_param", Bin, at::REQUEST, "The value of a parameter of a posted form", body_param)
        .needs(Needs::REQUEST_BODY)
        .args(0, &[ArgType::Str, ArgType::Str])
        .examples(&[Example::new(REQ, &["x"], "1"), Example::new(REQ, &["y", "i"], "2")]),
];

/// The next value of that name (any name where there is none) in a list.
fn find<'a>(
    list: &'a [u8],
    separator: u8,
    name: Option<&[u8]>,
    ignore_case: bool,
    cursor: &mut Cursor,
) -> Result<&'a [u8], Missing> {
    let wanted = |have: &[u8]| match name {
        None => true,
        Some(name) if ignore_case => name.eq_ignore_ascii_case(have),
        Some(name) => name == have,
    };
    let mut found = list.split(|b| *b == separator || matches!(b, b'&' | b';')).filter_map(|param| {
        let equals = memchr::memchr(b'=', param)?;
        wanted(&param[..equals]).then(|| &param[equals + 1..])
    });
    let value = found.nth(cursor.at);
    if cursor.iterate {
        cursor.at += 1;
        cursor.more = value.is_some();
    }
    value.ok_or(Missing::Absent)
}

fn text(args: &[Arg], index: usize) -> Option<&[u8]> {
    match args.get(index) {
        Some(Arg::Str(text)) if !text.is_empty() => Some(text),
        _ => None,
    }
}

fn url_parameter<'a>(stream: &'a Stream, args: &'a [Arg], cursor: &mut Cursor) -> Result<&'a [u8], Missing> {
    let target = request(stream)?.target();
    let opening = text(args, 1).and_then(|text| text.first().copied()).unwrap_or(b'?');
    let start = memchr::memchr(opening, target).ok_or(Missing::Absent)?;
    let ignore_case = text(args, 2).is_some_and(|text| text.starts_with(b"i"));
    find(&target[start + 1..], opening, text(args, 0), ignore_case, cursor)
}

fn urlp<'a>(stream: &'a Stream, args: &'a [Arg], cursor: &mut Cursor) -> Fetched<'a> {
    url_parameter(stream, args, cursor).map(Value::Str)
}

fn urlp_val<'a>(stream: &'a Stream, args: &'a [Arg], cursor: &mut Cursor) -> Fetched<'a> {
    url_parameter(stream, args, cursor).map(|text| Value::Sint(leading_int(text)))
}

fn body_param<'a>(stream: &'a Stream, args: &'a [Arg], cursor: &mut Cursor) -> Fetched<'a> {
    request(stream)?;
    let ignore_case = text(args, 1).is_some_and(|text| text.starts_with(b"i"));
    find(&stream.req_body.bytes, b'&', text(args, 0), ignore_case, cursor).map(Value::Bin)
}
