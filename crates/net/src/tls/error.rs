//! What goes wrong with TLS, in the words of HAProxy's logs and alerts.

use std::cell::Cell;
use std::fmt;

use openssl::error::ErrorStack;
use openssl::ssl::{Error, ErrorCode, SslRef};

/// Why a handshake failed. The caller makes `Timeout` itself, when its timer rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandshakeError {
    /// The other side closed before its first message was complete.
    Empty,
    /// The socket failed before the other side's first message was complete.
    Abort,
    Timeout,
    /// A certificate of the chain above the other side's is not trusted; the X.509 error's number.
    Ca(i32),
    /// The other side's certificate is not trusted; the X.509 error's number.
    Certificate(i32),
    /// The server's certificate is not for `verifyhost`.
    Mismatch,
    /// The server's certificate is not for the SNI.
    MismatchSni,
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
            HandshakeError::MismatchSni => {
                "Server presented an SSL certificate different from the expected one"
            }
            HandshakeError::Failure(_) => "SSL handshake failure",
        })
    }
}

impl std::error::Error for HandshakeError {}

/// A certificate that the verification refused: its depth (0 is the other side's own) and the
/// X.509 error's number.
#[derive(Clone, Copy)]
pub(super) struct Refused {
    pub depth: u32,
    pub code: i32,
}

thread_local! {
    /// Left by the verify callback for the handshake call around it, on the same stack.
    static REFUSED: Cell<Option<Refused>> = const { Cell::new(None) };
}

/// Notes what the verify callback refused.
pub(super) fn refuse(refused: Refused) {
    REFUSED.set(Some(refused));
}

/// Forgets what was noted, and gives it.
pub(super) fn take_refused() -> Option<Refused> {
    REFUSED.take()
}

impl HandshakeError {
    /// Sorts the library's error; call it right after the failing call.
    pub(super) fn new(ssl: &SslRef, error: &Error) -> Self {
        match take_refused() {
            Some(Refused { depth: 0, code }) => return HandshakeError::Certificate(code),
            Some(Refused { code, .. }) => return HandshakeError::Ca(code),
            None => {}
        }
        // No message of the other side was understood so far.
        let before = ssl.state_string().starts_with("PINIT");
        if before && error.io_error().is_some() {
            return HandshakeError::Abort;
        }
        let reason = error.ssl_error().and_then(first_reason);
        let closed = matches!(error.code(), ErrorCode::SYSCALL | ErrorCode::ZERO_RETURN)
            || reason == Some("unexpected eof while reading");
        if before && closed { HandshakeError::Empty } else { HandshakeError::Failure(reason) }
    }
}

/// The reason of the oldest error, the cause of those after it.
pub(super) fn first_reason(errors: &ErrorStack) -> Option<&'static str> {
    errors.errors().first().and_then(|error| error.reason())
}

/// Why a `bind` or `server` line's TLS cannot be set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContextError {
    /// A complete message about a certificate's file: `No Private Key found in 'a.pem.key'.`
    Certificate(String),
    /// A setting, without its place and full stop: `unable to set SSL cipher list to 'x'`. On a
    /// bind line HAProxy writes `Proxy 'f': … for bind ':443' at [file:line].`, on a server line
    /// `[file:line] : 'server b/s' : ….`
    Setting(String),
}

impl fmt::Display for ContextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ContextError::Certificate(text) | ContextError::Setting(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for ContextError {}
