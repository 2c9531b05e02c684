//! Heads of requests and responses.

use super::error::ParseError;
use crate::message::Head;

/// What a head may use up. One value per frontend or backend.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a whole head: `tune.bufsize` less `tune.maxrewrite`.
    pub max_head: usize,
    /// `tune.http.maxhdr`; HAProxy counts the start line too.
    pub max_fields: usize,
    /// `option accept-unsafe-violations-in-http-request` (or `-response`).
    pub accept_unsafe: bool,
    /// `h1-do-not-close-on-insecure-transfer-encoding`
    pub keep_insecure_te: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_head: 16384 - 1024, max_fields: 101, accept_unsafe: false, keep_insecure_te: false }
    }
}

/// Where a parser stands in a head that is not complete yet. `Default` is the start of a head.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    at: usize,
}

/// The outcome of a parser that found no error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parsed {
    /// Append more bytes to the head and call again with the same [`Progress`].
    NeedMore,
    /// The head is complete. Bytes behind `head_len` belong to the body or to the next message:
    /// move them out and truncate the head's buffer to `head_len` before you edit the head.
    Done { head_len: usize },
    /// An HTTP/2 client with prior knowledge: hand all received bytes to the HTTP/2 mux.
    Http2Preface,
}

/// Parses a request from the bytes in `head`, to which the caller appends what it receives.
/// Call it with the same `progress` until the head is done, then reset both for the next one.
///
/// # Errors
/// The status HAProxy would answer; the connection is to be closed after it.
pub fn parse_request(
    head: &mut Head,
    progress: &mut Progress,
    limits: &Limits,
) -> Result<Parsed, ParseError> {
    let _ = (head, progress, limits);
    unimplemented!("work in progress")
}

/// Parses a response (1xx heads too: call again for the next one) to a request of
/// `request_method`.
///
/// # Errors
/// Always with status 502.
pub fn parse_response(
    head: &mut Head,
    progress: &mut Progress,
    limits: &Limits,
    request_method: &[u8],
) -> Result<Parsed, ParseError> {
    let _ = (head, progress, limits, request_method);
    unimplemented!("work in progress")
}
