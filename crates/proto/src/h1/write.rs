//! Heads and chunks to bytes, appended to the caller's buffer.

use crate::message::Head;
use crate::message::Version;

/// What the head says about the connection after this message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Persistence {
    KeepAlive,
    Close,
}

/// How a request is written towards a server.
#[derive(Clone, Copy, Debug)]
pub struct RequestOut {
    pub persistence: Persistence,
}

/// How a response is written towards a client.
#[derive(Clone, Copy, Debug)]
pub struct ResponseOut {
    pub persistence: Persistence,
    /// The version of the client's request: an HTTP/1.0 client gets no chunks, and is told
    /// `connection: keep-alive` where the connection stays.
    pub client_version: Version,
}

/// Appends the request head: request line, fields, empty line.
pub fn write_request(head: &Head, out: &mut Vec<u8>, how: &RequestOut) {
    let _ = (head, out, how);
    unimplemented!("work in progress")
}

/// Appends the response head. Returns whether the body has to be sent in chunks.
pub fn write_response(head: &Head, out: &mut Vec<u8>, how: &ResponseOut) {
    let _ = (head, out, how);
    unimplemented!("work in progress")
}

/// Appends `len` in hexadecimal and CR LF; the data and CR LF follow.
pub fn write_chunk_header(out: &mut Vec<u8>, len: usize) {
    let _ = (out, len);
    unimplemented!("work in progress")
}

/// Appends the chunk of size 0, `trailers`' fields if any, and the empty line.
pub fn write_last_chunk(out: &mut Vec<u8>, trailers: Option<&Head>) {
    let _ = (out, trailers);
    unimplemented!("work in progress")
}
