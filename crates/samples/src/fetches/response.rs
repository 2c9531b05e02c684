//! The status line and what is captured of a response (manual, section 7.3.6).

use ir::spec::ArgType;
use ir::types::SampleType::{Sint, Str};
use proto::message::Head;
use state::captures::Captures;
use state::sample::{Arg, Cursor, Fetched};
use state::stream::Sent;
use state::{Missing, Stream, Value};

use super::{at, kept_response, response};
use crate::checks;
use crate::row::{Example, Fetch};

const RES: &str = "GET / HTTP/1.1\n---\nHTTP/1.0 404 Not Found\n";

pub const ROWS: &[Fetch] = &[
    Fetch::new("capture.req.hdr", Str, at::REQUEST_KEPT, "A captured request header", request_capture)
        .args(1, &[ArgType::Sint])
        .check(checks::capture_id)
        .examples(&[Example::none(RES, &["0"])]),
    Fetch::new("capture.res.hdr", Str, at::RESPONSE_KEPT, "A captured response header", response_capture)
        .args(1, &[ArgType::Sint])
        .check(checks::capture_id)
        .examples(&[Example::none(RES, &["0"])]),
    Fetch::new(
        "capture.res.ver",
        Str,
        at::REQUEST_KEPT,
        "The response's version, HTTP/1.0 or HTTP/1.1",
        captured_ver,
    )
    .examples(&[Example::new(RES, &[], "HTTP/1.0")]),
    Fetch::new("res.ver", Str, at::RESPONSE_KEPT, "The response's HTTP version, as `1.1`", version)
        .examples(&[Example::new(RES, &[], "1.0")]),
    Fetch::new("resp_ver", Str, at::RESPONSE_KEPT, "Same as `res.ver`", version),
    Fetch::new("server_status", Sint, at::RESPONSE_KEPT, "The status that the server sent", server_status)
        .examples(&[Example::new(RES, &[], "404")]),
    Fetch::new("status", Sint, at::RESPONSE_KEPT, "The response's status", status)
        .examples(&[Example::new(RES, &[], "404"), Example::none("GET / HTTP/1.1\n", &[])]),
    Fetch::new("txn.status", Sint, at::RESPONSE_KEPT, "The status that is logged", told_status)
        .examples(&[Example::new(RES, &[], "404")]),
];

fn status<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Sint(i64::from(response(stream)?.status())))
}

/// 0 where we answered ourselves.
fn server_status<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let status = stream.server_status.unwrap_or(if stream.answer_status.is_some() {
        0
    } else {
        kept_response(stream)?.status()
    });
    Ok(Value::Sint(i64::from(status)))
}

fn told_status<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    match stream.answer_status {
        Some(status) => Ok(Value::Sint(i64::from(status))),
        None => Ok(Value::Sint(i64::from(kept_response(stream)?.status()))),
    }
}

/// The head whose version counts as the response's: an answer that was not a server's has that of the
/// request.
fn versioned(stream: &Stream) -> Result<&Head, Missing> {
    let is_own = stream.sent == Sent::Reply || stream.sent == Sent::Forwarded && stream.server.is_none();
    kept_response(stream).map(|response| if is_own { &stream.req } else { response })
}

fn version<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    versioned(stream)?.version_number().map(Value::Str).ok_or(Missing::Absent)
}

fn captured_ver<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Str(versioned(stream)?.version_text()))
}

/// A copy, since converters may change a slot.
fn slot<'a>(stream: &'a Stream, captures: &Captures, args: &[Arg]) -> Fetched<'a> {
    let Some(Arg::Sint(index)) = args.first() else { return Err(Missing::Absent) };
    let value = usize::try_from(*index).ok().and_then(|index| captures.get(index));
    let value = value.ok_or(Missing::Absent)?;
    Ok(Value::Str(stream.arena.alloc_slice_copy(value)))
}

fn request_capture<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    slot(stream, &stream.request_captures.borrow(), args)
}

fn response_capture<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    slot(stream, &stream.response_captures.borrow(), args)
}
