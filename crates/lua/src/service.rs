//! Services: coroutines that answer a stream like a server made of two bounded queues.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use proto::message::Head;
use state::Stream;

use crate::host::Host;
use crate::pipe::Pipe;

/// Why a Lua function ended early. It displays as HAProxy's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The script raised an error.
    Raised(String),
    /// The cumulated running time passed its limit.
    ExecutionTimeout,
    /// It ran too long without a pause.
    BurstTimeout,
    OutOfMemory,
    YieldNotAllowed,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Raised(text) => f.write_str(text),
            Self::ExecutionTimeout => f.write_str("execution timeout"),
            Self::BurstTimeout => f.write_str("burst timeout"),
            Self::OutOfMemory => f.write_str("out of memory error"),
            Self::YieldNotAllowed => f.write_str("yield not allowed"),
        }
    }
}

/// Why a service gave no whole answer. The host has already logged it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceError {
    /// No service of that name and mode is registered.
    Unknown,
    Failed(Failure),
    /// The function ended without `start_response`.
    NoResponse,
}

/// A running HTTP service. The request's head and facts are read from the current stream.
pub struct HttpService {
    request: Pipe,
    response: Pipe,
}

impl HttpService {
    /// Makes the coroutine of the service `name` (with or without `lua.`) for `stream`. It runs
    /// at the first [`HttpService::poll`].
    pub fn start(host: &Arc<Host>, name: &[u8], stream: &mut Stream) -> Result<Self, ServiceError> {
        let _ = (host, name, stream);
        Err(ServiceError::Unknown)
    }

    /// Runs the coroutine with `stream` as the current one until it must wait. An error before
    /// [`HttpService::take_head`] gave a head is answered with 500; later the connection is
    /// closed.
    pub fn poll(&mut self, cx: &mut Context<'_>, stream: &mut Stream) -> Poll<Result<(), ServiceError>> {
        let _ = (cx, stream);
        Poll::Ready(Err(ServiceError::Unknown))
    }

    /// The request's body towards the service: push, then `push_eof`.
    pub fn request(&self) -> &Pipe {
        &self.request
    }

    /// The response's body from the service; finished once the service ended well.
    pub fn response(&self) -> &Pipe {
        &self.response
    }

    /// The response's head once `start_response` ran: moves it into `head` with its framing and
    /// says `true`, one time.
    pub fn take_head(&mut self, head: &mut Head) -> bool {
        let _ = head;
        false
    }
}

/// A running TCP service.
pub struct TcpService {
    input: Pipe,
    output: Pipe,
}

impl TcpService {
    /// As [`HttpService::start`].
    pub fn start(host: &Arc<Host>, name: &[u8], stream: &mut Stream) -> Result<Self, ServiceError> {
        let _ = (host, name, stream);
        Err(ServiceError::Unknown)
    }

    /// Runs the coroutine with `stream` as the current one until it must wait. Ready: everything
    /// was written to the output, which is finished.
    pub fn poll(&mut self, cx: &mut Context<'_>, stream: &mut Stream) -> Poll<Result<(), ServiceError>> {
        let _ = (cx, stream);
        Poll::Ready(Err(ServiceError::Unknown))
    }

    /// Bytes from the client.
    pub fn input(&self) -> &Pipe {
        &self.input
    }

    /// Bytes to the client.
    pub fn output(&self) -> &Pipe {
        &self.output
    }
}
