//! Cookies of requests (`cookie`) and responses (`set-cookie`) (manual, section 7.3.6).

use ir::spec::ArgType;
use ir::types::SampleType::{Sint, Str};
use proto::message::Head;
use state::sample::{Arg, Cursor, Fetched, leading_number};
use state::{Missing, Stream, Value};

use super::{at, request, response};
use crate::room::Room;
use crate::row::{Example, Fetch};

const NAME: &[ArgType] = &[ArgType::Str];
const REQ: &str = "GET / HTTP/1.1\ncookie: a=1; b = x ;c\ncookie: a=2\n";
const RES: &str = "GET / HTTP/1.1\n---\nHTTP/1.1 200 OK\nset-cookie: s=7; path=/\nset-cookie: t=8\n";

pub const ROWS: &[Fetch] = &[
    Fetch::new("cook", Str, at::REQUEST, "Same as `req.cook`", req_cook)
        .args(0, NAME)
        .examples(&[Example::new(REQ, &["b"], "x")]),
    Fetch::new("cook_cnt", Sint, at::REQUEST, "Same as `req.cook_cnt`", req_cook_cnt)
        .args(0, NAME)
        .examples(&[Example::new(REQ, &["a"], "2")]),
    Fetch::new("cook_val", Sint, at::REQUEST, "Same as `req.cook_val`", req_cook_val)
        .args(0, NAME)
        .examples(&[Example::new(REQ, &["a"], "2")]),
    Fetch::new("cookie", Str, at::MESSAGE, "A cookie of the message at hand", cookie)
        .args(0, NAME)
        .examples(&[Example::new(RES, &["t"], "8")]),
    Fetch::new("req.cook", Str, at::REQUEST, "The last value of a request's cookie", req_cook)
        .args(0, NAME)
        .examples(&[
            Example::new(REQ, &["a"], "2"),
            Example::new(REQ, &[], "1"),
            Example::none(REQ, &["c"]),
            Example::none(REQ, &["A"]),
        ]),
    Fetch::new("req.cook_cnt", Sint, at::REQUEST, "How often a request has a cookie", req_cook_cnt)
        .args(0, NAME)
        .examples(&[Example::new(REQ, &["none"], "0"), Example::new(REQ, &[], "3")]),
    Fetch::new("req.cook_names", Str, at::REQUEST, "The names of all cookies of a request", req_cook_names)
        .args(0, NAME)
        .examples(&[Example::new(REQ, &[], "a,b,a")]),
    Fetch::new("req.cook_val", Sint, at::REQUEST, "A request's cookie as a number", req_cook_val)
        .args(0, NAME)
        .examples(&[Example::new(REQ, &["b"], "0")]),
    Fetch::new("res.cook", Str, at::RESPONSE, "The last value of a cookie that a response sets", res_cook)
        .args(0, NAME)
        .examples(&[Example::new(RES, &["s"], "7"), Example::none(RES, &["path"])]),
    Fetch::new("res.cook_cnt", Sint, at::RESPONSE, "How often a response sets a cookie", res_cook_cnt)
        .args(0, NAME)
        .examples(&[Example::new(RES, &["s"], "1")]),
    Fetch::new(
        "res.cook_names",
        Str,
        at::RESPONSE,
        "The names of all cookies that a response sets",
        res_cook_names,
    )
    .args(0, NAME)
    .examples(&[Example::new(RES, &[], "s,t")]),
    Fetch::new("res.cook_val", Sint, at::RESPONSE, "A response's cookie as a number", res_cook_val)
        .args(0, NAME)
        .examples(&[Example::new(RES, &["s"], "7")]),
    Fetch::new("scook", Str, at::RESPONSE, "Same as `res.cook`", res_cook).args(0, NAME),
    Fetch::new("scook_cnt", Sint, at::RESPONSE, "Same as `res.cook_cnt`", res_cook_cnt).args(0, NAME),
    Fetch::new("scook_val", Sint, at::RESPONSE, "Same as `res.cook_val`", res_cook_val).args(0, NAME),
];

/// Name and value of each cookie, in order. Those without `=` are passed over.
pub(crate) fn request_cookies(head: &Head) -> impl Iterator<Item = (&[u8], &[u8])> {
    let fields = head.fields().filter(|(name, _)| *name == b"cookie");
    fields.flat_map(|(_, value)| value.split(|b| *b == b';')).filter_map(pair)
}

