//! The HTTP/1.0 and HTTP/1.1 codec (RFC 9112) without I/O: bytes to a [`Head`], the framing of
//! bodies, and a [`Head`] to bytes. It reacts to bad input as HAProxy 3.5 does.
//!
//! Left out: when to read, write, retry or close (the stream decides).
//!
//! [`Head`]: crate::message::Head

mod body;
pub(crate) mod chars;
mod counted;
mod error;
mod fields;
mod framing;
#[cfg(test)]
mod mutate;
mod parse;
mod plain;
mod reason;
mod scan;
pub(crate) mod target;
#[cfg(test)]
mod tests;
mod write;

pub use body::{Body, Piece, Scan};
pub use counted::{counted_end, counted_request, counted_response};
pub use error::{BodyError, ParseError, Reason};
pub use framing::{keeps_alive, switches};
pub use parse::{Limits, Parsed, Progress, parse_request, parse_response, parse_trailers};
pub use reason::reason_phrase;
pub use write::{
    Persistence, RequestOut, ResponseOut, adjust_names, write_chunk_header, write_last_chunk, write_page,
    write_request, write_response, write_trailers,
};

/// What a client that speaks HTTP/2 without negotiation sends first (RFC 9113, section 3.4).
pub const HTTP2_PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What a client that sent `expect: 100-continue` waits for.
pub const CONTINUE_RESPONSE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
