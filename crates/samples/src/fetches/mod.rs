//! Sample fetches (manual, section 7.3): a family a file.

mod auth;
mod body;
mod connection;
pub(crate) mod cookies;
mod headers;
mod hello;
mod params;
mod parsed;
mod parsed_counters;
mod parsed_tls;
mod payload;
mod process;
mod proxies;
mod request;
mod response;
mod tls;
pub(crate) mod txn;

use ir::spec::Contexts;
use proto::message::Head;
use state::{Missing, Stream};

use crate::row::Fetch;

const TABLES: &[&[Fetch]] = &[
    auth::ROWS,
    body::ROWS,
    connection::ROWS,
    cookies::ROWS,
    headers::ROWS,
    hello::ROWS,
    params::ROWS,
    payload::ROWS,
    process::ROWS,
    proxies::ROWS,
    request::ROWS,
    response::ROWS,
    tls::ROWS,
    txn::ROWS,
    parsed::ROWS,
    parsed_tls::ROWS,
    parsed_counters::ROWS,
];

/// All fetches; the position is the id.
pub fn rows() -> impl Iterator<Item = &'static Fetch> {
    TABLES.iter().copied().flatten()
}

/// The sets of contexts that fetches have, named by where their data comes from.
pub(crate) mod at {
    use super::Contexts;

    pub const ALWAYS: Contexts = Contexts::ALL;
    /// Kept by the process or the stream, but not known to a configuration file or the CLI.
    pub const INTERNAL: Contexts = Contexts::new("YYYYYYYYYYYYYYYYYYYY.Y");
    /// The client connection, from its accept on.
    pub const CLIENT: Contexts = Contexts::new("YYYYYYYYYYYYYYYYYYYY..");
    /// The client session, from its handshake on.
    pub const SESSION: Contexts = Contexts::new(".YYYYYYYYYYYYYYYYYY...");
    pub const FRONTEND: Contexts = Contexts::new("YYYYYYYYYYYYYYYYYYY...");
    pub const BACKEND: Contexts = Contexts::new("......YYYYYYYYYYYYYY..");
    pub const SERVER: Contexts = Contexts::new("..........YYYYYYYYYY..");
    /// The server connection.
    pub const SERVER_CONN: Contexts = Contexts::new("...........YYYYYYYYY..");
    /// The request while it is in the buffer.
    pub const REQUEST: Contexts = Contexts::new("..YYYYYYYYY...........");
    /// What is kept of the request.
    pub const REQUEST_KEPT: Contexts = Contexts::new("..YYYYYYYYYYYYYYYYY...");
    /// The response while it is in the buffer.
    pub const RESPONSE: Contexts = Contexts::new("...........YYYYYYY.Y..");
    /// What is kept of the response.
    pub const RESPONSE_KEPT: Contexts = Contexts::new("...........YYYYYYYYY..");
    pub const MESSAGE: Contexts = Contexts::new("..YYYYYYYYYYYYYYYY.Y..");
    /// Response data as it is counted at the end of the stream.
    pub const RESPONSE_END: Contexts = Contexts::new(".........YYYYYYYYYY...");
}

/// The request, once its head is there.
fn request(stream: &Stream) -> Result<&Head, Missing> {
    if stream.req.is_empty() { Err(not_there(stream)) } else { Ok(&stream.req) }
}

/// The response, once its head is there.
fn response(stream: &Stream) -> Result<&Head, Missing> {
    if stream.res.is_empty() { Err(not_there(stream)) } else { Ok(&stream.res) }
}

/// The message of the phase.
fn message(stream: &Stream) -> Result<&Head, Missing> {
    if stream.in_response() { response(stream) } else { request(stream) }
}

/// Why something is missing that the peer sends.
fn not_there(stream: &Stream) -> Missing {
    if stream.is_final() { Missing::Absent } else { Missing::NotYet }
}

#[cfg(test)]
pub(crate) mod tests;
