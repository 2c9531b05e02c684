//! Why a handshake failed, in the words of HAProxy's logs.

use std::fmt;

/// Which side of a handshake we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Towards a client.
    Server,
    /// Towards a server.
    Client,
}

/// Why a handshake failed. The caller makes `Timeout` itself, when its timer rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandshakeError {
    /// The other side closed before it sent anything.
    Empty,
    /// The other side closed or reset in between, or the socket failed.
    Abort,
    Timeout,
    /// The chain of the other side's certificate cannot be verified; the X.509 error's number.
    Ca(i32),
    /// The other side's certificate is not trusted; the X.509 error's number.
    Certificate(i32),
    /// The server's certificate is for another name.
    Mismatch,
    /// Anything else, with the TLS library's reason, as `no shared cipher`.
    Failure(Option<&'static str>),
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            HandshakeError::Empty => "Connection closed during SSL handshake",
            HandshakeError::Abort => "Connection error during SSL handshake",
            HandshakeError::Timeout => "Timeout during SSL handshake",
            HandshakeError::Ca(_) => "SSL client CA chain cannot be verified",
            HandshakeError::Certificate(_) => "SSL client certificate not trusted",
            HandshakeError::Mismatch => {
                "Server presented an SSL certificate different from the configured one"
            }
            HandshakeError::Failure(_) => "SSL handshake failure",
        })
    }
}

impl std::error::Error for HandshakeError {}
