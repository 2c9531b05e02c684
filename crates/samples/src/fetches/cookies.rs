//! Cookies of requests (`cookie`) and responses (`set-cookie`) (manual, section 7.3.6).

use ir::spec::ArgType;
use ir::types::SampleType::{Sint, Str};
use proto::message::Head;
use state::sample::{Arg, Cursor, Fetched};
use state::{Missing, Stream, Value};

use super::headers::values;
use super::{at, leading_int, request, response};
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

/// The cookies of that name (of any, where it is empty) in one value of a header, as HAProxy takes
/// it apart: quotes protect separators, names that begin with `$` are attributes (RFC 2965), and
/// what has no `=` is passed over.
struct Cookies<'a> {
    rest: &'a [u8],
    name: &'a [u8],
    /// A request's: all of them, also between commas. Of a response's only the first is a cookie.
    is_list: bool,
}

impl<'a> Cookies<'a> {
    /// The next name and value; `None` for what is passed over.
    fn pair(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        let text = trim_start(self.rest);
        let ends_name = |byte: &u8| matches!(byte, b'=' | b';') || (self.is_list && *byte == b',');
        let end = text.iter().position(ends_name).unwrap_or(text.len());
        let name = trim_end(&text[..end]);
        let has_value = text.get(end) == Some(&b'=');
        let value = if has_value { trim_start(&text[end + 1..]) } else { &text[end..] };
        let len = if has_value { value_len(value) } else { 0 };
        self.rest = value.get(len + 1..).unwrap_or_default();
        (has_value && !text.starts_with(b"$")).then(|| (name, trim_end(&value[..len])))
    }
}

impl<'a> Iterator for Cookies<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while self.rest.len() > self.name.len() + 1 {
            let Some((name, value)) = self.pair() else { continue };
            if self.name.is_empty() || self.name == name {
                return Some(value);
            }
            if !self.is_list {
                self.rest = &[];
            }
        }
        None
    }
}

fn is_blank(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn trim_start(text: &[u8]) -> &[u8] {
    &text[text.iter().take_while(|byte| is_blank(byte)).count()..]
}

fn trim_end(text: &[u8]) -> &[u8] {
    &text[..text.len() - text.iter().rev().take_while(|byte| is_blank(byte)).count()]
}

/// Up to the separator behind a value, which may be in quotes.
fn value_len(text: &[u8]) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    let end = text.iter().position(|byte| {
        let ends = !quoted && matches!(byte, b',' | b';');
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ => {}
        }
        ends
    });
    end.unwrap_or(text.len())
}

/// The cookies of that name, in order.
fn request_cookies<'a>(head: &'a Head, args: &'a [Arg]) -> impl Iterator<Item = &'a [u8]> {
    let name = name(args);
    values(head, b"cookie").flat_map(move |rest| Cookies { rest, name, is_list: true })
}

/// The same of `set-cookie`.
fn response_cookies<'a>(head: &'a Head, args: &'a [Arg]) -> impl Iterator<Item = &'a [u8]> {
    let name = name(args);
    values(head, b"set-cookie").flat_map(move |rest| Cookies { rest, name, is_list: false })
}

/// The wanted name; empty where any is.
fn name(args: &[Arg]) -> &[u8] {
    match args.first() {
        Some(Arg::Str(name)) => name,
        _ => b"",
    }
}

/// The last value; without a name, the first cookie's.
fn choose<'a>(
    mut found: impl Iterator<Item = &'a [u8]>,
    args: &[Arg],
    cursor: &mut Cursor,
) -> Result<&'a [u8], Missing> {
    let value = if cursor.iterate {
        let value = found.nth(cursor.at);
        cursor.at += 1;
        cursor.more = value.is_some();
        value
    } else if name(args).is_empty() {
        found.next()
    } else {
        found.last()
    };
    value.ok_or(Missing::Absent)
}

fn count<'a>(all: impl Iterator<Item = &'a [u8]>) -> Fetched<'a> {
    Ok(Value::Sint(i64::try_from(all.count()).unwrap_or(i64::MAX)))
}

/// The names of all cookies in some values of headers; a response's has one.
fn names<'a, I: Iterator<Item = &'a [u8]>>(
    stream: &'a Stream,
    args: &[Arg],
    fields: impl Fn() -> I,
    is_request: bool,
) -> Fetched<'a> {
    let separator = match args.first() {
        Some(Arg::Str(text)) => &text[..text.len().min(1)],
        _ => b",",
    };
    let mut room = Room::new(&stream.arena, fields().map(|field| field.len() + 1).sum());
    let mut first = true;
    for field in fields() {
        let mut cookies = Cookies { rest: field, name: b"", is_list: false };
        while cookies.rest.len() > 1 {
            let Some((name, _)) = cookies.pair() else { continue };
            if !first {
                room.extend(separator);
            }
            first = false;
            room.extend(name);
            if !is_request {
                break;
            }
        }
    }
    Ok(Value::Str(room.finish()))
}

fn cookie<'a>(stream: &'a Stream, args: &'a [Arg], cursor: &mut Cursor) -> Fetched<'a> {
    if stream.in_response() { res_cook(stream, args, cursor) } else { req_cook(stream, args, cursor) }
}

fn req_cook<'a>(stream: &'a Stream, args: &'a [Arg], cursor: &mut Cursor) -> Fetched<'a> {
    let head = request(stream)?;
    choose(request_cookies(head, args), args, cursor).map(Value::Str)
}

fn req_cook_val<'a>(stream: &'a Stream, args: &'a [Arg], cursor: &mut Cursor) -> Fetched<'a> {
    let head = request(stream)?;
    choose(request_cookies(head, args), args, cursor).map(|text| Value::Sint(leading_int(text)))
}

fn req_cook_cnt<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    count(request_cookies(request(stream)?, args))
}

fn req_cook_names<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let head = request(stream)?;
    names(stream, args, || values(head, b"cookie"), true)
}

fn res_cook<'a>(stream: &'a Stream, args: &'a [Arg], cursor: &mut Cursor) -> Fetched<'a> {
    let head = response(stream)?;
    choose(response_cookies(head, args), args, cursor).map(Value::Str)
}

fn res_cook_val<'a>(stream: &'a Stream, args: &'a [Arg], cursor: &mut Cursor) -> Fetched<'a> {
    let head = response(stream)?;
    choose(response_cookies(head, args), args, cursor).map(|text| Value::Sint(leading_int(text)))
}

fn res_cook_cnt<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    count(response_cookies(response(stream)?, args))
}

fn res_cook_names<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let head = response(stream)?;
    let fields = || head.fields().filter(|(name, _)| *name == b"set-cookie").map(|(_, value)| value);
    names(stream, args, fields, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_taken_apart() {
        let check = |text: &str, name: &str, is_list: bool, expected: &[&str]| {
            let found = Cookies { rest: text.as_bytes(), name: name.as_bytes(), is_list };
            let found: Vec<_> = found.map(String::from_utf8_lossy).collect();
            assert_eq!(found, expected, "{text} {name}");
        };
        check("a=1; b = x y ;c, d=2;a=3", "", true, &["1", "x y", "2", "3"]);
        check("a=1; b = x y ;c, d=2;a=3", "a", true, &["1", "3"]);
        check("q=\"x; \\\"y\"; z=1", "q", true, &["\"x; \\\"y\""]);
        check("$Version=1;e=", "e", true, &[]);
        check("e=; $Path=/", "e", true, &[""]);
        check("s=7; path=/", "path", false, &[]);
        check("none; s=7", "s", false, &["7"]);
        check("s=7; path=/", "", false, &["7", "/"]);
    }
}
