//! Sample fetches (manual, section 7.3): a family a file.

mod auth;
mod body;
mod connection;
pub(crate) mod cookies;
mod counters;
mod decisions;
mod distcc;
mod headers;
mod hello;
mod inner;
mod limits;
mod links;
mod params;
mod parsed;
mod payload;
mod process;
mod proxied;
mod proxies;
mod request;
mod response;
pub mod tls;
pub(crate) mod txn;
mod variables;

use proto::message::Head;
use state::session::Mux;
use state::stream::Sent;
use state::{Missing, Stream};

use crate::row::Fetch;

const TABLES: &[&[Fetch]] = &[
    auth::ROWS,
    body::ROWS,
    connection::ROWS,
    cookies::ROWS,
    counters::ROWS,
    decisions::ROWS,
    distcc::ROWS,
    headers::ROWS,
    hello::ROWS,
    inner::ROWS,
    limits::ROWS,
    links::ROWS,
    params::ROWS,
    payload::ROWS,
    process::ROWS,
    proxied::ROWS,
    proxies::ROWS,
    request::ROWS,
    response::ROWS,
    tls::client::ROWS,
    tls::hello::ROWS,
    tls::secrets::ROWS,
    tls::server::ROWS,
    txn::ROWS,
    variables::ROWS,
    parsed::ROWS,
];

/// All fetches; the position is the id.
pub fn rows() -> impl Iterator<Item = &'static Fetch> {
    TABLES.iter().copied().flatten()
}

/// What fetches take their values from.
pub mod at {
    use ir::sources::{Source, Sources};

    const fn one(source: Source) -> Sources {
        Sources::of(&[source])
    }

    pub const ALWAYS: Sources = one(Source::Constant);
    pub const INTERNAL: Sources = one(Source::Internal);
    pub const CLIENT: Sources = one(Source::ClientAddress);
    /// The client connection, from its handshake on.
    pub const SESSION: Sources = one(Source::ClientConnection);
    pub const FRONTEND: Sources = one(Source::Frontend);
    pub const BACKEND: Sources = one(Source::Backend);
    pub const PROXY: Sources = Sources::of(&[Source::Frontend, Source::Backend]);
    pub const SERVER: Sources = one(Source::Server);
    pub const SERVER_ADDRESS: Sources = one(Source::ServerAddress);
    pub const SERVER_CONN: Sources = one(Source::ServerConnection);
    pub const REQUEST: Sources = one(Source::RequestHeaders);
    pub const REQUEST_BUFFER: Sources = one(Source::RequestBuffer);
    pub const REQUEST_KEPT: Sources = one(Source::Request);
    pub const REQUEST_END: Sources = one(Source::RequestEnd);
    pub const RESPONSE: Sources = one(Source::ResponseHeaders);
    pub const RESPONSE_BUFFER: Sources = one(Source::ResponseBuffer);
    pub const RESPONSE_KEPT: Sources = one(Source::Response);
    pub const RESPONSE_END: Sources = one(Source::ResponseEnd);
    /// The message of the phase.
    pub const MESSAGE: Sources = Sources::of(&[Source::RequestHeaders, Source::ResponseHeaders]);
    pub const BUFFER: Sources = Sources::BUFFERS;
    /// A TLS client's hello: kept by the session when the frontend ends TLS.
    pub const HELLO: Sources = Sources::of(&[
        Source::RequestBuffer,
        Source::ClientAddress,
        Source::ClientConnection,
        Source::Frontend,
    ]);
    pub const TRANSACTION_END: Sources = one(Source::TransactionEnd);
    pub const SESSION_END: Sources = one(Source::SessionEnd);
    /// The request's identity, which is made where it is first asked for.
    pub const UNIQUE_ID: Sources = Sources::of(&[Source::Constant, Source::Listener, Source::Frontend]);
}

/// The request, once its head is there. Rules on the response see none: it is gone then.
fn request(stream: &Stream) -> Result<&Head, Missing> {
    if stream.in_response() { Err(Missing::Absent) } else { kept_request(stream) }
}

/// The request for what is kept of it until the end.
fn kept_request(stream: &Stream) -> Result<&Head, Missing> {
    if !stream.req.is_empty() {
        Ok(&stream.req)
    } else if stream.is_no_http {
        Err(Missing::Absent)
    } else {
        Err(not_there(stream))
    }
}

/// The response, once its head is there, for rules that look at it. It is gone once it is on its way, or
/// where an answer of ours takes its place.
fn response(stream: &Stream) -> Result<&Head, Missing> {
    let is_here = stream.in_response() && stream.sent == Sent::Nothing && !stream.is_answering;
    if is_here { kept_response(stream) } else { Err(not_there(stream)) }
}

/// The response for what is kept of it until the end.
fn kept_response(stream: &Stream) -> Result<&Head, Missing> {
    if stream.res.is_empty() { Err(not_there(stream)) } else { Ok(&stream.res) }
}

/// The message of the phase.
fn message(stream: &Stream) -> Result<&Head, Missing> {
    if stream.in_response() { response(stream) } else { request(stream) }
}

/// Whether the stream is bytes, and no message of HTTP.
fn is_tcp(stream: &Stream) -> bool {
    !matches!(stream.session.mux.get(), Mux::Http1 | Mux::Http2)
}

/// The number that a text begins with, as HAProxy counts it for the `…_val` fetches: in 32 bits
/// that wrap around, with a minus at most.
fn leading_int(text: &[u8]) -> i64 {
    let (minus, digits) = text.strip_prefix(b"-").map_or((false, text), |digits| (true, digits));
    let digits = digits.iter().take_while(|byte| byte.is_ascii_digit());
    let number = digits.fold(0i32, |number, digit| {
        let (shifted, digit) = (number.wrapping_mul(10), i32::from(digit - b'0'));
        if minus { shifted.wrapping_sub(digit) } else { shifted.wrapping_add(digit) }
    });
    i64::from(number)
}

/// Why something is missing that the peer sends.
fn not_there(stream: &Stream) -> Missing {
    if stream.is_final() { Missing::Absent } else { Missing::NotYet }
}

#[cfg(test)]
mod tests;
