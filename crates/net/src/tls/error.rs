//! What goes wrong with TLS, in the words of HAProxy's logs and alerts.

use std::fmt;
use std::sync::Arc;

use openssl::error::ErrorStack;
use openssl::ssl::{Error, ErrorCode, SslRef};
use state::link::ConnError;
use state::tls::TlsFacts;

use super::facts;
use super::notes::{Kept, Notes, Refused};

/// Why a handshake failed.
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
        f.write_str(self.code().message())
    }
}

impl HandshakeError {
    /// The number and the words that samples and logs have for it.
    pub const fn code(self) -> ConnError {
        match self {
            HandshakeError::Empty => ConnError::TlsEmpty,
            HandshakeError::Abort => ConnError::TlsAbort,
            HandshakeError::Timeout => ConnError::TlsTimeout,
            HandshakeError::Ca(_) => ConnError::TlsAuthority,
            HandshakeError::Certificate(_) => ConnError::TlsCertificate,
            HandshakeError::Mismatch => ConnError::TlsMismatch,
            HandshakeError::MismatchSni => ConnError::TlsMismatchName,
            HandshakeError::Failure(_) => ConnError::TlsHandshake,
        }
    }
}

impl std::error::Error for HandshakeError {}

/// A handshake that failed: why, and what it gave until then.
#[derive(Clone, Debug)]
pub struct Failed {
    pub error: HandshakeError,
    pub facts: Option<Arc<TlsFacts>>,
}

impl From<HandshakeError> for Failed {
    fn from(error: HandshakeError) -> Self {
        Self { error, facts: None }
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for Failed {}

impl Failed {
    /// It took too long.
    pub(super) fn late(ssl: &SslRef, kept: Kept, notes: &mut Notes) -> Self {
        Self { error: HandshakeError::Timeout, facts: Some(Arc::new(facts::facts(ssl, kept, notes))) }
    }

    /// Sorts the library's error; call it right after the failing call.
    pub(super) fn new(ssl: &SslRef, error: &Error, kept: Kept, notes: &mut Notes) -> Self {
        let mut facts = facts::facts(ssl, kept, notes);
        facts.error = error.ssl_error().and_then(facts::error);
        Self { error: HandshakeError::new(ssl, error, notes.refused), facts: Some(Arc::new(facts)) }
    }
}

impl HandshakeError {
    fn new(ssl: &SslRef, error: &Error, refused: Option<Refused>) -> Self {
        match refused {
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