/// The cookie of each `set-cookie`, without its attributes.
pub(crate) fn response_cookies(head: &Head) -> impl Iterator<Item = (&[u8], &[u8])> {
    let fields = head.fields().filter(|(name, _)| *name == b"set-cookie");
    fields.filter_map(|(_, value)| value.split(|b| *b == b';').next()).filter_map(pair)
}

fn pair(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let equals = memchr::memchr(b'=', text)?;
    Some((text[..equals].trim_ascii(), text[equals + 1..].trim_ascii()))
}

/// The last value of that name; without a name, the first cookie's.
fn choose<'a, I: Iterator<Item = (&'a [u8], &'a [u8])>>(
    all: impl Fn() -> I,
    args: &[Arg],
    cursor: &mut Cursor,
) -> Result<&'a [u8], Missing> {
    let name = match args.first() {
        Some(Arg::Str(name)) if !name.is_empty() => Some(name),
        _ => None,
    };
    let mut found =
        all().filter(|(have, _)| name.is_none_or(|name| **name == **have)).map(|(_, value)| value);
    let value = if cursor.iterate {
        let value = found.nth(cursor.at);
        cursor.at += 1;
        cursor.more = value.is_some();
        value
    } else if name.is_none() {
        found.next()
    } else {
        found.last()
    };
    value.ok_or(Missing::Absent)
}

fn count<'a>(all: impl Iterator<Item = (&'a [u8], &'a [u8])>, args: &[Arg]) -> Fetched<'a> {
    let wanted =
        |have: &[u8]| !matches!(args.first(), Some(Arg::Str(name)) if !name.is_empty() && **name != *have);
    let count = all.filter(|(name, _)| wanted(name)).count();
    Ok(Value::Sint(i64::try_from(count).unwrap_or(i64::MAX)))
}

fn names<'a, I: Iterator<Item = (&'a [u8], &'a [u8])>>(
    stream: &'a Stream,
    all: impl Fn() -> I,
    args: &[Arg],
) -> Fetched<'a> {
    let separator = match args.first() {
        Some(Arg::Str(text)) => &text[..text.len().min(1)],
        _ => b",",
    };
    let mut room = Room::new(&stream.arena, all().map(|(name, _)| name.len() + 1).sum());
    for (index, (name, _)) in all().enumerate() {
        if index > 0 {
            room.extend(separator);
        }
        room.extend(name);
    }
    Ok(Value::Str(room.finish()))
}

fn cookie<'a>(stream: &'a Stream, args: &'a [Arg], cursor: &mut Cursor) -> Fetched<'a> {
    if stream.in_response() { res_cook(stream, args, cursor) } else { req_cook(stream, args, cursor) }
}

fn req_cook<'a>(stream: &'a Stream, args: &'a [Arg], cursor: &mut Cursor) -> Fetched<'a> {
    let head = request(stream)?;
    choose(|| request_cookies(head), args, cursor).map(Value::Str)
}

fn req_cook_val<'a>(stream: &'a Stream, args: &'a [Arg], cursor: &mut Cursor) -> Fetched<'a> {
    let head = request(stream)?;
    choose(|| request_cookies(head), args, cursor).map(|text| Value::Sint(leading_number(text)))
}

fn req_cook_cnt<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    count(request_cookies(request(stream)?), args)
}

fn req_cook_names<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let head = request(stream)?;
    names(stream, || request_cookies(head), args)
}

fn res_cook<'a>(stream: &'a Stream, args: &'a [Arg], cursor: &mut Cursor) -> Fetched<'a> {
    let head = response(stream)?;
    choose(|| response_cookies(head), args, cursor).map(Value::Str)
}

fn res_cook_val<'a>(stream: &'a Stream, args: &'a [Arg], cursor: &mut Cursor) -> Fetched<'a> {
    let head = response(stream)?;
    choose(|| response_cookies(head), args, cursor).map(|text| Value::Sint(leading_number(text)))
}

fn res_cook_cnt<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    count(response_cookies(response(stream)?), args)
}

fn res_cook_names<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let head = response(stream)?;
    names(stream, || response_cookies(head), args)
}
