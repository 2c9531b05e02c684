//! Bodies as far as they are buffered (manual, section 7.3.6).

use ir::types::SampleType::{Bin, Sint};
use proto::message::{Framing, Head};
use state::sample::{Arg, Cursor, Fetched};
use state::stream::Payload;
use state::{Needs, Stream, Value};

use super::{at, request, response};
use crate::row::{Example, Fetch};

const REQ: &str = "POST / HTTP/1.1\n\nhello";
const RES: &str = "GET / HTTP/1.1\n---\nHTTP/1.1 200 OK\n\nabc";

pub const ROWS: &[Fetch] = &[
    Fetch::new("req.body", Bin, at::REQUEST, "The request's body as far as it is buffered", req_body)
        .needs(Needs::REQUEST_BODY)
        .examples(&[Example::new(REQ, &[], "hello")]),
    Fetch::new(
        "req.body_len",
        Sint,
        at::REQUEST,
        "The number of buffered bytes of the request's body",
        req_body_len,
    )
    .needs(Needs::REQUEST_BODY)
    .examples(&[Example::new(REQ, &[], "5")]),
    Fetch::new("req.body_size", Sint, at::REQUEST, "The announced size of the request's body", req_body_size)
        .needs(Needs::REQUEST_BODY)
        .examples(&[Example::new(REQ, &[], "5")]),
    Fetch::new("res.body", Bin, at::RESPONSE, "The response's body as far as it is buffered", res_body)
        .needs(Needs::RESPONSE_BODY)
        .examples(&[Example::new(RES, &[], "abc"), Example::none(REQ, &[])]),
    Fetch::new(
        "res.body_len",
        Sint,
        at::RESPONSE,
        "The number of buffered bytes of the response's body",
        res_body_len,
    )
    .needs(Needs::RESPONSE_BODY)
    .examples(&[Example::new(RES, &[], "3")]),
    Fetch::new(
        "res.body_size",
        Sint,
        at::RESPONSE,
        "The announced size of the response's body",
        res_body_size,
    )
    .needs(Needs::RESPONSE_BODY)
    .examples(&[Example::new(RES, &[], "3")]),
];

/// The announced length, or what came where none was announced.
fn size(head: &Head, payload: &Payload) -> Value<'static> {
    let buffered = payload.bytes.len() as u64;
    let size = match head.framing {
        Framing::Length(length) => length.max(buffered),
        _ => buffered,
    };
    Value::Sint(i64::try_from(size).unwrap_or(i64::MAX))
}

fn req_body<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    request(stream)?;
    Ok(Value::Bin(&stream.req_body.bytes))
}

fn req_body_len<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    request(stream)?;
    Ok(Value::Sint(stream.req_body.bytes.len() as i64))
}

fn req_body_size<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(size(request(stream)?, &stream.req_body))
}

fn res_body<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    response(stream)?;
    Ok(Value::Bin(&stream.res_body.bytes))
}

fn res_body_len<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    response(stream)?;
    Ok(Value::Sint(stream.res_body.bytes.len() as i64))
}

fn res_body_size<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(size(response(stream)?, &stream.res_body))
}
