//! Values out of JSON, and out of the parts of tokens that are JSON.

use ir::spec::ArgType;
use ir::types::SampleType::{Any, Bin, Str};
use state::sample::{Arg, text};
use state::{Stream, Value};

use super::base64;
use super::text_arg;
use crate::checks;
use crate::json::{self, Found, number};
use crate::row::{Converter, Example};

/// A path, and `int`.
const QUERY: &[ArgType] = &[ArgType::Str, ArgType::Str];

/// `{"alg":"HS256","n":1}` and `{"sub":"a","exp":9}`, with something behind them.
const TOKEN: &str = "eyJhbGciOiJIUzI1NiIsIm4iOjF9.eyJzdWIiOiJhIiwiZXhwIjo5fQ.x";

pub const ROWS: &[Converter] = &[
    Converter::new("json_query", Str, Any, "The value at a path in JSON; with `int` as a number", json_query)
        .args(1, QUERY)
        .check(checks::json_query)
        .examples(&[
            Example::new("{\"a\": {\"b\": [1, \"x\"]}}", &["$.a.b[1]"], "x"),
            Example::new("{\"a\": {\"b\": [1, \"x\"]}}", &["$.a.b"], "[1, \"x\"]"),
            Example::none("{\"a\": {\"b\": [1, \"x\"]}}", &["$.a"]),
            Example::new("{\"a\": 4.50}", &["$.a"], "4.5"),
            Example::new("{\"a\": 1234567}", &["$.a"], "1.23457e+06"),
            Example::new("{\"a\": 1234567}", &["$.a", "int"], "1234567"),
            Example::new("{\"a\": -0x1f}", &["$.a", "int"], "-31"),
            Example::none("{\"a\": 9007199254740992}", &["$.a", "int"]),
            Example::new("{\"a\": true}", &["$.a"], "1"),
            Example::none("{\"a\": null}", &["$.a"]),
            Example::new("{\"a.b\": \"\\u0041\\n\"}", &["$.a\\.b"], "A\n"),
            Example::none("{\"a\": \"\\/\"}", &["$.a"]),
            Example::none("{\"a\": 1}", &["a"]),
        ]),
    Converter::new("jwt_header_query", Bin, Any, "The value at a path in a token's header", jwt_header_query)
        .args(0, QUERY)
        .check(checks::answer_type)
        .examples(&[
            Example::new(TOKEN, &["$.alg"], "HS256"),
            Example::new(TOKEN, &["$.n", "int"], "1"),
            Example::none("!", &["$.alg"]),
        ]),
    Converter::new(
        "jwt_payload_query",
        Bin,
        Any,
        "The value at a path in a token's payload",
        jwt_payload_query,
    )
    .args(0, QUERY)
    .check(checks::answer_type)
    .examples(&[
        Example::new(TOKEN, &["$.sub"], "a"),
        Example::new(TOKEN, &["$.exp", "int"], "9"),
        Example::none("e30", &["$.sub"]),
    ]),
];

fn json_query<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let Value::Str(json) = value else { return None };
    query(stream, args, json)
}

fn query<'a>(stream: &'a Stream, args: &'a [Arg], json: &'a [u8]) -> Option<Value<'a>> {
    let arena = &stream.arena;
    match json::find(json, text_arg(args, 0)?)? {
        Found::Number(text, _) if text_arg(args, 1) == Some(b"int") => integer(text),
        Found::Number(text, len) => {
            let value = number::read(&text[..len]).0;
            // Cannot fail: there are few digits.
            Some(Value::Str(text::in_arena(arena, |out| number::write(value, out).unwrap_or_default())))
        }
        Found::Bool(value) => Some(Value::Bool(value)),
        Found::Str(raw) => json::unescape(raw, arena).map(Value::Str),
        Found::Array(text) => Some(Value::Str(text)),
        Found::Null | Found::Object(_) => None,
    }
}

/// Within the range of whole numbers that a double has.
fn integer<'a>(text: &[u8]) -> Option<Value<'a>> {
    const MOST: u64 = (1 << 53) - 1;
    let (number, _) = base::bytes::leading_c_number(text);
    (number.unsigned_abs() <= MOST).then_some(Value::Sint(number))
}

fn jwt_header_query<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    part_query(stream, args, value, 0)
}

fn jwt_payload_query<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    part_query(stream, args, value, 1)
}

/// Without a path there is no value, as in HAProxy, though its manual says otherwise.
fn part_query<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>, part: usize) -> Option<Value<'a>> {
    let Value::Bin(token) = value else { return None };
    let part = token.split(|byte| *byte == b'.').nth(part)?;
    query(stream, args, base64::decode_url(part, &stream.arena)?)
}
