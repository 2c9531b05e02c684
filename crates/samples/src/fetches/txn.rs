//! Numbers and states of the stream itself (manual, sections 7.3.1 and 7.3.6).

use ir::spec::ArgType;
use ir::types::SampleType::{Bool, Sint, Str};
use proto::h1;
use state::link::ConnError;
use state::sample::{Arg, Cursor, Fetched};
use state::stream::Sent;
use state::{Missing, Stream, Value};

use super::{at, connection};
use crate::checks;
use crate::row::{Example, Fetch};

pub const ROWS: &[Fetch] = &[
    Fetch::new("bc.timer.connect", Sint, at::SERVER_ADDRESS, "Connecting to the server took, ms", connect)
        .examples(&[Example::new("", &[], "-1")]),
    Fetch::new("bytes_in", Sint, at::REQUEST_END, "Bytes from the client", bytes_in)
        .examples(&[Example::new("", &[], "0")]),
    Fetch::new("bytes_out", Sint, at::RESPONSE_END, "Bytes from the server", bytes_out),
    Fetch::new("fc.timer.handshake", Sint, at::CLIENT, "The handshakes took, ms", handshake)
        .examples(&[Example::new("", &[], "0")]),
    Fetch::new("fc.timer.total", Sint, at::SESSION_END, "The stream took, ms", total)
        .examples(&[Example::new("", &[], "-1")]),
    Fetch::new("req.bytes_in", Sint, at::REQUEST_END, "Bytes from the client", bytes_in)
        .examples(&[Example::new("", &[], "0")]),
    Fetch::new("req.bytes_out", Sint, at::REQUEST_END, "Bytes to the server", bytes_to_server)
        .examples(&[Example::new("", &[], "0")]),
    Fetch::new("req.timer.hdr", Sint, at::REQUEST, "Receiving the request's head took, ms", receive)
        .examples(&[Example::new("", &[], "-1")]),
    Fetch::new("req.timer.idle", Sint, at::REQUEST, "Idle before the request, ms", idle)
        .examples(&[Example::new("", &[], "0")]),
    Fetch::new("req.timer.queue", Sint, at::SERVER_ADDRESS, "Waiting in queues took, ms", queued),
    Fetch::new("req.timer.tq", Sint, at::REQUEST, "From the accept to the request's head, ms", query)
        .examples(&[Example::new("", &[], "-1")]),
    Fetch::new("request_date", Sint, at::REQUEST_KEPT, "When the request began, since 1970", request_date)
        .args(0, &[ArgType::Str])
        .check(checks::accept_date_unit)
        .examples(&[Example::new("", &["ms"], "1714117198774")]),
    Fetch::new("res.bytes_in", Sint, at::RESPONSE_END, "Bytes from the server", bytes_out),
    Fetch::new("res.bytes_out", Sint, at::RESPONSE_END, "Bytes to the client", bytes_to_client),
    Fetch::new("res.timer.data", Sint, at::RESPONSE_END, "Transferring the response's body took, ms", data),
    Fetch::new("res.timer.hdr", Sint, at::RESPONSE, "Waiting for the response's head took, ms", respond),
    Fetch::new("txn.conn_retries", Sint, at::SERVER_ADDRESS, "Failed attempts to connect", retries),
    Fetch::new("txn.id32", Sint, at::INTERNAL, "The stream's number", id32).examples(&[Example::new(
        "",
        &[],
        "7",
    )]),
    Fetch::new(
        "txn.redispatched",
        Bool,
        at::SERVER_ADDRESS,
        "Whether another server was tried",
        redispatched,
    ),
    Fetch::new("txn.sess_term_state", Str, at::INTERNAL, "The letters of the termination", term_state)
        .examples(&[Example::new("", &[], "--")]),
    Fetch::new("txn.timer.total", Sint, at::TRANSACTION_END, "Active time of the request, ms", active),
    Fetch::new("txn.timer.user", Sint, at::TRANSACTION_END, "Time as the user sees it, ms", user),
    Fetch::new("unique-id", Str, at::UNIQUE_ID, "The stream's unique id (`unique-id-format`)", unique_id)
        .examples(&[Example::none("", &[])]),
];

fn ms<'a>(number: i64) -> Fetched<'a> {
    Ok(Value::Sint(number))
}

fn count<'a>(number: u64) -> Fetched<'a> {
    Ok(Value::Sint(i64::try_from(number).unwrap_or(i64::MAX)))
}

fn connect<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    ms(stream.timing.connect())
}

fn handshake<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    count(stream.timing.handshake)
}

fn total<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    ms(stream.timing.total())
}

fn receive<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    ms(stream.timing.receive())
}

fn idle<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    ms(stream.timing.idle())
}

fn queued<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    ms(stream.timing.queue())
}

fn query<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    ms(stream.timing.query())
}

fn data<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    ms(stream.timing.data())
}

fn respond<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    ms(stream.timing.respond())
}

fn active<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    ms(stream.timing.active())
}

fn user<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    match stream.timing.total() {
        -1 => ms(-1),
        total => ms(total - stream.timing.idle()),
    }
}

/// Rules see none of the bytes that are on their way: they count when the stream ends.
fn bytes<'a>(stream: &Stream, number: u64) -> Fetched<'a> {
    count(if stream.timing.end.is_some() { number } else { 0 })
}

fn bytes_in<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    count(crate::aliases::uploaded(stream))
}

fn bytes_out<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    bytes(stream, stream.counts.bytes_out)
}

/// As the head stands now, and the body as far as it came.
fn bytes_to_server<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let counts = &stream.counts;
    if stream.server_link.as_ref().is_none_or(|link| link.error != ConnError::None) {
        return count(0);
    }
    let head = if stream.req.is_empty() { 0 } else { h1::counted_request(&stream.req) };
    bytes(stream, head + counts.bytes_in.saturating_sub(counts.request_head))
}

fn bytes_to_client<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let counts = &stream.counts;
    let head = if stream.res.is_empty() { 0 } else { h1::counted_response(&stream.res) };
    let sent = match stream.sent {
        Sent::Nothing => 0,
        Sent::Reply if stream.req.method() == b"HEAD" => head,
        Sent::Reply => head + stream.reply.len() as u64,
        Sent::Forwarded => head + counts.bytes_out.saturating_sub(counts.response_head),
    };
    bytes(stream, sent)
}

/// When the first byte of the request came, in microseconds since 1970.
pub(crate) fn request_date_us(stream: &Stream) -> u64 {
    let idle = u64::try_from(stream.timing.idle()).unwrap_or(0) + stream.timing.handshake;
    let began = stream.timing.start.saturating_sub(stream.session.accepted) + idle;
    stream.session.accept_date + began * 1000
}

fn request_date<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(connection::date(request_date_us(stream), args))
}

fn retries<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    count(u64::from(stream.counts.retries))
}

fn redispatched<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Bool(stream.counts.redispatched))
}

fn id32<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    if stream.is_only_session() {
        return Err(Missing::Absent);
    }
    Ok(Value::Sint(i64::from(stream.id as u32)))
}

fn term_state<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    if stream.is_only_session() {
        return Err(Missing::Absent);
    }
    let letters = stream.termination.letters();
    Ok(Value::Str(stream.arena.alloc_slice_copy(&letters[..2])))
}

fn unique_id<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    stream.unique_id().map(Value::Str).ok_or(Missing::Absent)
}
