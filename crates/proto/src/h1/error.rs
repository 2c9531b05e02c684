//! Why a message was refused. The stream turns the status into HAProxy's error page; a
//! response that does not parse becomes 502 whatever the reason.

/// A head that cannot be accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// What the client is answered: 400, 413, 414, 422, 431; 502 for a response.
    pub status: u16,
    /// Offset into the received bytes where the error was found.
    pub at: usize,
    pub reason: Reason,
}

/// The part of a message at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Something else than a token or an empty line where a message should start.
    Start,
    Method,
    Target,
    Version,
    Status,
    /// A CR without its LF.
    LineEnd,
    FieldName,
    FieldValue,
    TooManyFields,
    /// The head does not fit in the buffer.
    TooLarge,
    Host,
    ContentLength,
    TransferEncoding,
    /// An HTTP/1.0 GET, HEAD or DELETE with a body.
    UnexpectedBody,
    /// A WebSocket handshake without `sec-websocket-key` or `-accept`.
    WebSocketKey,
}

/// A body whose framing is broken: 400 for a request, the end of the connection for a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyError {
    /// Chunk size missing, not hexadecimal, or beyond 2^52.
    ChunkSize,
    /// A control character in a chunk extension, or a CR without its LF.
    ChunkExtension,
    /// The chunk's data is not followed by an end of line.
    ChunkEnd,
    Trailer,
    /// The trailers do not fit.
    TooLarge,
}
